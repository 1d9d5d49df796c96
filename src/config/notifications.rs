//! Change notifications: where Microsoft posts them, what they carry, and who subscribes.

use std::net::SocketAddr;

use url::{Host, Url};

use super::auth::{Auth, AuthMethod, METHODS};
use super::cloud::{Cloud, Endpoints, is_loopback};
use super::json::quote;
use super::reader::{Place, Reader};
use super::secret::SecretSource;
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::{name, words};

/// Most further accounts. Each subscribes 650 users; with the main sign-in that is 13,650.
pub(super) const MOST_ACCOUNTS: usize = 20;
/// Longest address. Graph promises no length; this is what web servers take.
const LONGEST_URL: usize = 2_000;
/// The name by which events call the sign-in of `auth`.
const MAIN: &str = "main";

/// How changes of presence are sent here.
#[derive(Clone, Debug, PartialEq)]
pub struct Notifications {
    /// Where Microsoft posts them: `https`, or plain `http` on this machine (tests). Lifecycle notifications come to the same address.
    pub url: Url,
    /// What they carry.
    pub content: NotificationContent,
    /// The built-in web server; `None` where the host has one and calls `tps_deliver_notification`.
    pub listener: Option<Listener>,
    /// The pair by which rich notifications are encrypted for us; `None`: the library makes and changes one by itself.
    pub key_pair: Option<KeyPair>,
    /// What becomes of a rich notification to which Microsoft gave no validation tokens.
    pub missing_tokens: MissingTokens,
    /// Who subscribes besides the sign-in of `auth`. Each of them is a person's account.
    pub accounts: Vec<Account>,
}

words! {
    /// What a notification carries.
    NotificationContent {
        /// The presence itself, encrypted.
        Rich "rich",
        /// Only who it is about; his presence is asked for.
        Basic "basic",
    };
    /// What becomes of a rich notification without validation tokens.
    MissingTokens {
        /// It is not believed.
        Refuse "refuse",
        /// It is believed if the rest is right.
        Accept "accept",
    };
}

/// The built-in web server.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it shows to clients; `None`: plain HTTP, for a reverse proxy before it.
    pub tls: Option<KeyPair>,
}

/// A certificate and its private key, both in PEM. Files are read anew when they change.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPair {
    /// The certificate; more may follow it.
    pub certificate: SecretSource,
    /// Its private key.
    pub key: SecretSource,
}

/// A further account that subscribes.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The administrator's name for it, in events and for `tps_sign_in`; never `main`.
    pub name: String,
    /// How it signs in: as a person.
    pub auth: Auth,
}

pub(super) static NOTIFICATIONS: Table = Table {
    name: "notifications",
    about: "How Microsoft sends changes of presence here. Only with `\"mode\": \"notifications\"`, and needed there. Users beyond 650 for each \
            account that signs in as a person, and users whose account is one of those, are polled.",
    keys: &[
        Key {
            name: "url",
            shape: Shape::Text("an address such as https://pbx.example.com/graph/notify"),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "Where Microsoft posts notifications, also those about the subscription itself: `https`, with a certificate that the world \
                      trusts, reachable from the internet. A query is kept. Plain `http` only for this machine, for tests.",
        },
        Key {
            name: "content",
            shape: Shape::word::<NotificationContent>(),
            absent: Absent::Word("rich"),
            reload: Reload::Restart,
            meaning: "`rich`: a notification carries the presence, encrypted for this library. `basic`: it only names the user, whose presence is \
                      then asked for.",
        },
        Key {
            name: "listener",
            shape: Shape::Object(&LISTENER),
            absent: Absent::Means("none: the telephone system has a web server and calls `tps_deliver_notification`"),
            reload: Reload::Inside,
            meaning: "The built-in web server.",
        },
        pem(
            "certificate",
            "the library makes a pair, keeps it in `state.dir` and changes it by itself",
            "An RSA certificate (2048 to 4096 bits, self-signed will do) for which Microsoft encrypts, in PEM. Not for TLS. Only with \
             `\"content\": \"rich\"`, and together with `key`.",
        ),
        pem("key", "see `certificate`", "The private key of `certificate` in PEM, without a pass phrase."),
        Key {
            name: "missing_tokens",
            shape: Shape::word::<MissingTokens>(),
            absent: Absent::Word("refuse"),
            reload: Reload::Yes,
            meaning: "A rich notification comes with tokens that prove its sender. Microsoft leaves them out where the app's service principal \
                      requires assignment (`appRoleAssignmentRequired`). `refuse`: such a notification is not believed. `accept`: it is, if the \
                      secret of the subscription and the encryption are right. Only with `\"content\": \"rich\"`.",
        },
        Key {
            name: "accounts",
            shape: Shape::List(&Shape::Object(&ACCOUNT)),
            absent: Absent::Means("the sign-in of `auth` alone"),
            reload: Reload::Restart,
            meaning: "Further accounts, at most 20; each subscribes 650 users. At least one where `auth` signs in as the app.",
        },
    ],
};

