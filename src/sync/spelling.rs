//! The words of reports and events.

use super::Reason;
use super::rules::Fired;
use super::user::{MatchKind, User};
use crate::presence::{Chat, Dnd};

pub(super) fn fired_word(fired: Fired) -> String {
    match fired {
        Fired::Listed(at) => format!("list[{at}]"),
        Fired::Table => "table".to_owned(),
    }
}

pub(super) fn dnd_word(value: Dnd) -> &'static str {
    match value {
        Dnd::Off => "off",
        Dnd::On => "on",
    }
}

pub(super) fn chat_word(value: Chat) -> &'static str {
    match value {
        Chat::Available => "available",
        Chat::Away => "away",
        Chat::Dnd => "dnd",
        Chat::ExtendedAway => "extended_away",
        Chat::Offline => "offline",
        Chat::Released => "released",
    }
}

pub(super) fn reason_word(reason: Reason) -> &'static str {
    match reason {
        Reason::Rule => "rule",
        Reason::Resync => "resync",
        Reason::Stale => "stale",
        Reason::Disabled => "disabled",
        Reason::Removed => "removed",
        Reason::Unmatched => "unmatched",
        Reason::Seats => "seats",
        Reason::Stopping => "stopping",
        Reason::DryRun => "dry_run",
        Reason::OptedOut => "opted_out",
    }
}

pub(super) fn matched_by(user: &User) -> Option<&'static str> {
    match user.matching {
        MatchKind::Matched(by) => Some(by.as_str()),
        _ => None,
    }
}
