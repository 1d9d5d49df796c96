//! Create, start, stop, destroy.

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

use super::error::{Error, ErrorKind};
use super::life::{Life, State};
use super::run::Run;
use crate::config::{Config, ConfigError, DispatchMode, Parsed, Warning};
use crate::event::{Counters, Event, Kind, Reporter};
use crate::host::{Desk, Dispatch, Finished, HostCallbacks, Mode, Outlet, Waker, reentrancy};
use crate::process;
use crate::source::Polling;
use crate::store::{Ledger, NotOpened, Place, Store};
use crate::sync::{Engine, Outputs, Settings};
use crate::time::Clock;

/// What a stop waits beyond its time for other threads inside calls of this instance, which never wait for a callback.
const OWN_CODE: Duration = Duration::from_millis(250);

/// One instance, as the C interface sees it. Every method may be called from any thread.
pub struct Instance {
    pub(super) life: Life,
    pub(super) config: Mutex<Arc<Config>>,
    pub(super) outputs: Outputs,
    pub(super) desk: Arc<Desk>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) dispatch: Dispatch,
    pub(super) counters: Arc<Counters>,
    pub(super) polling: Arc<Mutex<Polling>>,
    pub(super) run: Mutex<Option<Run>>,
    pub(super) warnings: Mutex<Vec<Warning>>,
    pub(super) created_at: u64,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("life", &self.life).finish_non_exhaustive()
    }
}

impl Instance {
    /// Checks the configuration and puts an instance together. Touches neither disk nor network; the callbacks are dropped on failure.
    ///
    /// # Errors
    /// The configuration, with every problem named; or no descriptor for poll mode.
    pub fn create(config_json: &[u8], callbacks: Box<dyn HostCallbacks>) -> Result<Arc<Instance>, Error> {
        let Parsed { config, warnings } = Config::parse(config_json).map_err(refused)?;
        let wants = callbacks.wants();
        let outputs = Outputs { dnd: wants.dnd, chat: wants.chat, presence: wants.presence, queue: wants.queue };
        let clock = Clock::system();
        let bell: Arc<OnceCell<Waker>> = Arc::default();
        let wake = {
            let bell = bell.clone();
            Arc::new(move || {
                if let Some(bell) = bell.get() {
                    bell.wake();
                }
            })
        };
        let reporter = Reporter::new(config.log.level, clock.clone(), wake.clone());
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        let engine = Engine::new(Settings::new(&config, outputs), config.enabled, seed);
        let place = config.state.dir.as_ref().map(|dir| Place::new(dir, &config.name));
        let store = Store::new(place, clock.clone(), reporter.clone());
        let desk = Arc::new(Desk::new(engine, clock.clone(), reporter, wake, store.clone()));
        let ledger: Arc<dyn Ledger> = desk.clone();
        store.serve(Arc::downgrade(&ledger));
        let outlet = Arc::new(Outlet::new(desk.clone(), callbacks));
        let mode = match config.dispatch.mode {
            DispatchMode::Thread => Mode::Thread,
            DispatchMode::Poll => Mode::Poll,
            DispatchMode::Shared => Mode::Shared(process::shared_dispatcher()),
        };
        let no_fd =
            |error| Error::new(ErrorKind::System, format!("dispatch.mode poll: no descriptor ({error}); look at ulimit -n"));
        let dispatch = Dispatch::new(mode, outlet.clone()).map_err(no_fd)?;
        // Cannot be set already: it was made above.
        let _ = bell.set(dispatch.waker());
        Ok(Arc::new(Instance {
            life: Life::new(),
            outputs,
            desk,
            outlet,
            dispatch,
            counters: Arc::default(),
            polling: Arc::new(Mutex::new(Polling::from(&config.source))),
            run: Mutex::new(None),
            warnings: Mutex::new(warnings),
            created_at: clock.mono_ms(),
            config: Mutex::new(Arc::new(config)),
        }))
    }

