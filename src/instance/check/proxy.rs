//! Step 3: the way out.

use super::line::{Line, Step};
use super::reach::{Outcome, Reach};
use super::target::Target;
use crate::config::{Config, Proxy};
use crate::http::{Cause, TransportErrorKind};
use crate::process::ClientError;

/// Whether requests go through one.
pub(super) fn is_used(targets: &[Target]) -> bool {
    targets.iter().any(|target| target.via.is_some())
}

pub(super) fn look_at(config: &Config, way: &Reach) -> Line {
    if let Some(error @ ClientError::ProxyPassword(_)) = &way.error {
        return Line::failed(Step::Proxy, error.to_string())
            .remedy("Make the file or variable of proxy.password readable for this process.");
    }
    let mode = match &config.proxy {
        Proxy::None => "none",
        Proxy::System => "system",
        Proxy::Url { .. } => "url",
    };
    let (through, straight): (Vec<_>, Vec<_>) = way.servers.iter().partition(|server| server.target.via.is_some());
    let Some(name) = through.iter().find_map(|server| server.target.via.as_ref()).map(ToString::to_string) else {
        let message = match &config.proxy {
            Proxy::System => "straight out: the environment names no proxy for these hosts, or excepts them (NO_PROXY)",
            Proxy::Url { .. } => "not used",
            Proxy::None => "straight out: none is configured",
        };
        return Line::ok(Step::Proxy, message).fact("mode", mode);
    };
    let login = matches!(&config.proxy, Proxy::Url { login: Some(_), .. });
    let refused = through.iter().find_map(|server| match &server.outcome {
        Outcome::Failed(error) if error.kind == TransportErrorKind::Proxy => Some(error),
        _ => None,
    });
    let unnamed = through.iter().any(|server| matches!(server.outcome, Outcome::NoName));
    let line = match refused {
        Some(error) => Line::failed(Step::Proxy, &error.message)
            .remedy(match (&error.cause, login) {
                (Cause::ProxyPassword, false) => {
                    "Set proxy.username and proxy.password. A proxy that wants NTLM or Kerberos needs an exception for this machine."
                }
                (Cause::ProxyPassword, true) => {
                    "Correct proxy.username and proxy.password; they are sent as Basic authentication. A proxy that wants NTLM or Kerberos needs \
                     an exception for this machine."
                }
                _ => {
                    "Check proxy.url, that the proxy runs, and that it allows CONNECT to port 443 of the login host and of Graph for this \
                     machine."
                }
            })
            .fact("wants_password", error.cause == Cause::ProxyPassword),
        None if way.ways.is_none() => Line::after(Step::Proxy, Step::Tls),
        None if unnamed => Line::after(Step::Proxy, Step::NameResolution),
        None if straight.is_empty() => Line::ok(Step::Proxy, format!("{name} lets requests through")),
        None => {
            let straight: Vec<String> = straight.iter().map(|server| server.target.host()).collect();
            Line::ok(Step::Proxy, format!("{name} lets requests through; straight out to {}", straight.join(", ")))
        }
    };
    line.fact("mode", mode).fact("proxy", name).fact("with_user", login)
}
