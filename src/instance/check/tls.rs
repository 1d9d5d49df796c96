//! Step 4: connection and TLS.

use serde_json::json;

use super::line::{Line, Step};
use super::reach::{Outcome, Reach, answered};
use super::target::Role;
use crate::config::Config;
use crate::http::{Cause, Flaw, TransportError, TransportErrorKind};
use crate::process::ClientError;

pub(super) fn look_at(config: &Config, way: &Reach) -> Line {
    if let Some(error) = &way.error {
        return match error {
            ClientError::ProxyPassword(_) => Line::after(Step::Tls, Step::Proxy),
            error => Line::failed(Step::Tls, error.to_string())
                .remedy("Make tls.ca_file a readable PEM file with certificates (BEGIN CERTIFICATE), or remove the key."),
        };
    }
    let mut good: Vec<String> = Vec::new();
    let mut bad: Vec<(Role, &TransportError)> = Vec::new();
    let mut before = None;
    let mut hosts = serde_json::Map::new();
    for server in &way.servers {
        let (word, trouble) = match &server.outcome {
            Outcome::Answered { .. } => ("ok", None),
            Outcome::Failed(error) if answered(error.kind) => ("ok", None),
            Outcome::Failed(error) if error.kind == TransportErrorKind::Proxy => {
                before = Some(Step::Proxy);
                ("not_tried", None)
            }
            // Also a name that was found a moment ago: the step of the names cannot be blamed for it.
            Outcome::Failed(error) => {
                bad.push((server.target.role, error));
                (error.kind.as_str(), Some(error))
            }
            Outcome::NoName => {
                before = Some(Step::NameResolution);
                ("not_tried", None)
            }
            Outcome::NoClient => ("not_tried", None),
        };
        if word == "ok" {
            let how = match (server.target.url.scheme(), server.target.role) {
                ("https", _) => "TLS verified",
                (_, Role::Metadata) => "the metadata service of this machine answers",
                _ => "plain HTTP on this machine, no TLS",
            };
            let words = format!("{}: {how}", server.target.host());
            if !good.contains(&words) {
                good.push(words);
            }
        }
        let status = match server.outcome {
            Outcome::Answered { status, .. } => Some(status),
            _ => None,
        };
        hosts.insert(
            server.target.role.as_str().to_owned(),
            json!({
                "host": server.target.host(), "outcome": word, "status": status,
                "trouble": trouble.and_then(word_of), "issuer": trouble.and_then(issuer_of),
            }),
        );
    }
    let line = match (bad.first(), before) {
        (Some((role, first)), _) => {
            let mut messages: Vec<&str> = bad.iter().map(|(_, error)| error.message.as_str()).collect();
            messages.dedup();
            Line::failed(Step::Tls, messages.join("; ")).remedy(remedy(*role, first, config))
        }
        (None, Some(step)) if good.is_empty() => Line::after(Step::Tls, step),
        (None, _) => Line::ok(Step::Tls, good.join(", ")),
    };
    line.fact("servers", hosts)
}

/// What is wrong, in a word; that of the event where there is one.
fn word_of(error: &TransportError) -> Option<&'static str> {
    match &error.cause {
        Cause::Untrusted(Some(_)) => Some("untrusted"),
        Cause::Untrusted(None) => Some("no_authorities"),
        Cause::BadCertificate(flaw, _) => Some(flaw.as_str()),
        _ => None,
    }
}

/// By whom a certificate that is not accepted was issued: as a rule the name of the gateway in between.
fn issuer_of(error: &TransportError) -> Option<&str> {
    match &error.cause {
        Cause::Untrusted(Some(presented)) | Cause::BadCertificate(_, presented) => Some(&presented.issuer),
        _ => None,
    }
}

fn remedy(role: Role, error: &TransportError, config: &Config) -> &'static str {
    match (&error.cause, error.kind) {
        _ if role == Role::Metadata => {
            "A managed identity exists on a virtual machine in Azure only: there, let this machine reach 169.254.169.254, TCP port 80, without a \
             proxy. Elsewhere choose another auth.method."
        }
        (Cause::Untrusted(Some(_)), _) if config.tls.ca_file.is_some() => {
            "A firewall or proxy seems to open TLS on the way with a certificate that tls.ca_file does not cover: put the CA certificate of that \
             gateway into the file, or let the gateway leave the login host and Graph alone."
        }
        (Cause::Untrusted(Some(_)), _) => {
            "A firewall or proxy seems to open TLS on the way: export its CA certificate as PEM and set tls.ca_file to it, or let the gateway \
             leave the login host and Graph alone. Without such a gateway, install the system's CA certificates anew (ca-certificates)."
        }
        (Cause::Untrusted(None), _) => "Install the system's CA certificates (package ca-certificates), or set tls.ca_file.",
        (Cause::BadCertificate(Flaw::Expired | Flaw::NotYetValid, _), _) => {
            "Compare this machine's clock with the real time first. If it is right, what answers is not Microsoft but a gateway whose \
             certificate has to be renewed."
        }
        (Cause::BadCertificate(Flaw::OtherName, _), _) => {
            "Another server answers under this name: check `endpoints`, this machine's name resolution and /etc/hosts, and gateways of the \
             network that show a sign-in page."
        }
        (Cause::BadCertificate(Flaw::Revoked, _), _) | (_, TransportErrorKind::Tls) => {
            "Look at what answers there (openssl s_client -connect HOST:443): a gateway that speaks old TLS versions, or not Microsoft at all."
        }
        (_, TransportErrorKind::Dns) => {
            "The name was found a moment before: look whether all name servers in /etc/resolv.conf give the same answer, and answer each time."
        }
        (_, TransportErrorKind::Protocol) => {
            "What answers does not speak HTTP: check `endpoints` (https and http, host and port)."
        }
        _ => {
            "Let this machine connect to TCP port 443 of the login host and of Graph through the firewall, or set `proxy`. Check `endpoints` if \
             it is set."
        }
    }
}
