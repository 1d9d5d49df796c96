//! Which way out.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The HTTP proxy of one instance.
#[derive(Clone, Default)]
pub enum Proxy {
    /// Straight out, whatever the environment says.
    #[default]
    None,
    /// Through this proxy, for every host.
    Url {
        /// `http://host:port` or `https://host:port`, without user information.
        url: Url,
        /// User and password for the proxy (Basic).
        user: Option<(String, SecretString)>,
    },
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in capital or small letters. The only setting that reads the
    /// environment.
    System,
}

/// What is between this machine and a server.
#[derive(Clone)]
pub(super) enum Way {
    Straight,
    Through(String),
    /// By the environment as it was when this was made.
    Environment(Arc<Matcher>),
}

impl Way {
    /// Host and port of the proxy that is asked for `url`, for messages. Never a user or password.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<String> {
        match self {
            Way::Straight => None,
            Way::Through(name) => Some(name.clone()),
            Way::Environment(matcher) => {
                let target = url.as_str().parse().ok()?;
                let proxy = matcher.intercept(&target)?;
                let host = proxy.uri().host()?;
                Some(proxy.uri().port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
            }
        }
    }
}

impl Proxy {
    pub(super) fn way(&self) -> Way {
        match self {
            Proxy::None => Way::Straight,
            Proxy::Url { url, .. } => Way::Through(super::error::host_of(url)),
            // What reqwest itself uses.
            Proxy::System => Way::Environment(Arc::new(Matcher::from_system())),
        }
    }

    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, reqwest::Error> {
        Ok(match self {
            Proxy::None => builder.no_proxy(),
            Proxy::System => builder,
            Proxy::Url { url, user } => {
                let mut proxy = reqwest::Proxy::all(url.as_str())?;
                if let Some((name, password)) = user {
                    proxy = proxy.basic_auth(name, password.expose_secret());
                }
                builder.no_proxy().proxy(proxy)
            }
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proxy::None => f.write_str("Proxy::None"),
            Proxy::System => f.write_str("Proxy(of the environment)"),
            Proxy::Url { url, .. } => write!(f, "Proxy({})", super::error::host_of(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_proxy_of_the_environment_only_where_it_is_asked() {
        let matcher = Matcher::builder()
            .https("http://me:hidden-word@proxy.example:3128")
            .no("localhost,.internal.example,192.0.2.0/24,::1")
            .build();
        let way = Way::Environment(Arc::new(matcher));
        let of = |url: &str| way.proxy_for(&url.parse().expect("a url"));
        assert_eq!(of("https://graph.microsoft.com/v1.0").as_deref(), Some("proxy.example:3128"));
        for straight in [
            "http://graph.microsoft.com/",
            "https://localhost:8443/",
            "https://a.internal.example/",
            "https://192.0.2.7/",
            "https://[::1]:1/",
        ] {
            assert_eq!(of(straight), None, "{straight}");
        }
    }
}
