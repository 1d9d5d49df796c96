//! What the listener has to tell while it runs.

use std::fmt;
use std::sync::Arc;

/// News of the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerNotice {
    /// The certificate has changed on disk, and the new one is shown from now on.
    CertificateRenewed {
        /// When it ends, milliseconds since 1970-01-01 UTC, where that can be read.
        not_after_ms: Option<i64>,
    },
    /// Certificate and key can be used again, after [`ListenerNotice::CertificateUnusable`].
    CertificateUsable,
    /// The certificate has changed on disk and cannot be used; the one before is shown. Told once for each reason.
    CertificateUnusable {
        /// For people: the file and what is wrong with it.
        why: String,
    },
    /// The certificate that is shown ends soon, or has ended. Told 30, 15, 7, 3 and 1 days before, at the end, and daily after it.
    CertificateExpiring {
        /// Its file, for people.
        certificate: String,
        /// When it or one of its chain ends, milliseconds since 1970-01-01 UTC.
        not_after_ms: i64,
        /// Whole days left; negative after the end.
        days_left: i64,
    },
    /// The certificate does not end soon any more, after [`ListenerNotice::CertificateExpiring`].
    CertificateLasts,
    /// Nobody can connect: the system gives no socket, most often because the process has too many open files. Told once until it is over.
    CannotAccept {
        /// The system's reason.
        why: String,
    },
    /// Connections are accepted again, after [`ListenerNotice::CannotAccept`].
    Accepts,
}

/// Whom to tell. The default tells nobody.
#[derive(Clone, Default)]
pub struct Tell(Option<Arc<dyn Fn(ListenerNotice) + Send + Sync>>);

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tell").field(&self.0.is_some()).finish()
    }
}

impl Tell {
    /// Calls `tell` with each notice, on a runtime thread: it must not block.
    pub fn new(tell: impl Fn(ListenerNotice) + Send + Sync + 'static) -> Tell {
        Tell(Some(Arc::new(tell)))
    }

    pub(super) fn tell(&self, notice: ListenerNotice) {
        if let Some(tell) = &self.0 {
            tell(notice);
        }
    }
}
