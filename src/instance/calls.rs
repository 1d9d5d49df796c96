//! What the host tells and asks between start and stop.

use std::os::fd::RawFd;
use std::time::Duration;

use super::core::{Instance, destroyed};
use super::error::{Error, ErrorKind};
use super::life::State;
use super::run::Run;
use crate::auth::NoPerson;
use crate::event::Level;
use crate::host::reentrancy;
use crate::source::notify::Reply;
use crate::sync::{Answer, Origin, UserInput};

impl Instance {
    /// The whole mapping anew.
    ///
    /// # Errors
    /// `State` while stopping. Faults in the data of single users are told as events.
    pub fn set_users(&self, users: Vec<UserInput>) -> Result<(), Error> {
        self.not_stopping()?;
        self.desk.with_roster(|engine, now| engine.set_users(users, now));
        Ok(())
    }

    /// One user added or changed.
    ///
    /// # Errors
    /// `State` while stopping.
    pub fn put_user(&self, user: &UserInput) -> Result<(), Error> {
        self.not_stopping()?;
        self.desk.with_roster(|engine, now| engine.put_user(user, now));
        Ok(())
    }

    /// One user removed; what is ours of his is given back.
    ///
    /// # Errors
    /// `NotFound`; `State` while stopping.
    pub fn remove_user(&self, user_id: &str) -> Result<(), Error> {
        self.not_stopping()?;
        let found = self.desk.with_roster(|engine, now| engine.remove_user(user_id, now));
        if found { Ok(()) } else { Err(no_user()) }
    }

    /// Switches the following on or off.
    ///
    /// # Errors
    /// `State` while stopping.
    pub fn set_enabled(&self, enabled: bool) -> Result<(), Error> {
        self.not_stopping()?;
        self.desk.with_roster(|engine, now| engine.set_enabled(enabled, now));
        Ok(())
    }

    /// The answer that was announced by PENDING.
    ///
    /// # Errors
    /// `NotFound` when nobody waits for it (answered, timed out and offered anew, never given out, or ended by a stop); `InvalidArg` for
    /// PENDING.
    pub fn acknowledge(&self, change_id: u64, answer: Answer) -> Result<(), Error> {
        if answer == Answer::Pending {
            return Err(Error::new(ErrorKind::InvalidArg, "result: TPS_ACK_PENDING is what this call answers; say how it ended"));
        }
        let found = self.desk.with(|engine, now| engine.acknowledge(change_id, answer, now));
        // A stop may be waiting for just this.
        self.dispatch.wake();
        if found { Ok(()) } else { Err(Error::new(ErrorKind::NotFound, "change_id: nobody waits for this answer")) }
    }

    /// The host's DND changed, or was seen so.
    ///
    /// # Errors
    /// `NotFound`; `State` while stopping.
    pub fn report_dnd(&self, user_id: &str, on: bool, origin: Origin) -> Result<(), Error> {
        self.not_stopping()?;
        let found = self.desk.with(|engine, now| engine.report_dnd(user_id, on, origin, now));
        if found { Ok(()) } else { Err(no_user()) }
    }

    /// The host's DND for the calls of queues changed, or was seen so.
    ///
    /// # Errors
    /// `NotFound`; `State` while stopping.
    pub fn report_queue(&self, user_id: &str, on: bool, origin: Origin) -> Result<(), Error> {
        self.not_stopping()?;
        let found = self.desk.with(|engine, now| engine.report_queue(user_id, on, origin, now));
        if found { Ok(()) } else { Err(no_user()) }
    }

    /// A user is in a call of the host's own, or no longer.
    ///
    /// # Errors
    /// `NotFound`; `State` while stopping.
    pub fn report_call(&self, user_id: &str, in_call: bool) -> Result<(), Error> {
        self.not_stopping()?;
        let found = self.desk.with(|engine, now| engine.report_call(user_id, in_call, now));
        if found { Ok(()) } else { Err(no_user()) }
    }

