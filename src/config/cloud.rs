//! Microsoft's clouds and their hosts.

use std::fmt;

use url::Url;

use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

words! {
    /// One of Microsoft's separate clouds. A tenant lives in one; tokens of one are worth nothing in another.
    Cloud {
        /// The worldwide cloud, also for Microsoft 365 GCC.
        Global "global",
        /// US Government L4 (GCC High).
        UsGov "us_gov",
        /// US Government L5 (DoD).
        UsGovDod "us_gov_dod",
    } refuses refusal;
}

fn refusal(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "china" | "cn" | "21vianet" => Some("Microsoft's cloud in China (21Vianet) offers no presence interface"),
        "germany" | "de" => Some("the German cloud was closed on 29 October 2021; its customers moved to global"),
        "international" | "public" | "worldwide" | "gcc" => Some("this cloud is named global here"),
        "gcc_high" | "gcchigh" | "us_gov_l4" => Some("GCC High is named us_gov here"),
        "dod" | "us_gov_l5" => Some("DoD is named us_gov_dod here"),
        _ => None,
    }
}

// Hosts: Microsoft Entra, "National clouds"; Microsoft Graph, "National cloud deployments".
impl Cloud {
    /// Where one signs in, without a slash at the end.
    pub const fn login(self) -> &'static str {
        match self {
            Cloud::Global => "https://login.microsoftonline.com",
            Cloud::UsGov | Cloud::UsGovDod => "https://login.microsoftonline.us",
        }
    }

    /// The root of Microsoft Graph, without version and without a slash at the end.
    pub const fn graph(self) -> &'static str {
        match self {
            Cloud::Global => "https://graph.microsoft.com",
            Cloud::UsGov => "https://graph.microsoft.us",
            Cloud::UsGovDod => "https://dod-graph.microsoft.us",
        }
    }

    /// Whether presence here carries `outOfOfficeSettings` (Graph's metadata of each cloud).
    pub const fn tells_out_of_office(self) -> bool {
        matches!(self, Cloud::Global)
    }
}

/// The root of a server: `https`, or plain `http` on this machine; no user, query or fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(String);

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, to follow the name of the key.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        let url = server(text, "https, or http on this machine", |url| match url.scheme() {
            "https" => true,
            "http" => is_loopback(url),
            _ => false,
        })?;
        Ok(Endpoint(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port: the name by which Entra knows the server as a resource.
    pub fn origin(&self) -> &str {
        let host_at = self.0.find("://").map_or(0, |at| at + 3);
        self.0[host_at..].find('/').map_or(&self.0, |end| &self.0[..host_at + end])
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.0)
    }
}

/// An address of a server whose scheme satisfies `fits`. Never repeats the address, which may hold a password.
pub(super) fn server(text: &str, schemes: &str, fits: impl FnOnce(&Url) -> bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not an address such as https://host:port: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query (?) or a fragment (#)".to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned());
    }
    if fits(&url) { Ok(url) } else { Err(format!("has the scheme {}; allowed: {schemes}", url.scheme())) }
}

/// The host is this machine, by address or as `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Hosts that replace those of the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Instead of [`Cloud::login`].
    pub login: Option<Endpoint>,
    /// Instead of [`Cloud::graph`].
    pub graph: Option<Endpoint>,
    /// Instead of [`METADATA`].
    pub metadata: Option<Endpoint>,
}

/// The metadata service of an Azure machine: link-local, plain HTTP, the same in every cloud.
pub const METADATA: &str = "http://169.254.169.254";

const ADDRESS: Shape = Shape::Text("an address such as https://host:port");

pub(super) static ENDPOINTS: Table = Table {
    name: "endpoints",
    about: "Replaces the hosts of the cloud: for tests, and for sovereign clouds that came after this version. `https`; plain `http` only \
            for this machine (`localhost`, 127.0.0.0/8, `[::1]`). A path is kept, a slash at the end does not matter; no user, query or \
            fragment.",
    keys: &[
        Key {
            name: "login",
            shape: ADDRESS,
            absent: Absent::Means("the cloud's"),
            reload: Reload::Restart,
            meaning: "Where tokens are fetched.",
        },
        Key {
            name: "graph",
            shape: ADDRESS,
            absent: Absent::Means("the cloud's"),
            reload: Reload::Restart,
            meaning: "The root of Graph, without `/v1.0`.",
        },
        Key {
            name: "metadata",
            shape: ADDRESS,
            absent: Absent::Means("http://169.254.169.254, that of an Azure machine"),
            reload: Reload::Restart,
            meaning: "The metadata service that `managed_identity` asks, without `/metadata`. For tests.",
        },
    ],
};

impl Endpoints {
    pub(super) fn read(reader: &Reader<'_>) -> Endpoints {
        let endpoint = |name| reader.text(name, Endpoint::parse);
        Endpoints { login: endpoint("login"), graph: endpoint("graph"), metadata: endpoint("metadata") }
    }
}
