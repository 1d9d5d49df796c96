//! How loud: the level of a log line and the severity of an event.

/// How detailed a log line is. Numbers are `TPS_LOG_*`: a greater number says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Level {
    /// Something does not work.
    #[default]
    Error = 1,
    /// Something may stop working.
    Warn = 2,
    /// What an administrator did or would want to have seen.
    Info = 3,
    /// Each decision.
    Debug = 4,
    /// Each step. Ends by itself after [`TRACE_LASTS_MS`](super::TRACE_LASTS_MS).
    Trace = 5,
}

impl Level {
    /// Every level, the quietest first.
    pub const ALL: &'static [Level] = &[Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];

    /// The level with this number; `None` for any other.
    pub fn from_number(number: i32) -> Option<Level> {
        Level::ALL.iter().copied().find(|level| *level as i32 == number)
    }

    /// The word used in the configuration and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }
}

/// How bad an event is. Numbers are `TPS_SEVERITY_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Severity {
    /// Nothing to do.
    Info = 1,
    /// Works, but somebody should look before it does not.
    Warning = 2,
    /// Does not work, in whole or for the user named.
    Error = 3,
}

impl Severity {
    /// The word used in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}
