//! A script: actions with their times, one JSON object a line.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::Error;
use crate::action::{Action, perform};
use crate::world::Shared;

/// One line: when, and what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Milliseconds since the start of the script.
    #[serde(default)]
    pub at_ms: u64,
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
}

impl Line {
    fn parse(text: &str) -> Result<Self, Error> {
        let mut value: Value = serde_json::from_str(text).map_err(|e| Error::Argument(e.to_string()))?;
        let at = value.as_object_mut().and_then(|members| members.remove("at_ms")).unwrap_or_else(|| 0.into());
        let at_ms = at.as_u64().ok_or_else(|| Error::Argument(format!("at_ms: {at} is no number of milliseconds")))?;
        Ok(Self { at_ms, action: Action::from_json(value)? })
    }
}

/// Lines in the order of their times.
#[derive(Clone, Debug, Default)]
pub struct Script {
    lines: Vec<Line>,
}

impl Script {
    /// Lines in any order; those of the same moment keep theirs.
    pub fn new(mut lines: Vec<Line>) -> Self {
        lines.sort_by_key(|line| line.at_ms);
        Self { lines }
    }

    /// Reads JSON lines. Empty lines and those that begin with `#` are skipped.
    ///
    /// # Errors
    /// Names the first line that is no action.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = Vec::new();
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#')) {
            lines.push(Line::parse(line).map_err(|e| Error::Argument(format!("script line {}: {e}", n + 1)))?);
        }
        Ok(Self::new(lines))
    }

    /// The lines, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// When the last line is due.
    pub fn length(&self) -> Duration {
        Duration::from_millis(self.lines.last().map_or(0, |line| line.at_ms))
    }

    /// Everything that is due at the very start is done when this returns; answers the rest.
    pub(crate) fn begin(mut self, shared: &Shared) -> Result<Self, Error> {
        let later = self.lines.partition_point(|line| line.at_ms == 0);
        for line in self.lines.drain(..later) {
            perform(shared, line.action)?;
        }
        Ok(self)
    }

    /// Does every line at its time. Lines that fail are told on standard error and the script goes on.
    #[expect(clippy::print_stderr, reason = "a failing line of a script has nowhere else to go")]
    pub(crate) async fn run(self, shared: &Shared, speed: f64) {
        let start = Instant::now();
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        for line in self.lines {
            sleep_until(start + Duration::from_millis(line.at_ms).div_f64(speed)).await;
            if let Err(error) = perform(shared, line.action) {
                eprintln!("script at {} ms: {error}", line.at_ms);
            }
        }
    }
}
