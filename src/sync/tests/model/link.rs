//! All that the model knows of the engine: what goes in, what comes out, what can be asked. Changes of the engine's interface end here.

use std::hash::{DefaultHasher, Hasher};

use super::acts::{Kind, Teams};
use super::faults::Fault;
use super::fingerprint::Canon;
use crate::presence::{Dnd, Guid, Raw};
use crate::sync::engine::Engine;
use crate::sync::tests::{settings, user};
use crate::sync::{Answer, Commit, Delivery, Found, HostDnd, Keeps, MatchedBy, Origin, Owner, Reason, Resolution};
use crate::sync::{Settings, Source, Unmatched, UserInput};
use crate::time::Moment;

pub(super) const POLL_MS: u64 = 30_000;
/// A poll this late still follows the one before.
pub(super) const POLL_GRACE_MS: u64 = 5_000;
pub(super) const HOLD_OFF_MS: u64 = 10_000;
pub(super) const ECHO_MS: u64 = 10_000;
pub(super) const ACK_MS: u64 = 30_000;
pub(super) const STALE_MS: u64 = 300_000;
pub(super) const OVERRIDE_MS: u64 = 60_000;
/// A change waits for the disk no longer than this.
pub(super) const DISK_MS: u64 = 2_000;
/// A removed user is offered his release for this long.
pub(super) const LEAVING_MS: u64 = 15 * 60_000;

const NAME: &str = "ann";
const ADDRESS: &str = "ann@contoso.test";
const PERSON: Guid = Guid(7);

/// A change handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Dnd { id: u64, value: Dnd, reason: Reason },
    Chat { id: u64 },
}

/// What the engine believes of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Belief {
    pub(super) owner: Owner,
    /// Ours, or maybe so: its OFF will be asked for when the time comes.
    pub(super) claims: bool,
    pub(super) overridden: bool,
    pub(super) desired: Option<Dnd>,
    pub(super) acknowledged: Option<Dnd>,
    pub(super) gone: bool,
    pub(super) chat_told: bool,
    /// A change is out, could still be acknowledged, or is to be offered.
    pub(super) asks: bool,
}

/// The engine with one user.
#[derive(Clone)]
pub(super) struct Link {
    engine: Engine,
    fault: Option<Fault>,
    /// For wrong rules: values handed out so far, and whether one was made up.
    handed: [bool; 2],
    invented: bool,
    /// Of OFF and ON, whether one was handed out and never answered.
    unanswered: [bool; 2],
    dnd_out: Option<(u64, usize)>,
}

/// The configuration of the model's world, with or without a seat for its user.
pub(super) fn office(kind: Kind, seat: bool, fault: Option<Fault>) -> Settings {
    let hold = if fault == Some(Fault::NoHold) { 0 } else { HOLD_OFF_MS };
    let stale = if fault == Some(Fault::NeverStale) { "hold" } else { "release" };
    let limit = u8::from(seat);
    let ownership = if kind == Kind::Led { "force" } else { "strict" };
    settings(&format!(
        r#","source":{{"poll_interval_ms":{POLL_MS}}},"dnd":{{"ownership":"{ownership}","hold_off_ms":{hold},"echo_ms":{ECHO_MS}}},"stale":{{"after_ms":{STALE_MS},"policy":"{stale}"}},
           "dispatch":{{"ack_timeout_ms":{ACK_MS}}},"seats":{{"limit":{limit}}},
           "rules":{{"list":[{{"when":{{"availability":["Away"]}},"dnd":"keep"}}]}}"#
    ))
}

impl Link {
    pub(super) fn new(settings: Settings, disk: Option<Found>, fault: Option<Fault>, now: Moment) -> Link {
        let mut link = Link {
            engine: Engine::new(settings, true, 1),
            fault,
            handed: [false; 2],
            invented: false,
            unanswered: [false; 2],
            dnd_out: None,
        };
        if let Some(mut found) = disk {
            if fault == Some(Fault::RestartForgetsAge) {
                found.last_good_ms = None;
            }
            if fault == Some(Fault::RestartForgetsOwned) {
                found.users.retain(|(_, keeps)| !keeps.has(Keeps::OWNED));
            }
            link.engine.remember();
            link.engine.found(found, now);
        }
        link
    }

    // ---- life ----

    pub(super) fn start(&mut self, now: Moment) {
        self.engine.start(now);
    }

