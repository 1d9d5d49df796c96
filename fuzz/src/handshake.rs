//! The query of the handshake.

use arbitrary::{Arbitrary, Unstructured};
use teams_presence_sync::source::notify::{Handshake, MAX_ENCODED, Reply, handshake};
use url::form_urlencoded;

use super::ours;

/// A query made of parts.
#[derive(Arbitrary, Debug)]
struct Query {
    begins_with_mark: bool,
    before: Vec<(u8, String)>,
    token: Vec<u8>,
    /// How each byte is written, over and over.
    style: Vec<u8>,
    upper: u16,
    after: Vec<(u8, String)>,
}

/// Names that are none of the handshake's.
const OTHERS: [&str; 6] = ["tenant", "validationTokens", "xvalidationToken", "validation%54oken", "", "validationToken "];

/// Any query, and one built from the same bytes.
pub fn run(data: &[u8]) -> bool {
    any(&String::from_utf8_lossy(data));
    Query::arbitrary_take_rest(Unstructured::new(data)).is_ok_and(|query| built(&query))
}

/// Compared with the form decoder of `url`.
fn any(query: &str) {
    let bare = query.strip_prefix('?').unwrap_or(query);
    let named = |pair: &&str| pair.split('=').next().unwrap_or_default().eq_ignore_ascii_case("validationtoken");
    let pair = bare.split('&').find(named);
    let encoded = pair.map(|pair| pair.split_once('=').map_or("", |(_, value)| value));
    match (handshake(query), encoded) {
        (Handshake::No, None) => {}
        (Handshake::Unusable, Some(encoded)) => assert!(encoded.is_empty() || encoded.len() > MAX_ENCODED),
        (Handshake::Token(token), Some(encoded)) => {
            assert!(!encoded.is_empty() && encoded.len() <= MAX_ENCODED && token.len() <= encoded.len());
            let (_, value) = form_urlencoded::parse(pair.unwrap_or_default().as_bytes()).next().expect("a pair");
            assert_eq!(String::from_utf8_lossy(&token), value);
        }
        (seen, expected) => panic!("{query:?}: {seen:?}, and the token is {expected:?}"),
    }
    let intake = ours::intake(true);
    let reply = intake.deliver(query, b"");
    match handshake(query) {
        Handshake::Token(body) => assert_eq!(reply, Reply { status: 200, content_type: Some("text/plain"), body }),
        Handshake::Unusable | Handshake::No => assert_eq!(reply, Reply { status: 400, content_type: None, body: Vec::new() }),
    }
    assert_eq!(intake.stats().waiting_items, 0);
}

fn built(query: &Query) -> bool {
    let pairs = |pairs: &[(u8, String)]| {
        let pair = |(name, value): &(u8, String)| {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            format!("{}={value}", OTHERS[usize::from(*name) % OTHERS.len()])
        };
        pairs.iter().map(pair).collect::<Vec<String>>()
    };
    let name = "validationToken"
        .char_indices()
        .map(|(at, letter)| if query.upper >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter });
    let encoded: String = query.token.iter().enumerate().map(|(at, byte)| written(*byte, style(query, at))).collect();
    let mut all = pairs(&query.before);
    all.push(format!("{}={encoded}", name.collect::<String>()));
    all.extend(pairs(&query.after));
    let text = format!("{}{}", if query.begins_with_mark { "?" } else { "" }, all.join("&"));
    let expected = if encoded.is_empty() || encoded.len() > MAX_ENCODED {
        Handshake::Unusable
    } else {
        Handshake::Token(query.token.clone())
    };
    assert_eq!(handshake(&text), expected, "{text}");
    matches!(expected, Handshake::Token(_))
}

fn style(query: &Query, at: usize) -> u8 {
    if query.style.is_empty() { 0 } else { query.style[at % query.style.len()] }
}

/// One byte of a value, in one of the ways that mean the same.
fn written(byte: u8, style: u8) -> String {
    match (byte, style % 3) {
        (b' ', 0) => "+".to_owned(),
        (b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'=' | b':' | b'?', 0) => char::from(byte).to_string(),
        (_, 1) => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    }
}
