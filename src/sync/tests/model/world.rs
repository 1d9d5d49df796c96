//! The world around the engine, and what each act does to it.

use std::hash::{DefaultHasher, Hasher};

use super::acts::{Act, DiskMood, Finish, Kind, Mood, Teams, Trap};
use super::book::Book;
use super::faults::Fault;
use super::fingerprint::Canon;
use super::host::{Host, Job, REPORT_MS, Report, Setter};
use super::link::{ACK_MS, Link, Offer, POLL_MS, office};
use crate::presence::Dnd;
use crate::sync::tests::START;
use crate::sync::tests::keep::Disk;
use crate::sync::{Answer, Commit, HostDnd, Origin};
use crate::time::Moment;

/// What went wrong, in words.
pub(super) type Held = Result<(), String>;

/// All but the engine.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) now: u64,
    pub(super) teams: Teams,
    pub(super) graph: bool,
    /// The directory knows the address.
    pub(super) known: bool,
    /// The host has handed the user over and not removed him.
    pub(super) mapped: bool,
    pub(super) seat: bool,
    pub(super) enabled: bool,
    pub(super) running: bool,
    pub(super) next_poll: u64,
    pub(super) host: Host,
    pub(super) disk_mood: DiskMood,
    pub(super) disk: Disk,
    /// Under way to the disk since then.
    pub(super) flight: Option<(Commit, u64)>,
    pub(super) book: Book,
}

impl Facts {
    /// What the library was told last is not how the host stands, or cannot be known by it.
    fn is_unclear(&self) -> bool {
        self.book.open_on || self.book.blurred || self.host.job.is_some() || !self.host.reports.is_empty()
    }
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) facts: Facts,
    pub(super) link: Link,
    pub(super) fault: Option<Fault>,
}

impl World {
    /// A running process with the user, of whom Teams has said that he is free.
    pub(super) fn new(kind: Kind, fault: Option<Fault>) -> World {
        let facts = Facts {
            now: START,
            teams: Teams::Free,
            graph: true,
            known: true,
            mapped: true,
            seat: true,
            enabled: true,
            running: true,
            next_poll: START + POLL_MS,
            host: Host::new(kind),
            disk_mood: DiskMood::Prompt,
            disk: Disk::default(),
            flight: None,
            book: Book::new(START),
        };
        let mut world = World { link: World::process(&facts, fault), facts, fault };
        world.begin();
        world
    }

    pub(super) fn has_disk(&self) -> bool {
        self.facts.host.kind != Kind::Marks
    }

    pub(super) fn moment(&self) -> Moment {
        moment(self.facts.now)
    }

    pub(super) fn put(&mut self) {
        let now = self.moment();
        let fact = match (self.facts.host.kind, self.facts.host.on) {
            (Kind::Silent, _) => HostDnd::Unknown,
            (_, None) => HostDnd::Off,
            (Kind::Marks, Some(Setter::Us)) => HostDnd::OnOurs,
            _ => HostDnd::On,
        };
        self.link.put(fact, now);
        self.facts.book.fact(fact, &mut self.facts.host);
        self.search();
    }

    /// The directory is asked for the address, as far as Graph answers.
    fn search(&mut self) {
        if self.facts.graph && self.facts.running {
            let now = self.moment();
            self.link.resolve(self.facts.known, now);
            self.facts.book.searched(self.facts.known);
        }
    }

    // ---- one act ----

    /// Does it, then all that follows at once. The error says what of docs/dnd.md did not hold.
    pub(super) fn act(&mut self, act: Act) -> Held {
        let now = self.moment();
        match act {
            Act::Teams(teams) => {
                self.facts.teams = teams;
                self.poll();
            }
            Act::Drift(teams) => self.facts.teams = teams,
            Act::Graph(up) => self.facts.graph = up,
            Act::Press(on) => self.press(on)?,
            Act::Unseen => {
                if self.facts.host.on.is_none() && !self.facts.book.gone {
                    self.facts.host.on = Some(if self.facts.is_unclear() { Setter::Doubtful } else { Setter::Unseen });
                }
            }
            Act::Mood(mood) => self.facts.host.mood = mood,
            Act::Finish(finish) => self.finish(finish)?,
            Act::Report => self.report_next()?,
            Act::Trap(trap) => self.facts.host.trap = Some(trap),
            Act::Disk(mood) => self.set_disk(mood),
            Act::Put => {
                self.facts.mapped = true;
                self.put();
            }
            Act::Remove => {
                self.facts.mapped = false;
                self.link.remove(now);
            }
            Act::Enable(on) => {
                self.facts.enabled = on;
                self.link.enable(on, now);
            }
            Act::Seat(seat) => {
                self.facts.seat = seat;
                self.link.configure(office(self.facts.host.kind, seat, self.fault), now);
            }
            Act::Match(known) => {
                self.facts.known = known;
                self.search();
            }
            Act::Reload => self.link.configure(office(self.facts.host.kind, self.facts.seat, self.fault), now),
            Act::Refresh => {
                self.link.refresh(now);
                self.poll();
            }
            Act::Crash(written) => self.crash(written)?,
            Act::Stop => self.stop()?,
            Act::Start => self.start(),
            Act::Pass(pause) => return self.pass(pause.ms()),
        }
        self.drive()
    }

