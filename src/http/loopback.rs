//! A small server for tests: threads, blocking sockets, one answer per request as the test scripts it, wrong ones too.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as a decoded form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// A whole answer; the connection stays.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, then silence.
    Stall(Vec<u8>),
    /// These bytes, then this chunk without end, every so often.
    Drip(Vec<u8>, Vec<u8>, Duration),
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Reply {
        Reply::Whole(status, vec![("content-type", "application/json".to_owned())], body.into().into_bytes())
    }
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

type Handler = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

pub(crate) struct Loopback {
    pub(crate) addr: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
}

impl Loopback {
    /// `handler` gets the number of the request (from 0) and the request.
    pub(crate) fn start(handler: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Loopback {
        Loopback::run(None, Arc::new(handler))
    }

    pub(crate) fn start_tls(
        tls: rustls::ServerConfig,
        handler: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Loopback {
        Loopback::run(Some(Arc::new(tls)), Arc::new(handler))
    }

    fn run(tls: Option<Arc<rustls::ServerConfig>>, handler: Arc<Handler>) -> Loopback {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Loopback {
            addr: listener.local_addr().expect("an address"),
            connections: Arc::default(),
            seen: Arc::default(),
            stop: Arc::default(),
        };
        let (connections, seen, stop) = (server.connections.clone(), server.seen.clone(), server.stop.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                connections.fetch_add(1, Ordering::AcqRel);
                let (handler, tls, seen, stop) = (handler.clone(), tls.clone(), seen.clone(), stop.clone());
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
                    match tls {
                        None => talk(stream, &*handler, &seen, &stop),
                        Some(tls) => {
                            let session = rustls::ServerConnection::new(tls).expect("a session");
                            talk(rustls::StreamOwned::new(session, stream), &*handler, &seen, &stop);
                        }
                    }
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.addr).parse().expect("a url")
    }

    pub(crate) fn hits(&self) -> usize {
        self.seen.lock().expect("no panic").len()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().expect("no panic").last().cloned().expect("a request")
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.addr);
    }
}

fn talk(mut wire: impl Wire, handler: &Handler, all: &Mutex<Vec<Seen>>, stop: &AtomicBool) {
    while let Some(seen) = read_request(&mut wire) {
        let number = {
            let mut all = all.lock().expect("no panic");
            all.push(seen.clone());
            all.len() - 1
        };
        let reply = handler(number, &seen);
        let (first, then) = match reply {
            Reply::Whole(status, headers, body) => {
                let mut bytes = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len()).into_bytes();
                for (name, value) in headers {
                    bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                }
                bytes.extend_from_slice(b"\r\n");
                bytes.extend_from_slice(&body);
                if wire.write_all(&bytes).and_then(|()| wire.flush()).is_err() {
                    return;
                }
                continue;
            }
            Reply::Bytes(bytes) => (bytes, None),
            Reply::Stall(bytes) => (bytes, Some((Vec::new(), Duration::from_millis(20)))),
            Reply::Drip(bytes, chunk, pause) => (bytes, Some((chunk, pause))),
        };
        if wire.write_all(&first).and_then(|()| wire.flush()).is_err() {
            return;
        }
        let Some((chunk, pause)) = then else { return };
        while !stop.load(Ordering::Acquire) {
            if wire.write_all(&chunk).and_then(|()| wire.flush()).is_err() {
                return;
            }
            std::thread::sleep(pause);
        }
        return;
    }
}

fn read_request(wire: &mut impl Read) -> Option<Seen> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if wire.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let mut seen = Seen { line, headers, body: Vec::new() };
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    seen.body = vec![0; length];
    wire.read_exact(&mut seen.body).ok()?;
    Some(seen)
}
