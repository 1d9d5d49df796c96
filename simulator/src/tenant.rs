//! A tenant: its domains, its app registrations, its users and their presence.

use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::clock::Millis;
use crate::directory::Directory;
use crate::group::Groups;
use crate::presence::PresenceStore;
use crate::{Error, guid};

/// Which cloud the tenant lives in. It decides the Graph resource that tokens are issued for and which presence fields exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cloud {
    /// `https://graph.microsoft.com`
    #[default]
    Global,
    /// US Government L4: `https://graph.microsoft.us`
    UsGov,
    /// US Government L5: `https://dod-graph.microsoft.us`
    UsGovDod,
}

impl Cloud {
    /// The Graph resource of the cloud, without a slash at the end.
    pub fn graph_resource(self) -> &'static str {
        match self {
            Cloud::Global => "https://graph.microsoft.com",
            Cloud::UsGov => "https://graph.microsoft.us",
            Cloud::UsGovDod => "https://dod-graph.microsoft.us",
        }
    }
}

/// What a tenant is made of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenantSpec {
    /// The tenant id, a GUID; derived from the first domain when left out.
    pub id: Option<String>,
    /// The verified domains; the first one names the tenant.
    pub domains: Vec<String>,
    /// The name in `/organization`.
    pub display_name: Option<String>,
    /// The cloud; global when left out.
    pub cloud: Cloud,
}

/// A client secret of an app.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSpec {
    /// The secret's value.
    pub value: String,
    /// When it ends, in milliseconds since 1970 on the simulator's clock; two years ahead when left out.
    #[serde(default)]
    pub expires_ms: Option<Millis>,
}

impl std::fmt::Debug for SecretSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretSpec").field("expires_ms", &self.expires_ms).finish_non_exhaustive()
    }
}

impl From<&str> for SecretSpec {
    fn from(value: &str) -> Self {
        Self { value: value.to_owned(), expires_ms: None }
    }
}

/// A federated credential.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FederatedSpec {
    /// The issuer, as it stands in the token.
    pub issuer: String,
    /// The subject, as it stands in the token.
    pub subject: String,
    /// The audience; `api://AzureADTokenExchange` when left out.
    pub audience: Option<String>,
}

/// What an app registration is made of. In an update, what is left out stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppSpec {
    /// The client id, a GUID; random when left out.
    pub client_id: Option<String>,
    /// The name of the registration.
    pub display_name: Option<String>,
    /// Client secrets; in an update they replace the old ones.
    pub secrets: Option<Vec<SecretSpec>>,
    /// Certificates as PEM; in an update they replace the old ones.
    pub certificates: Option<Vec<String>>,
    /// Application permissions with admin consent.
    pub roles: Option<Vec<String>>,
    /// Delegated permissions with consent.
    pub scopes: Option<Vec<String>>,
    /// "Allow public client flows": no secret wanted, none accepted.
    pub public_client: Option<bool>,
    /// A disabled enterprise application gets no tokens.
    pub disabled: Option<bool>,
    /// Federated credentials: tokens of other issuers that stand for the app; in an update they replace the old ones.
    pub federated: Option<Vec<FederatedSpec>>,
    /// It is a managed identity of the machine: `/metadata/identity/oauth2/token` gives its tokens, nothing else does.
    pub managed: Option<Managed>,
}

/// Whose a managed identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Managed {
    /// The machine's own.
    System,
    /// Assigned to the machine by a user.
    User,
}

pub(crate) struct Secret {
    pub(crate) value: String,
    pub(crate) key_id: u128,
    pub(crate) start: Millis,
    pub(crate) end: Millis,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("end", &self.end).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) key_id: u128,
    pub(crate) subject: String,
    pub(crate) sha1: Vec<u8>,
    pub(crate) sha256: Vec<u8>,
    /// The RSA public key (PKCS #1 DER).
    pub(crate) public_key: Vec<u8>,
    pub(crate) start: Millis,
    pub(crate) end: Millis,
}

impl Certificate {
    fn from_pem(pem: &str) -> Result<Self, Error> {
        let wrong = |e: String| Error::Argument(format!("certificate: {e}"));
        let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(|e| wrong(e.to_string()))?;
        let (_, x509) = X509Certificate::from_der(&block.contents).map_err(|e| wrong(e.to_string()))?;
        let digest = |algorithm| aws_lc_rs::digest::digest(algorithm, &block.contents).as_ref().to_vec();
        Ok(Self {
            key_id: guid::fresh(),
            subject: x509.subject().to_string(),
            sha1: digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY),
            sha256: digest(&aws_lc_rs::digest::SHA256),
            public_key: x509.public_key().subject_public_key.data.to_vec(),
            start: x509.validity().not_before.timestamp() * 1000,
            end: x509.validity().not_after.timestamp() * 1000,
        })
    }
}

/// A federated credential of a registration.
#[derive(Debug)]
pub(crate) struct Federated {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
}

