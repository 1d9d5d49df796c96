//! The instances of this process, and how a call gets at its own.

use std::sync::Arc;

use super::callbacks::Release;
use super::fault::Fault;
use super::handle::Registry;
use super::status;
use super::types::tps_sync;
use crate::host::reentrancy::in_callback;
use crate::instance::{Error, ErrorKind, Instance};

/// What a handle stands for.
pub(super) struct Held {
    pub(super) instance: Arc<Instance>,
    pub(super) release: Arc<Release>,
}

pub(super) static INSTANCES: Registry<Held> = Registry::new();

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        let status = match error.kind {
            ErrorKind::InvalidArg => status::TPS_E_INVALID_ARG,
            ErrorKind::Config => status::TPS_E_CONFIG,
            ErrorKind::Handle => status::TPS_E_HANDLE,
            ErrorKind::State => status::TPS_E_STATE,
            ErrorKind::Reentrant => status::TPS_E_REENTRANT,
            ErrorKind::Timeout => status::TPS_E_TIMEOUT,
            ErrorKind::NotFound => status::TPS_E_NOT_FOUND,
            ErrorKind::Ambiguous => status::TPS_E_AMBIGUOUS,
            ErrorKind::NeedsRestart => status::TPS_E_NEEDS_RESTART,
            ErrorKind::Locked => status::TPS_E_LOCKED,
            ErrorKind::System => status::TPS_E_SYSTEM,
        };
        Fault::new(status, error.message)
    }
}

/// Runs one call on its instance. One that loses a race against `tps_destroy` finds no instance, or one that says it is destroyed.
pub(super) fn with<R>(sync: *const tps_sync, call: impl FnOnce(&Arc<Instance>) -> Result<R, Fault>) -> Result<R, Fault> {
    call(&INSTANCES.get(sync)?.instance)
}

/// The same for a call that waits, and is therefore refused inside callbacks.
pub(super) fn with_outside<R>(
    sync: *const tps_sync,
    what: &str,
    call: impl FnOnce(&Arc<Instance>) -> Result<R, Fault>,
) -> Result<R, Fault> {
    with(sync, |instance| if in_callback() { Err(Fault::reentrant(what)) } else { call(instance) })
}
