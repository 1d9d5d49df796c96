//! Managed identity: the metadata service of an Azure machine gives the token of the machine's identity.
//!
//! Source: Microsoft, "How to use managed identities on a virtual machine to acquire an access token", with its table of errors: 404, 410,
//! 429 and 5xx pass, other 4xx do not. The service is link-local and refuses a request that came through a proxy, so none is used.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method as Verb};
use url::Url;

use super::aadsts::{Advice, Class};
use super::answer::EntraError;
use super::credential::{Credential, Fingerprint};
use super::exchange::Exchange;
use super::outcome::{Failure, Outcome, interpret};
use super::schedule::Care;
use super::settings::Settings;
use super::watch::Marks;
use crate::http::{Limits, Request, TransportError, TransportErrorKind};

const API_VERSION: &str = "2018-02-01";
/// The service is on the machine: an answer that takes longer does not come.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(15), max_body: 256 << 10 };

static NO_IDENTITY: Advice = Advice {
    codes: &[],
    class: Class::Refused,
    cause: "this machine has no such managed identity",
    remedy: "Azure portal > the virtual machine > Identity: switch the system-assigned identity on, or assign the user-assigned one whose \
             client id stands in `auth.client_id`. Without `auth.client_id` a machine with several user-assigned identities cannot tell which.",
};

static REFUSED: Advice = Advice {
    codes: &[],
    class: Class::Refused,
    cause: "the metadata service of this machine refuses the request",
    remedy: "Read the detail of this event. Check that `auth.scope`, if it is set, names Microsoft Graph, and that `endpoints.metadata` is not \
             set but in tests.",
};

/// Asks the metadata service of this machine.
pub(super) struct MetadataTicket {
    client_id: Option<String>,
    metadata: String,
}

pub(super) fn read(client_id: Option<&str>, metadata: &str, mut fingerprint: Fingerprint) -> Credential<MetadataTicket> {
    fingerprint.add(client_id.unwrap_or_default());
    fingerprint.add(metadata);
    let ticket = MetadataTicket { client_id: client_id.map(str::to_owned), metadata: metadata.to_owned() };
    Credential { fingerprint: fingerprint.finish(), care: Care::Application, doubt: None, marks: Marks::default(), ticket }
}

impl MetadataTicket {
    /// One request. `exchange` must not go through a proxy.
    pub(super) async fn run(self, exchange: Exchange, settings: &Settings) -> Outcome {
        let resource = settings.scope.strip_suffix("/.default").unwrap_or(&settings.scope);
        let mut url = match Url::parse(&format!("{}/metadata/identity/oauth2/token", self.metadata)) {
            Ok(url) => url,
            Err(error) => {
                let error = TransportError::new(TransportErrorKind::Protocol, &self.metadata, &error.to_string());
                return Outcome::failed(Failure::Transport(error));
            }
        };
        url.query_pairs_mut().append_pair("api-version", API_VERSION).append_pair("resource", resource);
        if let Some(id) = &self.client_id {
            url.query_pairs_mut().append_pair("client_id", id);
        }
        let mut headers = HeaderMap::new();
        headers.insert("metadata", HeaderValue::from_static("true"));
        let answer = exchange.call(Request { method: Verb::GET, url, headers, body: None }, LIMITS, 0).await;
        let mut outcome = answer.read(|status, body| match (status, interpret(status, body)) {
            (404 | 410 | 429 | 500.., Err(_)) => {
                Err(Failure::Passing(format!("HTTP {status} from the metadata service of this machine, as while it is updated")))
            }
            (_, Err(Failure::Entra(error))) => Err(told(error)),
            (400..=499, Err(_)) => Err(told(EntraError::word(&format!("http_{status}")))),
            (_, result) => result,
        });
        // It tells the machine's own time.
        outcome.clock_offset_ms = None;
        outcome
    }
}

fn told(error: EntraError) -> Failure {
    let advice = if error.detail().to_ascii_lowercase().contains("identity not found") { &NO_IDENTITY } else { &REFUSED };
    Failure::Told(error, advice)
}
