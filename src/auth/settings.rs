//! What one instance signs in with.

use std::fmt;
use std::sync::Arc;

use crate::config::{Account, AuthMethod, ClientSecret, Config, MethodName, SecretSource};

/// By what one signs in.
#[derive(Clone, PartialEq)]
pub enum Method {
    /// As the app, with its secret.
    ClientSecret(ClientSecret),
    /// As the app, with an assertion signed by its certificate's key.
    Certificate {
        /// PEM.
        certificate: SecretSource,
        /// PEM: PKCS#8 or PKCS#1, RSA, without a pass phrase.
        key: SecretSource,
    },
    /// As a person's account (resource owner password).
    Password {
        /// User principal name.
        username: String,
        /// Its password, sent as it is.
        password: SecretSource,
        /// Secret of a confidential app.
        secret: Option<ClientSecret>,
    },
    /// As a person, who types a code into any browser; afterwards by the refresh token that came of it.
    DeviceCode,
    /// As the app, with the token of another issuer that the app trusts.
    WorkloadIdentity {
        /// A file with that token.
        token: SecretSource,
    },
    /// As the identity of the Azure machine, by the machine's metadata service.
    ManagedIdentity {
        /// Which identity, where the machine has several.
        client_id: Option<String>,
        /// The service, without a slash at the end.
        metadata: String,
    },
}

impl Method {
    /// That of a configuration. `metadata` is the metadata service of the machine, without a slash at the end.
    pub fn new(method: &AuthMethod, metadata: &str) -> Method {
        match method {
            AuthMethod::ClientSecret { secret } => Method::ClientSecret(secret.clone()),
            AuthMethod::Certificate { certificate, key } => {
                Method::Certificate { certificate: certificate.clone(), key: key.clone() }
            }
            AuthMethod::Password { username, password, secret } => {
                Method::Password { username: username.clone(), password: password.clone(), secret: secret.clone() }
            }
            AuthMethod::DeviceCode => Method::DeviceCode,
            AuthMethod::WorkloadIdentity { token_file } => {
                Method::WorkloadIdentity { token: SecretSource::File(token_file.clone()) }
            }
            AuthMethod::ManagedIdentity { client_id } => {
                Method::ManagedIdentity { client_id: client_id.clone(), metadata: metadata.to_owned() }
            }
        }
    }

    /// Its word in the configuration.
    pub fn name(&self) -> MethodName {
        match self {
            Method::ClientSecret(_) => MethodName::ClientSecret,
            Method::Certificate { .. } => MethodName::Certificate,
            Method::Password { .. } => MethodName::Password,
            Method::DeviceCode => MethodName::DeviceCode,
            Method::WorkloadIdentity { .. } => MethodName::WorkloadIdentity,
            Method::ManagedIdentity { .. } => MethodName::ManagedIdentity,
        }
    }

    /// Whether a person signs in, who can be asked to do it again.
    pub fn has_person(&self) -> bool {
        matches!(self, Method::DeviceCode)
    }

    /// Whether a person makes and renews the credential.
    pub(super) fn lasts(&self) -> bool {
        matches!(self, Method::ClientSecret(_) | Method::Certificate { .. } | Method::Password { .. })
    }

    /// Whether reading the credential may touch the file system.
    pub(super) fn reads_files(&self) -> bool {
        self.any_source(|source| matches!(source, SecretSource::File(_)))
    }

    /// Whether the credential can change without a reload.
    pub(super) fn may_change(&self) -> bool {
        self.any_source(|source| !matches!(source, SecretSource::Inline(_)))
    }

    fn any_source(&self, is: impl Fn(&SecretSource) -> bool) -> bool {
        match self {
            Method::ClientSecret(secret) => is(secret.source()),
            Method::Certificate { certificate, key } => is(certificate) || is(key),
            Method::Password { password, secret, .. } => {
                is(password) || secret.as_ref().is_some_and(|secret| is(secret.source()))
            }
            Method::WorkloadIdentity { token } => is(token),
            Method::DeviceCode | Method::ManagedIdentity { .. } => false,
        }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.name().as_str())
    }
}

/// The coming credential.
#[derive(Clone, PartialEq, Debug)]
pub struct Next {
    /// Of the same method as the present one.
    pub method: Method,
    /// When it expires, as the configuration says: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: Option<i64>,
}

/// What the configuration says of the life of the credential and of its successor.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Succession {
    /// When the present one expires, as the configuration says: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: Option<i64>,
    /// The one that follows it.
    pub next: Option<Next>,
}

/// Everything a sign-in needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// By what.
    pub method: Method,
    /// Tenant: GUID or domain.
    pub tenant_id: String,
    /// Application (client) id.
    pub client_id: String,
    /// Login host, without a slash at the end.
    pub login: String,
    /// What is asked for: `<graph>/.default` unless `auth.scope` says otherwise. A sign-in by a person who need not come back also asks
    /// for `offline_access`, without which there is no refresh token; the other methods can sign in again by themselves.
    pub scope: String,
    /// The life of the credential, and the coming one.
    pub succession: Succession,
    /// The administrator's name of the further account that signs in; `None`: the sign-in of `auth`.
    pub name: Option<Arc<str>>,
}

impl Settings {
    /// Those of a further account.
    pub fn of_account(config: &Config, account: &Account) -> Settings {
        Settings { name: Some(account.name.as_str().into()), ..Settings::of(&config.of_account(account)) }
    }

