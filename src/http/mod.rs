//! HTTP transport: one thin layer over reqwest. Knows nothing of Graph or Entra.
//!
//! Every exchange is bounded in time and size, no redirect is followed, nothing is repeated behind the caller's back (a
//! repeated request would falsify the request budget), and every failure ends in one [`TransportError`] whose text names the
//! host and the cause in plain words, never a query or a credential.

mod cause;
mod client;
mod date;
mod error;
mod proxy;
mod tls;
mod trouble;

#[cfg(test)]
pub(crate) mod loopback;
#[cfg(test)]
mod tests;

pub use cause::{Cause, Flaw, Presented, not_after_ms};
pub(crate) use client::WeakClient;
pub use client::{CONNECT_TIMEOUT, HttpClient, HttpSettings, Limits, Request, Response};
pub use date::{MAX_RETRY_AFTER, parse_retry_after};
pub use error::{TransportError, TransportErrorKind};
pub use proxy::{Proxy, Via, Way};
pub use tls::{TlsError, TrustedRoots};
pub use trouble::trouble;