pub(super) static LISTENER: Table = Table {
    name: "listener",
    about: "The built-in web server for notifications. Plain HTTP behind a reverse proxy, or HTTPS with `certificate` and `key`.",
    keys: &[
        Key {
            name: "address",
            shape: Shape::Text("an address and a port such as 127.0.0.1:8085 or [::]:8443"),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "Where it listens.",
        },
        pem(
            "certificate",
            "plain HTTP",
            "The certificate that it shows, with its chain, in PEM. A file may be renewed at any time.",
        ),
        pem("key", "plain HTTP", "The private key of `certificate` in PEM, without a pass phrase."),
    ],
};

pub(super) static ACCOUNT: Table = Table {
    name: "an account",
    about: "An account of a person that subscribes up to 650 users. It needs the delegated permission `Presence.Read.All` and no licence for \
            Teams. Do not use one of the users that are followed: Microsoft sends nobody his own presence.",
    keys: &[
        Key {
            name: "name",
            shape: Shape::Text("a name of 1 to 64 letters, digits, dots, dashes and underscores"),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "The name of the account in events and for `tps_sign_in`; no two alike, also not in other casing. `main` is the sign-in of \
                      `auth`.",
        },
        Key {
            name: "auth",
            shape: Shape::OneOf("method", METHODS),
            absent: Absent::Refused,
            reload: Reload::Restart,
            meaning: "How it signs in: `device_code` or `password`. A renewed file is taken without a restart.",
        },
    ],
};

const fn pem(name: &'static str, absent: &'static str, meaning: &'static str) -> Key {
    Key { name, shape: Shape::Secret, absent: Absent::Means(absent), reload: Reload::Restart, meaning }
}

impl Notifications {
    /// Reads `notifications` of `source`.
    pub(super) fn read(source: &Reader<'_>) -> Option<Notifications> {
        let reader = source.object("notifications");
        let url = reader.text("url", address);
        let content = reader.word("content");
        let listener = if reader.has("listener") { Listener::read(&reader.object("listener")) } else { None };
        let key_pair = KeyPair::read(&reader);
        let missing_tokens = reader.word("missing_tokens");
        if content == NotificationContent::Basic {
            for name in ["certificate", "key", "missing_tokens"].into_iter().filter(|name| reader.has(name)) {
                reader.problem(name, "means something only with \"content\": \"rich\"; the content is basic");
            }
        }
        let accounts = accounts(&reader);
        Some(Notifications { url: url?, content, listener, key_pair, missing_tokens, accounts })
    }

    /// What only the rest of the document tells.
    pub(super) fn check(&self, source: &Reader<'_>, endpoints: &Endpoints, auth: Option<&Auth>) {
        let reader = |name: &str| format!("{}.{name}", source.path_of("notifications"));
        if endpoints.graph.is_none() && !is_public(&self.url) {
            source.findings().warning(
                &reader("url"),
                "names this machine or a private network, which Microsoft cannot reach from the internet",
            );
        }
        if let Some(listener) = &self.listener {
            if listener.address.port() == 0 {
                source.findings().warning(&reader("listener.address"), "takes any free port, which no reverse proxy knows");
            }
            if listener.tls.is_none() && !listener.address.ip().is_loopback() {
                source.findings().warning(
                    &reader("listener.address"),
                    "listens beyond this machine without TLS: keep everybody but the reverse proxy away from it",
                );
            }
        }
        self.check_persons(source, auth);
    }

