//! Where notifications go: a URL that leads to loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::{Host, Url};

use super::oddity::NotifyOddities;

/// A notification URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As in the request.
    pub(crate) text: String,
    pub(super) tls: bool,
    /// The host of the URL, for TLS and the header.
    pub(super) host: String,
    /// `host` or `host:port`, for the header.
    pub(super) authority: String,
    /// Path and query, for the request line.
    pub(super) path: String,
    /// Where to connect.
    pub(super) address: SocketAddr,
}

impl Target {
    /// Reads a URL. Graph wants HTTPS and an address that the world can reach; the simulator reaches loopback, and names that a
    /// switch leads there.
    pub(crate) fn parse(field: &str, text: &str, odd: &NotifyOddities) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| format!("{field} is not a valid URL."))?;
        let tls = match url.scheme() {
            "https" => true,
            "http" if !odd.https_only => false,
            "http" => return Err(format!("{field} must use HTTPS.")),
            "eventhub" => return Err(format!("{field}: Event Hubs are not part of the simulator.")),
            _ => return Err(format!("{field} must use HTTPS.")),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(format!("{field} must have neither credentials nor a fragment."));
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let host = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mapped = odd.hosts.get(&authority).or_else(|| odd.hosts.get(host));
        let address = match (mapped, url.host()) {
            (Some(to), _) => to.parse().ok().or_else(|| Some(SocketAddr::new(to.parse().ok()?, port))),
            (None, Some(Host::Ipv4(ip))) => Some(SocketAddr::new(IpAddr::V4(ip), port)),
            (None, Some(Host::Ipv6(ip))) => Some(SocketAddr::new(IpAddr::V6(ip), port)),
            (None, Some(Host::Domain("localhost"))) => Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
            (None, _) => None,
        };
        let address = address.filter(|a| a.ip().is_loopback());
        let address =
            address.ok_or_else(|| format!("{field}: the host {host} is not reachable. The simulator reaches loopback only."))?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { text: text.to_owned(), tls, host, authority, path, address })
    }

    /// The path with one more option in its query.
    pub(super) fn path_with(&self, name: &str, value: &str) -> String {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        let mut path = format!("{}{mark}{name}=", self.path);
        for byte in value.bytes() {
            match byte {
                b' ' => path.push('+'),
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => path.push(char::from(byte)),
                // Lower case, as Graph writes it.
                _ => path.push_str(&format!("%{byte:02x}")),
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_reached() {
        let mut odd = NotifyOddities::default();
        let read = |text: &str, odd: &NotifyOddities| Target::parse("notificationUrl", text, odd).ok();
        for text in ["http://127.0.0.1:8/x", "https://127.0.0.1/x?y=1", "http://[::1]:8/", "https://localhost:9/"] {
            assert!(read(text, &odd).is_some(), "{text}");
        }
        for text in [
            "",
            "x",
            "ftp://127.0.0.1/",
            "http://10.0.0.1/",
            "https://pbx.example.com/",
            "https://u:p@127.0.0.1/",
            "http://127.0.0.1/#a",
        ] {
            assert!(read(text, &odd).is_none(), "{text}");
        }
        odd.hosts.insert("pbx.example.com".to_owned(), "127.0.0.1:8085".to_owned());
        odd.hosts.insert("far.example.com".to_owned(), "10.0.0.1".to_owned());
        odd.https_only = true;
        let target = read("https://pbx.example.com/graph?a=b", &odd).expect("mapped");
        assert_eq!((target.address.to_string().as_str(), target.authority.as_str()), ("127.0.0.1:8085", "pbx.example.com"));
        assert_eq!(target.path_with("t", "a: b+ü"), "/graph?a=b&t=a%3a+b%2b%c3%bc");
        assert!(read("http://127.0.0.1:8/x", &odd).is_none() && read("https://far.example.com/", &odd).is_none());
    }
}
