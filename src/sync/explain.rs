//! Why one user is as he is. The form is a contract: docs/explain.md.

use serde_json::{Value, json};

use super::aside::Silent;
use super::chat::ChatSays;
use super::dnd::DndLane;
use super::engine::{Engine, Phase};
use super::intent::Intent;
use super::keeps::Keeps;
use super::offer::Offer;
use super::roster::Slot;
use super::rules::{Decision, decide};
use super::spelling::{chat_word, dnd_word, fired_word, matched_by, reason_word};
use super::terms::{Holds, Lane, Owner, Says};
use super::user::{Standing, User};
use super::{NoUser, PresenceView, Reason, Source};
use crate::presence::{Dnd, Guid, Presence};
use crate::time::Moment;

impl Engine {
    /// Why one user is as he is, as JSON.
    pub fn explain(&self, user_id: &str, now: Moment) -> Result<Value, NoUser> {
        let (slot, user) = self.find(user_id)?;
        let decision = user.presence.map(|presence| self.decision(user, &presence));
        let (in_call, own_call) = self.explain_call(user, now);
        let (serving, because) = match self.standing(user) {
            Standing::Served => ("served", None),
            Standing::Waiting => ("waiting", Some("not searched in the directory yet")),
            Standing::Unserved(reason) => ("not_served", Some(reason_word(reason))),
        };
        Ok(json!({
            "user_id": &*user.id,
            "email": user.email.as_deref(),
            "entra_object_id": (user.object != Guid(0)).then(|| user.object.to_string()),
            "matching": user.matching.as_str(),
            "matched_by": matched_by(user),
            "standing": serving,
            "because": because,
            "presence": self.view(user, now).map(|view| presence(&view, user, now)),
            "no_information": self.aside.silence(slot, user.seen_at).map(|silent| no_information(silent, now)),
            "rule_set": self.settings.rule_set_names.iter().find(|(_, n)| **n == user.rule_set).map(|(name, _)| name),
            "rules": decision.map(|decision| rules(&decision)),
            "dnd": self.explain_dnd((slot, Lane::Direct), &user.dnd, user, decision.map(|decision| decision.holds), now),
            "queue": user.queue.as_deref().map(|lane| {
                let word = decision.and_then(|decision| decision.queue);
                self.explain_dnd((slot, Lane::Queue), lane, user, word.map(|word| word.holds), now)
            }),
            "chat": with_offer(
                json!({
                    "desired": user.chat.desired().map(chat_word),
                    "acknowledged": user.chat.acknowledged().map(chat_word),
                    "decided_at_ms": wall(user.chat.decided_at(), now),
                    "acknowledged_at_ms": wall(user.chat.acknowledged_at(), now),
                    "released_because": user.chat.released().map(reason_word),
                    "wanted": self.wants_chat(user).map(|(state, reason)| wanted(chat_word(state), reason)),
                }),
                user.chat.offer(),
                chat_word,
                now,
            ),
            "in_call": in_call,
            "own_call": own_call,
            "if_enabled_now": self.if_enabled_now(slot, user, now),
            "gone": user.gone,
            "enabled": self.enabled,
            "dry_run": self.settings.dry_run,
            "running": self.phase == Phase::Running,
        }))
    }

    fn decision(&self, user: &User, presence: &Presence) -> Decision {
        decide(&self.settings.rule_sets[user.rule_set as usize], presence, self.settings.holds)
    }

    fn explain_dnd(&self, of: (Slot, Lane), dnd: &DndLane, user: &User, holds: Option<Holds>, now: Moment) -> Value {
        let (slot, which) = of;
        let overridden = dnd.is_overridden(self.stands_until(user, now));
        let began = self.aside.override_began(slot, which).filter(|_| overridden);
        let hold = holds.unwrap_or(self.settings.holds);
        let on_disk = match which {
            Lane::Direct => user.kept.direct(),
            Lane::Queue => user.kept.queue(),
        };
        let held_back = dnd.candidate().map(|(value, since)| {
            let acts_at = since.saturating_add(hold_of(hold, value));
            json!({
                "value": dnd_word(value),
                "for_ms": now.mono_ms.saturating_sub(since),
                "acts_at_ms": wall(acts_at, now),
            })
        });
        let state = json!({
            "desired": dnd.desired().map(dnd_word),
            "acknowledged": dnd.acknowledged().map(dnd_word),
            "owner": match dnd.owner() { Owner::Nobody => "nobody", Owner::Ours => "ours", Owner::Person => "person" },
            "intended": dnd.keeps().has(Keeps::INTENDED),
            "intent": match dnd.intent() {
                Intent::None => None,
                Intent::Asked => Some("to_be_written"),
                Intent::Flying => Some("being_written"),
                Intent::Kept => Some("written"),
            },
            "waits_for_disk": self.wants_dnd(dnd).is_some_and(|(value, _)| value == Dnd::On) && self.waits_for_disk(dnd),
            "on_disk": on_disk.words(),
            "overridden": overridden,
            "overridden_since_ms": began.map(|at| wall(at, now)),
            "override_ends_at_ms": dnd.override_ends().filter(|_| overridden).map(|at| wall(at, now)),
            "held_back": held_back,
            "decided_at_ms": wall(dnd.decided_at(), now),
            "acknowledged_at_ms": wall(dnd.acknowledged_at(), now),
            "released_because": dnd.released().map(reason_word),
            "wanted": self.wants_dnd(dnd).map(|(value, reason)| wanted(dnd_word(value), reason)),
        });
        with_offer(state, dnd.offer(), dnd_word, now)
    }

