//! `validationTokens`, signed as Entra does, with right and wrong parts.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Value, json};
use teams_presence_sync::presence::Guid;
use teams_presence_sync::source::notify::{CHANGE_TRACKING, KeySet, MAX_TOKEN, TokenError, TokenRules};

use super::edit::{Edit, edited_text};
use super::mostly::Mostly;
use super::ours::TENANT;
use super::signer::{ENTRA, STRANGER, encoded};

pub const NOW_S: i64 = 1_795_348_800;
pub const CLIENT: Guid = Guid(0xc11e_0000_1111_2222_3333_4444_4444_4444);
const OTHER: Guid = Guid(0xdead_0000_0000_0000_0000_0000_0000_abcd);
const LOGIN: &str = "https://login.example.com:8443";

#[derive(Arbitrary, Debug)]
struct Case {
    tokens: Vec<Token>,
    missing: Mostly<bool>,
    accept_missing: bool,
    keys: Mostly<Keys>,
    also_issued_by: bool,
    clock: Mostly<Now>,
}

/// What the key set says. Its key is `key-1`.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Keys {
    #[default]
    OfAll,
    OfOurTenant,
    OfAnother,
    None,
}

#[derive(Arbitrary, Debug)]
struct Token {
    algorithm: Mostly<Algorithm>,
    kid: Mostly<Kid>,
    header: Header,
    signed: Mostly<Signed>,
    version_1: bool,
    issuer: Mostly<Issuer>,
    tenant: Mostly<Who>,
    audience: Mostly<Who>,
    azp: Mostly<Who>,
    appid: Mostly<Who>,
    expires: Mostly<Time>,
    from: Mostly<Time>,
    long: Mostly<u16>,
    edits: Mostly<Vec<Edit>>,
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Algorithm {
    #[default]
    Rs256,
    None,
    Hs256,
    Rs512,
    Odd,
    Missing,
}

#[derive(Arbitrary, Debug, Default)]
enum Kid {
    #[default]
    First,
    Second,
    Missing,
    Odd(String),
}

#[derive(Arbitrary, Debug)]
enum Header {
    Plain,
    Bare,
    /// Names a key of its own.
    WithKey,
    WithAddress,
}

#[derive(Arbitrary, Debug, Default)]
enum Signed {
    #[default]
    ByEntra,
    ByStranger,
    Rs512,
    Hmac,
    Not,
    Garbage(Vec<u8>),
}

#[derive(Arbitrary, Debug, Default)]
enum Issuer {
    #[default]
    Global,
    Version1,
    Configured,
    Plain,
    Longer,
    Inside,
    Odd(String),
    List,
    Missing,
}

/// A GUID of a claim.
#[derive(Arbitrary, Clone, Copy, Debug, Default, PartialEq)]
enum Who {
    #[default]
    Right,
    Upper,
    Other,
    Empty,
    List,
    Number(i64),
    Null,
    Missing,
}

/// Relative to now, in seconds.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Time {
    #[default]
    Now,
    Day,
    Near(i16),
    Far(i64),
    Text,
    Null,
    Missing,
}

/// What our clock shows.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Now {
    #[default]
    Right,
    Near(i16),
    Ms(i64),
}

pub fn run(data: &[u8]) -> bool {
    Case::arbitrary_take_rest(Unstructured::new(data)).is_ok_and(|case| case.check())
}

/// A token in which everything is right.
pub fn good() -> String {
    let claims = json!({ "aud": CLIENT.to_string(), "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "exp": NOW_S + 86_400, "nbf": NOW_S, "azp": CHANGE_TRACKING.to_string(), "tid": TENANT.to_string() });
    let text = signed_text(&json!({ "alg": "RS256", "kid": "key-1", "typ": "JWT" }), &claims);
    format!("{text}.{}", encoded(&ENTRA.rs256(&text)))
}

fn signed_text(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()))
}