    /// The same process starts again after a stop: its file is opened anew.
    pub(super) fn reopen(&mut self, found: Found, now: Moment) {
        self.engine.lost(now);
        self.engine.found(found, now);
    }

    pub(super) fn begin_stop(&mut self, now: Moment) {
        self.engine.begin_stop(now);
    }

    pub(super) fn give_up_answers(&mut self, now: Moment) {
        self.engine.give_up_answers(now);
    }

    pub(super) fn stopped(&mut self, now: Moment) {
        self.engine.stopped(now);
    }

    pub(super) fn enable(&mut self, on: bool, now: Moment) {
        self.engine.set_enabled(on, now);
    }

    pub(super) fn configure(&mut self, settings: Settings, now: Moment) {
        self.engine.configure(settings, now);
    }

    // ---- the host ----

    pub(super) fn put(&mut self, host_dnd: HostDnd, now: Moment) {
        self.engine.put_user(&UserInput { host_dnd, ..user(NAME) }, now);
    }

    pub(super) fn set_nobody(&mut self, now: Moment) {
        self.engine.set_users(vec![], now);
    }

    pub(super) fn remove(&mut self, now: Moment) -> bool {
        self.engine.remove_user(NAME, now)
    }

    pub(super) fn report(&mut self, on: bool, origin: Origin, now: Moment) -> bool {
        let seen = origin == Origin::Seen;
        match self.fault {
            Some(Fault::EchoNeverExpires) if seen && self.handed[usize::from(on)] => true,
            Some(Fault::UnansweredEchoLastsForEver) if seen && std::mem::take(&mut self.unanswered[usize::from(on)]) => true,
            Some(Fault::EchoIsAPerson) => self.engine.report_dnd(NAME, on, Origin::Person, now),
            _ => self.engine.report_dnd(NAME, on, origin, now),
        }
    }

    pub(super) fn refresh(&mut self, now: Moment) -> bool {
        self.engine.hurry(Some(NAME), now)
    }

    pub(super) fn offer(&mut self, now: Moment) -> Option<Offer> {
        while let Some(delivery) = self.engine.next_delivery(now) {
            match delivery {
                Delivery::Dnd(change) if self.fault == Some(Fault::RemovalForgets) && change.reason == Reason::Removed => {
                    self.engine.answered(change.change_id, Answer::Applied, now);
                }
                Delivery::Dnd(change) => {
                    let place = usize::from(change.value == Dnd::On);
                    (self.handed[place], self.unanswered[place]) = (true, true);
                    self.dnd_out = Some((change.change_id, place));
                    return Some(Offer::Dnd { id: change.change_id, value: change.value, reason: change.reason });
                }
                Delivery::Chat(change) => {
                    return Some(Offer::Chat { id: change.change_id });
                }
                _ => {}
            }
        }
        self.invent()
    }

    /// What a wrong rule would ask for, once.
    fn invent(&mut self) -> Option<Offer> {
        let belief = self.belief().filter(|_| !self.invented)?;
        let value = match self.fault? {
            Fault::OffForAPersonsDnd if belief.owner == Owner::Person && belief.desired == Some(Dnd::Off) => Dnd::Off,
            Fault::OverrideIsFought if belief.overridden && belief.desired == Some(Dnd::On) => Dnd::On,
            _ => return None,
        };
        self.invented = true;
        Some(Offer::Dnd { id: 0, value, reason: Reason::Rule })
    }

    pub(super) fn answered(&mut self, id: u64, answer: Answer, now: Moment) {
        self.note_answer(id, answer);
        self.engine.answered(id, self.said(answer), now);
    }

    fn note_answer(&mut self, id: u64, answer: Answer) {
        if let Some((_, place)) = self.dnd_out.filter(|(out, _)| *out == id && answer != Answer::Pending) {
            self.unanswered[place] = false;
        }
    }

    pub(super) fn acknowledge(&mut self, id: u64, answer: Answer, now: Moment) -> bool {
        self.note_answer(id, answer);
        self.engine.acknowledge(id, self.said(answer), now)
    }

    fn said(&self, answer: Answer) -> Answer {
        match (self.fault, answer) {
            (Some(Fault::AlreadyOwns), Answer::Already) | (Some(Fault::RefusalCounts), Answer::Retry) => Answer::Applied,
            (Some(Fault::GoneIsForgotten), Answer::Gone) => Answer::Retry,
            _ => answer,
        }
    }