    fn poll(&mut self) {
        let Facts { running, graph, enabled, .. } = self.facts;
        self.facts.next_poll = self.facts.now + POLL_MS;
        if !(running && graph && enabled) {
            return;
        }
        self.search();
        if self.link.is_polled() {
            let now = self.moment();
            self.link.observe(self.facts.teams, now);
            self.facts.book.observed(self.facts.teams, self.facts.now);
        }
    }

    /// A person presses the key. Pressing it for what stands already is news only where ours becomes theirs.
    pub(super) fn press(&mut self, on: bool) -> Held {
        let was = self.facts.host.on;
        self.facts.host.crosses(on);
        let changes = was.is_some() != on && !self.facts.book.gone;
        if !(changes || on && was == Some(Setter::Us)) {
            return Ok(());
        }
        let value = if on { Dnd::On } else { Dnd::Off };
        if self.facts.host.kind == Kind::Echoes {
            // The report will say whose it is, as far as one can know. Until then nobody was told.
            let unclear = self.facts.is_unclear();
            self.facts.book.pressed_unsaid(on, unclear, &mut self.facts.host);
            let at = self.facts.now + REPORT_MS;
            self.facts.host.reports.push_back(Report { value, ours: false, at });
            return Ok(());
        }
        self.told(value, Origin::Person)
    }

    /// A person's act reaches the library.
    fn told(&mut self, value: Dnd, origin: Origin) -> Held {
        let now = self.moment();
        let told = self.how_told(value, origin);
        self.facts.host.crosses(value == Dnd::On);
        let reached = self.link.report(value == Dnd::On, origin, now);
        self.facts.book.person(value, told, reached, self.facts.now, &mut self.facts.host);
        self.a_person_is_no_echo(value, told)
    }

    /// The oldest of what the host has to report.
    fn report_next(&mut self) -> Held {
        let Some(report) = self.facts.host.reports.pop_front() else { return Ok(()) };
        if !report.ours {
            return self.told(report.value, Origin::Seen);
        }
        let before = self.link.belief();
        let expected = self.facts.book.takes_echo(report.value, self.facts.now);
        let now = self.moment();
        self.link.report(report.value == Dnd::On, Origin::Seen, now);
        if expected {
            super::invariants::an_echo_is_no_person(before, self.link.belief())?;
        } else {
            // Too late by the echo rule: it counts as a person's from here on.
            self.facts.book.mistaken(report.value, &mut self.facts.host);
        }
        Ok(())
    }

    fn finish(&mut self, finish: Finish) -> Held {
        let Some(mut job) = self.facts.host.job else { return Ok(()) };
        if finish != Finish::Refused && job.done.is_none() {
            job.done = Some(self.turns(job.value, job.crossed)?);
        }
        let answer = match (finish, job.done) {
            (Finish::DoneUnsaid, _) => {
                self.facts.host.job = Some(job);
                return Ok(());
            }
            (Finish::Refused, Some(_)) => return Ok(()),
            (_, Some(true)) => {
                // Which came last, a person's act or this, the library cannot know.
                if job.crossed {
                    self.facts.book.blur();
                }
                Answer::Applied
            }
            (_, Some(false)) => Answer::Already,
            (_, None) => Answer::Retry,
        };
        self.facts.host.job = None;
        let now = self.moment();
        if self.link.acknowledge(job.change_id, answer, now) {
            self.facts.book.answered(job.value, answer, self.facts.now);
        }
        Ok(())
    }

    // ---- what follows ----

    /// Everything that is due goes out, until nothing is.
    pub(super) fn drive(&mut self) -> Held {
        loop {
            self.write();
            let now = self.moment();
            let Some(offer) = self.link.offer(now) else { break };
            match offer {
                Offer::Chat { id } => {
                    self.may_chat()?;
                    let refuses = self.facts.host.mood == Mood::Refuses;
                    let answer = if refuses { Answer::Retry } else { Answer::Applied };
                    self.link.answered(id, answer, now);
                }
                Offer::Dnd { id, value, reason } => {
                    self.may_offer(value, reason)?;
                    self.an_unanswered_on_counts_as_done();
                    let told_all = self.facts.host.reports.iter().all(|report| report.ours);
                    self.facts.book.handed(value, told_all);
                    self.called(id, value)?;
                }
            }
        }
        self.stands()
    }