    /// Those of a configuration.
    pub fn of(config: &Config) -> Settings {
        let method = Method::new(&config.auth.method, config.metadata());
        let mut scope = config.scope();
        if method.has_person() && !scope.split_ascii_whitespace().any(|one| one == OFFLINE_ACCESS) {
            scope = format!("{scope} {OFFLINE_ACCESS}");
        }
        Settings {
            method,
            tenant_id: config.tenant_id.clone(),
            client_id: config.client_id.clone(),
            login: config.login().to_owned(),
            scope,
            succession: Succession {
                expires_at_ms: config.auth.expires_at_ms,
                next: config
                    .auth
                    .next
                    .as_ref()
                    .map(|next| Next { method: Method::new(&next.method, config.metadata()), expires_at_ms: next.expires_at_ms }),
            },
            name: None,
        }
    }

    /// Whose sign-in it is, in one text: of settings with the same one, one account would be locked or signed out together. No secret.
    pub fn account(&self) -> String {
        let person = match &self.method {
            Method::Password { username, .. } => username.as_str(),
            // Who will type the code nobody knows before; two accounts are two people.
            Method::DeviceCode => self.name.as_deref().unwrap_or_default(),
            _ => "",
        };
        let parts = [self.method.name().as_str(), &self.login, &self.tenant_id, &self.client_id, person];
        parts.map(str::to_ascii_lowercase).join("\n")
    }

    /// Whether a credential can change without a reload.
    pub(super) fn may_change(&self) -> bool {
        self.method.may_change() || self.succession.next.as_ref().is_some_and(|next| next.method.may_change())
    }

    /// The token endpoint, also the audience of a signed assertion: the same text, the same tenant.
    pub(super) fn token_url(&self) -> String {
        self.login_url("token")
    }

    /// Where a code for a person comes from.
    pub(super) fn device_code_url(&self) -> String {
        self.login_url("devicecode")
    }

    fn login_url(&self, last: &str) -> String {
        format!("{}/{}/oauth2/v2.0/{last}", self.login.trim_end_matches('/'), self.tenant_id)
    }

    /// The server that gives the tokens, as events name it.
    pub(super) fn host(&self) -> &str {
        let text = match &self.method {
            Method::ManagedIdentity { metadata, .. } => metadata,
            _ => &self.login,
        };
        text.split_once("://").map_or(text.as_str(), |(_, host)| host).split('/').next().unwrap_or_default()
    }
}

const OFFLINE_ACCESS: &str = "offline_access";

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(auth: &str, more: &str) -> Settings {
        let json = format!(
            r#"{{"mode":"presence_sync","tenant_id":"contoso.example","client_id":"AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee","auth":{auth}{more}}}"#
        );
        Settings::of(&Config::parse(json.as_bytes()).expect("a configuration").config)
    }

    #[test]
    fn hosts_scopes_and_methods() {
        let secret = r#"{"method":"client_secret","secret":"s"}"#;
        let of = |cloud: &str| {
            let settings = settings(secret, &format!(r#","cloud":"{cloud}""#));
            (settings.token_url(), settings.scope)
        };
        for (cloud, login, graph) in [
            ("global", "login.microsoftonline.com", "graph.microsoft.com"),
            ("us_gov", "login.microsoftonline.us", "graph.microsoft.us"),
            ("us_gov_dod", "login.microsoftonline.us", "dod-graph.microsoft.us"),
        ] {
            let expected = (format!("https://{login}/contoso.example/oauth2/v2.0/token"), format!("https://{graph}/.default"));
            assert_eq!(of(cloud), expected);
        }
        let password = r#"{"method":"password","username":"a@b.example","password":"p","scope":"Presence.Read.All User.Read"}"#;
        let own = settings(password, r#","endpoints":{"login":"http://127.0.0.1:1/x/"}"#);
        assert_eq!(own.token_url(), "http://127.0.0.1:1/x/contoso.example/oauth2/v2.0/token");
        assert_eq!(own.scope, "Presence.Read.All User.Read");
    }

    #[test]
    fn a_person_is_asked_once_and_for_offline_access() {
        let own = settings(r#"{"method":"device_code"}"#, r#","endpoints":{"login":"http://127.0.0.1:1/x/"}"#);
        assert_eq!(own.device_code_url(), "http://127.0.0.1:1/x/contoso.example/oauth2/v2.0/devicecode");
        assert_eq!(own.scope, "https://graph.microsoft.com/.default offline_access");
        let asked = r#"{"method":"device_code","scope":"offline_access Presence.Read.All"}"#;
        assert_eq!(settings(asked, "").scope, "offline_access Presence.Read.All");
        assert_eq!(own.host(), "127.0.0.1:1");
    }

    #[test]
    fn a_machine_asks_its_own_metadata_service() {
        let auth = r#"{"method":"managed_identity"}"#;
        assert_eq!(settings(auth, "").host(), "169.254.169.254");
        let other = settings(auth, r#","endpoints":{"metadata":"http://127.0.0.1:9/y/"}"#);
        let metadata = "http://127.0.0.1:9/y".to_owned();
        assert!(other.method == Method::ManagedIdentity { client_id: None, metadata }, "{:?}", other.host());
        assert!(!settings(r#"{"method":"workload_identity","token_file":"/t"}"#, "").scope.contains("offline"));
    }
}
