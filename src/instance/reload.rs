//! A new configuration for a living instance: all of it, or nothing.

use std::sync::{Arc, PoisonError};

use super::core::{Instance, destroyed, refused, tell_warning};
use super::error::{Error, ErrorKind};
use super::life::State;
use crate::config::{Config, Parsed};
use crate::event::{Event, Kind};
use crate::source::Polling;
use crate::sync::Settings;

impl Instance {
    /// Takes over a new configuration; the users stay. Everything is checked before anything changes.
    ///
    /// # Errors
    /// `Config`; `NeedsRestart` with the keys that only a stop, destroy and create can change; `State` while stopping.
    pub fn reload(&self, config_json: &[u8]) -> Result<(), Error> {
        let Parsed { config, warnings } = Config::parse(config_json).map_err(refused)?;
        let settings = crate::auth::Settings::of(&config);
        let before = self.life.turn(None, |state| match state {
            State::Ending | State::Stopping => Err(Error::state("not while the instance is stopping")),
            State::Destroyed => Err(destroyed()),
            _ => Ok(State::Busy),
        })?;
        {
            // Also where that panics: nobody could stop or destroy an instance that stays busy.
            let _then = self.life.then(before);
            self.take_over(config, settings, before == State::Running)?;
        }
        *self.warnings.lock().unwrap_or_else(PoisonError::into_inner) = warnings.clone();
        if before == State::Running {
            warnings.iter().for_each(|warning| tell_warning(self.desk.reporter(), warning));
            self.desk.reporter().event_now(Event::new(Kind::Reloaded));
        }
        Ok(())
    }

    fn take_over(&self, config: Config, settings: crate::auth::Settings, running: bool) -> Result<(), Error> {
        #[cfg(feature = "test-hooks")]
        self.life.panic_if_asked(super::life::Step::Reload);
        let old = self.config();
        let keys = old.restart_keys(&config);
        if !keys.is_empty() {
            let message = format!("these keys need a new instance (stop, destroy, create): {}", keys.join(", "));
            return Err(Error::new(ErrorKind::NeedsRestart, message));
        }
        // From here on nothing can fail.
        *self.polling.lock().unwrap_or_else(PoisonError::into_inner) = Polling::from(&config.source);
        if running && let Some(run) = self.lock_run().as_ref() {
            run.reload(&config, (old.auth != config.auth).then_some(settings));
        }
        self.desk.with_roster(|engine, now| {
            engine.configure(Settings::new(&config, self.outputs), now);
            // A reload may follow a consent, or bring another credential.
            engine.hurry_publications();
            if old.enabled != config.enabled {
                engine.set_enabled(config.enabled, now);
            }
        });
        if running && config.rules.name_queue() && !old.rules.name_queue() {
            self.tell_queue_missing();
        }
        if old.log.level != config.log.level {
            self.desk.reporter().set_level(config.log.level);
        }
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        Ok(())
    }
}
