//! Serving one instance: the part that is the same in every dispatch mode.
//!
//! Contract:
//!
//! - [`Service::serve`] may be called from any thread; the gate keeps callbacks apart.
//! - While finishing it hands out what the feed still has, waits for answers that are owed, then closes the gate behind `on_thread_stop`.
//!   The feed must fall silent by itself: deliveries are offered until none is due; events and log lines at most [`TAIL`] more, since a
//!   callback can cause new ones.
//! - It never waits; whoever drives it does, on the bell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::gate::NoPass;
use super::outlet::{Outlet, Pumped, What};
use crate::sys::primitives::{Condvar, Mutex, lock, wait};

/// How many events and log lines are handed out, at most, after the last delivery of a stop.
const TAIL: u32 = 10_000;
/// How many panics of our own a stop bears before it closes the gate on what is left.
const MOST_TROUBLE: u32 = 8;
/// How long a driver waits after a panic of our own before it tries again.
pub(super) const AFTER_TROUBLE: Duration = Duration::from_millis(100);
/// What a stop allows, beyond its time, to what does not hang: a thread of ours that has yet to be scheduled, callbacks that are quick.
pub(super) const GRACE: Duration = Duration::from_millis(250);
/// How often a stop whose time is over looks whether a callback hangs.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The greatest part of a stop's time that is kept back for the end: answers that are owed are not waited for in it.
const LONGEST_RESERVE: Duration = Duration::from_millis(200);

/// How a serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Finished {
    /// No callback runs and none will until the next start.
    Quiet,
    /// The host's callback has not come back, or not all has been offered. To be called again.
    Busy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Shut,
    Serving,
    Finishing,
}

/// What one [`Service::serve`] left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// There may be more.
    More,
    /// Nothing waits; the bell will ring.
    Idle,
    /// A callback runs on another thread.
    Taken,
    /// A panic of our own was caught.
    Trouble,
    /// This call closed the gate; its driver calls [`Service::shut`].
    Ended,
    /// Somebody else closed the gate.
    Closed,
}

#[derive(Debug)]
struct Stage {
    /// Counts the starts, so that a late stop does not end the serving of a later start.
    round: u64,
    phase: Phase,
    greeted: bool,
    /// Answers that are owed are not waited for any more.
    give_up: bool,
    /// What the feed still has is not offered any more.
    drop_rest: bool,
    tail: u32,
    trouble: u32,
}

impl Stage {
    fn new(round: u64, phase: Phase) -> Stage {
        Stage { round, phase, greeted: false, give_up: false, drop_rest: false, tail: TAIL, trouble: 0 }
    }

    fn is_over(&self, round: u64) -> bool {
        self.phase == Phase::Shut || self.round != round
    }
}

/// Where a serving stands; outlives the service, so that the last reference to an outlet is never the driver's.
#[derive(Debug)]
struct Progress {
    stage: Mutex<Stage>,
    moved: Condvar,
}

#[derive(Debug)]
pub(super) struct Service {
    outlet: Arc<Outlet>,
    bell: Arc<Bell>,
    /// What the host is told about the thread; `None` where the thread is the host's own.
    thread_name: Option<&'static str>,
    progress: Arc<Progress>,
}

impl Service {
    pub(super) fn new(outlet: Arc<Outlet>, bell: Bell, thread_name: Option<&'static str>) -> Service {
        let stage = Stage::new(0, Phase::Shut);
        let progress = Arc::new(Progress { stage: Mutex::new(stage), moved: Condvar::new() });
        Service { outlet, bell: Arc::new(bell), thread_name, progress }
    }

    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    pub(super) fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    pub(super) fn phase(&self) -> Phase {
        lock(&self.progress.stage).phase
    }

    /// Opens the gate. False if it is not shut.
    pub(super) fn open(&self) -> bool {
        let mut stage = lock(&self.progress.stage);
        if stage.phase != Phase::Shut {
            return false;
        }
        *stage = Stage::new(stage.round + 1, Phase::Serving);
        self.outlet.gate().open();
        true
    }