impl Keys {
    fn set(self) -> &'static KeySet {
        static SETS: LazyLock<[KeySet; 4]> = LazyLock::new(|| {
            let of = |tenant: &str| {
                let mut jwk = ENTRA.jwk.clone();
                jwk["issuer"] = json!(format!("https://login.microsoftonline.com/{tenant}/v2.0"));
                KeySet::read(json!({ "keys": [jwk] }).to_string().as_bytes()).expect("a key")
            };
            [of("{tenantid}"), of(&TENANT.to_string()), of(&OTHER.to_string()), KeySet::default()]
        });
        &SETS[self as usize]
    }
}

impl Who {
    fn put(self, right: Guid, name: &str, claims: &mut Value) {
        claims[name] = match self {
            Who::Right => json!(right.to_string()),
            Who::Upper => json!(right.to_string().to_uppercase()),
            Who::Other => json!(OTHER.to_string()),
            Who::Empty => json!(""),
            Who::List => json!([right.to_string()]),
            Who::Number(number) => json!(number),
            Who::Null => Value::Null,
            Who::Missing => return,
        };
    }

    fn is_right(self) -> bool {
        matches!(self, Who::Right | Who::Upper)
    }

    fn is_absent(self) -> bool {
        matches!(self, Who::Null | Who::Missing)
    }
}

impl Time {
    fn put(self, name: &str, claims: &mut Value) {
        claims[name] = match (self, self.seconds()) {
            (Time::Text, _) => json!("1795348800"),
            (Time::Null, _) => Value::Null,
            (_, Some(seconds)) => json!(seconds),
            (_, None) => return,
        };
    }

    fn seconds(self) -> Option<i64> {
        match self {
            Time::Day => Some(NOW_S + 86_400),
            Time::Now => Some(NOW_S),
            Time::Near(by) => Some(NOW_S + i64::from(by)),
            Time::Far(at) => Some(at),
            Time::Text | Time::Null | Time::Missing => None,
        }
    }

    fn is_absent(self) -> bool {
        matches!(self, Time::Null | Time::Missing)
    }
}

impl Token {
    fn kid(&self) -> Option<&str> {
        match &*self.kid {
            Kid::First => Some("key-1"),
            Kid::Second => Some("key-2"),
            Kid::Missing => None,
            Kid::Odd(kid) => Some(kid),
        }
    }

    fn issuer(&self) -> Value {
        match &*self.issuer {
            Issuer::Global => json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
            Issuer::Version1 => json!(format!("https://sts.windows.net/{TENANT}/")),
            Issuer::Configured => json!(format!("{LOGIN}/{TENANT}/v2.0")),
            Issuer::Plain => json!(format!("http://login.microsoftonline.com/{TENANT}/v2.0")),
            Issuer::Longer => json!(format!("https://login.microsoftonline.com.example/{TENANT}/v2.0")),
            Issuer::Inside => json!(format!("https://example.com/https://sts.windows.net/{TENANT}/")),
            Issuer::Odd(text) => json!(text),
            Issuer::List => json!([format!("https://sts.windows.net/{TENANT}/")]),
            Issuer::Missing => Value::Null,
        }
    }

    /// As it was made, and as it is sent.
    fn texts(&self) -> (String, String) {
        let mut header = json!({ "typ": "JWT" });
        match self.header {
            Header::Plain => {}
            Header::Bare => header = json!({}),
            Header::WithKey => {
                header["jwk"] = json!({ "kty": "RSA", "n": STRANGER.jwk["n"], "e": STRANGER.jwk["e"], "kid": "key-1" });
            }
            Header::WithAddress => header["jku"] = json!("https://example.com/keys"),
        }
        if let Some(kid) = self.kid() {
            header["kid"] = json!(kid);
        }
        match *self.algorithm {
            Algorithm::Rs256 => header["alg"] = json!("RS256"),
            Algorithm::None => header["alg"] = json!("none"),
            Algorithm::Hs256 => header["alg"] = json!("HS256"),
            Algorithm::Rs512 => header["alg"] = json!("RS512"),
            Algorithm::Odd => header["alg"] = json!("rs256"),
            Algorithm::Missing => {}
        }
        let mut claims = json!({ "iss": self.issuer(), "ver": if self.version_1 { "1.0" } else { "2.0" } });
        self.tenant.put(TENANT, "tid", &mut claims);
        self.audience.put(CLIENT, "aud", &mut claims);
        self.azp.put(CHANGE_TRACKING, "azp", &mut claims);
        self.appid.put(CHANGE_TRACKING, "appid", &mut claims);
        self.expires.put("exp", &mut claims);
        self.from.put("nbf", &mut claims);
        if *self.long > 0x4000 {
            claims["long"] = json!("x".repeat(usize::from(*self.long) / 2));
        }
        let text = signed_text(&header, &claims);
        let signature = match &*self.signed {
            Signed::ByEntra => ENTRA.rs256(&text),
            Signed::ByStranger => STRANGER.rs256(&text),
            Signed::Rs512 => ENTRA.rs512(&text),
            Signed::Hmac => ENTRA.hs256(&text),
            Signed::Not => Vec::new(),
            Signed::Garbage(bytes) => bytes.clone(),
        };
        let made = format!("{text}.{}", encoded(&signature));
        let sent = edited_text(&made, &self.edits);
        (made, sent)
    }

