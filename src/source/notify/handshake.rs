//! The handshake by which Graph makes sure that the address is ours.
//!
//! While a subscription is created Graph posts to each of its addresses with `?validationToken=…` and wants the decoded token back as plain
//! text within 10 seconds (Microsoft Graph: change notifications by webhook, 2026-04-22). Where the address has a query of its own, the token
//! comes behind it.

/// Longest token, still encoded. Real ones have about 150 letters.
pub const MAX_ENCODED: usize = 4 << 10;

/// What a query says of the handshake.
#[derive(Debug, PartialEq, Eq)]
pub enum Handshake {
    /// It is one: answer with this, decoded.
    Token(Vec<u8>),
    /// It is one, with a token that is empty or longer than [`MAX_ENCODED`].
    Unusable,
    /// It is none.
    No,
}

/// Looks for the token in a query (what stands behind `?`).
pub fn handshake(query: &str) -> Handshake {
    let query = query.strip_prefix('?').unwrap_or(query);
    let token = query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        name.eq_ignore_ascii_case("validationToken").then_some(value)
    });
    match token {
        None => Handshake::No,
        Some(token) if token.is_empty() || token.len() > MAX_ENCODED => Handshake::Unusable,
        Some(token) => Handshake::Token(decoded(token.as_bytes())),
    }
}

/// `%xx` and `+`; a `%` without two digits behind it stands for itself.
fn decoded(encoded: &[u8]) -> Vec<u8> {
    let digit = |at: usize| encoded.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(encoded.len()), 0);
    while let Some(byte) = encoded.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(query: &str) -> Vec<u8> {
        match handshake(query) {
            Handshake::Token(token) => token,
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn as_graph_asks() {
        let query = "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3A+5f0";
        let expected = b"Validation: Testing client application reachability for subscription Request-Id: 5f0";
        assert_eq!(token(query), expected);
        assert_eq!(token(&format!("?{query}")), expected);
        assert_eq!(token(&format!("tenant=a%26b&{query}&x=1")), expected);
        assert_eq!(token("validationToken=a%2Bb%26c=d%25"), b"a+b&c=d%", "decoded once, and an equals sign belongs to it");
        assert_eq!(token("validationToken=%e4%F6\u{e4}"), [0xe4, 0xf6, 0xc3, 0xa4], "bytes, not letters");
        assert_eq!(token("validationToken=%&x"), b"%");
        assert_eq!(token("validationToken=%4&x"), b"%4");
        assert_eq!(token("validationToken=%zz%4g"), b"%zz%4g");
        assert_eq!(token("validationToken=one&validationToken=two"), b"one");
        assert_eq!(token("validationtoken=one"), b"one");
    }

    #[test]
    fn what_is_none() {
        for query in ["", "?", "x=validationToken", "token=1", "xvalidationToken=1", "validationTokens=1", "validation%54oken=1"]
        {
            assert_eq!(handshake(query), Handshake::No, "{query}");
        }
        for query in ["validationToken", "validationToken=", "validationToken=&a=b"] {
            assert_eq!(handshake(query), Handshake::Unusable, "{query}");
        }
        let long = "a".repeat(MAX_ENCODED);
        assert_eq!(token(&format!("validationToken={long}")).len(), MAX_ENCODED);
        assert_eq!(handshake(&format!("validationToken={long}a")), Handshake::Unusable);
    }

    proptest! {
        #[test]
        fn whatever_was_encoded_comes_back(text in ".{1,200}") {
            let encoded: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("validationToken", &text).finish();
            prop_assert_eq!(token(&encoded), text.as_bytes());
        }

        #[test]
        fn any_query_does_no_harm(query in ".{0,300}") {
            if let Handshake::Token(token) = handshake(&query) {
                prop_assert!(token.len() <= query.len());
            }
        }
    }
}
