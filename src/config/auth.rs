//! How the library signs in to Microsoft Entra.

use std::fmt;
use std::path::PathBuf;

use super::json::Json;
use super::reader::Reader;
use super::secret::{ClientSecret, SecretSource, is_guid};
use super::table::{Absent, Key, Reload, Shape, Table};
use super::words::words;

/// The sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Auth {
    /// By what.
    pub method: AuthMethod,
    /// What is asked for instead of the default: see [`Config::scope`](super::Config::scope).
    pub scope: Option<String>,
    /// When the credential expires, milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: Option<i64>,
    /// The credential that is to follow, of the same method.
    pub next: Option<Next>,
}

/// The coming credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// As the present method, with other secrets.
    pub method: AuthMethod,
    /// When it expires, milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: Option<i64>,
}

/// By what one signs in.
#[derive(Clone, PartialEq)]
pub enum AuthMethod {
    /// As the app, with its secret.
    ClientSecret {
        /// The secret.
        secret: ClientSecret,
    },
    /// As the app, with its certificate.
    Certificate {
        /// The certificate in PEM; more may follow it.
        certificate: SecretSource,
        /// Its private key in PEM.
        key: SecretSource,
    },
    /// As a person's account, by user name and password.
    Password {
        /// The user principal name.
        username: String,
        /// The password.
        password: SecretSource,
        /// The secret of an app that is not a public client.
        secret: Option<ClientSecret>,
    },
    /// As a person, who signs in elsewhere by a code.
    DeviceCode,
    /// As the app, by the token of a foreign issuer that the app trusts.
    WorkloadIdentity {
        /// The file with the token.
        token_file: PathBuf,
    },
    /// As the identity of the machine in Azure.
    ManagedIdentity {
        /// Which one, where the machine has several.
        client_id: Option<String>,
    },
}

words! {
    /// The names of the methods.
    MethodName {
        /// [`AuthMethod::ClientSecret`]
        ClientSecret "client_secret",
        /// [`AuthMethod::Certificate`]
        Certificate "certificate",
        /// [`AuthMethod::Password`]
        Password "password",
        /// [`AuthMethod::DeviceCode`]
        DeviceCode "device_code",
        /// [`AuthMethod::WorkloadIdentity`]
        WorkloadIdentity "workload_identity",
        /// [`AuthMethod::ManagedIdentity`]
        ManagedIdentity "managed_identity",
    };
}

impl AuthMethod {
    /// Its name.
    pub fn name(&self) -> MethodName {
        match self {
            AuthMethod::ClientSecret { .. } => MethodName::ClientSecret,
            AuthMethod::Certificate { .. } => MethodName::Certificate,
            AuthMethod::Password { .. } => MethodName::Password,
            AuthMethod::DeviceCode => MethodName::DeviceCode,
            AuthMethod::WorkloadIdentity { .. } => MethodName::WorkloadIdentity,
            AuthMethod::ManagedIdentity { .. } => MethodName::ManagedIdentity,
        }
    }
}

impl MethodName {
    /// Whether it signs in as the app itself (application permissions) and not as a person (delegated permissions).
    pub const fn is_app_only(self) -> bool {
        !matches!(self, MethodName::Password | MethodName::DeviceCode)
    }
}

/// Without the user name, which is an e-mail address, and without secrets.
impl fmt::Debug for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthMethod({})", self.name().as_str())
    }
}

const METHOD: Key = Key {
    name: "method",
    shape: Shape::word::<MethodName>(),
    absent: Absent::Refused,
    reload: Reload::Yes,
    meaning: "Tells the method.",
};

const SCOPE: Key = Key {
    name: "scope",
    shape: Shape::Text("a scope such as https://graph.microsoft.com/.default"),
    absent: Absent::Means("`<graph>/.default`: all that was granted"),
    reload: Reload::Yes,
    meaning: "What is asked for. Sign-in as the app takes exactly one scope that ends in `/.default`; sign-in as a person takes several, \
              separated by blanks.",
};

