//! What can happen to a user: the alphabet of the model. A list of these is a life, and a counterexample.

use proptest::prelude::*;

/// What Teams says, by what the rules make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Teams {
    /// DND off.
    Free,
    /// DND on.
    Call,
    /// No opinion: a rule says so of Away.
    Keep,
    /// No information.
    Silent,
}

impl Teams {
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Teams::Free => ("Available", "Available"),
            Teams::Call => ("Busy", "InACall"),
            Teams::Keep => ("Away", "Away"),
            Teams::Silent => ("PresenceUnknown", "PresenceUnknown"),
        }
    }
}

/// What kind of telephone system it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reports every change of its DND, ours too, two seconds late, and cannot tell who did it. Says how DND stands with each put.
    Echoes,
    /// Reports what people do, and only that. Says how DND stands with each put.
    Names,
    /// Reports what people do, and never says how DND stands.
    Silent,
    /// Has no state directory, but keeps a mark on a DND that we set. Reports what people do.
    Marks,
    /// As `Names`, and its administrator lets Teams lead: `ownership` is `force`.
    Led,
}

/// How the host answers a change of DND.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// Does it: APPLIED, or ALREADY where it stood so.
    Does,
    /// RETRY.
    Refuses,
    /// PENDING.
    Defers,
    /// Has no such user any more: GONE.
    Lacks,
}

/// What becomes of a change that was answered PENDING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// It is done, and acknowledged.
    Done,
    /// It is done; the acknowledgement is yet to come, or never does.
    DoneUnsaid,
    /// It could not be done, and the host says so.
    Refused,
}

/// What happens in the midst of the next change of DND.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trap {
    /// The process ends in the callback, before the host has done anything.
    CrashBefore,
    /// The process ends after the host did it, before the callback returned.
    CrashDone,
    /// The process ends after the answer, before anything of it was written.
    CrashAnswered,
    /// A person switches on just before the host does.
    PressBefore,
    /// A person switches over just after the host did, before the callback returned.
    PressAfter,
    /// The host acknowledges before its callback returns PENDING.
    EarlyAnswer,
}

/// How the disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskMood {
    Prompt,
    /// What is given to it does not come back.
    Held,
    /// Says that it fails.
    Broken,
}

/// How long nothing happens but time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// A second: the first retry.
    Second,
    /// Longer than `hold_off_ms` and `echo_ms`.
    Hold,
    /// Longer than `dispatch.ack_timeout_ms`.
    Answer,
    /// Longer than an override needs to end.
    Minute,
    /// Longer than `stale.after_ms`.
    Stale,
    /// Longer than a removed user is offered his release.
    Leaving,
}

impl Pause {
    pub(super) fn ms(self) -> u64 {
        match self {
            Pause::Second => 1_000,
            Pause::Hold => 11_000,
            Pause::Answer => 31_000,
            Pause::Minute => 91_000,
            Pause::Stale => super::link::STALE_MS + 61_000,
            Pause::Leaving => super::link::LEAVING_MS + 1_000,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Teams changes, and is polled at once.
    Teams(Teams),
    /// Teams changes; the next poll sees it.
    Drift(Teams),
    /// Graph answers, or does not.
    Graph(bool),
    /// A person switches DND on or off at the phone, and the host reports it.
    Press(bool),
    /// A person switches DND on where it is off, and the host does not report it.
    Unseen,
    Mood(Mood),
    Finish(Finish),
    /// What the host has to report goes out now, not two seconds after it happened.
    Report,
    Trap(Trap),
    Disk(DiskMood),
    /// The host hands the user over.
    Put,
    Remove,
    Enable(bool),
    Seat(bool),
    /// The directory knows the address, or not any more.
    Match(bool),
    /// The same configuration again.
    Reload,
    Refresh,
    /// The process is gone, with what it was writing on disk or not, and another begins a second later.
    Crash(bool),
    /// `tps_stop`, and `tps_start` later in the same process.
    Stop,
    Start,
    Pass(Pause),
}

/// Everything there is.
pub(super) const ALL: &[Act] = &[
    Act::Teams(Teams::Free),
    Act::Teams(Teams::Call),
    Act::Teams(Teams::Keep),
    Act::Teams(Teams::Silent),
    Act::Drift(Teams::Free),
    Act::Drift(Teams::Call),
    Act::Graph(false),
    Act::Graph(true),
    Act::Press(true),
    Act::Press(false),
    Act::Unseen,
    Act::Mood(Mood::Does),
    Act::Mood(Mood::Refuses),
    Act::Mood(Mood::Defers),
    Act::Mood(Mood::Lacks),
    Act::Finish(Finish::Done),
    Act::Finish(Finish::DoneUnsaid),
    Act::Finish(Finish::Refused),
    Act::Report,
    Act::Trap(Trap::CrashBefore),
    Act::Trap(Trap::CrashDone),
    Act::Trap(Trap::CrashAnswered),
    Act::Trap(Trap::PressBefore),
    Act::Trap(Trap::PressAfter),
    Act::Trap(Trap::EarlyAnswer),
    Act::Disk(DiskMood::Prompt),
    Act::Disk(DiskMood::Held),
    Act::Disk(DiskMood::Broken),
    Act::Put,
    Act::Remove,
    Act::Enable(false),
    Act::Enable(true),
    Act::Seat(false),
    Act::Seat(true),
    Act::Match(false),
    Act::Match(true),
    Act::Reload,
    Act::Refresh,
    Act::Crash(false),
    Act::Crash(true),
    Act::Stop,
    Act::Start,
    Act::Pass(Pause::Second),
    Act::Pass(Pause::Hold),
    Act::Pass(Pause::Answer),
    Act::Pass(Pause::Minute),
    Act::Pass(Pause::Stale),
    Act::Pass(Pause::Leaving),
];

/// For long lives: what happens daily comes more often than what happens once a year.
pub(super) fn any_act() -> impl Strategy<Value = Act> {
    let often = prop::sample::select(
        &[
            Act::Teams(Teams::Free),
            Act::Teams(Teams::Call),
            Act::Teams(Teams::Free),
            Act::Teams(Teams::Call),
            Act::Drift(Teams::Free),
            Act::Press(true),
            Act::Press(false),
            Act::Mood(Mood::Does),
            Act::Mood(Mood::Defers),
            Act::Finish(Finish::Done),
            Act::Graph(true),
            Act::Enable(true),
            Act::Match(true),
            Act::Seat(true),
            Act::Start,
            Act::Put,
            Act::Disk(DiskMood::Prompt),
            Act::Pass(Pause::Second),
            Act::Pass(Pause::Hold),
            Act::Pass(Pause::Minute),
        ][..],
    );
    prop_oneof![often, prop::sample::select(ALL)]
}