    /// What would be asked of the host if users were served and no dry run held it back, by the newest presence there is.
    fn if_enabled_now(&self, slot: Slot, user: &User, now: Moment) -> Value {
        let decision = self.would_decide(slot, user, now).map(|presence| self.decision(user, &presence));
        let age_ms = user.presence.map(|_| now.mono_ms.saturating_sub(user.seen_at));
        let too_old = self.settings.stale_release && age_ms.is_some_and(|age| age >= self.settings.stale_after_ms);
        let prevented = match self.standing_if(user, true) {
            Standing::Unserved(reason) => Some(reason_word(reason)),
            Standing::Waiting => Some("pending"),
            Standing::Served if user.gone => Some("gone"),
            Standing::Served if user.presence.is_none() => Some("no_presence"),
            Standing::Served if too_old => Some("stale"),
            Standing::Served if decision.is_none() => Some("own_call"),
            Standing::Served => None,
        };
        let Some(decision) = decision.filter(|_| prevented.is_none()) else {
            return json!({
                "prevented_by": prevented,
                "dnd": null,
                "queue": null,
                "chat": null,
                "presence_age_ms": age_ms,
                "hold_ms": 0,
                "queue_hold_ms": 0,
            });
        };
        let mut chat = user.chat.clone();
        if self.settings.dry_run {
            chat.start();
        }
        let force = self.settings.policy.force;
        let value_of = |lane: &DndLane, says: Says| {
            let mut lane = lane.clone();
            if self.settings.dry_run {
                lane.start();
            }
            lane.decide(says, Holds::default(), self.stood_until(user.seen_at, now.mono_ms), now.mono_ms, force);
            lane.wanted(force).map(|(value, _)| value)
        };
        chat.decide(decision.chat, now.mono_ms);
        let value = value_of(&user.dnd, decision.dnd);
        let queue = user.queue.as_deref().zip(decision.queue).and_then(|(lane, word)| value_of(lane, word.says));
        let hold = value.map_or(0, |value| hold_of(decision.holds, value));
        let queue_hold = queue.zip(decision.queue).map_or(0, |(value, word)| hold_of(word.holds, value));
        json!({
            "prevented_by": null,
            "dnd": value.map(dnd_word),
            "queue": queue.map(dnd_word),
            "chat": chat.wanted().map(|(state, _)| chat_word(state)),
            "presence_age_ms": age_ms,
            "hold_ms": hold,
            "queue_hold_ms": queue_hold,
        })
    }
}

/// Adds what is known of the change on its way.
fn with_offer<T: Copy + PartialEq>(mut state: Value, offer: &Offer<T>, word: fn(T) -> &'static str, now: Moment) -> Value {
    let next = offer.deadline().filter(|_| !offer.is_out());
    let more = json!({
        "failures": offer.failures(),
        "out": offer.out().map(word),
        "attempt": offer.attempt(),
        "last_offered": offer.last().map(word),
        "last_answer": offer.answer_word(),
        "next_offer_at_ms": next.map(|at| now.wall_at(at)),
        "answer_due_at_ms": offer.deadline().filter(|_| offer.is_pending()).map(|at| now.wall_at(at)),
    });
    if let (Some(state), Value::Object(more)) = (state.as_object_mut(), more) {
        state.extend(more);
    }
    state
}

fn presence(view: &PresenceView, user: &User, now: Moment) -> Value {
    json!({
        "availability": view.availability.as_str(),
        "activity": view.activity.as_str(),
        "availability_text": &*view.availability_text,
        "activity_text": &*view.activity_text,
        "out_of_office": view.out_of_office,
        "observed_at_ms": view.observed_at_ms,
        "age_ms": now.mono_ms.saturating_sub(user.seen_at),
        "stale": user.stale,
        "since_start": user.fresh,
        "source": match view.source { Source::Poll => "poll", Source::Notification => "notification" },
    })
}

fn no_information(silent: &Silent, now: Moment) -> Value {
    json!({
        "availability_text": &*silent.word,
        "since_ms": wall(silent.since, now),
        "answered_at_ms": wall(silent.at, now),
        "age_ms": now.mono_ms.saturating_sub(silent.at),
    })
}

fn rules(decision: &Decision) -> Value {
    let says = |says: Says| match says {
        Says::Set(value) => dnd_word(value),
        Says::Keep => "keep",
    };
    let queue = decision.queue.map(|queue| {
        let Holds { on_ms, off_ms } = queue.holds;
        json!({ "says": says(queue.says), "fired": fired_word(queue.by), "hold_on_ms": on_ms, "hold_off_ms": off_ms })
    });
    let chat = match decision.chat {
        ChatSays::Set(value) => chat_word(value),
        ChatSays::Keep => "keep",
    };
    let (dnd_by, chat_by) = (fired_word(decision.dnd_by), fired_word(decision.chat_by));
    json!({
        "dnd": { "says": says(decision.dnd), "fired": dnd_by, "hold_on_ms": decision.holds.on_ms, "hold_off_ms": decision.holds.off_ms },
        "queue": queue,
        "chat": { "says": chat, "fired": chat_by },
    })
}

fn wanted(value: &str, reason: Reason) -> Value {
    json!({ "value": value, "reason": reason_word(reason) })
}

fn hold_of(holds: Holds, value: Dnd) -> u64 {
    match value {
        Dnd::On => holds.on_ms,
        Dnd::Off => holds.off_ms,
    }
}

fn wall(mono: u64, now: Moment) -> i64 {
    if mono == 0 { 0 } else { now.wall_at(mono) }
}
