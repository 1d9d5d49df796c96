//! Which certificate authorities are trusted, and the TLS settings made of it.

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::cause::{Distrust, Presented};

/// The CA file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// No certificate in it.
    #[error("holds no certificate (PEM, BEGIN CERTIFICATE)")]
    NoCertificate,
    /// A block that is no certificate.
    #[error("cannot be read as PEM certificates: {0}")]
    Unreadable(String),
    /// The TLS library refuses the set-up.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// Decides as the verifier inside, and remembers with a refusal what the server showed.
#[derive(Debug)]
struct Witness(Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            rustls::Error::InvalidCertificate(reason) => {
                let distrust = Distrust { reason, presented: Presented::read(end_entity, server_name) };
                rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(distrust))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// The certificate authorities trusted by some clients: the platform's, and those of the instance's own CA file beside them.
///
/// Loading reads the platform's store from disk (some ten milliseconds, some hundred kilobytes), so share one among clients.
/// A platform without a store (a bare container) is not an error: plain-HTTP loopback endpoints and a CA file work without.
pub struct TrustedRoots {
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for TrustedRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedRoots").field("any", &self.verifier.is_some()).finish()
    }
}

impl TrustedRoots {
    /// Loads the platform's store and adds the certificates of `ca_pem`.
    ///
    /// # Errors
    /// Only for `ca_pem`: no certificate in it, or one that cannot be read.
    pub fn load(ca_pem: Option<&[u8]>) -> Result<TrustedRoots, TlsError> {
        let mut extra: Vec<CertificateDer<'static>> = Vec::new();
        if let Some(pem) = ca_pem {
            let mut probe = RootCertStore::empty();
            for (number, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
                let unreadable = |why: String| TlsError::Unreadable(format!("certificate {}: {why}", number + 1));
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                probe.add(certificate.clone()).map_err(|error| unreadable(error.to_string()))?;
                extra.push(certificate);
            }
            if extra.is_empty() {
                return Err(TlsError::NoCertificate);
            }
        }
        // Never the process default: that one belongs to the host.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let own = !extra.is_empty();
        let verifier = match rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider.clone()) {
            Ok(verifier) => Some(Arc::new(Witness(Arc::new(verifier))) as Arc<dyn ServerCertVerifier>),
            Err(error) if own => return Err(TlsError::Unreadable(error.to_string())),
            Err(_) => None,
        };
        Ok(TrustedRoots { verifier, provider })
    }

    /// Whether there is any authority to trust. Without one every TLS handshake fails, and the message says why.
    pub fn any(&self) -> bool {
        self.verifier.is_some()
    }

    pub(super) fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Setup(error.to_string()))?;
        let mut config = match &self.verifier {
            Some(verifier) => builder.dangerous().with_custom_certificate_verifier(verifier.clone()).with_no_client_auth(),
            None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Two servers a client: the default store of 256 sessions is reserved at once, a thousand times with a thousand instances.
        config.resumption = Resumption::in_memory_sessions(16);
        Ok(config)
    }
}
