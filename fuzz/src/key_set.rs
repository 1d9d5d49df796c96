//! A key set, as the sign-in server answers.

use std::collections::HashMap;
use std::sync::LazyLock;

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Value, json};
use teams_presence_sync::source::notify::{KeySet, TokenRules};

use super::mostly::{Mostly, is_odd};
use super::ours::TENANT;
use super::signer::{ENTRA, STRANGER, encoded};
use super::token::{self, CLIENT, NOW_S};
use super::tree;

const MOST_KEYS: usize = 100;

#[derive(Arbitrary, Debug)]
struct Set {
    keys: Vec<Entry>,
    times: u8,
}

#[derive(Debug)]
enum Entry {
    Key(Box<Key>),
    Odd(Odd),
}

/// An entry that is none.
#[derive(Arbitrary, Debug)]
enum Odd {
    Null,
    Text(String),
    Deep(u8),
}

#[derive(Arbitrary, Debug)]
struct Key {
    kid: Kid,
    kind: Mostly<Word>,
    purpose: Mostly<Word>,
    algorithm: Mostly<Word>,
    modulus: Mostly<Number>,
    exponent: Mostly<Number>,
    issuer: Mostly<Issuer>,
}

#[derive(Arbitrary, Debug)]
enum Kid {
    First,
    Numbered(u8),
    Long(u16),
    Null,
}

/// A member that has one right value.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Word {
    #[default]
    Right,
    Wrong,
    Null,
    Missing,
    Number,
}

#[derive(Arbitrary, Debug, Default)]
enum Number {
    #[default]
    Entra,
    Stranger,
    Bytes(Vec<u8>),
    Text(String),
    Missing,
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Issuer {
    #[default]
    All,
    Ours,
    Other,
    Missing,
    Null,
    Number,
}

static TOKEN: LazyLock<[String; 1]> = LazyLock::new(|| [token::good()]);

/// Any text, and one built from the same bytes.
pub fn run(data: &[u8]) -> bool {
    check(data);
    Set::arbitrary_take_rest(Unstructured::new(data)).is_ok_and(|set| set.check())
}

impl<'a> Arbitrary<'a> for Entry {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Entry> {
        if is_odd(u)? { Odd::arbitrary(u).map(Entry::Odd) } else { Box::arbitrary(u).map(Entry::Key) }
    }
}

fn proves(keys: &KeySet) -> bool {
    TokenRules::new(CLIENT, false).prove(Some(&*TOKEN), TENANT, keys, NOW_S * 1_000).is_ok()
}

/// A set has the keys that stand in it, and Entra's token is good only where Entra's key does.
fn check(body: &[u8]) {
    let Ok(set) = KeySet::read(body) else { return };
    assert!(!set.is_empty() && set.len() <= MOST_KEYS);
    let good = proves(&set);
    let Some(tree) = std::str::from_utf8(body).ok().and_then(tree::read) else { return };
    // Entra's is an object; one without names of its members would be read, too.
    let keys = tree["keys"].as_array().or_else(|| tree[0].as_array()).expect("a list");
    assert!(set.len() <= keys.len());
    let member = |key: &Value, name: &str, at: usize| key.get(name).or_else(|| key.get(at)).cloned().unwrap_or_default();
    assert!(keys.iter().take(MOST_KEYS).filter_map(|key| member(key, "kid", 1).as_str().map(str::to_owned)).count() >= set.len());
    assert!(!good || keys.iter().any(|key| member(key, "n", 2) == ENTRA.jwk["n"]));
}

impl Word {
    fn put(self, right: &str, wrong: &str, name: &str, key: &mut Value) {
        key[name] = match self {
            Word::Right => json!(right),
            Word::Wrong => json!(wrong),
            Word::Null => Value::Null,
            Word::Number => json!(7),
            Word::Missing => return,
        };
    }

    fn is_right_or_absent(self) -> bool {
        matches!(self, Word::Right | Word::Null | Word::Missing)
    }
}

impl Number {
    fn text(&self, name: &str) -> Option<String> {
        match self {
            Number::Entra => ENTRA.jwk[name].as_str().map(str::to_owned),
            Number::Stranger => STRANGER.jwk[name].as_str().map(str::to_owned),
            Number::Bytes(bytes) => Some(encoded(bytes)),
            Number::Text(text) => Some(text.clone()),
            Number::Missing => None,
        }
    }
}

impl Key {
    fn kid(&self) -> Option<String> {
        match &self.kid {
            Kid::First => Some("key-1".to_owned()),
            Kid::Numbered(number) => Some(format!("key-{number}")),
            Kid::Long(length) => Some("k".repeat(usize::from(*length))),
            Kid::Null => None,
        }
    }

