//! From a presence to what is wanted of DND and chat.
//!
//! For each output the first rule that matches and names it decides; after the list come the default tables, so a list without
//! off-rules still switches off.

use super::chat::ChatSays;
use super::terms::{Holds, Says};
use crate::config::{ChatRule, DndRule, Rule, RuleSet};
use crate::presence::{Availability, Chat, Dnd, Presence};

/// Which rule decided an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fired {
    /// The rule at this place of the list, from 0.
    Listed(u16),
    /// None of the list: the table of `rules.dnd_on`, or the default one.
    Table,
}

/// What the rules make of one presence for the calls of queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDecision {
    /// DND.
    pub says: Says,
    /// The holds of the rule that decided it.
    pub holds: Holds,
    /// Which rule that was; [`Fired::Table`] where none matched, which means off.
    pub by: Fired,
}

/// What the rules make of one presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// DND.
    pub dnd: Says,
    /// The holds of the rule that decided DND.
    pub holds: Holds,
    /// Which rule that was.
    pub dnd_by: Fired,
    /// DND for the calls of queues; `None` where no rule of the set speaks of it.
    pub queue: Option<QueueDecision>,
    /// The chat state.
    pub chat: ChatSays,
    /// Which rule decided it.
    pub chat_by: Fired,
}

/// Decides. Pure: the same presence and rules give the same decision.
pub fn decide(set: &RuleSet, presence: &Presence, holds: Holds) -> Decision {
    let own_holds =
        |rule: &Rule| Holds { on_ms: rule.hold_on_ms.unwrap_or(holds.on_ms), off_ms: rule.hold_off_ms.unwrap_or(holds.off_ms) };
    let mut dnd = None;
    let mut queue = None;
    let mut chat = None;
    for (at, rule) in set.rules.iter().enumerate().filter(|(_, rule)| rule.when.matches(presence)) {
        let fired = Fired::Listed(at as u16);
        if let (None, Some(says)) = (dnd, rule.dnd) {
            dnd = Some((says_of(says), own_holds(rule), fired));
        }
        if let (None, Some(says)) = (queue, rule.queue) {
            queue = Some(QueueDecision { says: says_of(says), holds: own_holds(rule), by: fired });
        }
        if let (None, Some(says)) = (chat, rule.chat) {
            let says = match says {
                ChatRule::Set(state) => ChatSays::Set(state),
                ChatRule::Release => ChatSays::Set(Chat::Released),
                ChatRule::Keep => ChatSays::Keep,
            };
            chat = Some((says, fired));
        }
    }
    let (dnd, holds, dnd_by) =
        dnd.unwrap_or_else(|| (Says::Set(if set.dnd_table.is_on(presence) { Dnd::On } else { Dnd::Off }), holds, Fired::Table));
    // As with the default tables: a list that switches on needs no rules for switching off.
    let off = QueueDecision { says: Says::Set(Dnd::Off), holds, by: Fired::Table };
    let queue = queue.or_else(|| set.names_queue().then_some(off));
    let (chat, chat_by) = chat.unwrap_or_else(|| (ChatSays::Set(default_chat(presence)), Fired::Table));
    Decision { dnd, holds, dnd_by, queue, chat, chat_by }
}

fn says_of(rule: DndRule) -> Says {
    match rule {
        DndRule::On => Says::Set(Dnd::On),
        DndRule::Off => Says::Set(Dnd::Off),
        DndRule::Keep => Says::Keep,
    }
}

fn default_chat(presence: &Presence) -> Chat {
    match presence.availability {
        Availability::Available => Chat::Available,
        Availability::Busy | Availability::DoNotDisturb => Chat::Dnd,
        Availability::BeRightBack | Availability::Away | Availability::Offline | Availability::Unknown => Chat::Away,
    }
}
