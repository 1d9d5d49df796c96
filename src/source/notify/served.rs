//! The certificate that the listener shows, read again when it has changed on disk.
//!
//! Looked at when somebody connects, at most once in a minute, and now and then where nobody does (`expiring`): so a renewed certificate needs
//! no reload. A certificate that cannot be used leaves the one before in place.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};

use super::notice::{ListenerNotice, Tell};
use crate::config::SecretSource;
use crate::time::Clock;

/// Least time from one look to the next.
const LOOK_AGAIN_MS: u64 = 60_000;
/// A file that takes longer hangs.
const READING: Duration = Duration::from_secs(5);

/// What the listener shows, and where it comes from.
pub(super) struct Served {
    files: Files,
    now: ArcSwap<Shown>,
    look: Mutex<Look>,
    look_again_ms: u64,
    clock: Clock,
    /// A thread is reading, or hangs.
    reading: Arc<AtomicBool>,
    tell: Tell,
}

/// What is shown now.
struct Shown {
    config: Arc<ServerConfig>,
    not_after_ms: Option<i64>,
}

struct Look {
    /// On the monotonic clock.
    at: u64,
    digest: [u8; 32],
    trouble: Option<String>,
}

#[derive(Clone)]
struct Files {
    certificate: SecretSource,
    key: SecretSource,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("certificate", &self.files.certificate)
            .field("key", &self.files.key)
            .finish_non_exhaustive()
    }
}

impl Served {
    /// Reads both. Needs a tokio runtime with a timer.
    ///
    /// # Errors
    /// What is wrong with which of them, for people.
    pub(super) async fn load(certificate: SecretSource, key: SecretSource, clock: Clock, tell: Tell) -> Result<Served, String> {
        let (files, reading) = (Files { certificate, key }, Arc::new(AtomicBool::new(false)));
        let texts = read(&files, &reading).await?;
        let shown = texts.shown(&files)?;
        let look = Mutex::new(Look { at: clock.mono_ms(), digest: texts.digest(), trouble: None });
        Ok(Served { files, now: ArcSwap::from_pointee(shown), look, look_again_ms: LOOK_AGAIN_MS, clock, reading, tell })
    }

    /// The settings for the next handshake.
    pub(super) async fn config(&self) -> Arc<ServerConfig> {
        if self.is_due() {
            let news = match read(&self.files, &self.reading).await {
                Ok(texts) => self.news(&texts),
                Err(why) => Err(why),
            };
            self.settle(news);
        }
        self.now.load().config.clone()
    }

    /// When the certificate that is shown ends, milliseconds since 1970-01-01 UTC, where that can be read.
    pub(super) fn not_after_ms(&self) -> Option<i64> {
        self.now.load().not_after_ms
    }

    /// By which it is looked at again.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The certificate's file, for people.
    pub(super) fn certificate(&self) -> String {
        self.files.certificate.to_string()
    }

    fn is_due(&self) -> bool {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.mono_ms();
        let due = now.saturating_sub(look.at) >= self.look_again_ms;
        if due {
            look.at = now;
        }
        due
    }

    /// Takes what was read, if it is new.
    fn news(&self, texts: &Texts) -> Result<Option<ListenerNotice>, String> {
        let digest = texts.digest();
        if self.look.lock().unwrap_or_else(PoisonError::into_inner).digest == digest {
            return Ok(None);
        }
        let shown = texts.shown(&self.files)?;
        let not_after_ms = shown.not_after_ms;
        self.now.store(Arc::new(shown));
        self.look.lock().unwrap_or_else(PoisonError::into_inner).digest = digest;
        Ok(Some(ListenerNotice::CertificateRenewed { not_after_ms }))
    }

    /// Tells what is new: a renewal, or a trouble that was not told before.
    fn settle(&self, news: Result<Option<ListenerNotice>, String>) {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        let notices = match news {
            Ok(notice) => [look.trouble.take().map(|_| ListenerNotice::CertificateUsable), notice],
            Err(why) if look.trouble.as_ref() == Some(&why) => [None, None],
            Err(why) => {
                look.trouble = Some(why.clone());
                [Some(ListenerNotice::CertificateUnusable { why }), None]
            }
        };
        drop(look);
        notices.into_iter().flatten().for_each(|notice| self.tell.tell(notice));
    }
}

/// Both files as they were read.
struct Texts {
    certificate: SecretString,
    key: SecretString,
}

/// Reads on a thread for such work; a thread that hangs is left alone, and no other is started beside it.
async fn read(files: &Files, reading: &Arc<AtomicBool>) -> Result<Texts, String> {
    let hangs = || format!("{}: reading takes longer than {} s", files.certificate, READING.as_secs());
    if reading.swap(true, Ordering::AcqRel) {
        return Err(hangs());
    }
    let (files_there, done) = (files.clone(), Done(reading.clone()));
    let work = tokio::task::spawn_blocking(move || {
        let _done = done;
        let certificate = files_there.certificate.read().map_err(|error| error.to_string())?;
        let key = files_there.key.read().map_err(|error| error.to_string())?;
        Ok(Texts { certificate, key })
    });
    match tokio::time::timeout(READING, work).await {
        Ok(Ok(texts)) => texts,
        Ok(Err(error)) => Err(format!("internal error while reading: {error}")),
        Err(_) => Err(hangs()),
    }
}

