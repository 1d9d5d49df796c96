//! docs/dnd.md in plain words.

use super::acts::{DiskMood, Kind, Mood, Teams};
use super::book::{Cause, Told};
use super::host::Setter;
use super::link::{Belief, DISK_MS, HOLD_OFF_MS, LEAVING_MS, POLL_MS, STALE_MS};
use super::world::{Facts, Held, World};
use crate::presence::Dnd;
use crate::sync::{Keeps, Origin, Owner, Reason};

/// Grace that the time limits of a DND without a reason have beside their own parts.
const GRACE_MS: u64 = 60_000;

/// A process that has begun takes this long before it calls anybody stale, holds and polls not counted.
const START_MS: u64 = 30_000 + HOLD_OFF_MS;

pub(super) fn an_echo_is_no_person(before: Option<Belief>, after: Option<Belief>) -> Held {
    // Who waited for this echo only is forgotten with it.
    if before == after || after.is_none() {
        Ok(())
    } else {
        Err(format!("5: an echo of our own change was taken for a person's act: {before:?}, then {after:?}"))
    }
}

fn ensure(holds: bool, text: &str) -> Held {
    if holds { Ok(()) } else { Err(text.to_owned()) }
}

impl World {
    pub(super) fn kept(&self) -> Keeps {
        self.facts.disk.users.get("ann").copied().unwrap_or_default()
    }

    /// Less is checked here than elsewhere.
    pub(super) fn is_excused(&self) -> bool {
        self.facts.book.blurred || self.facts.host.on == Some(Setter::Doubtful)
    }

    fn recorded(&self) -> bool {
        self.kept().has(Keeps::OWNED) || self.kept().has(Keeps::INTENDED)
    }

    /// Teams leads: no DND is a person's.
    pub(super) fn is_led(&self) -> bool {
        self.facts.host.kind == Kind::Led
    }

    pub(super) fn served(&self) -> bool {
        self.followed() && !self.facts.book.gone
    }

    /// Teams is looked at for the user, though the host may have no such extension.
    fn followed(&self) -> bool {
        let Facts { running, enabled, mapped, seat, .. } = self.facts;
        running && enabled && mapped && seat && self.facts.book.found == Some(true)
    }

    pub(super) fn how_told(&mut self, value: Dnd, origin: Origin) -> Told {
        let (was, echoes) = (self.facts.host.on, self.facts.host.kind == Kind::Echoes);
        let wanted = self.served() && self.facts.book.seen == Some(Teams::Call);
        let overrides = if echoes {
            let belief = self.link.belief();
            belief.is_some_and(|b| b.claims || b.desired == Some(Dnd::On) && b.acknowledged == Some(Dnd::On))
        } else {
            was == Some(Setter::Us) || was == Some(Setter::Person) && wanted
        };
        let now = self.facts.now;
        let eaten = origin == Origin::Seen && self.facts.book.takes_echo(value, now);
        Told { eaten, overrides: overrides && value == Dnd::Off && !self.is_led(), recorded: self.recorded() }
    }

    /// A person's act is taken for one.
    pub(super) fn a_person_is_no_echo(&self, value: Dnd, told: Told) -> Held {
        let Some(belief) = self.link.belief().filter(|_| !told.eaten) else { return Ok(()) };
        if self.is_led() {
            return Ok(());
        }
        ensure(belief.owner != Owner::Ours, "3: after a person's act the DND still counts as ours")?;
        ensure(value == Dnd::Off || belief.owner == Owner::Person, "3: a person's ON is not theirs")?;
        ensure(!told.overrides || belief.overridden || self.facts.book.blurred, "6: a person's OFF is no override")
    }

