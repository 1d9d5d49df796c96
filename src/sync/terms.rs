//! The words in which DND is spoken of.

use crate::presence::Dnd;

/// What a rule says of DND.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// This value.
    Set(Dnd),
    /// Leave it as it is.
    Keep,
}

/// Which DND of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// For calls to himself.
    Direct,
    /// For the calls that a queue hands out to him.
    Queue,
}

/// Whose the DND is that is on at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Owner {
    /// Nobody's: off, or not known.
    #[default]
    Nobody,
    /// This library switched it on.
    Ours,
    /// A person did.
    Person,
}

/// What a host said of the DND when it handed the user over. Numbers are `TPS_HOST_DND_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HostDnd {
    /// Nothing.
    #[default]
    Unknown,
    /// Off.
    Off,
    /// On.
    On,
    /// On, with the host's own mark that this library did it.
    OnOurs,
}

/// How long a value must stand before it counts, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Holds {
    /// Before on counts.
    pub on_ms: u64,
    /// Before off counts.
    pub off_ms: u64,
}
