//! A certificate authority of its own for every simulator, and the server certificate below it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::Error;

/// The certificate authority and the two server configurations (with and without HTTP/2).
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) ca_pem: String,
    pub(crate) with_h2: Arc<ServerConfig>,
    pub(crate) without_h2: Arc<ServerConfig>,
}

/// The names of the server certificate.
const NAMES: [&str; 5] =
    ["localhost", "graph.microsoft.com", "login.microsoftonline.com", "graph.microsoft.us", "login.microsoftonline.us"];

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let made = |e: rcgen::Error| Error::Certificate(e.to_string());
        let ca_key = KeyPair::generate().map_err(made)?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "teams-presence-simulator CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_cert = ca.self_signed(&ca_key).map_err(made)?;
        let ca_pem = ca_cert.pem();
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate().map_err(made)?;
        let mut leaf = CertificateParams::new(NAMES.map(String::from)).map_err(made)?;
        leaf.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        leaf.subject_alt_names.push(SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        let cert = leaf.signed_by(&key, &issuer).map_err(made)?;

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
        Ok(Self { ca_pem, with_h2: config(&[b"h2", b"http/1.1"])?, without_h2: config(&[b"http/1.1"])? })
    }
}
