//! Dry run: everything is decided, nothing is set, and what would be set is told.
//!
//! The lanes decide as ever; only what is *wanted of the host* differs: that what is ours goes, and nothing else ([`Engine::wants_dnd`],
//! [`Engine::wants_chat`]). Beside them stands what the host would have been told by now, three bytes a user, so that a change of the
//! decision can be told as a change. Telling is bounded: first decisions are summed up, later ones are told singly up to a number a minute.

use std::sync::Arc;

use super::Reason;
use super::dnd::DndLane;
use super::engine::{Engine, NAMED, Phase};
use super::roster::Slot;
use super::rules::decide;
use super::spelling::{chat_word, dnd_word, fired_word, reason_word};
use super::terms::Owner;
use super::user::User;
use super::would::{MINUTE_MS, Rehearsal, Would};
use crate::event::{Draft, Event, Kind};
use crate::presence::{Chat, Dnd};
use crate::time::Moment;

/// After a first decision, others are awaited so long before they are summed up.
const GATHER_MS: u64 = 10_000;

impl Engine {
    /// What should be asked of the host for a DND, whether or not it may be asked now.
    pub(super) fn wants_dnd(&self, lane: &DndLane) -> Option<(Dnd, Reason)> {
        if self.settings.dry_run { lane.withheld() } else { lane.wanted(self.settings.policy.force) }
    }

    /// The same for the chat state.
    pub(super) fn wants_chat(&self, user: &User) -> Option<(Chat, Reason)> {
        if self.settings.dry_run { user.chat.withheld() } else { user.chat.wanted() }
    }

    /// A dry run begins, or goes on after a start: nobody has been told anything.
    pub(super) fn begin_rehearsal(&mut self, now: Moment) {
        self.rehearsal = Rehearsal { since: now.mono_ms, minute_from: now.mono_ms, ..Rehearsal::default() };
        if self.settings.dry_run && self.phase == Phase::Running {
            self.notice(Event::new(Kind::DryRun), now);
        }
    }

    /// It is over: everybody's state is delivered as after a start.
    pub(super) fn end_rehearsal(&mut self, now: Moment) {
        self.rehearsal = Rehearsal::default();
        for slot in self.roster.slots() {
            if let Some(user) = self.roster.get_mut(slot) {
                user.lanes_mut().for_each(DndLane::start);
                user.chat.start();
            }
        }
        if self.phase == Phase::Running {
            self.notice(Event::new(Kind::DryRunEnded), now);
        }
    }

    /// What is known of a user was looked at: tells what would be set now, if that has changed.
    pub(super) fn rehearse(&mut self, slot: Slot, now: Moment) {
        if self.phase != Phase::Running {
            return;
        }
        let Some(user) = self.roster.get(slot).filter(|user| !user.gone) else { return };
        if user.dnd.said().is_none() && user.dnd.released().is_none() {
            // Nothing was decided yet, or the person behind the user has changed.
            return;
        }
        let had = self.rehearsal.would.get(slot as usize).copied().unwrap_or_default();
        let (dnd, chat) = (self.would_dnd(&user.dnd, had.dnd), would_chat(user, had.chat));
        let queue = user.queue.as_deref().and_then(|lane| self.would_dnd(lane, had.queue));
        let decided = had.decided || user.dnd.said().is_some();
        let stands = |lane: Option<&DndLane>, had: Option<Dnd>, change: Option<(Dnd, Reason)>| match change {
            Some((value, _)) => Some(value),
            None => had.filter(|_| lane.is_some_and(|lane| !self.is_theirs(lane))),
        };
        let would = Would {
            dnd: stands(Some(&user.dnd), had.dnd, dnd),
            queue: stands(user.queue.as_deref(), had.queue, queue),
            chat: chat.map_or(had.chat, |(state, _)| Some(state)),
            decided,
        };
        let reason = dnd.or(queue).map(|(_, reason)| reason).or(chat.map(|(_, reason)| reason));
        let value = |change: Option<(Dnd, Reason)>| change.map(|(value, _)| value);
        let told = Would { dnd: value(dnd), queue: value(queue), chat: chat.map(|(state, _)| state), decided };
        let draft = match reason {
            Some(reason) if had.decided && self.rehearsal.may_tell(now.mono_ms) => Some(self.single(user, told, reason)),
            _ => None,
        };
        let keep = &mut self.rehearsal;
        if keep.would.len() <= slot as usize {
            keep.would.resize(slot as usize + 1, Would::default());
        }
        keep.would[slot as usize] = would;
        match draft {
            Some(draft) => {
                keep.singles += 1;
                self.notice(draft, now);
            }
            None if !had.decided && decided => {
                keep.first += 1;
                keep.sum_up_at(now.mono_ms + GATHER_MS);
            }
            None if reason.is_some() => {
                keep.untold += 1;
                keep.sum_up_at(keep.minute_from + MINUTE_MS);
            }
            None => {}
        }
    }