const EXPIRES_AT: Key = Key {
    name: "expires_at",
    shape: Shape::Text("a date such as 2027-01-31, or 2027-01-31T09:00:00Z"),
    absent: Absent::Means("what the certificate or the app registration says"),
    reload: Reload::Yes,
    meaning: "When the credential expires; a date alone is the begin of that day, UTC. For `TPS_EVENT_CREDENTIAL_EXPIRING`. A certificate tells \
              its end by itself; the app registration tells it where the app has `Application.Read.All`: both go before this date.",
};

const fn next(table: &'static Table) -> Key {
    Key {
        name: "next",
        shape: Shape::Object(table),
        absent: Absent::Means("none: a new credential comes by its file, or by a reload"),
        reload: Reload::Yes,
        meaning: "The coming credential, entered before the present one ends. Once Entra refuses the present one for itself (expired, wrong, taken \
                  out), this one is used at once, and `TPS_EVENT_CREDENTIAL_SWITCHED` tells.",
    }
}

const fn secret(name: &'static str, absent: Absent, meaning: &'static str) -> Key {
    Key { name, shape: Shape::Secret, absent, reload: Reload::Yes, meaning }
}

pub(super) static METHODS: &[&Table] =
    &[&CLIENT_SECRET, &CERTIFICATE, &PASSWORD, &DEVICE_CODE, &WORKLOAD_IDENTITY, &MANAGED_IDENTITY];

static CLIENT_SECRET: Table = Table {
    name: "client_secret",
    about: "Signs in as the app with a secret of its registration. Needs application permissions and an administrator's consent. The usual \
            way.",
    keys: &[
        METHOD,
        secret(
            "secret",
            Absent::Refused,
            "The secret's *value*. Its id, a GUID, is refused: the portal shows both side by side.",
        ),
        EXPIRES_AT,
        next(&NEXT_SECRET),
        SCOPE,
    ],
};

static CERTIFICATE: Table = Table {
    name: "certificate",
    about: "Signs in as the app with a certificate that was uploaded to its registration. Nothing secret leaves the machine.",
    keys: &[
        METHOD,
        secret(
            "certificate",
            Absent::Refused,
            "The certificate in PEM, as uploaded. Not a secret, but given in the same three ways.",
        ),
        secret("key", Absent::Refused, "Its private key in PEM, without a pass phrase."),
        EXPIRES_AT,
        next(&NEXT_CERTIFICATE),
        SCOPE,
    ],
};

static PASSWORD: Table = Table {
    name: "password",
    about: "Signs in as a person's account. Only for accounts without multi-factor authentication; Microsoft advises against it and a \
            tenant's policy may end it at any time.",
    keys: &[
        METHOD,
        Key {
            name: "username",
            shape: Shape::Text("a user principal name such as presence@example.com"),
            absent: Absent::Refused,
            reload: Reload::Yes,
            meaning: "The account's user principal name.",
        },
        secret(
            "password",
            Absent::Refused,
            "Its password; any characters. Blanks at an end give a warning: Entra does not support them.",
        ),
        secret(
            "secret",
            Absent::Means("the app is a public client (\"Allow public client flows\" is on)"),
            "The app's secret, where the app is not a public client.",
        ),
        EXPIRES_AT,
        next(&NEXT_PASSWORD),
        SCOPE,
    ],
};

/// The tables of `auth.next`, by method.
pub(super) static NEXTS: &[(MethodName, &Table)] = &[
    (MethodName::ClientSecret, &NEXT_SECRET),
    (MethodName::Certificate, &NEXT_CERTIFICATE),
    (MethodName::Password, &NEXT_PASSWORD),
];

const NEXT_ABOUT: &str = "The credential that is to follow. Tried when the present one is refused for itself, and from then on first, until the \
                          present one changes. Once it is in use, move it to its place in `auth`.";

static NEXT_SECRET: Table = Table {
    name: "next",
    about: NEXT_ABOUT,
    keys: &[secret("secret", Absent::Refused, "The value of the coming secret."), EXPIRES_AT],
};

static NEXT_CERTIFICATE: Table = Table {
    name: "next",
    about: NEXT_ABOUT,
    keys: &[
        secret("certificate", Absent::Refused, "The coming certificate in PEM. Upload it before."),
        secret("key", Absent::Refused, "Its private key in PEM, without a pass phrase."),
        EXPIRES_AT,
    ],
};

