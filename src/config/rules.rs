//! What the administrator wants to be made of presence. Types and matching; the evaluation belongs to the heart.

use std::collections::BTreeMap;

use super::words::{Word, words};
use crate::presence::{Activity, Availability, Chat, Presence};

/// All rules of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// For users who name no set, or one that does not exist.
    pub default: RuleSet,
    /// For users who name one, by that name.
    pub sets: BTreeMap<String, RuleSet>,
}

impl Rules {
    /// Whether any rule, of any set, speaks of do-not-disturb for the calls of queues.
    pub fn name_queue(&self) -> bool {
        self.default.names_queue() || self.sets.values().any(RuleSet::names_queue)
    }
}

/// A list of rules and what follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// For each output the first that matches and names it decides.
    pub rules: Vec<Rule>,
    /// Decides do-not-disturb where no rule does.
    pub dnd_table: DndTable,
}

impl RuleSet {
    /// Whether any rule speaks of do-not-disturb for the calls of queues. If so, what no rule decides means off there; if none does, the
    /// library has nothing to say of it.
    pub fn names_queue(&self) -> bool {
        self.rules.iter().any(|rule| rule.queue.is_some())
    }
}

/// One rule. Names at least one output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// On what it applies.
    pub when: When,
    /// What it makes of do-not-disturb; `None` leaves that to the rules after it.
    pub dnd: Option<DndRule>,
    /// What it makes of do-not-disturb for the calls of queues; `None` leaves that to the rules after it.
    pub queue: Option<DndRule>,
    /// What it makes of the chat state; `None` leaves that to the rules after it.
    pub chat: Option<ChatRule>,
    /// Instead of `dnd.hold_on_ms`, 0 to 3,600,000.
    pub hold_on_ms: Option<u64>,
    /// Instead of `dnd.hold_off_ms`, 0 to 3,600,000.
    pub hold_off_ms: Option<u64>,
}

/// A condition on a presence. All that is named must hold; of a list any one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The base state; empty: any.
    pub availability: Vec<Availability>,
    /// The detail; empty: any. `OutOfOffice` also holds by the flag.
    pub activity: Vec<Activity>,
    /// The flag.
    pub out_of_office: Option<bool>,
}

impl When {
    /// Whether it holds.
    pub fn matches(&self, presence: &Presence) -> bool {
        let availability = self.availability.is_empty() || self.availability.contains(&presence.availability);
        let activity = self.activity.is_empty() || self.activity.iter().any(|activity| is(presence, *activity));
        availability && activity && self.out_of_office.is_none_or(|wanted| wanted == presence.out_of_office)
    }
}

/// Whether this is the presence's activity; being out of office is told by a flag too.
fn is(presence: &Presence, activity: Activity) -> bool {
    presence.activity == activity || (activity == Activity::OutOfOffice && presence.out_of_office)
}

words! {
    /// What a rule makes of do-not-disturb.
    DndRule {
        /// On.
        On "on",
        /// Off.
        Off "off",
        /// As it is.
        Keep "keep",
    };
}

/// What a rule makes of the chat state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatRule {
    /// This state; never [`Chat::Released`].
    Set(Chat),
    /// The library says nothing: the host's own logic applies.
    Release,
    /// As it is.
    Keep,
}

impl Word for ChatRule {
    const ALL: &'static [ChatRule] = &[
        ChatRule::Set(Chat::Available),
        ChatRule::Set(Chat::Away),
        ChatRule::Set(Chat::Dnd),
        ChatRule::Set(Chat::ExtendedAway),
        ChatRule::Set(Chat::Offline),
        ChatRule::Release,
        ChatRule::Keep,
    ];

    fn as_str(self) -> &'static str {
        match self {
            ChatRule::Set(Chat::Available) => "available",
            ChatRule::Set(Chat::Away) => "away",
            ChatRule::Set(Chat::Dnd) => "dnd",
            ChatRule::Set(Chat::ExtendedAway) => "extended_away",
            ChatRule::Set(Chat::Offline) => "offline",
            ChatRule::Set(Chat::Released) | ChatRule::Release => "release",
            ChatRule::Keep => "keep",
        }
    }
}

/// The states that mean do-not-disturb; all others mean off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DndTable(pub Vec<Pattern>);

impl DndTable {
    /// What stands in the documentation as the default.
    pub const DEFAULT: &'static [&'static str] = &["DoNotDisturb", "Busy/InACall", "Busy/InAConferenceCall"];

    /// Whether this presence means do-not-disturb.
    pub fn is_on(&self, presence: &Presence) -> bool {
        self.0.iter().any(|pattern| pattern.matches(presence))
    }
}

impl Default for DndTable {
    fn default() -> DndTable {
        DndTable(vec![
            Pattern::Either(Some(Availability::DoNotDisturb), Some(Activity::DoNotDisturb)),
            Pattern::Both(Availability::Busy, Activity::InACall),
            Pattern::Both(Availability::Busy, Activity::InAConferenceCall),
        ])
    }
}

/// An entry of `dnd_on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// `A`: a word in either field. It may be a word of one field only.
    Either(Option<Availability>, Option<Activity>),
    /// `A/B`: this availability and this activity.
    Both(Availability, Activity),
}

impl Pattern {
    /// Reads `A` or `A/B` in any casing. `None` for a word that is not known in its place.
    pub fn parse(text: &str) -> Option<Pattern> {
        if let Some((availability, activity)) = text.split_once('/') {
            return Some(Pattern::Both(Availability::parse(availability.trim())?, Activity::parse(activity.trim())?));
        }
        match (Availability::parse(text), Activity::parse(text)) {
            (None, None) => None,
            (availability, activity) => Some(Pattern::Either(availability, activity)),
        }
    }

    /// Whether it holds.
    pub fn matches(&self, presence: &Presence) -> bool {
        match *self {
            Pattern::Either(availability, activity) => {
                availability == Some(presence.availability) || activity.is_some_and(|activity| is(presence, activity))
            }
            Pattern::Both(availability, activity) => presence.availability == availability && is(presence, activity),
        }
    }
}
