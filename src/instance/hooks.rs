//! What tests may do to an instance from outside. Only with the feature `test-hooks`.

use super::core::Instance;
use super::error::Error;
use super::life::Step;

impl Instance {
    /// This step panics the next time.
    pub fn panic_in_step(&self, step: Step) {
        self.life.panic_at(step);
    }

    /// Moves this instance's clock ahead.
    pub fn advance_clock(&self, ms: u64) {
        self.desk.clock().advance(ms);
        // Whoever waits for a deadline of the engine looks again.
        self.desk.with(|engine, now| engine.tick(now));
    }

    /// The next callback for something of the feed panics before it reaches the host.
    pub fn panic_in_callback(&self) {
        self.outlet.inject_panic();
    }

    /// What the disk does from now on.
    pub fn disk_weather(&self, hangs: bool, full: bool) {
        let weather = self.desk.store().weather();
        weather.full_after(full.then_some(0));
        weather.hang(hangs);
    }

    /// Panics now, with the engine locked.
    pub fn panic_in_engine(&self) {
        self.desk.with(|_, _| panic!("a panic asked for by a test"));
    }

    /// A task on the runtime panics.
    ///
    /// # Errors
    /// `State` unless running.
    pub fn panic_in_task(&self) -> Result<(), Error> {
        match self.lock_run().as_ref() {
            Some(run) => {
                run.inject_panic();
                Ok(())
            }
            None => Err(self.wrong_state()),
        }
    }
}