/// Says that the thread has come back, or was never started.
struct Done(Arc<AtomicBool>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Texts {
    fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for text in [&self.certificate, &self.key] {
            let text = text.expose_secret().as_bytes();
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text);
        }
        context.finish().as_ref().try_into().unwrap_or_default()
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, &'static str> {
        let pem = self.certificate.expose_secret().as_bytes();
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|_| "a certificate in it is not valid PEM")?;
        if chain.is_empty() { Err("no certificate in PEM (BEGIN CERTIFICATE) in it") } else { Ok(chain) }
    }

    fn shown(&self, files: &Files) -> Result<Shown, String> {
        let chain = self.chain().map_err(|why| format!("{}: {why}", files.certificate))?;
        // Nobody trusts it any more once one of them has ended.
        let not_after_ms = chain.iter().filter_map(|certificate| crate::http::not_after_ms(certificate)).min();
        let key_pem = self.key.expose_secret();
        if key_pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || key_pem.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(format!("{}: the private key is protected by a pass phrase", files.key));
        }
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
            .map_err(|_| format!("{}: no private key in PEM in it", files.key))?;
        // Never the process default: that one belongs to the host.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| format!("{} with {}: {error}", files.certificate, files.key))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Shown { config: Arc::new(config), not_after_ms })
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn pair(folder: &Path, name: &str) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("written");
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    }

    fn files(folder: &Path) -> (SecretSource, SecretSource) {
        (SecretSource::File(folder.join("cert.pem")), SecretSource::File(folder.join("key.pem")))
    }

    async fn loaded(folder: &Path) -> (Served, Arc<Mutex<Vec<ListenerNotice>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Tell::new({
            let told = told.clone();
            move |notice| told.lock().expect("no panic").push(notice)
        });
        let (certificate, key) = files(folder);
        let mut served = Served::load(certificate, key, Clock::system(), tell).await.expect("a pair");
        served.look_again_ms = 0;
        (served, told)
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        pair(folder.path(), "one");
        let (served, told) = loaded(folder.path()).await;
        let first = served.config().await;
        assert!(Arc::ptr_eq(&first, &served.config().await), "unchanged");
        pair(folder.path(), "two");
        let second = served.config().await;
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(matches!(
            told.lock().expect("no panic").drain(..).as_slice(),
            [ListenerNotice::CertificateRenewed { not_after_ms: Some(_) }]
        ));
        // As while it is being written: the new certificate beside the old key, half a file, no file.
        let key = std::fs::read(folder.path().join("key.pem")).expect("a key");
        pair(folder.path(), "three");
        std::fs::write(folder.path().join("key.pem"), &key).expect("written");
        assert!(Arc::ptr_eq(&second, &served.config().await));
        assert!(Arc::ptr_eq(&second, &served.config().await));
        std::fs::write(folder.path().join("key.pem"), &key[..40]).expect("written");
        assert!(Arc::ptr_eq(&second, &served.config().await));
        std::fs::remove_file(folder.path().join("key.pem")).expect("removed");
        assert!(Arc::ptr_eq(&second, &served.config().await));
        let notices: Vec<_> = told.lock().expect("no panic").drain(..).collect();
        assert_eq!(notices.len(), 3, "each trouble once: {notices:?}");
        pair(folder.path(), "four");
        assert!(!Arc::ptr_eq(&second, &served.config().await));
        assert!(matches!(
            told.lock().expect("no panic").drain(..).as_slice(),
            [ListenerNotice::CertificateUsable, ListenerNotice::CertificateRenewed { .. }]
        ));
    }

    #[tokio::test]
    async fn looked_at_once_a_minute() {
        let folder = tempfile::tempdir().expect("a folder");
        pair(folder.path(), "one");
        let (mut served, _) = loaded(folder.path()).await;
        served.look_again_ms = LOOK_AGAIN_MS;
        let first = served.config().await;
        pair(folder.path(), "two");
        assert!(Arc::ptr_eq(&first, &served.config().await));
    }

    #[tokio::test]
    async fn what_cannot_be_served_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let load = async || {
            let (certificate, key) = files(folder.path());
            Served::load(certificate, key, Clock::system(), Tell::default()).await.expect_err("refused")
        };
        let put = |name: &str, text: &str| std::fs::write(PathBuf::from(folder.path()).join(name), text).expect("written");
        assert!(load().await.contains("cert.pem"));
        pair(folder.path(), "one");
        put("cert.pem", "nothing");
        assert!(load().await.contains("no certificate"));
        put("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert!(load().await.contains("cert.pem"));
        pair(folder.path(), "one");
        put("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        assert!(load().await.contains("pass phrase"));
        put("key.pem", "nothing");
        assert!(load().await.contains("no private key"));
    }
}