    /// A subscription is a person's: who signs in as the app has none, and who signs in twice has one.
    fn check_persons(&self, source: &Reader<'_>, auth: Option<&Auth>) {
        let persons = self.accounts.iter().filter(|account| !account.auth.method.name().is_app_only()).count();
        for (index, account) in self.accounts.iter().enumerate() {
            let path = format!("{}.accounts[{index}].auth", source.path_of("notifications"));
            let method = account.auth.method.name();
            if method.is_app_only() {
                source.findings().problem(
                    &format!("{path}.method"),
                    format!(
                        "{} signs in as the app, which cannot subscribe to presence; use device_code or password",
                        quote(method.as_str())
                    ),
                );
            }
            let main = auth.map(|auth| (MAIN, auth));
            let before = self.accounts[..index].iter().map(|other| (other.name.as_str(), &other.auth));
            if let Some((other, _)) = main.into_iter().chain(before).find(|(_, other)| same_person(&account.auth, other)) {
                source.findings().problem(
                    &format!("{path}.username"),
                    format!("is the same as that of {other}; Microsoft lets one person have one subscription of an app"),
                );
            }
        }
        if let Some(method) = auth.map(|auth| auth.method.name()).filter(|method| method.is_app_only() && persons == 0) {
            source.findings().problem(
                "auth.method",
                format!(
                    "{} signs in as the app, which cannot subscribe to presence; with \"mode\": \"notifications\" use device_code or password, \
                     or name an account that does in source.notifications.accounts",
                    quote(method.as_str())
                ),
            );
        }
    }
}

impl Listener {
    fn read(reader: &Reader<'_>) -> Option<Listener> {
        let address = reader.text("address", |text| {
            text.parse().map_err(|_| format!("{} is not an address and a port such as 127.0.0.1:8085 or [::]:8443", quote(text)))
        });
        let tls = KeyPair::read(reader);
        Some(Listener { address: address?, tls })
    }
}

impl KeyPair {
    /// Reads `certificate` and `key`: both or neither.
    fn read(reader: &Reader<'_>) -> Option<KeyPair> {
        let (certificate, key) = (reader.pem("certificate"), reader.pem("key"));
        for (given, wanted) in [("certificate", "key"), ("key", "certificate")] {
            if reader.has(given) && !reader.has(wanted) {
                reader.problem(wanted, format!("is missing; {given} stands alone"));
            }
        }
        certificate.zip(key).map(|(certificate, key)| KeyPair { certificate, key })
    }
}

fn accounts(reader: &Reader<'_>) -> Vec<Account> {
    let mut out: Vec<Account> = Vec::new();
    let Some(list) = reader.list("accounts") else { return out };
    if list.len() > MOST_ACCOUNTS {
        reader.problem("accounts", format!("has {} entries; at most {MOST_ACCOUNTS} are allowed", list.len()));
        return out;
    }
    let mut names: Vec<String> = Vec::new();
    for place in list {
        if let Some(account) = account(&place, reader, &mut names) {
            out.push(account);
        }
    }
    out
}

fn account(place: &Place<'_>, outer: &Reader<'_>, names: &mut Vec<String>) -> Option<Account> {
    let reader = Reader::at(&ACCOUNT, place, outer.findings());
    let name = reader.text("name", |text| {
        let name = name(text)?;
        let folded = name.to_ascii_lowercase();
        if folded == MAIN {
            return Err("is main, which stands for the sign-in of auth; choose another name".to_owned());
        }
        if names.contains(&folded) {
            return Err(format!("{} stands in the list twice", quote(text)));
        }
        names.push(folded);
        Ok(name)
    });
    let auth = Auth::read(&reader);
    Some(Account { name: name?, auth: auth? })
}

fn same_person(one: &Auth, other: &Auth) -> bool {
    match (&one.method, &other.method) {
        (AuthMethod::Password { username: one, .. }, AuthMethod::Password { username: other, .. }) => {
            one.to_lowercase() == other.to_lowercase()
        }
        _ => false,
    }
}

/// Never repeats the address, whose query may be a secret.
fn address(text: &str) -> Result<Url, String> {
    if text.len() > LONGEST_URL {
        return Err(format!("is longer than {LONGEST_URL} bytes"));
    }
    let url =
        Url::parse(text).map_err(|error| format!("is not an address such as https://pbx.example.com/graph/notify: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or a password".to_owned());
    }
    if url.fragment().is_some() {
        return Err("must not hold a fragment (#)".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        scheme => Err(format!("has the scheme {scheme}; allowed: https, or http on this machine")),
    }
}

fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !(address.is_loopback() || address.is_private() || address.is_link_local()),
        Some(Host::Ipv6(address)) => !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()),
        Some(Host::Domain(name)) => name != "localhost",
        None => false,
    }
}

/// Why this cloud has no notifications of presence; `None` where it has.
pub(super) fn refusal(cloud: Cloud) -> Option<String> {
    (cloud != Cloud::Global).then(|| {
        format!(
            "\"notifications\" is for the cloud global only: Microsoft sends no notifications of presence in {}; use poll",
            cloud.as_str()
        )
    })
}
