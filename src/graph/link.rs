//! Addresses that the directory is asked at: made here, or handed out by Graph for the next page or the next changes.

use std::fmt;

use url::Url;

use super::error::Unreadable;
use crate::config::is_loopback;

/// Filter values that one request may carry (Microsoft Graph: 15 expressions in `in`, 15 clauses of `or`).
pub const MOST_VALUES: usize = 15;
/// Filter text that one request may carry, encoded. Graph promises no length beyond 2,048 characters of the whole address.
pub(super) const LONGEST_FILTER: usize = 1_500;
/// A link longer than this is none of Graph's.
const LONGEST_LINK: usize = 16 * 1024;

/// An address under Graph's root. Only such addresses are ever asked, because our token goes with the question.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Link {
    url: Url,
    /// Asked with `ConsistencyLevel: eventual`. A link carries no headers, and what stands in its query is not to be looked at: the pages
    /// that follow are asked as the first one was.
    eventual: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query holds addresses of people.
        write!(f, "Link({})", self.url.path())
    }
}

impl Link {
    /// `path` under `root` with query options that are already encoded.
    pub(super) fn make(root: &Url, path: &str, query: &str) -> Link {
        let mut url = super::client::under(root, path);
        url.set_query(Some(query));
        Link { url, eventual: false }
    }

    /// The same, asked with or without `ConsistencyLevel: eventual`.
    pub(super) fn eventual(self, eventual: bool) -> Link {
        Link { eventual, ..self }
    }

    pub(super) fn is_eventual(&self) -> bool {
        self.eventual
    }

    /// A link out of an answer, taken verbatim, refused if it leads anywhere but to `root`.
    pub(super) fn follow(root: &Url, text: &str) -> Result<Link, Unreadable> {
        if text.len() > LONGEST_LINK {
            return Err(Unreadable::new("Graph's link to the next page is too long"));
        }
        let mut url = Url::parse(text).map_err(|_| Unreadable::new("Graph's link to the next page is no address"))?;
        if is_loopback(root) && is_loopback(&url) && url.port_or_known_default() == root.port_or_known_default() {
            // A stand-in on this machine may call itself localhost where it was asked as 127.0.0.1. The token goes where it always goes.
            let host = root.host_str().map(str::to_owned);
            let _ = url.set_host(host.as_deref());
        }
        let home = root.path().trim_end_matches('/');
        let inside = url.path().strip_prefix(home).is_some_and(|rest| rest.starts_with('/'));
        if url.origin() != root.origin() || !url.username().is_empty() || url.password().is_some() || !inside {
            let host = url.host_str().unwrap_or("(no host)");
            return Err(Unreadable::new(format!("Graph's link to the next page leads elsewhere ({host}) and is not followed")));
        }
        Ok(Link { url, eventual: false })
    }

    /// A link that was stored, refused if it leads anywhere but to `root`.
    ///
    /// # Errors
    /// It is none of Graph's.
    pub fn stored(root: &Url, text: &str) -> Result<Link, Unreadable> {
        Link::follow(root, text)
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// Encodes for a query: everything but letters, digits and `-._~` (RFC 3986, unreserved). A space is `%20`, never `+`.
pub(super) fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        }
    }
}

/// A string literal of OData: in single quotes, a quote inside doubled.
pub(super) fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn quoting_survives_the_way_there() {
        for value in
            ["o'brien@x.example", "a+b@x", "ann_x.example#EXT#@y", "a&b=c;d@x", "mü@x", "100%@x", "a b@x", "''", "\"<>\\"]
        {
            let mut query = "$filter=".to_owned();
            encode(&format!("mail eq {}", literal(value)), &mut query);
            let link = Link::make(&root("https://graph.example"), "v1.0/users", &query);
            let pairs: Vec<_> = link.url().query_pairs().into_owned().collect();
            assert_eq!(pairs, [("$filter".to_owned(), format!("mail eq '{}'", value.replace('\'', "''")))], "{value}");
            assert_eq!(link.url().fragment(), None);
            assert!(!link.url().query().is_some_and(|query| query.contains('+')));
        }
    }

    #[test]
    fn next_links_stay_at_home() {
        let home = root("https://graph.example");
        let good = "https://graph.example/v1.0/users?$skiptoken=RFNwdAIAAQ%2B&$top=999";
        assert_eq!(Link::follow(&home, good).expect("ours").url().as_str(), good);
        assert!(Link::follow(&home, "https://GRAPH.example:443/v1.0/users").is_ok());
        let here = root("http://127.0.0.1:8080");
        let link = Link::follow(&here, "http://localhost:8080/v1.0/users?a=b").expect("the same machine by another name");
        assert_eq!(link.url().as_str(), "http://127.0.0.1:8080/v1.0/users?a=b");
        for elsewhere in
            ["http://localhost:8081/v1.0/users", "https://localhost:8080/v1.0/users", "http://127.0.0.1.example:8080/v1.0/users"]
        {
            assert!(Link::follow(&here, elsewhere).is_err(), "{elsewhere}");
        }
        assert!(Link::follow(&home, "https://localhost/v1.0/users").is_err());
        for hostile in [
            "https://evil.example/v1.0/users",
            "https://graph.example.evil.example/v1.0/users",
            "https://graph.example@evil.example/v1.0/users",
            "https://user:pw@graph.example/v1.0/users",
            "http://graph.example/v1.0/users",
            "https://graph.example:8443/v1.0/users",
            "/v1.0/users?$skiptoken=x",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "",
        ] {
            assert!(Link::follow(&home, hostile).is_err(), "{hostile}");
        }
        assert!(Link::follow(&home, &format!("https://graph.example/{}", "x".repeat(20_000))).is_err());
        let below = root("http://127.0.0.1:8080/graph/");
        assert!(Link::follow(&below, "http://127.0.0.1:8080/graph/v1.0/users").is_ok());
        assert!(Link::follow(&below, "http://127.0.0.1:8080/graphic/v1.0/users").is_err());
        assert!(Link::follow(&below, "http://127.0.0.1:8080/graph/../other").is_err());
        assert_eq!(Link::make(&below, "v1.0/users", "a=b").url().as_str(), "http://127.0.0.1:8080/graph/v1.0/users?a=b");
    }

    #[test]
    fn debug_names_no_people() {
        let link = Link::make(&root("https://graph.example"), "v1.0/users", "$filter=ann");
        assert!(!format!("{link:?}").contains("ann"));
    }
}