    /// Before a change of DND is handed out.
    pub(super) fn may_offer(&self, value: Dnd, reason: Reason) -> Held {
        let Facts { book, now, .. } = &self.facts;
        ensure(!book.gone, "19: an offer after GONE")?;
        ensure(book.settled != Some(value) || book.out_until.is_some(), "10: an offer of what the host has acknowledged")?;
        ensure(book.out_until.is_none_or(|until| until <= *now), "12: an offer while another waits for its answer")?;
        let age = now.saturating_sub(book.seen_at);
        if value == Dnd::On {
            ensure(book.overridden.is_none(), "7: ON during an override")?;
            ensure(self.served() && !book.stopping, "17: ON for a user who is not served")?;
            ensure(book.seen == Some(Teams::Call), "11: ON, and the newest presence does not say so")?;
            ensure(age < STALE_MS, "ON by a presence that is too old")?;
            let slow = self.facts.flight.as_ref().is_some_and(|(_, since)| since + DISK_MS <= *now);
            // Where a person's is known to be on, the answer will be ALREADY; and an ON that was out before is no news.
            let owner = self.link.belief().map(|belief| belief.owner);
            let theirs = owner == Some(Owner::Person);
            // A disk that is back after a failure is behind with what was ours meanwhile.
            let behind = owner == Some(Owner::Ours) && self.facts.disk_mood == DiskMood::Held;
            let crossing = book.blurred || !self.facts.host.reports.is_empty();
            let told = theirs && (self.facts.host.on.is_some_and(|on| on != Setter::Us) || crossing);
            let file = self.has_disk() && self.facts.disk_mood != DiskMood::Broken;
            return ensure(
                told || behind || book.open_on || !file || slow || self.recorded(),
                "ON, and the file does not know of it",
            );
        }
        let true_reason = match reason {
            Reason::Rule | Reason::Resync => {
                if book.seen == Some(Teams::Keep) && book.stood_off {
                    return Ok(());
                }
                ensure(book.seen == Some(Teams::Free), "11: OFF, and the newest presence does not say so")?;
                let stood = book.stood_off || book.free_since.is_some_and(|since| now - since >= HOLD_OFF_MS);
                return ensure(stood, "15: OFF before its hold has ended");
            }
            // The age on disk may be a minute too high.
            Reason::Stale => age + 60_000 >= STALE_MS,
            Reason::Disabled => !self.facts.enabled,
            Reason::Removed => !self.facts.mapped,
            Reason::Unmatched => book.found == Some(false),
            Reason::Seats => !self.facts.seat,
            Reason::Stopping => book.stopping,
            _ => false,
        };
        ensure(true_reason, &format!("OFF for a reason that does not hold: {reason:?}"))
    }

    pub(super) fn may_chat(&self) -> Held {
        ensure(!self.facts.book.gone, "19: a chat state after GONE")
    }

    /// The host does it. True if that changed anything. `crossed`: a person pressed the key after it was handed out.
    pub(super) fn turns(&mut self, value: Dnd, crossed: bool) -> Result<bool, String> {
        if !crossed {
            self.an_unanswered_on_counts_as_done();
            let persons = matches!(self.facts.host.on, Some(Setter::Person | Setter::Unseen));
            ensure(value == Dnd::On || !persons || self.is_led(), "1: a person's DND is switched off")?;
        }
        let changed = self.facts.host.turn(value, self.facts.now);
        if self.facts.host.reports.iter().any(|report| !report.ours) {
            // What a person did before this is yet to be reported.
            self.facts.book.blur();
            self.facts.host.on = self.facts.host.on.map(|_| Setter::Doubtful);
        }
        Ok(changed)
    }

    /// What must hold at every moment at which nothing is under way.
    pub(super) fn stands(&mut self) -> Held {
        let belief = self.link.belief();
        let now = self.facts.now;
        if !self.facts.mapped {
            self.facts.book.removed_at.get_or_insert(now);
            if belief.is_none() {
                self.facts.book.forgotten();
                if self.facts.host.on == Some(Setter::Person) {
                    self.facts.host.on = Some(Setter::Unseen);
                }
            }
        }
        self.an_unanswered_on_counts_as_done();
        if belief.is_some_and(|belief| !belief.asks) {
            self.facts.book.echoes_end(now);
        }
        if !self.followed() || now - self.facts.book.seen_at >= STALE_MS {
            self.facts.book.not_served();
        }
        match (self.facts.host.on, belief) {
            (Some(setter @ (Setter::Person | Setter::Unseen)), Some(belief)) if !self.is_led() => {
                ensure(belief.owner != Owner::Ours, &format!("2: a person's DND counts as ours ({setter:?})"))?;
            }
            (Some(Setter::Us), Some(belief)) => ensure(belief.claims, "17: our DND is on, and we do not know of it")?,
            (Some(Setter::Us), None) => {
                let given_up = self.facts.book.removed_at.is_some_and(|at| now - at >= LEAVING_MS);
                if given_up {
                    // Told by TPS_EVENT_RELEASE_UNDELIVERED.
                    self.facts.host.on = Some(Setter::Doubtful);
                }
                ensure(given_up || self.recorded() || !self.has_disk(), "17: our DND is on, and its user is forgotten")?;
            }
            _ => {}
        }
        self.is_in_time()
    }