    /// The DND is a person's, or a person wants it off.
    fn is_theirs(&self, lane: &DndLane) -> bool {
        !self.settings.policy.force && (lane.owner() == Owner::Person || lane.overrides())
    }

    fn would_dnd(&self, lane: &DndLane, had: Option<Dnd>) -> Option<(Dnd, Reason)> {
        let had_on = had == Some(Dnd::On);
        if let Some(reason) = lane.released() {
            return had_on.then_some((Dnd::Off, reason));
        }
        if self.is_theirs(lane) {
            return None;
        }
        let force = self.settings.policy.force;
        let target = lane.desired()?;
        let off = had_on || force && had.is_none() && lane.wanted(force).is_some();
        // What is ours still would stay on: its release is the dry run's own doing.
        let on = lane.holds_ours() || lane.wanted(force).is_some();
        let change = if target == Dnd::On { !had_on && on } else { off };
        change.then_some((target, Reason::Rule))
    }

    fn single(&self, user: &User, told: Would, reason: Reason) -> Draft {
        let Would { dnd, queue, chat, .. } = told;
        let decision = user
            .presence
            .filter(|_| reason == Reason::Rule)
            .map(|presence| decide(&self.settings.rule_sets[user.rule_set as usize], &presence, self.settings.holds));
        let would = [
            dnd.map(|value| format!("DND {}", dnd_word(value))),
            queue.map(|value| format!("queue DND {}", dnd_word(value))),
            chat.map(|state| format!("chat {}", chat_word(state))),
        ];
        let would: Vec<String> = would.into_iter().flatten().collect();
        Event::new(Kind::DryRunDecision)
            .with("would", would.join(", "))
            .with("because", reason_word(reason))
            .with_some("dnd", dnd.map(dnd_word))
            .with_some("queue", queue.map(dnd_word))
            .with_some("chat", chat.map(chat_word))
            .with_some("dnd_rule", decision.filter(|_| dnd.is_some()).map(|decision| fired_word(decision.dnd_by)))
            .with_some("chat_rule", decision.filter(|_| chat.is_some()).map(|decision| fired_word(decision.chat_by)))
            .with_some("availability", user.presence.map(|presence| presence.availability.as_str()))
            .with_some("activity", user.presence.map(|presence| presence.activity.as_str()))
            .user(user.id.clone())
    }

    /// A user goes; his place may be another's.
    pub(super) fn forget_rehearsed(&mut self, slot: Slot) {
        if let Some(would) = self.rehearsal.would.get_mut(slot as usize) {
            *would = Would::default();
        }
    }

    /// When the next summary is due.
    pub(super) fn rehearsal_deadline(&self) -> Option<u64> {
        self.rehearsal.summary_at.filter(|_| self.phase == Phase::Running)
    }

    pub(super) fn tick_rehearsal(&mut self, now: Moment) {
        if self.rehearsal_deadline().is_none_or(|at| at > now.mono_ms) {
            return;
        }
        let keep = &mut self.rehearsal;
        keep.summary_at = None;
        keep.summed_at = Some(now.mono_ms);
        let (first, untold) = (std::mem::take(&mut keep.first), std::mem::take(&mut keep.untold));
        let mut users = 0u64;
        let mut on: Vec<(u32, &Arc<str>)> = Vec::new();
        let mut chats: Vec<(Chat, u64)> = Vec::new();
        for (slot, user) in self.roster.iter() {
            let Some(would) = self.rehearsal.would.get(slot as usize).filter(|would| would.decided) else { continue };
            users += 1;
            if would.dnd == Some(Dnd::On) {
                on.push((user.order, &user.id));
            }
            if let Some(state) = would.chat {
                match chats.iter_mut().find(|(known, _)| *known == state) {
                    Some((_, count)) => *count += 1,
                    None => chats.push((state, 1)),
                }
            }
        }
        let dnd_on = on.len() as u64;
        on.sort_unstable();
        chats.sort_unstable_by_key(|(state, count)| (std::cmp::Reverse(*count), chat_word(*state)));
        let names: Vec<String> = on.into_iter().take(NAMED).map(|(_, id)| id.to_string()).collect();
        let chat: Vec<String> = chats.into_iter().map(|(state, count)| format!("{} {count}", chat_word(state))).collect();
        let event = Event::new(Kind::DryRunSummary).with("users", users).with("dnd_on", dnd_on).with("dnd_on_users", names);
        self.notice(event.with("chat", chat).with("first", first).with("untold", untold), now);
    }
}

fn would_chat(user: &User, had: Option<Chat>) -> Option<(Chat, Reason)> {
    if let Some(reason) = user.dnd.released() {
        return had.is_some_and(|state| state != Chat::Released).then_some((Chat::Released, reason));
    }
    let target = user.chat.desired()?;
    (had != Some(target)).then_some((target, Reason::Rule))
}
