//! Microsoft Graph of the notify part: the simulator, but that presence is what the sender says at that moment.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use teams_presence_sync::presence::Guid;

/// What people do, one after the other, each told apart by the host from the ones beside it.
pub(crate) const STATES: [(&str, &str); 13] = [
    ("Available", "Available"),
    ("Busy", "InACall"),
    ("Away", "Away"),
    ("DoNotDisturb", "Presenting"),
    ("BeRightBack", "BeRightBack"),
    ("Busy", "InAConferenceCall"),
    ("Offline", "Offline"),
    ("DoNotDisturb", "Focusing"),
    ("Busy", "Busy"),
    ("DoNotDisturb", "DoNotDisturb"),
    ("Busy", "InAMeeting"),
    ("DoNotDisturb", "UrgentInterruptionsOnly"),
    ("Offline", "OffWork"),
];

/// A presence as Graph writes it, after so many changes.
pub(crate) fn presence(id: &str, changes: usize) -> Value {
    let (availability, activity) = STATES[changes % STATES.len()];
    json!({ "id": id, "availability": availability, "activity": activity, "sequenceNumber": format!("B{changes:020}") })
}

pub(crate) struct Graph {
    simulator: String,
    client: reqwest::Client,
    pub(crate) ids: Vec<Guid>,
    by_id: HashMap<Guid, usize>,
    /// Changes so far, by person.
    pub(crate) changes: Vec<AtomicUsize>,
    /// The body of the last request for a subscription.
    pub(crate) subscription: Mutex<Option<Value>>,
    pub(crate) questions: AtomicUsize,
}

impl Graph {
    pub(crate) fn new(simulator: &str, ids: Vec<Guid>) -> Arc<Graph> {
        let by_id = ids.iter().enumerate().map(|(n, id)| (*id, n)).collect();
        let changes = ids.iter().map(|_| AtomicUsize::new(0)).collect();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (simulator, subscription, questions) = (simulator.to_owned(), Mutex::default(), AtomicUsize::new(0));
        Arc::new(Graph { simulator, client, ids, by_id, changes, subscription, questions })
    }

    async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = whole(body).await;
        if head.uri.path().ends_with("/getPresencesByUserId") {
            self.questions.fetch_add(1, SeqCst);
            let asked: Value = serde_json::from_slice(&body).expect("JSON");
            let ids = asked["ids"].as_array().expect("ids").iter().map(|id| id.as_str().expect("an id"));
            let known = ids.filter_map(|id| Some((id, *self.by_id.get(&id.parse().ok()?)?)));
            let value: Vec<Value> = known.map(|(id, person)| presence(id, self.changes[person].load(SeqCst))).collect();
            return json_answer(StatusCode::OK, json!({ "value": value }).to_string().into());
        }
        if head.uri.path().ends_with("/subscriptions") && head.method == http::Method::POST {
            *self.subscription.lock().expect("whole") = serde_json::from_slice(&body).ok();
        }
        let target = format!("{}{}", self.simulator, head.uri.path_and_query().expect("a path"));
        let mut further = self.client.request(head.method, target).body(body);
        for name in [AUTHORIZATION, CONTENT_TYPE] {
            if let Some(value) = head.headers.get(&name) {
                further = further.header(name, value);
            }
        }
        let answer = further.send().await.expect("the simulator");
        json_answer(answer.status(), answer.bytes().await.expect("a body"))
    }
}

fn json_answer(status: StatusCode, body: Bytes) -> Response {
    Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(Body::from(body)).expect("an answer")
}

async fn whole(body: Body) -> Bytes {
    let mut all = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        all.extend_from_slice(&chunk.expect("a chunk"));
    }
    all.into()
}

/// Answers on a runtime of its own with one worker thread, as the library has. The runtime ends when dropped.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

fn serve(router: Router) -> Serving {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let socket = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = socket.local_addr().expect("an address");
    runtime.spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Serving { address, _runtime: runtime }
}

impl Graph {
    pub(crate) fn serve(self: &Arc<Graph>) -> Serving {
        let answer = |State(graph): State<Arc<Graph>>, request: Request| async move { graph.answer(request).await };
        serve(Router::new().fallback(answer).with_state(self.clone()))
    }
}

/// The yardstick: axum that reads the body and answers 202.
pub(crate) fn bare() -> Serving {
    serve(Router::new().route("/graph/notify", axum::routing::post(|_: Bytes| async { StatusCode::ACCEPTED })))
}
