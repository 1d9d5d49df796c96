//! What exactly is wrong on the way, where an administrator needs to do something about it.

use std::fmt;

use rustls::CertificateError;
use rustls_pki_types::{CertificateDer, ServerName};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

/// Longest name out of a certificate that is kept, in characters.
const LONGEST_NAME: usize = 200;
/// Most host names out of a certificate that are kept.
const MOST_NAMES: usize = 5;

/// The cause of a failure of the way, beyond its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// Nothing more is known than the kind says.
    #[default]
    Other,
    /// The proxy wants a user and password, or other ones (407).
    ProxyPassword,
    /// The proxy cannot be reached, or does not let through to this host.
    ProxyRefuses,
    /// The certificate comes from an authority that is not trusted here.
    Untrusted(Option<Box<Presented>>),
    /// The certificate is not good for this host and this time. One out of its time is not looked at further: its authority may be unknown.
    BadCertificate(Flaw, Box<Presented>),
}

impl Cause {
    /// Whether an administrator would do the same about both.
    pub fn is_like(&self, other: &Cause) -> bool {
        match (self, other) {
            (Cause::Untrusted(a), Cause::Untrusted(b)) => {
                a.as_ref().map(|presented| &presented.issuer) == b.as_ref().map(|presented| &presented.issuer)
            }
            (Cause::BadCertificate(a, _), Cause::BadCertificate(b, _)) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

/// What is wrong with a certificate, beside its authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It names other hosts.
    OtherName,
    /// Its authority took it back.
    Revoked,
}

impl Flaw {
    /// The word of the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Flaw::Expired => "expired",
            Flaw::NotYetValid => "not_yet_valid",
            Flaw::OtherName => "other_name",
            Flaw::Revoked => "revoked",
        }
    }
}

/// A certificate as a server showed it. Texts are the server's: bounded, and not to be believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presented {
    /// The host that was asked: the server, or a proxy that speaks TLS.
    pub asked: String,
    /// For whom it was issued.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// Host names and addresses in it, at most 5.
    pub names: Vec<String>,
    /// Its time begins, milliseconds since 1970-01-01 UTC; 0 where it cannot be read.
    pub not_before_ms: i64,
    /// Its time ends, likewise.
    pub not_after_ms: i64,
}

impl Presented {
    pub(super) fn read(certificate: &CertificateDer<'_>, asked: &ServerName<'_>) -> Presented {
        let asked = asked.to_str().into_owned();
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            let unreadable = "(unreadable)".to_owned();
            return Presented { asked, subject: unreadable.clone(), issuer: unreadable, ..Presented::default() };
        };
        let names = certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .map_or_else(Vec::new, |names| names.value.general_names.iter().filter_map(host_name).take(MOST_NAMES).collect());
        let validity = certificate.validity();
        Presented {
            asked,
            subject: short_name(certificate.subject()),
            issuer: short_name(certificate.issuer()),
            names,
            not_before_ms: validity.not_before.timestamp().saturating_mul(1_000),
            not_after_ms: validity.not_after.timestamp().saturating_mul(1_000),
        }
    }
}

/// The end of the time of a certificate in DER, milliseconds since 1970-01-01 UTC; `None` where it cannot be read.
pub fn not_after_ms(certificate: &[u8]) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp().saturating_mul(1_000))
}

fn host_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(clean(name)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The common name, else the organisation, else the whole name.
fn short_name(name: &X509Name<'_>) -> String {
    let first = |found: Option<&x509_parser::prelude::AttributeTypeAndValue<'_>>| {
        found.and_then(|attribute| attribute.as_str().ok()).map(clean).filter(|text| !text.is_empty())
    };
    let common = first(name.iter_common_name().next());
    let organization = first(name.iter_organization().next());
    match (common, organization) {
        (Some(common), Some(organization)) if common != organization => format!("{common} ({organization})"),
        (Some(one), _) | (None, Some(one)) => one,
        (None, None) => clean(&name.to_string()),
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}

/// Why a certificate was not accepted, with what was shown. Travels inside rustls' own error.
#[derive(Debug)]
pub(super) struct Distrust {
    pub(super) reason: CertificateError,
    pub(super) presented: Presented,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.reason)
    }
}

impl std::error::Error for Distrust {}

impl Distrust {
    /// What follows for an administrator, and the sentence that says it. `no_roots`: this machine trusts nobody at all.
    pub(super) fn explain(&self, no_roots: bool) -> (Cause, String) {
        let Presented { asked, subject, issuer, names, .. } = &self.presented;
        let whose = format!("the certificate that {asked} showed, issued by \"{issuer}\" for \"{subject}\",");
        let bad = |flaw| Cause::BadCertificate(flaw, Box::new(self.presented.clone()));
        match &self.reason {
            CertificateError::UnknownIssuer if no_roots => (Cause::Untrusted(None), NO_ROOTS.to_owned()),
            // BadSignature: an authority of the same name with another key, such as a test CA made anew.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                Cause::Untrusted(Some(Box::new(self.presented.clone()))),
                format!(
                    "{whose} comes from an authority that is not trusted here. If a firewall or proxy inspects TLS, set tls.ca_file to \
                     its CA certificate"
                ),
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                let names = if names.is_empty() { "no host".to_owned() } else { names.join(", ") };
                (bad(Flaw::OtherName), format!("{whose} is for another host name: it names {names}"))
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                let end = crate::time::utc(self.presented.not_after_ms);
                (bad(Flaw::Expired), format!("{whose} has expired on {end} (or this machine's clock is wrong)"))
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                let begin = crate::time::utc(self.presented.not_before_ms);
                (bad(Flaw::NotYetValid), format!("{whose} is not valid before {begin} (or this machine's clock is wrong)"))
            }
            CertificateError::Revoked => (bad(Flaw::Revoked), format!("{whose} has been revoked")),
            other => (Cause::Other, format!("{whose} is not accepted: {other}")),
        }
    }
}

/// A machine that trusts nobody.
pub(super) const NO_ROOTS: &str = "the server's certificate cannot be checked: this machine has no CA certificates. Install its package of \
                                   them (ca-certificates) or set tls.ca_file";
