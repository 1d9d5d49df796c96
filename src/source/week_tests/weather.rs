//! What goes wrong in a week, and when.

use super::chance::Chance;

pub(super) const SECOND: u64 = 1_000;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const WEEK: u64 = 7 * 24 * HOUR;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Graph answers 503.
    Unavailable,
    /// Graph's port is shut.
    Refused,
    /// Nothing gets through, either way; what is asked hangs.
    Apart,
    /// Our requests get nowhere, notifications arrive.
    Outward,
    /// Graph cannot reach our address, we reach Graph.
    Inward,
    /// 429 with so long a `Retry-After`, in milliseconds.
    Throttled(u64),
    /// Graph sends nothing, and says nothing of it.
    Silent,
    /// No token serves.
    SignedOut,
    /// Graph refuses to renew.
    NoRenewal(Refusal),
    /// Graph refuses to make another.
    NoCreation(Refusal),
    /// The process is away: after a stop, or killed; what it wrote is there at the next start, or not.
    Away { stopped: bool, remembers: bool },
    /// The machine sleeps.
    Asleep,
    /// Graph removes the subscription, and says so or not.
    Removed { told: bool },
    /// Graph wants it authorised anew; until that is done nothing is sent.
    Reauthorize,
    /// Graph says that notifications were missed.
    Missed,
    /// Another program of the same account and application makes a subscription in the place of ours.
    Rival,
    /// The machine's wall clock is set, by so many milliseconds, and back at the end.
    Wall(i64),
}

/// How a change of a subscription is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Refused,
    Permission,
    Quota,
    Handshake,
    Throttled,
}

impl Kind {
    /// We cannot read presence.
    pub(super) fn blinds(self) -> bool {
        use Kind::*;
        matches!(self, Unavailable | Refused | Apart | Outward | Throttled(_) | SignedOut | Away { .. } | Asleep)
    }

    /// Graph's notifications do not arrive.
    pub(super) fn deafens(self) -> bool {
        matches!(self, Kind::Apart | Kind::Inward | Kind::Away { .. } | Kind::Asleep)
    }

    /// How many subscriptions may have to be made for it, at this length.
    pub(super) fn costs(self, ms: u64) -> u64 {
        match self {
            Kind::Missed | Kind::Wall(_) | Kind::Reauthorize => 0,
            // Distrusted, made anew, distrusted again: after 10, 20, 40, 80 and then every 120 minutes.
            Kind::Silent | Kind::Inward => 2 + ms / HOUR,
            // Made anew shortly before it lapses, and again while that does not help.
            Kind::NoRenewal(_) => 1 + ms / HOUR,
            // It lapses meanwhile, or was ended.
            _ => 1,
        }
    }

    fn any(chance: &mut Chance) -> (Kind, u64) {
        let refusal = |chance: &mut Chance| {
            [Refusal::Refused, Refusal::Permission, Refusal::Quota, Refusal::Handshake, Refusal::Throttled]
                [chance.below(5) as usize]
        };
        let short = |chance: &mut Chance| chance.between(5 * SECOND, 10 * MINUTE);
        let long = |chance: &mut Chance| chance.between(10 * MINUTE, 5 * HOUR);
        match chance.below(20) {
            0 => (Kind::Unavailable, short(chance)),
            1 => (Kind::Unavailable, long(chance)),
            2 => (Kind::Refused, long(chance)),
            3 => (Kind::Apart, short(chance)),
            4 => (Kind::Apart, long(chance)),
            5 => (Kind::Outward, long(chance)),
            6 => (Kind::Inward, long(chance)),
            7 => (Kind::Throttled(chance.between(SECOND, 10 * MINUTE)), short(chance)),
            8 => (Kind::Silent, long(chance)),
            9 => (Kind::Silent, short(chance)),
            10 => (Kind::SignedOut, long(chance)),
            11 => (Kind::NoRenewal(refusal(chance)), long(chance)),
            12 => (Kind::NoCreation(refusal(chance)), long(chance)),
            13 | 14 => {
                let (stopped, remembers) = (chance.in_hundred(50), chance.in_hundred(50));
                (Kind::Away { stopped, remembers }, if chance.in_hundred(50) { short(chance) } else { long(chance) })
            }
            15 => (Kind::Asleep, long(chance)),
            16 => (Kind::Removed { told: chance.in_hundred(50) }, 1),
            17 => (Kind::Reauthorize, 1),
            18 => (if chance.in_hundred(50) { Kind::Missed } else { Kind::Rival }, 1),
            _ => (Kind::Wall(chance.between(0, 4 * HOUR) as i64 - 2 * HOUR as i64), long(chance)),
        }
    }
}

/// One of them at its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) kind: Kind,
}

/// So many of them, anywhere in the week but for its last six hours; two at a time now and then. The process is away once at a time.
pub(super) fn week(chance: &mut Chance, spells: usize) -> Vec<Spell> {
    let mut all: Vec<Spell> = Vec::new();
    while all.len() < spells {
        let (kind, ms) = Kind::any(chance);
        let from = chance.between(HOUR, WEEK - 11 * HOUR);
        let spell = Spell { from, until: from + ms, kind };
        let halts = |kind: Kind| matches!(kind, Kind::Away { .. } | Kind::Asleep | Kind::Wall(_));
        let meets = |other: &&Spell| other.from <= spell.until + MINUTE && spell.from <= other.until + MINUTE;
        if !halts(kind) || !all.iter().filter(meets).any(|other| halts(other.kind)) {
            all.push(spell);
        }
    }
    all.sort_by_key(|spell| spell.from);
    all
}
