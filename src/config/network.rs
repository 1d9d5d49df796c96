//! How servers are reached: certificate authorities and the proxy.

use std::path::PathBuf;

use url::Url;

use super::cloud::server;
use super::reader::Reader;
use super::secret::SecretSource;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// Trust in servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM certificates of authorities trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// The way out.
#[derive(Clone, Debug, PartialEq)]
pub enum Proxy {
    /// Straight.
    None,
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment say.
    System,
    /// Through this one.
    Url {
        /// `http` or `https`, host and port.
        url: Url,
        /// Its user and password, where it wants them.
        login: Option<ProxyLogin>,
    },
}

/// Basic authentication at a proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyLogin {
    /// The user.
    pub username: String,
    /// The password; `None` sends an empty one.
    pub password: Option<SecretSource>,
}

words! {
    /// Which of the three ways.
    ProxyMode {
        /// Straight, whatever the environment says.
        None "none",
        /// By the environment.
        System "system",
        /// Through `proxy.url`.
        Url "url",
    };
}

pub(super) static TLS: Table = Table {
    name: "tls",
    about: "TLS is always verified; there is no way to switch that off.",
    keys: &[Key {
        name: "ca_file",
        shape: Shape::Path,
        absent: Absent::Means("the system's authorities alone"),
        reload: Reload::Restart,
        meaning: "A PEM file with further certificate authorities, any number of them, for gateways that open TLS and for tests. Read at each start.",
    }],
};

pub(super) static PROXY: Table = Table {
    name: "proxy",
    about: "The environment is not looked at unless `system` says so: a telephone system's environment is seldom meant for this library.",
    keys: &[
        Key {
            name: "mode",
            shape: Shape::word::<ProxyMode>(),
            absent: Absent::Word("none"),
            reload: Reload::Restart,
            meaning: "`none`: straight. `system`: as `HTTPS_PROXY` (`HTTP_PROXY` for `http`), else `ALL_PROXY`, and `NO_PROXY` say at the start, in \
                      capital or small letters. `url`: through `proxy.url`.",
        },
        Key {
            name: "url",
            shape: Shape::Text("an address such as http://proxy:3128"),
            absent: Absent::Means("only with mode `url`, and needed there"),
            reload: Reload::Restart,
            meaning: "The proxy: `http` or `https`, host and port; no user, path or query.",
        },
        Key {
            name: "username",
            shape: Shape::Text("the name of a user of the proxy"),
            absent: Absent::Means("no authentication"),
            reload: Reload::Restart,
            meaning: "The user for Basic authentication at the proxy. Only with mode `url`.",
        },
        Key {
            name: "password",
            shape: Shape::Secret,
            absent: Absent::Means("an empty password"),
            reload: Reload::Restart,
            meaning: "The password of `proxy.username`.",
        },
    ],
};

impl Tls {
    pub(super) fn read(reader: &Reader<'_>) -> Tls {
        Tls { ca_file: reader.path("ca_file") }
    }
}

impl Proxy {
    pub(super) fn read(reader: &Reader<'_>) -> Proxy {
        let mode = reader.word::<ProxyMode>("mode");
        let url = reader.text("url", proxy_url);
        let username = reader.text("username", |text| {
            // RFC 7617: a colon in the user's name cannot be told from the one that ends it.
            let fits = !text.is_empty() && !text.contains(':') && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned()).ok_or_else(|| "is empty, or has a colon or control character in it".to_owned())
        });
        let password = reader.password("password");
        if mode != ProxyMode::Url {
            for name in ["url", "username", "password"].into_iter().filter(|name| reader.has(name)) {
                reader.problem(name, format!("means something only with \"mode\": \"url\"; the mode is {}", mode.as_str()));
            }
        } else if !reader.has("url") {
            reader.problem("url", "is missing; mode url needs the proxy's address, such as http://proxy:3128");
        }
        if reader.has("password") && !reader.has("username") {
            reader.problem("username", "is missing; a password needs its user");
        }
        match (mode, url) {
            (ProxyMode::System, _) => Proxy::System,
            (ProxyMode::Url, Some(url)) => Proxy::Url { url, login: username.map(|username| ProxyLogin { username, password }) },
            _ => Proxy::None,
        }
    }
}

fn proxy_url(text: &str) -> Result<Url, String> {
    let url = server(text, "http, https", |url| matches!(url.scheme(), "http" | "https"))?;
    if url.path() == "/" { Ok(url) } else { Err("must not hold a path".to_owned()) }
}