    /// Takes back an [`open`](Self::open) after which nothing was served.
    pub(super) fn unopen(&self) {
        self.outlet.gate().close();
        lock(&self.progress.stage).phase = Phase::Shut;
        self.progress.moved.notify_all();
    }

    /// Which start this is: 0 before the first.
    pub(super) fn round(&self) -> u64 {
        lock(&self.progress.stage).round
    }

    /// Asks whoever serves to come to an end. False if that round is over and a later one has begun.
    pub(super) fn begin_finish(&self, round: u64, drop_rest: bool) -> bool {
        let mut stage = lock(&self.progress.stage);
        if stage.round != round {
            return false;
        }
        if stage.phase == Phase::Serving {
            stage.phase = Phase::Finishing;
        }
        stage.drop_rest |= drop_rest;
        stage.give_up |= drop_rest;
        drop(stage);
        // Whoever waits on the bell looks at the phase again, even if another server silences this ring at once.
        self.bell.ring();
        true
    }

    /// Answers that are owed are not waited for from now on.
    pub(super) fn give_up_answers(&self, round: u64) {
        let mut stage = lock(&self.progress.stage);
        stage.give_up |= stage.round == round;
        drop(stage);
        self.bell.ring();
    }

    /// Hands out up to `most` things on the calling thread.
    pub(super) fn serve(&self, most: u32) -> (u32, Rest) {
        self.greet();
        let mut ran = 0;
        while ran < most {
            if lock(&self.progress.stage).drop_rest {
                return (ran, self.end());
            }
            let (mut owed, mut finishing) = (false, false);
            let mut pumped = self.pump();
            if pumped == Pumped::Nothing {
                self.bell.quieten();
                // Asked before the feed is: a stop puts its releases into the feed first, so only a look after it can say that none is left.
                finishing = self.phase() == Phase::Finishing;
                // Likewise: an answer that comes in between may make a delivery due, which the feed then has.
                owed = self.outlet.feed().awaits_answers();
                pumped = self.pump();
                if pumped != Pumped::Nothing {
                    // Perhaps it rang for more than this one thing.
                    self.bell.ring();
                }
            }
            match pumped {
                Pumped::One => ran += 1,
                Pumped::Nothing if finishing && owed && self.gives_up() => {
                    self.outlet.give_up_answers();
                    if self.outlet.feed().awaits_answers() {
                        // The feed broke over it; the stop ends all the same.
                        return (ran, self.end());
                    }
                }
                Pumped::Nothing => return (ran, self.idle(finishing, owed)),
                Pumped::Taken => return (ran, Rest::Taken),
                Pumped::Closed => return (ran, Rest::Closed),
                Pumped::Trouble => return (ran, self.trouble()),
            }
        }
        if self.outlet.feed().is_idle() {
            self.bell.quieten();
            if !self.outlet.feed().is_idle() || self.phase() == Phase::Finishing {
                self.bell.ring();
            }
        }
        (ran, Rest::More)
    }

    fn greet(&self) {
        let Some(name) = self.thread_name else { return };
        let mut stage = lock(&self.progress.stage);
        if stage.phase == Phase::Shut || stage.greeted || stage.drop_rest {
            return;
        }
        stage.greeted = true;
        drop(stage);
        self.outlet.thread_started(name);
    }

    fn pump(&self) -> Pumped {
        if self.phase() != Phase::Finishing {
            return self.outlet.pump(What::All);
        }
        let delivered = self.outlet.pump(What::Deliveries);
        let mut stage = lock(&self.progress.stage);
        if delivered != Pumped::Nothing || stage.tail == 0 {
            return delivered;
        }
        stage.tail -= 1;
        drop(stage);
        self.outlet.pump(What::All)
    }

    /// Nothing waits. `finishing`: it was looked for after the stop began; otherwise the stop's ring brings the driver back.
    fn idle(&self, finishing: bool, owed: bool) -> Rest {
        let stage = lock(&self.progress.stage);
        if finishing && stage.phase == Phase::Finishing && !owed {
            drop(stage);
            return self.end();
        }
        Rest::Idle
    }

