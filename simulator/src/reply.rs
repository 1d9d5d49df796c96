//! What an endpoint answers, and the bodies that misbehave on purpose.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::connection::Connection;

/// One answer before transport faults and compression are applied.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status).with_body("application/json; charset=utf-8", value.to_string().into_bytes())
    }

    pub(crate) fn with_body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.with("content-type", content_type)
    }

    /// Sets a header; a value that HTTP cannot carry is left out.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// One step of a body that is sent piece by piece.
#[derive(Debug)]
pub(crate) enum Step {
    Send(Bytes),
    /// The peer sees the connection close before the announced length.
    Cut,
    /// The peer sees a TCP reset.
    Reset,
    /// Sends these bytes again and again, for ever.
    Forever(Bytes),
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    Full(Option<Bytes>),
    Steps(Steps),
}

/// Steps, each after a pause.
#[derive(Debug)]
pub(crate) struct Steps {
    queue: VecDeque<(Duration, Step)>,
    sleep: Option<Pin<Box<Sleep>>>,
    connection: Arc<Connection>,
}

impl Steps {
    pub(crate) fn new(connection: Arc<Connection>, steps: impl IntoIterator<Item = (Duration, Step)>) -> Self {
        Self { queue: steps.into_iter().collect(), sleep: None, connection }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(&(pause, _)) = self.queue.front() else { return Poll::Ready(None) };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.sleep = None;
        let step = self.queue.pop_front().map(|(_, step)| step);
        Poll::Ready(match step {
            None => None,
            Some(Step::Send(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Step::Forever(bytes)) => {
                self.queue.push_front((pause, Step::Forever(bytes.clone())));
                Some(Ok(Frame::data(bytes)))
            }
            Some(Step::Cut) => Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "truncated by a fault"))),
            Some(Step::Reset) => {
                self.connection.reset();
                Some(Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset by a fault")))
            }
        })
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            ReplyBody::Full(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            ReplyBody::Steps(steps) => steps.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            ReplyBody::Full(bytes) => bytes.is_none(),
            ReplyBody::Steps(steps) => steps.queue.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ReplyBody::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            ReplyBody::Steps(_) => SizeHint::default(),
        }
    }
}
