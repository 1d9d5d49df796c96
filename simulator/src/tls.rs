//! A certificate authority of its own for every simulator, and the server certificate below it.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::Error;

/// The certificate authority of one simulator.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn made(e: rcgen::Error) -> Error {
    Error::Certificate(e.to_string())
}

impl Authority {
    pub(crate) fn new() -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(made)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "teams-presence-simulator CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).map_err(made)?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    /// A server certificate for these names and addresses, with its key.
    pub(crate) fn server(&self, names: &[String]) -> Result<(Certificate, KeyPair), Error> {
        let key = KeyPair::generate().map_err(made)?;
        let mut leaf = CertificateParams::new(names).map_err(made)?;
        leaf.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&key, &self.issuer).map_err(made)?;
        Ok((certificate, key))
    }
}

/// The two server configurations (with and without HTTP/2).
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) with_h2: Arc<ServerConfig>,
    pub(crate) without_h2: Arc<ServerConfig>,
}

/// The names of the server certificate.
const NAMES: [&str; 7] = [
    "localhost",
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "graph.microsoft.us",
    "login.microsoftonline.us",
    "127.0.0.1",
    "::1",
];

impl Tls {
    pub(crate) fn new(authority: &Authority) -> Result<Self, Error> {
        let (cert, key) = authority.server(&NAMES.map(String::from))?;
        let config = |alpn: &[&[u8]]| -> Result<Arc<ServerConfig>, Error> {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let mut config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .and_then(|b| b.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
                .map_err(|e| Error::Certificate(e.to_string()))?;
            config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
            Ok(Arc::new(config))
        };
        Ok(Self { with_h2: config(&[b"h2", b"http/1.1"])?, without_h2: config(&[b"http/1.1"])? })
    }
}
