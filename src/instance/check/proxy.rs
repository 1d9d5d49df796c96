//! Step 3: the way out.

use url::Url;

use super::environment;
use super::line::{Line, Step};
use super::reach::{Outcome, Reach};
use crate::config::{Config, Proxy};
use crate::http::{Cause, TransportErrorKind};
use crate::process::ClientError;

/// Whether requests go through one.
pub(super) fn is_used(config: &Config) -> bool {
    match &config.proxy {
        Proxy::None => false,
        Proxy::Url { .. } => true,
        Proxy::System => environment::proxy(config.login()).is_some(),
    }
}

/// Host and port, never its user.
fn name_of(config: &Config) -> Option<String> {
    let url = match &config.proxy {
        Proxy::None => return None,
        Proxy::Url { url, .. } => url.clone(),
        Proxy::System => Url::parse(&environment::proxy(config.login())?).ok()?,
    };
    let host = url.host_str()?.to_owned();
    Some(url.port_or_known_default().map_or(host.clone(), |port| format!("{host}:{port}")))
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
    let Some(name) = name_of(config) else {
        let message = match &config.proxy {
            Proxy::System => "straight out: the environment names no proxy for the login host",
            _ => "straight out: none is configured",
        };
        return Line::ok(Step::Proxy, message).fact("mode", mode);
    };
    let login = matches!(&config.proxy, Proxy::Url { login: Some(_), .. });
    let refused = way.servers.iter().find_map(|server| match &server.outcome {
        Outcome::Failed(error) if error.kind == TransportErrorKind::Proxy => Some(error),
        _ => None,
    });
    let unnamed = way.servers.iter().any(|server| matches!(server.outcome, Outcome::NoName));
    let dns = way
        .servers
        .iter()
        .any(|server| matches!(&server.outcome, Outcome::Failed(error) if error.kind == TransportErrorKind::Dns));
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
        None if unnamed || dns => Line::after(Step::Proxy, Step::NameResolution),
        None => Line::ok(Step::Proxy, format!("{name} lets requests through")),
    };
    line.fact("mode", mode).fact("proxy", name).fact("with_user", login)
}