    /// Whether all that it says of itself is right.
    fn says_right(&self, case: &Case, now_s: i64) -> bool {
        let issuer = match *self.issuer {
            Issuer::Global | Issuer::Version1 => true,
            Issuer::Configured => case.also_issued_by,
            _ => false,
        };
        let callers = [self.azp, self.appid];
        let called = callers.iter().any(|caller| caller.is_right())
            && callers.iter().all(|caller| caller.is_right() || caller.is_absent());
        let in_time = self.expires.seconds().is_some_and(|end| i128::from(now_s) < i128::from(end) + 300)
            && (self.from.is_absent() || self.from.seconds().is_some_and(|from| i128::from(now_s) >= i128::from(from) - 300));
        issuer && self.tenant.is_right() && self.audience.is_right() && called && in_time
    }

    fn is_rs256(&self) -> bool {
        matches!(*self.algorithm, Algorithm::Rs256)
    }

    /// Whether it proves an item of our tenant.
    fn is_good(&self, case: &Case, now_s: i64, made: &str, sent: &str) -> bool {
        made == sent
            && sent.len() <= MAX_TOKEN
            && self.is_rs256()
            && self.kid() == Some("key-1")
            && matches!(*case.keys, Keys::OfAll | Keys::OfOurTenant)
            && matches!(*self.signed, Signed::ByEntra)
            && self.says_right(case, now_s)
    }
}

impl Case {
    fn check(&self) -> bool {
        let tokens = &self.tokens[..self.tokens.len().min(3)];
        let texts: Vec<(String, String)> = tokens.iter().map(Token::texts).collect();
        let sent: Vec<String> = texts.iter().map(|(_, sent)| sent.clone()).collect();
        let mut rules = TokenRules::new(CLIENT, self.accept_missing);
        if self.also_issued_by {
            rules = rules.also_issued_by(LOGIN);
        }
        // A clock that is far away is one of the cases.
        let now_ms = match *self.clock {
            Now::Right => NOW_S * 1_000,
            Now::Near(by) => (NOW_S + i64::from(by)) * 1_000,
            Now::Ms(ms) => ms,
        };
        let now_s = now_ms.div_euclid(1_000);
        let keys = self.keys.set();
        let given = if *self.missing { None } else { Some(&sent[..]) };
        let seen = rules.prove(given, TENANT, keys, now_ms);
        if given.unwrap_or_default().is_empty() {
            assert_eq!(seen, if self.accept_missing { Ok(()) } else { Err(TokenError::Missing) });
            return false;
        }
        let good = tokens.iter().zip(&texts).any(|(token, (made, sent))| token.is_good(self, now_s, made, sent));
        assert_eq!(seen.is_ok(), good, "{seen:?} {self:?}");
        assert!(rules.prove(given, OTHER, keys, now_ms).is_err(), "another tenant's item: {self:?}");
        if let Err(TokenError::UnknownKey { kid }) = seen {
            // A fetch of the keys is worth it only where the rest is right.
            assert!(!keys.knows(&kid));
            let worth = tokens.iter().zip(&texts).any(|(token, (made, sent))| {
                made != sent || token.is_rs256() && token.kid() == Some(&*kid) && token.says_right(self, now_s)
            });
            assert!(worth, "{self:?}");
        }
        good
    }
}