impl Federated {
    pub(crate) fn new(spec: &FederatedSpec) -> Self {
        const AUDIENCE: &str = "api://AzureADTokenExchange";
        let FederatedSpec { issuer, subject, audience } = spec.clone();
        Self { issuer, subject, audience: audience.unwrap_or_else(|| AUDIENCE.to_owned()) }
    }
}

/// An app registration and its enterprise application.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) client_id: u128,
    pub(crate) object_id: u128,
    pub(crate) display_name: String,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) roles: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) public_client: bool,
    pub(crate) disabled: bool,
    pub(crate) federated: Vec<Federated>,
    pub(crate) managed: Option<Managed>,
}

impl App {
    fn new(spec: &AppSpec, now: Millis) -> Result<Self, Error> {
        let client_id = match &spec.client_id {
            Some(text) => guid::parse_named("client_id", text)?,
            None => guid::fresh(),
        };
        let mut app = Self {
            client_id,
            object_id: guid::derived(&format!("application {client_id}")),
            display_name: "App".to_owned(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            roles: Vec::new(),
            scopes: Vec::new(),
            public_client: false,
            disabled: false,
            federated: Vec::new(),
            managed: None,
        };
        app.update(spec, now)?;
        Ok(app)
    }

    fn update(&mut self, spec: &AppSpec, now: Millis) -> Result<(), Error> {
        const TWO_YEARS: Millis = 730 * 86_400_000;
        // Certificates first: they are the only part that can be refused.
        if let Some(pems) = &spec.certificates {
            self.certificates = pems.iter().map(|pem| Certificate::from_pem(pem)).collect::<Result<_, _>>()?;
        }
        if let Some(secrets) = &spec.secrets {
            let secret = |s: &SecretSpec| Secret {
                value: s.value.clone(),
                key_id: guid::fresh(),
                start: now,
                end: s.expires_ms.unwrap_or(now + TWO_YEARS),
            };
            self.secrets = secrets.iter().map(secret).collect();
        }
        if let Some(name) = &spec.display_name {
            self.display_name.clone_from(name);
        }
        if let Some(roles) = &spec.roles {
            self.roles.clone_from(roles);
        }
        if let Some(scopes) = &spec.scopes {
            self.scopes.clone_from(scopes);
        }
        self.public_client = spec.public_client.unwrap_or(self.public_client);
        self.disabled = spec.disabled.unwrap_or(self.disabled);
        self.managed = spec.managed.or(self.managed);
        if let Some(federated) = &spec.federated {
            self.federated = federated.iter().map(Federated::new).collect();
        }
        Ok(())
    }
}

/// A tenant with everything in it.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) id: u128,
    pub(crate) domains: Vec<String>,
    pub(crate) display_name: String,
    pub(crate) cloud: Cloud,
    pub(crate) apps: Vec<App>,
    pub(crate) directory: Directory,
    pub(crate) groups: Groups,
    pub(crate) presence: PresenceStore,
    /// Tokens issued before this moment are revoked.
    pub(crate) tokens_valid_from: Millis,
    /// Delta tokens issued before this moment have expired.
    pub(crate) delta_valid_from: Millis,
}

impl Tenant {
    pub(crate) fn new(spec: &TenantSpec) -> Result<Self, Error> {
        let Some(domain) = spec.domains.first() else {
            return Err(Error::Argument("tenant: domains must name at least one domain".to_owned()));
        };
        let id = match &spec.id {
            Some(text) => guid::parse_named("tenant id", text)?,
            None => guid::derived(&format!("tenant {domain}")),
        };
        Ok(Self {
            id,
            display_name: spec.display_name.clone().unwrap_or_else(|| domain.clone()),
            domains: spec.domains.clone(),
            cloud: spec.cloud,
            apps: Vec::new(),
            directory: Directory::new(id),
            groups: Groups::default(),
            presence: PresenceStore::default(),
            tokens_valid_from: Millis::MIN,
            delta_valid_from: Millis::MIN,
        })
    }

    /// Whether `name` is the id or one of the domains.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        guid::parse(name) == Some(self.id) || self.domains.iter().any(|d| d.eq_ignore_ascii_case(name))
    }

    pub(crate) fn app(&self, client_id: u128) -> Option<&App> {
        self.apps.iter().find(|a| a.client_id == client_id)
    }

    /// Adds an app, or updates the one with the same client id. Answers the client id.
    pub(crate) fn put_app(&mut self, spec: &AppSpec, now: Millis) -> Result<u128, Error> {
        let known = spec.client_id.as_deref().and_then(guid::parse);
        if let Some(app) = self.apps.iter_mut().find(|a| Some(a.client_id) == known) {
            app.update(spec, now)?;
            return Ok(app.client_id);
        }
        let app = App::new(spec, now)?;
        let id = app.client_id;
        self.apps.push(app);
        Ok(id)
    }
}