static NEXT_PASSWORD: Table = Table {
    name: "next",
    about: NEXT_ABOUT,
    keys: &[
        secret("password", Absent::Refused, "The account's coming password."),
        secret("secret", Absent::Means("that of `auth`"), "The app's coming secret, where the app is not a public client."),
        EXPIRES_AT,
    ],
};

static DEVICE_CODE: Table = Table {
    name: "device_code",
    about: "A person signs in once, in any browser on any machine, with a code that the library gives (the event \
            `TPS_EVENT_SIGN_IN_REQUIRED`, and `tps_stats`). Needs delegated permissions, and \"Allow public client flows\" on in the \
            registration. The sign-in is kept by a refresh token, which is stored in `state.dir` and renewed by itself; without `state.dir` \
            it lasts as long as the instance, and each new process asks again.",
    keys: &[METHOD, SCOPE],
};

static WORKLOAD_IDENTITY: Table = Table {
    name: "workload_identity",
    about: "Signs in as the app with the token of another issuer (Kubernetes, a CI system) that the app trusts by a federated credential. \
            Needs application permissions and an administrator's consent.",
    keys: &[
        METHOD,
        Key {
            name: "token_file",
            shape: Shape::Path,
            absent: Absent::Refused,
            reload: Reload::Yes,
            meaning: "The file with the issuer's token, a JWT of at most 65,536 bytes. Read anew for each sign-in; whoever wrote it renews it \
                      there. A token that ran out is not sent.",
        },
        SCOPE,
    ],
};

static MANAGED_IDENTITY: Table = Table {
    name: "managed_identity",
    about: "Signs in as the identity of the Azure machine that the telephone system runs on: the machine's metadata service gives the token, \
            nothing secret is configured. Needs application permissions, which are granted to the identity by script. `proxy` is not used \
            for the metadata service, and `client_id` at the top level is not used to sign in.",
    keys: &[
        METHOD,
        Key {
            name: "client_id",
            shape: Shape::Text("a GUID"),
            absent: Absent::Means("the machine's own identity"),
            reload: Reload::Yes,
            meaning: "The client id of a user-assigned identity.",
        },
        SCOPE,
    ],
};

impl Auth {
    /// Reads `auth` of the root.
    pub(super) fn read(root: &Reader<'_>) -> Option<Auth> {
        let place = root.place("auth")?;
        // Which table applies stands inside the object, so that one key is looked at before the rest is read by it.
        let given = match place.json {
            Json::Object(members) => members.iter().find(|(name, _)| name == METHOD.name).map(|(_, json)| json),
            _ => None,
        };
        let table = METHODS.iter().copied().find(|table| matches!(given, Some(Json::Text(text)) if text.as_str() == table.name));
        let Some(table) = table else {
            let path = format!("{}.{}", place.path, METHOD.name);
            let allowed = METHOD.shape.allowed();
            match (place.json, given) {
                (Json::Object(_), None) => root.findings().problem(&path, format!("is missing; it must be {allowed}")),
                (Json::Object(_), Some(given)) => {
                    root.findings().problem(&path, format!("{} is not {allowed}", given.show(true)));
                }
                (other, _) => root.problem("auth", format!("{} is not an object", other.show(false))),
            }
            return None;
        };
        let reader = root.object_as("auth", table);
        let method = AuthMethod::read(&reader);
        let scope = reader.text("scope", |text| scope(text, reader.word::<MethodName>(METHOD.name)));
        // Only the methods whose credential a person makes and renews have these keys.
        let lasts = table.keys.iter().any(|key| key.name == EXPIRES_AT.name);
        let expires_at_ms = if lasts { reader.text("expires_at", date) } else { None };
        let next = if lasts && reader.has("next") { Next::read(&reader, method.as_ref()) } else { None };
        Some(Auth { method: method?, scope, expires_at_ms, next })
    }
}

