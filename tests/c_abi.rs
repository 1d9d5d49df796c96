//! The C programs of `tests/c`, each compiled as C99 and as C++17, linked with the shared and with the static library, and run.
//!
//! A new program is one file and one line in the table below.

#[path = "support/c_program.rs"]
mod c_program;

use c_program::{Language, Linkage, Program};

/// A line is the name of a program and what it needs; it gives a test per language and linkage.
macro_rules! programs {
    ($($name:ident $(. $need:ident ($($value:expr)?))*,)+) => {
        $(mod $name {
            use super::*;

            pub(super) fn program() -> Program {
                Program::new(stringify!($name))$(.$need($($value)?))*
            }

            #[test]
            fn c99_shared() {
                program().run(Language::C99, Linkage::Shared);
            }

            #[test]
            fn cpp17_shared() {
                program().run(Language::Cpp17, Linkage::Shared);
            }

            #[test]
            fn c99_static() {
                program().run(Language::C99, Linkage::Static);
            }
        })+
    };
}

/// The fourth pair, for a few: what it could break is the link (mangled names, a C++ runtime beside ours), not what a call answers.
macro_rules! cpp_and_static {
    ($($name:ident,)+) => {
        mod cpp17_static {
            use super::*;

            $(#[test]
            fn $name() {
                super::$name::program().run(Language::Cpp17, Linkage::Static);
            })+
        }
    };
}

cpp_and_static! {
    layout,
    nulls,
    panics,
    answers,
    storm,
}

// Interface: arguments, layout, versions, states.
programs! {
    abi_versions,
    layout,
    nulls,
    struct_size,
    utf8,
    states,
    buffers,
    documents,
    partly_bad.simulator(),
}

// The process around the library.
programs! {
    cycles.simulator().seconds(240),
    footprint.simulator().bare(),
    sigpipe.simulator().seconds(180),
    unload.simulator().module(),
    forked.simulator().bare().seconds(120),
    exit_busy.simulator().bare().seconds(120),
    destroy_races.simulator().seconds(120),
}

// Callbacks and answers.
programs! {
    panics.hooks(),
    check.simulator().hooks().seconds(180),
    answers.simulator().hooks().seconds(120),
    device_code.simulator().seconds(180),
    accounts.simulator().seconds(180),
    events.simulator().hooks().seconds(120),
    hang.simulator().hooks().seconds(120),
    modes.simulator().seconds(120),
    notify.simulator().seconds(180),
    calls.simulator().hooks().seconds(120),
    ownership.simulator().hooks().seconds(120),
    queue.simulator().hooks().seconds(120),
    scope.simulator().hooks().seconds(120),
    refresh.simulator().seconds(120),
    storm.simulator().hooks().seconds(240),
    two_stops.simulator().seconds(120),
    two_tenants.simulator().hooks().seconds(180),
}

// State on disk.
programs! {
    state_disk.simulator().hooks().bare().seconds(240),
    state_kill.simulator().bare().seconds(400),
}
