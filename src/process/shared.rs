//! The parts that outlive a stop: they cost nothing while nobody runs.

use std::sync::Arc;

use super::budget::Registry;
use super::resolver::Resolver;
use crate::sys::fork::PerProcess;

/// Made once per process.
pub(super) struct Shared {
    pub(super) resolver: Arc<Resolver>,
    pub(super) budgets: Registry,
}

static SHARED: PerProcess<Shared> = PerProcess::new();

pub(super) fn shared() -> &'static Shared {
    SHARED.get_or_make(|| Shared { resolver: Arc::new(Resolver::new()), budgets: Registry::default() })
}