impl Next {
    fn read(auth: &Reader<'_>, present: Option<&AuthMethod>) -> Option<Next> {
        let reader = auth.object("next");
        let method = match auth.word::<MethodName>(METHOD.name) {
            MethodName::ClientSecret => reader.client_secret("secret").map(|secret| AuthMethod::ClientSecret { secret }),
            MethodName::Certificate => {
                let (certificate, key) = (reader.pem("certificate"), reader.pem("key"));
                certificate.zip(key).map(|(certificate, key)| AuthMethod::Certificate { certificate, key })
            }
            MethodName::Password => {
                let password = reader.password("password");
                let own = if reader.has("secret") { reader.client_secret("secret") } else { None };
                match present {
                    Some(AuthMethod::Password { username, secret, .. }) => password.map(|password| AuthMethod::Password {
                        username: username.clone(),
                        password,
                        secret: own.or_else(|| secret.clone()),
                    }),
                    _ => None,
                }
            }
            _ => None,
        };
        let expires_at_ms = reader.text("expires_at", date);
        let method = method?;
        if present == Some(&method) {
            auth.warning("next", "holds the same as auth itself: nothing to go over to");
        }
        Some(Next { method, expires_at_ms })
    }
}

fn date(text: &str) -> Result<i64, String> {
    crate::time::parse_date(text).ok_or_else(|| "is not a date such as 2027-01-31, or 2027-01-31T09:00:00Z".to_owned())
}

impl AuthMethod {
    fn read(reader: &Reader<'_>) -> Option<AuthMethod> {
        // Each key is read before the first `?`, so that all that is wrong is told at once.
        Some(match reader.word::<MethodName>(METHOD.name) {
            MethodName::ClientSecret => AuthMethod::ClientSecret { secret: reader.client_secret("secret")? },
            MethodName::Certificate => {
                let (certificate, key) = (reader.pem("certificate"), reader.pem("key"));
                AuthMethod::Certificate { certificate: certificate?, key: key? }
            }
            MethodName::Password => {
                let (username, password) = (reader.text("username", user_principal_name), reader.password("password"));
                let secret = if reader.has("secret") { reader.client_secret("secret") } else { None };
                AuthMethod::Password { username: username?, password: password?, secret }
            }
            MethodName::DeviceCode => AuthMethod::DeviceCode,
            MethodName::WorkloadIdentity => AuthMethod::WorkloadIdentity { token_file: reader.path("token_file")? },
            MethodName::ManagedIdentity => AuthMethod::ManagedIdentity { client_id: reader.text("client_id", guid) },
        })
    }
}

/// Never repeats what was given: in the wrong field it may be the password.
fn user_principal_name(text: &str) -> Result<String, String> {
    let sound = text.len() <= 320 && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    match text.rsplit_once('@') {
        Some((name, domain)) if sound && !name.is_empty() && !domain.is_empty() => Ok(text.to_owned()),
        _ => Err("is not a user principal name such as presence@example.com".to_owned()),
    }
}

/// Never repeats what was given: in the wrong field it may be the secret.
pub(super) fn guid(text: &str) -> Result<String, String> {
    if is_guid(text) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("is not a GUID such as 11111111-2222-3333-4444-555555555555".to_owned())
}

/// The tenant: a GUID or a domain, not one of the words that stand for "any tenant".
pub(super) fn tenant(text: &str) -> Result<String, String> {
    if is_guid(text) {
        return Ok(text.to_ascii_lowercase());
    }
    if matches!(text.to_ascii_lowercase().as_str(), "common" | "organizations" | "consumers") {
        return Err(format!(
            "\"{}\" stands for any tenant, but users are looked for in one; give its GUID (Entra admin center > Overview) or its domain",
            text.to_ascii_lowercase()
        ));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= 253 && text.contains('.') && text.split('.').all(label) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("is neither a GUID nor a verified domain such as example.onmicrosoft.com".to_owned())
}

fn scope(text: &str, method: MethodName) -> Result<String, String> {
    let sound = text.len() <= 4096 && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    let scopes: Vec<&str> = text.split(' ').filter(|scope| !scope.is_empty()).collect();
    if !sound || scopes.is_empty() {
        return Err("is not a scope such as https://graph.microsoft.com/.default".to_owned());
    }
    if method.is_app_only() && !matches!(scopes[..], [only] if only.ends_with("/.default")) {
        return Err("must be exactly one scope that ends in /.default: sign-in as the app takes no other".to_owned());
    }
    Ok(scopes.join(" "))
}
