//! Whose server certificates are good for notification URLs with HTTPS.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use crate::Error;

/// The authorities that are trusted: the simulator's own, and those of tests.
#[derive(Default)]
pub(crate) struct Trust {
    roots: Vec<CertificateDer<'static>>,
    config: Option<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").field("roots", &self.roots.len()).finish_non_exhaustive()
    }
}

impl Trust {
    /// Trusts the authorities of a PEM text as well. A server certificate that stands alone is trusted for itself.
    pub(crate) fn add(&mut self, pem: &str) -> Result<(), Error> {
        let wrong = |e: String| Error::Certificate(format!("trust: {e}"));
        let found: Vec<_> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|e| wrong(e.to_string()))?;
        if found.is_empty() {
            return Err(wrong("no certificate in the PEM text".to_owned()));
        }
        let mut roots = self.roots.clone();
        roots.extend(found);
        let mut store = RootCertStore::empty();
        for root in &roots {
            store.add(root.clone()).map_err(|e| wrong(e.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = config.map_err(|e| wrong(e.to_string()))?.with_root_certificates(store).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        self.roots = roots;
        self.config = Some(Arc::new(config));
        Ok(())
    }

    pub(super) fn config(&self) -> Option<Arc<ClientConfig>> {
        self.config.clone()
    }
}