    fn json(&self) -> Value {
        let mut key = json!({ "kid": self.kid(), "x5c": ["MII"] });
        self.kind.put("RSA", "EC", "kty", &mut key);
        self.purpose.put("sig", "enc", "use", &mut key);
        self.algorithm.put("RS256", "HS256", "alg", &mut key);
        for (name, number) in [("n", &*self.modulus), ("e", &*self.exponent)] {
            if let Some(text) = number.text(name) {
                key[name] = json!(text);
            }
        }
        let tenant = |tenant: &str| json!(format!("https://login.microsoftonline.com/{tenant}/v2.0"));
        match *self.issuer {
            Issuer::All => key["issuer"] = tenant("{tenantid}"),
            Issuer::Ours => key["issuer"] = tenant(&TENANT.to_string()),
            Issuer::Other => key["issuer"] = tenant(&CLIENT.to_string()),
            Issuer::Null => key["issuer"] = Value::Null,
            Issuer::Number => key["issuer"] = json!(7),
            Issuer::Missing => {}
        }
        key
    }

    /// Whether all but the two numbers, which may be no base64, is as it must be.
    fn is_readable(&self) -> bool {
        self.kid().is_some_and(|kid| (1..=256).contains(&kid.len()))
            && matches!(*self.kind, Word::Right)
            && self.purpose.is_right_or_absent()
            && self.algorithm.is_right_or_absent()
            && !matches!(*self.issuer, Issuer::Number)
            && !matches!(*self.modulus, Number::Missing)
            && !matches!(*self.exponent, Number::Missing)
    }

    /// Whether its numbers can certainly be read.
    fn has_numbers(&self) -> bool {
        [&self.modulus, &self.exponent].iter().all(|number| !matches!(***number, Number::Text(_)))
    }

    fn is_entras(&self) -> bool {
        let is = |number: &Number, name: &str| number.text(name).as_deref() == ENTRA.jwk[name].as_str();
        is(&self.modulus, "n") && is(&self.exponent, "e") && !matches!(*self.issuer, Issuer::Other)
    }
}

impl Set {
    fn check(&self) -> bool {
        if self.keys.is_empty() {
            return false;
        }
        let json: Vec<Value> = self
            .keys
            .iter()
            .map(|entry| match entry {
                Entry::Key(key) => key.json(),
                Entry::Odd(Odd::Null) => Value::Null,
                Entry::Odd(Odd::Text(text)) => json!(text),
                Entry::Odd(Odd::Deep(levels)) => (0..levels % 100).fold(json!(1), |inner, _| json!([inner])),
            })
            .collect();
        let count = usize::from(self.times).max(1);
        let listed: Vec<&Value> = json.iter().cycle().take(count).collect();
        let read = KeySet::read(json!({ "keys": listed }).to_string().as_bytes());
        let seen = |kid: &str| read.as_ref().is_ok_and(|set| set.knows(kid));
        // Of several with one id the last counts; one whose numbers are no base64 may be left out.
        let mut last: HashMap<String, (&Key, bool)> = HashMap::new();
        for entry in self.keys.iter().cycle().take(count.min(MOST_KEYS)) {
            if let Entry::Key(key) = entry
                && let (true, Some(kid)) = (key.is_readable(), key.kid())
            {
                let before = last.get(&kid).copied();
                let certain = key.has_numbers() || before.is_some_and(|(_, certain)| certain);
                let key = if key.has_numbers() { &**key } else { before.map_or(&**key, |(before, _)| before) };
                last.insert(kid, (key, certain));
            }
        }
        for (kid, (_, certain)) in &last {
            assert!(seen(kid) || !certain, "{kid} of {self:?}");
        }
        let Ok(set) = &read else { return false };
        assert!(set.len() <= last.len(), "{self:?}");
        let first = last.get("key-1");
        let doubtful = self.keys.iter().any(|entry| matches!(entry, Entry::Key(key) if !key.has_numbers()));
        if !doubtful {
            assert_eq!(proves(set), first.is_some_and(|(key, _)| key.is_entras()), "{self:?}");
        }
        proves(set)
    }
}
