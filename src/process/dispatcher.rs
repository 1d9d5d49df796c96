//! The one thread that serves all instances with `"dispatch": {"mode": "shared"}`.

use crate::host::SharedDispatcher;
use crate::sys::fork::PerProcess;

static SHARED: PerProcess<SharedDispatcher> = PerProcess::new();

/// This process's shared dispatcher. It has a thread only while an instance serves.
pub fn shared_dispatcher() -> &'static SharedDispatcher {
    SHARED.get_or_make(SharedDispatcher::new)
}