    fn gives_up(&self) -> bool {
        let stage = lock(&self.progress.stage);
        stage.phase == Phase::Finishing && stage.give_up
    }

    fn trouble(&self) -> Rest {
        let mut stage = lock(&self.progress.stage);
        if stage.phase == Phase::Finishing {
            stage.trouble += 1;
            stage.drop_rest |= stage.trouble >= MOST_TROUBLE;
        }
        Rest::Trouble
    }

    fn end(&self) -> Rest {
        let greeted = lock(&self.progress.stage).greeted;
        match self.outlet.end(self.thread_name.filter(|_| greeted)) {
            Ok(()) => Rest::Ended,
            Err(NoPass::Taken) => Rest::Taken,
            Err(NoPass::Closed) => Rest::Closed,
        }
    }

    /// The driver's last word, after [`Rest::Ended`]. Gives its reference up before anybody who waits is told.
    pub(super) fn shut(self: Arc<Self>) {
        let progress = Arc::clone(&self.progress);
        let bell = Arc::clone(&self.bell);
        drop(self);
        lock(&progress.stage).phase = Phase::Shut;
        progress.moved.notify_all();
        // Nothing rings any more; another stop may wait for the bell.
        bell.rouse();
    }

    /// Waits for somebody else's driver to shut. `elsewhere` tells that the driver hangs in a callback of another instance.
    /// Busy only where a callback hangs, or where so many were due that quick ones did not come to an end in the time.
    pub(super) fn wait_shut(&self, round: u64, deadline: Instant, elsewhere: impl Fn() -> bool) -> Finished {
        if !self.wait_until(round, give_up_at(deadline)) {
            self.give_up_answers(round);
        }
        let mut shut = self.wait_until(round, deadline);
        // Beyond the deadline only what does not hang is waited for: code of ours, and callbacks that come back at once.
        let mut now = Instant::now();
        while !shut && now < deadline + GRACE && !self.outlet.hangs() && !elsewhere() {
            shut = self.wait_until(round, (now + LOOK_EVERY).min(deadline + GRACE));
            now = Instant::now();
        }
        if shut { self.quiet(round, deadline + GRACE) } else { Finished::Busy }
    }

    /// The last word of a stop: the gate itself is asked. A later start that has opened it again began when this round was quiet.
    pub(super) fn quiet(&self, round: u64, deadline: Instant) -> Finished {
        if self.outlet.gate().wait_quiet(Some(deadline)) || self.round() != round { Finished::Quiet } else { Finished::Busy }
    }

    /// Waits until the pass is free. False if the callback that has it hangs, and the time is over.
    pub(super) fn wait_free(&self, deadline: Instant) -> bool {
        let gate = self.outlet.gate();
        let mut free = gate.wait_free(Some(deadline));
        let mut now = Instant::now();
        while !free && now < deadline + GRACE && !self.outlet.hangs() {
            free = gate.wait_free(Some((now + LOOK_EVERY).min(deadline + GRACE)));
            now = Instant::now();
        }
        free
    }

    /// Waits until this round is over, or until `deadline`. True if it is.
    pub(super) fn wait_until(&self, round: u64, deadline: Instant) -> bool {
        let mut stage = lock(&self.progress.stage);
        let mut in_time = true;
        while !stage.is_over(round) && in_time {
            (stage, in_time) = wait(&self.progress.moved, stage, Some(deadline));
        }
        stage.is_over(round)
    }

    /// This round is shut, or a later one has begun.
    pub(super) fn is_over(&self, round: u64) -> bool {
        lock(&self.progress.stage).is_over(round)
    }
}

/// When a stop with this deadline ceases to wait for answers that are owed: they must not make it answer [`Finished::Busy`].
pub(super) fn give_up_at(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline.checked_sub((left / 4).min(LONGEST_RESERVE)).unwrap_or(deadline)
}
