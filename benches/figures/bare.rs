//! What one sweep costs at least: the same requests by reqwest alone, answers read and thrown away.

use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use teams_presence_simulator::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};
use teams_presence_sync::graph::MOST_IDS;
use teams_presence_sync::presence::Guid;
use teams_presence_sync::process::Process;

/// As many as the poll loop has under way.
const FLYING: usize = 8;

pub(crate) struct Bare {
    client: reqwest::Client,
    url: String,
    bearer: String,
    bodies: Vec<Bytes>,
    process: Process,
}

impl Bare {
    pub(crate) fn new(base: &str, ca: Option<&Path>, ids: &[Guid]) -> Bare {
        let process = Process::acquire().expect("a runtime");
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .gzip(true)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http2_initial_stream_window_size(4 << 20)
            .http2_initial_connection_window_size(16 << 20);
        if let Some(ca) = ca {
            let pem = std::fs::read(ca).expect("the authority");
            builder = builder.add_root_certificate(reqwest::Certificate::from_pem(&pem).expect("a certificate"));
        }
        let client = builder.build().expect("a client");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "client_credentials"),
                ("client_id", CLIENT_ID),
                ("client_secret", CLIENT_SECRET),
                ("scope", "https://graph.microsoft.com/.default"),
            ])
            .finish();
        let (asking, token_url) = (client.clone(), format!("{base}/{TENANT_ID}/oauth2/v2.0/token"));
        let token = process.handle().block_on(async move {
            let request = asking.post(token_url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
            let text = request.send().await.expect("an answer").text().await.expect("a body");
            let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            answer["access_token"].as_str().expect("a token").to_owned()
        });
        let size = ids.len().div_ceil(ids.len().div_ceil(MOST_IDS));
        let bodies =
            ids.chunks(size).map(|portion| serde_json::json!({ "ids": portion.iter().map(Guid::to_string).collect::<Vec<_>>() }));
        let bodies = bodies.map(|body| Bytes::from(body.to_string())).collect();
        let url = format!("{base}/v1.0/communications/getPresencesByUserId");
        Bare { client, url, bearer: format!("Bearer {token}"), bodies, process }
    }

    /// The same requests as one sweep. Bytes of the bodies that came.
    pub(crate) fn sweep(&self) -> u64 {
        let requests: Vec<_> = self
            .bodies
            .iter()
            .map(|body| {
                self.client
                    .post(&self.url)
                    .header(AUTHORIZATION, &self.bearer)
                    .header(ACCEPT, "application/json")
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.clone())
            })
            .collect();
        // On the library's own worker, like the library's own requests; this thread waits.
        let work = self.process.handle().spawn(async move {
            stream::iter(requests)
                .map(|request| async {
                    let mut answer = request.send().await.expect("an answer");
                    assert_eq!(answer.status(), 200);
                    let mut bytes = 0;
                    while let Some(chunk) = answer.chunk().await.expect("a body") {
                        bytes += chunk.len() as u64;
                    }
                    bytes
                })
                .buffer_unordered(FLYING)
                .fold(0, |sum, bytes| async move { sum + bytes })
                .await
        });
        self.process.handle().block_on(work).expect("no panic")
    }

    pub(crate) fn requests(&self) -> usize {
        self.bodies.len()
    }
}
