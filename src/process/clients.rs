//! HTTP clients and trusted roots, shared by whoever needs the same.

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aws_lc_rs::digest::{SHA256, digest};
use secrecy::ExposeSecret;

use super::resolver::Resolver;
use crate::config::{self, Config};
use crate::http::{HttpClient, HttpSettings, Proxy, TlsError, TrustedRoots, WeakClient};

/// No CA bundle is larger; the platforms' own are a quarter of it.
const MAX_CA_FILE: u64 = 4 << 20;

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The CA file cannot be read.
    #[error("tls.ca_file {}: {source}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The proxy's password cannot be read.
    #[error("proxy.password: {0}")]
    ProxyPassword(#[from] config::SecretError),
    /// What is in the CA file cannot be used.
    #[error("tls.ca_file {}: {source}", path.display())]
    CaFileContents {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: TlsError,
    },
    /// The TLS set-up or the proxy cannot be used.
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
}

/// A CA file beside the platform's roots.
pub type CaFile = Option<PathBuf>;

impl ClientKey {
    /// The key of a configuration. Reads the proxy's password: may touch disk.
    ///
    /// # Errors
    /// The proxy's password cannot be read.
    pub fn of(config: &Config) -> Result<ClientKey, ClientError> {
        let proxy = match &config.proxy {
            config::Proxy::None => Proxy::None,
            config::Proxy::System => Proxy::System,
            config::Proxy::Url { url, login } => {
                let user = match login {
                    None => None,
                    Some(login) => {
                        let password = login.password.as_ref().map(config::SecretSource::read).transpose()?;
                        Some((login.username.clone(), password.unwrap_or_default()))
                    }
                };
                Proxy::Url { url: url.clone(), user }
            }
        };
        Ok(ClientKey {
            tenant_id: config.tenant_id.clone(),
            client_id: config.client_id.clone(),
            hosts: format!("{} {}", config.login(), config.graph()),
            ca_file: config.tls.ca_file.clone(),
            proxy,
        })
    }
}

/// What makes two instances share a pool of connections: all of it must be equal.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// Tenant id. Connections of two tenants are never shared, so that one tenant's trouble stays its own.
    pub tenant_id: String,
    /// Application (client) id.
    pub client_id: String,
    /// The hosts that the client is for, in one text.
    pub hosts: String,
    /// `tls.ca_file`.
    pub ca_file: CaFile,
    /// `proxy`.
    pub proxy: Proxy,
}

#[derive(Default)]
pub(super) struct Cache(Mutex<Known>);

#[derive(Default)]
struct Known {
    clients: HashMap<[u8; 32], WeakClient>,
    roots: HashMap<Option<[u8; 32]>, Weak<TrustedRoots>>,
}

impl Cache {
    pub(super) fn get(&self, key: ClientKey, resolver: Arc<Resolver>) -> Result<HttpClient, ClientError> {
        let pem = match &key.ca_file {
            None => None,
            Some(path) => {
                let read = || {
                    // Looked at before it is opened: opening a pipe would wait for its writer.
                    if !std::fs::metadata(path)?.is_file() {
                        return Err(std::io::Error::other("not a regular file"));
                    }
                    let mut pem = Vec::new();
                    std::fs::File::open(path)?.take(MAX_CA_FILE + 1).read_to_end(&mut pem)?;
                    if pem.len() as u64 > MAX_CA_FILE {
                        return Err(std::io::Error::other("larger than 4 MiB: not a CA file"));
                    }
                    Ok(pem)
                };
                Some(read().map_err(|source| ClientError::CaFile { path: path.clone(), source })?)
            }
        };
        let ca = pem.as_deref().map(hash);
        let id = key.id(ca);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.clients.get(&id).and_then(WeakClient::upgrade) {
            return Ok(client);
        }
        known.clients.retain(|_, client| client.upgrade().is_some());
        known.roots.retain(|_, roots| roots.strong_count() > 0);
        let roots = match known.roots.get(&ca).and_then(Weak::upgrade) {
            Some(roots) => roots,
            None => {
                let roots = TrustedRoots::load(pem.as_deref()).map_err(|source| match &key.ca_file {
                    Some(path) => ClientError::CaFileContents { path: path.clone(), source },
                    None => ClientError::Tls(source),
                })?;
                let roots = Arc::new(roots);
                known.roots.insert(ca, Arc::downgrade(&roots));
                roots
            }
        };
        let client = HttpClient::new(HttpSettings { roots, proxy: key.proxy, resolver })?;
        known.clients.insert(id, client.downgrade());
        Ok(client)
    }
}

impl ClientKey {
    /// A digest rather than the texts: the proxy's password does not stay in the map.
    fn id(&self, ca: Option<[u8; 32]>) -> [u8; 32] {
        let mut text = zeroize::Zeroizing::new(Vec::new());
        let mut add = |part: &[u8]| {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part);
        };
        add(self.tenant_id.as_bytes());
        add(self.client_id.as_bytes());
        add(self.hosts.as_bytes());
        add(ca.as_ref().map_or(&[], |digest| digest.as_slice()));
        match &self.proxy {
            Proxy::None => add(b"none"),
            Proxy::System => add(b"system"),
            Proxy::Url { url, user } => {
                add(url.as_str().as_bytes());
                if let Some((name, password)) = user {
                    add(name.as_bytes());
                    add(password.expose_secret().as_bytes());
                }
            }
        }
        hash(&text)
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