    /// Asks for one user's presence at once, or for everything: presence of all, and the directory. Offers what was refused again.
    ///
    /// # Errors
    /// `NotFound`; `State` unless running.
    pub fn refresh(&self, user_id: Option<&str>) -> Result<(), Error> {
        // Not by the state alone: a callback may ask before the start has returned, and while another thread reloads.
        self.not_stopping()?;
        let place = self.lock_run();
        let Some(run) = place.as_ref() else { return Err(self.wrong_state()) };
        // Of all there may be very many, and a sweep knows them already.
        let (found, enabled, ids) = self.desk.with(|engine, now| {
            let enabled = engine.is_enabled();
            let ids = if user_id.is_none() && enabled { Vec::new() } else { engine.matched_ids(user_id) };
            (engine.hurry(user_id, now), enabled, ids)
        });
        if !found {
            return Err(no_user());
        }
        match user_id {
            Some(user_id) if ids.is_empty() => run.refresh_when_found(user_id),
            Some(_) => run.refresh(ids),
            None => {
                if enabled {
                    run.sweep();
                } else {
                    run.refresh(ids);
                }
                run.round();
            }
        }
        Ok(())
    }

    /// What was posted to the notification address: answers what the web server is to answer.
    ///
    /// # Errors
    /// `State` unless running with notifications.
    pub fn deliver_notification(&self, query: &str, body: &[u8]) -> Result<Reply, Error> {
        // Not by the state: Graph validates the address of a subscription before the start has returned.
        let hub = match self.lock_run().as_ref() {
            Some(run) => run.hub().cloned(),
            None => return Err(self.wrong_state()),
        };
        let hub = hub.ok_or_else(|| Error::state("only with \"source\": {\"mode\": \"notifications\"}"))?;
        Ok(hub.deliver(query, body))
    }

    /// Asks for a code by which a person signs in; the event that shows it follows. `account` empty: the sign-in of
    /// `auth`, else a name of `source.notifications.accounts`, or the object id of who is signed in.
    ///
    /// # Errors
    /// `NotFound` for an unknown account; `State` unless running, and where no person signs in.
    pub fn sign_in(&self, account: &str) -> Result<(), Error> {
        self.person(|run| run.sign_in(account))
    }

    /// Forgets the sign-in of a person, also on disk, and uses its token no longer.
    ///
    /// # Errors
    /// As [`Instance::sign_in`].
    pub fn sign_out(&self, account: &str) -> Result<(), Error> {
        self.person(|run| run.sign_out(account))
    }

    fn person(&self, act: impl FnOnce(&Run) -> Result<(), NoPerson>) -> Result<(), Error> {
        // Not by the state: the first code may be out before the start has returned.
        let done = self.lock_run().as_ref().map(act);
        match done {
            Some(Ok(())) => Ok(()),
            Some(Err(error @ NoPerson::Account)) => Err(Error::new(ErrorKind::NotFound, format!("account: {error}"))),
            Some(Err(error @ NoPerson::Method(_))) => Err(Error::state(&error.to_string())),
            None => Err(self.wrong_state()),
        }
    }

    /// The descriptor to wait on.
    ///
    /// # Errors
    /// `State` unless the dispatch mode is poll.
    pub fn event_fd(&self) -> Result<RawFd, Error> {
        self.dispatch.event_fd().ok_or_else(not_poll)
    }

    /// Runs callbacks on the calling thread and tells how many.
    ///
    /// # Errors
    /// `Reentrant` inside a callback; `State` unless the dispatch mode is poll and the instance was started.
    pub fn dispatch(&self, timeout: Duration, max: u32) -> Result<u32, Error> {
        if reentrancy::in_callback() {
            return Err(Error::reentrant("tps_dispatch"));
        }
        if self.dispatch.event_fd().is_none() {
            return Err(not_poll());
        }
        // A stop has begun, even if the dispatch itself has not heard of it yet: who ran a release must not wait for more.
        if matches!(self.life.now(), State::Ending | State::Stopping) {
            return Err(self.wrong_state());
        }
        self.dispatch.dispatch(timeout, max).map_err(|_| self.wrong_state())
    }

    /// What is logged from now on.
    pub fn set_log_level(&self, level: Level) {
        self.desk.reporter().set_level(level);
    }

    fn not_stopping(&self) -> Result<(), Error> {
        match self.life.now() {
            State::Ending | State::Stopping | State::Destroyed => Err(self.wrong_state()),
            State::New | State::Busy | State::Running | State::Stopped => Ok(()),
        }
    }

    pub(super) fn wrong_state(&self) -> Error {
        match self.life.now() {
            State::Destroyed => destroyed(),
            state => Error::state(&format!("not while the instance is {}", state.as_str())),
        }
    }
}

pub(super) fn no_user() -> Error {
    Error::new(ErrorKind::NotFound, "user_id: no such user")
}

fn not_poll() -> Error {
    Error::state("only with \"dispatch\": {\"mode\": \"poll\"}")
}
