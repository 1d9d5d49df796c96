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

/// What is between this machine and the servers: the one answer to "through which proxy", for requests, messages and the preflight.
#[derive(Clone)]
pub struct Way(Kind);

#[derive(Clone)]
enum Kind {
    Straight,
    Through(Via),
    /// By the environment as it was when this was made.
    Environment(Arc<Matcher>),
}

/// A proxy as it may be shown: never its user or password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Name or address.
    pub host: String,
    /// Where it is not the scheme's own.
    pub port: Option<u16>,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl Way {
    /// The proxy that is asked for `url`; `None`: the server itself is.
    pub fn via(&self, url: &Url) -> Option<Via> {
        match &self.0 {
            Kind::Straight => None,
            Kind::Through(via) => Some(via.clone()),
            Kind::Environment(matcher) => {
                let target = url.as_str().parse().ok()?;
                let proxy = matcher.intercept(&target)?;
                let host = proxy.uri().host()?.to_owned();
                Some(Via { host, port: proxy.uri().port_u16() })
            }
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Straight => f.write_str("Way(straight)"),
            Kind::Through(via) => write!(f, "Way({via})"),
            Kind::Environment(_) => f.write_str("Way(of the environment)"),
        }
    }
}

impl Proxy {
    /// The way of a client that is made now.
    pub fn way(&self) -> Way {
        Way(match self {
            Proxy::None => Kind::Straight,
            Proxy::Url { url, .. } => {
                Kind::Through(Via { host: url.host_str().unwrap_or("(no host)").to_owned(), port: url.port() })
            }
            // What reqwest itself uses.
            Proxy::System => Kind::Environment(Arc::new(Matcher::from_system())),
        })
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
        let way = Way(Kind::Environment(Arc::new(matcher)));
        let of = |url: &str| way.via(&url.parse().expect("a url")).map(|via| via.to_string());
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