    // ---- Graph ----

    /// The user is asked for.
    pub(super) fn is_polled(&mut self) -> bool {
        self.engine.polled().ids.contains(&PERSON)
    }

    pub(super) fn observe(&mut self, teams: Teams, now: Moment) {
        let (availability, activity) = teams.words();
        let raw = Raw { availability: Some(availability), activity: Some(activity), out_of_office: None };
        self.engine.good_answer(now);
        self.engine.observe(PERSON, raw, Source::Poll, now);
    }

    pub(super) fn resolve(&mut self, found: bool, now: Moment) {
        let resolution = if found {
            Resolution::Matched { object: PERSON, by: MatchedBy::Mail }
        } else {
            Resolution::Unmatched(Unmatched::Unknown)
        };
        self.engine.resolve(ADDRESS, &resolution, now);
    }

    // ---- time and disk ----

    pub(super) fn deadline(&self) -> Option<u64> {
        self.engine.next_deadline()
    }

    pub(super) fn tick(&mut self, now: Moment) {
        self.engine.tick(now);
    }

    pub(super) fn take_commit(&mut self, now: Moment) -> Option<Commit> {
        let mut commit = self.engine.take_commit(now)?;
        let strip = match self.fault {
            Some(Fault::OverrideNotStored) => Keeps::OVERRIDDEN,
            Some(Fault::IntentNotStored) => Keeps::INTENDED,
            _ => Keeps::NOTHING,
        };
        for (_, keeps) in &mut commit.users {
            *keeps = Keeps::from_bits(keeps.bits() & !strip.bits()).unwrap_or_default();
        }
        Some(commit)
    }

    pub(super) fn kept(&mut self, now: Moment) {
        self.engine.kept(now);
    }

    /// Something that the file should say is not there yet (`state_file.waiting` of the statistics).
    pub(super) fn unkept(&self) -> bool {
        self.engine.unkept() > 0
    }

    pub(super) fn disk_lost(&mut self, now: Moment) {
        self.engine.lost(now);
    }

    pub(super) fn disk_back(&mut self, found: Found, now: Moment) {
        self.engine.found(found, now);
    }

    // ---- questions ----

    pub(super) fn belief(&self) -> Option<Belief> {
        let user = self.engine.roster.get(self.engine.roster.by_id(NAME)?)?;
        Some(Belief {
            owner: user.dnd.owner(),
            claims: user.dnd.owes(),
            overridden: user.dnd.overrides(),
            desired: user.dnd.desired(),
            acknowledged: user.dnd.acknowledged(),
            gone: user.gone,
            chat_told: user.chat.owes(),
            asks: user.dnd.offer().may_be_acknowledged() || self.engine.wants_dnd(&user.dnd).is_some(),
        })
    }

    pub(super) fn awaits_answers(&self) -> bool {
        self.engine.awaits_answers()
    }

    /// How many things the engine keeps in rows and tables, whatever they are.
    pub(super) fn weight(&mut self) -> [usize; 4] {
        self.engine.take_notices();
        let timers = self.engine.timers.len();
        assert!(timers <= 2 * self.engine.roster.len() + 64, "{timers} timers");
        [self.engine.roster.len(), self.engine.ready.len(), self.engine.unkept(), self.engine.unnamed()]
    }

    /// All of the engine that decides what it will do, with times relative to now.
    pub(super) fn fingerprint(&mut self, now: u64, hasher: &mut DefaultHasher) {
        // What is told to people does not come back.
        self.engine.take_notices();
        let engine = &self.engine;
        let mut canon = Canon::new(now, hasher);
        for (_, user) in engine.roster.iter() {
            canon.put(&(&user.dnd, &user.chat, user.presence, user.seen_at, user.timer_at));
            canon.put(&(user.fresh, user.stale, user.news, user.queued, user.gone, user.owing));
            canon.put(&(user.kept, user.dirty, user.leaving, user.matching, user.seated));
        }
        canon.put(&(&engine.phase, engine.enabled, engine.ready.len(), engine.pending, engine.last_good, engine.quiet));
        canon.put(&(engine.stale_told, engine.stale_scan_at, engine.started_at, engine.releasing, &engine.keep));
        hasher.write_u8(u8::from(engine.settings.seats == Some(0)));
    }
}