    /// The callback of a change.
    fn called(&mut self, id: u64, value: Dnd) -> Held {
        // One change at a time: an older one that was never done will not be done any more.
        self.facts.host.job = None;
        let trap = self.facts.host.trap.take();
        match trap {
            Some(Trap::CrashBefore) => return self.crash(false),
            Some(Trap::PressBefore) => self.press(true)?,
            _ => {}
        }
        let crossed = trap == Some(Trap::PressBefore);
        let mood = if trap == Some(Trap::EarlyAnswer) { Mood::Does } else { self.facts.host.mood };
        let answer = match mood {
            Mood::Does => {
                if self.turns(value, crossed)? {
                    Answer::Applied
                } else {
                    Answer::Already
                }
            }
            Mood::Refuses => Answer::Retry,
            Mood::Defers => {
                self.facts.host.job = Some(Job { change_id: id, value, done: None, crossed, until: self.facts.now + ACK_MS });
                Answer::Pending
            }
            Mood::Lacks => {
                self.facts.host.vanish();
                self.facts.book.gone = true;
                Answer::Gone
            }
        };
        match trap {
            Some(Trap::CrashDone) => return self.crash(false),
            Some(Trap::PressAfter) => {
                // The library cannot know which of the two came last.
                self.facts.book.blur();
                let on = self.facts.host.on.is_some();
                self.press(!on)?;
            }
            _ => {}
        }
        let now = self.moment();
        if trap == Some(Trap::EarlyAnswer) {
            self.link.acknowledge(id, answer, now);
            self.link.answered(id, Answer::Pending, now);
        } else {
            self.link.answered(id, answer, now);
        }
        self.facts.book.answered(value, answer, self.facts.now);
        if trap == Some(Trap::CrashAnswered) { self.crash(false) } else { Ok(()) }
    }

    fn write(&mut self) {
        if !self.has_disk() || self.facts.disk_mood == DiskMood::Broken {
            return;
        }
        loop {
            let now = self.moment();
            if self.facts.flight.is_none() {
                let since = self.facts.now;
                self.facts.flight = self.link.take_commit(now).map(|commit| (commit, since));
            }
            if self.facts.flight.is_none() || self.facts.disk_mood == DiskMood::Held {
                return;
            }
            if let Some((commit, _)) = self.facts.flight.take() {
                self.facts.disk.write(commit);
                self.link.kept(now);
            }
        }
    }

    fn set_disk(&mut self, mood: DiskMood) {
        let before = std::mem::replace(&mut self.facts.disk_mood, mood);
        let now = self.moment();
        if !self.has_disk() || before == mood {
            return;
        }
        if mood == DiskMood::Broken {
            self.facts.flight = None;
            self.link.disk_lost(now);
        } else if before == DiskMood::Broken {
            self.link.disk_back(self.facts.disk.found(true), now);
        }
    }

    /// Time passes: deadlines of the engine, polls, and what the host does by itself.
    pub(super) fn pass(&mut self, ms: u64) -> Held {
        let until = self.facts.now + ms;
        self.drive()?;
        loop {
            let poll = self.facts.running.then_some(self.facts.next_poll);
            let next = [self.link.deadline(), poll, self.facts.host.deadline()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.facts.now = self.facts.now.max(next);
            let at = self.facts.now;
            if self.facts.host.reports.front().is_some_and(|report| report.at <= at) {
                self.report_next()?;
            } else if self.facts.host.job.is_some_and(|job| job.done.is_none() && job.until <= at) {
                self.facts.host.job = None;
            }
            let now = self.moment();
            self.link.tick(now);
            if self.facts.running && self.facts.next_poll <= at {
                self.poll();
            }
            self.drive()?;
        }
        // A process that ended on the way took its time to begin again.
        self.facts.now = self.facts.now.max(until);
        self.stands()
    }

    /// What decides how this world goes on.
    pub(super) fn fingerprint(&mut self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let now = self.facts.now;
        Canon::new(now, &mut hasher).put(&self.facts);
        self.link.fingerprint(now, &mut hasher);
        hasher.finish()
    }
}

pub(super) fn moment(now: u64) -> Moment {
    Moment { mono_ms: now, wall_ms: 1_700_000_000_000 + now as i64 }
}
