//! Why a call is refused: a status and words.

use super::status::{self, tps_status};

/// What goes into the caller's `err` and what the call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: tps_status,
    pub(super) words: String,
}

impl Fault {
    pub(super) fn new(status: tps_status, words: impl Into<String>) -> Fault {
        Fault { status, words: words.into() }
    }

    /// A wrong argument: `what: problem`.
    pub(super) fn argument(what: &str, problem: &str) -> Fault {
        Fault::new(status::TPS_E_INVALID_ARG, format!("{what}: {problem}"))
    }

    /// A `struct_size` or version that breaks the rules.
    pub(super) fn abi(what: &str, problem: impl AsRef<str>) -> Fault {
        Fault::new(status::TPS_E_ABI, format!("{what}: {}", problem.as_ref()))
    }

    pub(super) fn null(what: &str) -> Fault {
        Fault::argument(what, "NULL")
    }

    pub(super) fn handle() -> Fault {
        Fault::new(status::TPS_E_HANDLE, "sync: no such instance; it was destroyed, or this handle was never given out")
    }

    pub(super) fn forked() -> Fault {
        Fault::new(status::TPS_E_FORKED, "sync: made before a fork, in the parent process; call tps_create in this one")
    }

    pub(super) fn reentrant(what: &str) -> Fault {
        Fault::new(
            status::TPS_E_REENTRANT,
            format!("{what} cannot be called inside a callback; let another thread of the host do it"),
        )
    }
}