    /// Where nobody said that what is on is a person's.
    pub(super) fn an_unanswered_on_counts_as_done(&mut self) {
        let waits = self.facts.book.out_until.is_some_and(|until| until > self.facts.now);
        if self.facts.host.on == Some(Setter::Unseen) && self.facts.book.open_on && !waits {
            self.facts.host.on = Some(Setter::Doubtful);
        }
    }

    /// A DND that we set does not outlive its reason.
    fn is_in_time(&mut self) -> Held {
        let Facts { host, running, graph, teams, enabled, mapped, seat, known, now, .. } = &self.facts;
        let able =
            *running && !self.facts.book.stopping && host.mood == Mood::Does && host.job.is_none_or(|job| job.until <= *now);
        // A process that has not named anybody yet may be slow to.
        let able = able && (*mapped || self.link.belief().is_some());
        let cause = if host.on != Some(Setter::Us) || !able {
            Cause::None
        } else if !enabled || !mapped || !seat || self.facts.book.found == Some(false) {
            Cause::Unserved
        } else if !graph || !known || *teams == Teams::Silent {
            Cause::Silence
        } else if *teams == Teams::Free {
            Cause::Off
        } else {
            Cause::None
        };
        let (now, running) = (*now, *running);
        let book = &mut self.facts.book;
        if !running {
            // What was to end before the stop or the crash is to end soon after the next start.
            return Ok(());
        }
        if book.cause.0 != cause {
            book.cause = (cause, now);
        }
        let limit = match cause {
            Cause::None => return Ok(()),
            Cause::Off => POLL_MS + HOLD_OFF_MS + GRACE_MS,
            Cause::Unserved => GRACE_MS,
            Cause::Silence => STALE_MS + GRACE_MS,
        };
        let ends = (book.cause.1 + limit).max(book.began + START_MS + GRACE_MS);
        ensure(now <= ends, &format!("17: our DND has outlived its reason ({cause:?}) by {} ms", now - book.cause.1))
    }

    /// The process is gone: does the file say enough, and not too much? `waiting`: something was not written yet.
    pub(super) fn after_crash(&mut self, waiting: bool) -> Held {
        if !self.has_disk() {
            // The override of a host without a file ends with the process.
            self.facts.book.overridden = None;
            self.facts.book.open_on = false;
            if !self.facts.mapped && self.facts.host.on == Some(Setter::Us) {
                // The mark is of use only where the host hands the user over.
                self.facts.host.on = Some(Setter::Doubtful);
            }
            return Ok(());
        }
        let recorded = self.recorded();
        let unsure = waiting || !self.facts.host.reports.is_empty() || self.facts.disk_mood != DiskMood::Prompt;
        let broken = self.facts.disk_mood == DiskMood::Broken;
        if broken || unsure && !self.kept().has(Keeps::OVERRIDDEN) {
            self.facts.book.overridden = None;
        }
        match self.facts.host.on {
            // docs/decisions/0011 names both: our ON was out, or the word of the person was not written yet.
            Some(Setter::Person | Setter::Unseen) if recorded && (unsure || self.facts.book.open_on) => {
                self.facts.host.on = Some(Setter::Doubtful);
            }
            Some(Setter::Person | Setter::Unseen) => ensure(!recorded || self.is_led(), "2: the file makes a person's DND ours")?,
            Some(Setter::Us) if broken || unsure && !recorded => self.facts.host.on = Some(Setter::Doubtful),
            Some(Setter::Us) => ensure(recorded, "17: our DND is on, and the file does not know of it")?,
            _ => {}
        }
        self.facts.book.open_on = recorded;
        // The age goes on from what the file says.
        let good =
            self.facts.disk.last_good_ms.map_or(0, |wall| (wall - self.moment().wall_ms + self.facts.now as i64).max(0) as u64);
        self.facts.book.seen_at = self.facts.book.seen_at.min(good);
        if self.facts.host.on == Some(Setter::Person) && !self.facts.mapped {
            self.facts.host.on = Some(Setter::Unseen);
        }
        if self.facts.host.on == Some(Setter::Person) && self.facts.host.kind == Kind::Silent {
            // What the last process was told the next one does not know.
            self.facts.host.on = Some(Setter::Unseen);
        }
        Ok(())
    }
}