    /// Begins to work. May touch disk, never waits for the network.
    ///
    /// # Errors
    /// `State` unless New or Stopped; `Config` for a CA file or proxy password that cannot be read; `System` for no threads.
    pub fn start(&self) -> Result<(), Error> {
        let before = self.life.turn(None, |state| match state {
            State::New | State::Stopped => Ok(State::Busy),
            State::Destroyed => Err(destroyed()),
            State::Ending | State::Stopping => {
                Err(Error::state("the instance is stopping: call tps_stop until it answers TPS_OK"))
            }
            State::Running | State::Busy => Err(Error::state("the instance runs already")),
        })?;
        // Also where that panics: nobody could stop or destroy an instance that stays busy.
        let then = Cell::new(before);
        let _then = self.life.then_from(&then);
        self.begin(&then)
    }

    /// `then`: the state that this leaves behind, whether it returns or panics.
    fn begin(&self, then: &Cell<State>) -> Result<(), Error> {
        let config = self.config();
        let no_thread =
            |error| Error::new(ErrorKind::System, format!("no thread for the callbacks ({error}); look at ulimit -u"));
        // What an earlier run left is known before the first decision and the first sign-in.
        self.desk.store().open().map_err(not_opened)?;
        let run = Run::prepare(&config, &self.desk, &self.counters).inspect_err(|_| {
            self.desk.store().close(Instant::now());
        })?;
        // From here on callbacks may come: only a stop can end that, also after a panic half-way.
        let before = then.replace(State::Running);
        // Where callbacks find it: one may ask for something as soon as the dispatcher runs, and waits the moment until all is there.
        let mut place = self.lock_run();
        // Before the dispatcher: the first thing it may find is the users' first decisions.
        self.desk.with_roster(|engine, now| engine.start(now));
        if let Err(error) = self.dispatch.start() {
            then.set(before);
            self.desk.with(|engine, now| engine.stopped(now));
            // The next start finds out whether the disk has come back.
            self.desk.store().close(Instant::now());
            return Err(no_thread(error));
        }
        // After the engine, or an early answer would be forgotten by its start and the first callbacks come a whole interval later.
        place.insert(run).go(&self.desk, &self.counters, self.polling.clone());
        drop(place);
        #[cfg(feature = "test-hooks")]
        self.life.panic_if_asked(super::life::Step::Start);
        self.tell_at_start(&config);
        Ok(())
    }

    fn tell_at_start(&self, config: &Config) {
        let reporter = self.desk.reporter();
        for warning in self.warnings.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            tell_warning(reporter, warning);
        }
        if config.state.dir.is_none() {
            reporter.event_now(Event::new(Kind::NoStateDir));
        }
        let outputs = self.outputs;
        for (set, name) in [(outputs.dnd, "on_dnd"), (outputs.chat, "on_chat_state")] {
            if !set {
                reporter.event_now(Event::new(Kind::CallbackMissing).with("callback", name));
            }
        }
        if config.rules.name_queue() {
            self.tell_queue_missing();
        }
    }

    /// Rules speak of the queue, and the host cannot be told.
    pub(super) fn tell_queue_missing(&self) {
        if !self.outputs.queue {
            self.desk.reporter().event_now(Event::new(Kind::CallbackMissing).with("callback", "on_queue_dnd"));
        }
    }

    /// Ends the work: nothing reaches the host after this has answered `Ok`, until the next start. Bounded by `timeout` even while a
    /// callback hangs. Callable by several threads at once, and again after a time-out.
    ///
    /// # Errors
    /// `Reentrant` inside a callback; `Timeout` while a callback, or a disk, hangs.
    pub fn stop(&self, timeout: Duration) -> Result<(), Error> {
        if reentrancy::in_callback() {
            return Err(Error::reentrant("tps_stop"));
        }
        let deadline = Instant::now() + timeout;
        let round = Cell::new(0);
        // Another thread in a start, a reload or the beginning of a stop runs code of ours and touches disk at most: unless that hangs, it
        // is through in a moment, also for a stop without time.
        let before = self.life.turn(Some(deadline + OWN_CODE), |state| match state {
            State::New | State::Stopped => Ok(State::Stopped),
            State::Running => {
                round.set(self.dispatch.round());
                // Another stop may not finish, nor a start follow, before what comes next is done.
                Ok(State::Ending)
            }
            State::Stopping => {
                round.set(self.dispatch.round());
                Ok(State::Stopping)
            }
            State::Destroyed => Err(destroyed()),
            // Not met: waited for.
            moving @ (State::Busy | State::Ending) => Ok(moving),
        })?;
        // Its timer goes on until the last callback, so that answers which stay out end in their time.
        let _run = match before {
            State::New | State::Stopped => return Ok(()),
            State::Running => {
                let run = {
                    let _then = self.life.then(State::Stopping);
                    // First the sources, so that nothing new is decided; what is left is given back.
                    let run = self.lock_run().take();
                    run.iter().for_each(Run::quiet);
                    self.desk.with(|engine, now| engine.begin_stop(now));
                    run
                };
                // Half of the time is for Teams, the rest for the host, whose callbacks run meanwhile.
                run.iter().for_each(|run| run.farewell(&self.desk, deadline.saturating_duration_since(Instant::now()) / 2));
                run
            }
            _ => None,
        };
        match self.dispatch.finish(round.get(), deadline) {
            Finished::Busy => {
                let message = "a callback of the host has not come back, or the callbacks still due take longer than this; \
                               keep user_data alive and call tps_stop again";
                Err(Error::new(ErrorKind::Timeout, message))
            }
            Finished::Quiet => {
                // The first of several stoppers tidies up; a start may follow only then.
                let mine = self.life.turn(Some(deadline + Duration::from_secs(1)), |state| match state {
                    State::Stopping => Ok(State::Busy),
                    other => Ok(other),
                })?;
                if mine != State::Stopping {
                    return Ok(());
                }
                let then = Cell::new(State::Stopping);
                let _then = self.life.then_from(&then);
                self.desk.with(|engine, now| engine.stopped(now));
                if !self.desk.store().close(deadline) {
                    let message = "the disk under state.dir has not come back; no callback runs, but the state is not written yet: \
                                   call tps_stop again";
                    return Err(Error::new(ErrorKind::Timeout, message));
                }
                // Whatever comes now is written by the next start.
                self.desk.with(|engine, now| engine.lost(now));
                then.set(State::Stopped);
                Ok(())
            }
        }
    }

    /// Marks the instance as over; whoever calls it afterwards is told so. Its parts go with the last reference.
    ///
    /// # Errors
    /// `Reentrant` inside a callback; `State` unless New or Stopped.
    pub fn destroy(&self) -> Result<(), Error> {
        if reentrancy::in_callback() {
            return Err(Error::reentrant("tps_destroy"));
        }
        self.life.turn(None, |state| match state {
            State::New | State::Stopped => Ok(State::Destroyed),
            State::Destroyed => Err(destroyed()),
            _ => Err(Error::state("only a new or stopped instance can be destroyed: call tps_stop until it answers TPS_OK")),
        })?;
        Ok(())
    }

    /// The instance's clock, for tests that move time instead of waiting.
    #[cfg(feature = "test-hooks")]
    pub fn clock(&self) -> &Clock {
        self.desk.clock()
    }

    pub(super) fn config(&self) -> Arc<Config> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn lock_run(&self) -> std::sync::MutexGuard<'_, Option<Run>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_opened(error: NotOpened) -> Error {
    match error {
        NotOpened::Locked(_) => Error::new(ErrorKind::Locked, format!("state.dir: {error}")),
        NotOpened::NoThread(_) => Error::new(ErrorKind::System, error.to_string()),
    }
}

pub(super) fn destroyed() -> Error {
    Error::new(ErrorKind::Handle, "the instance has been destroyed")
}

pub(super) fn refused(error: ConfigError) -> Error {
    Error::new(ErrorKind::Config, error.to_string())
}

pub(super) fn tell_warning(reporter: &Reporter, warning: &Warning) {
    let event = Event::new(Kind::ConfigWarning).with("path", warning.path.as_str()).with("problem", warning.message.as_str());
    reporter.event_now(event);
}
