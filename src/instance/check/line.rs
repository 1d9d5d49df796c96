//! What a check tells: one line a step.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::event::safe_line;

/// The number of the format of these lines. It grows when a member changes its meaning; members and steps are added freely.
pub const SCHEMA: u32 = 1;
/// The longest list of ids in the facts; the counts beside them are whole.
pub(super) const MOST_IDS: usize = 100;

/// The steps, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The document itself.
    Configuration,
    /// Host names.
    NameResolution,
    /// The way out.
    Proxy,
    /// Connection and TLS.
    Tls,
    /// This machine's clock.
    Clock,
    /// The token.
    SignIn,
    /// What the token allows.
    Permissions,
    /// E-mail addresses to accounts.
    Users,
    /// One request for presence.
    Presence,
    /// The sign-ins of the accounts that subscribe. Told only where the configuration names any.
    Accounts,
    /// Where ownership is remembered.
    StateDirectory,
    /// All of them together; the last line.
    Summary,
}

impl Step {
    /// Every step of every configuration but the summary, in order. [`Step::Accounts`] comes before the last one, where it is told.
    pub const ALL: [Step; 10] = [
        Step::Configuration,
        Step::NameResolution,
        Step::Proxy,
        Step::Tls,
        Step::Clock,
        Step::SignIn,
        Step::Permissions,
        Step::Users,
        Step::Presence,
        Step::StateDirectory,
    ];

    /// Those that are told, but the summary.
    pub(super) fn told(with_accounts: bool) -> Vec<Step> {
        let with =
            |step: Step| (with_accounts && step == Step::StateDirectory).then_some(Step::Accounts).into_iter().chain([step]);
        Step::ALL.into_iter().flat_map(with).collect()
    }

    /// As it stands in the line.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Configuration => "configuration",
            Step::NameResolution => "name_resolution",
            Step::Proxy => "proxy",
            Step::Tls => "tls",
            Step::Clock => "clock",
            Step::SignIn => "sign_in",
            Step::Permissions => "permissions",
            Step::Users => "users",
            Step::Presence => "presence",
            Step::Accounts => "accounts",
            Step::StateDirectory => "state_directory",
            Step::Summary => "summary",
        }
    }
}

/// How a step went. The order is that of badness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// Not tried: there was nothing to try, or a step before it failed. The message says which.
    Skipped,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work.
    Failed,
}

impl Verdict {
    /// As it stands in the line.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Skipped => "skipped",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
        }
    }
}

/// One line. Holds no secret and no e-mail address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Which step.
    pub step: Step,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, for people: one line of English.
    pub message: String,
    /// What to do about it and where; empty where nothing is to be done.
    pub remedy: String,
    /// The same for programs.
    pub facts: Map<String, Value>,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

impl Line {
    pub(super) fn new(step: Step, verdict: Verdict, message: impl AsRef<str>) -> Line {
        let message = safe_line(message.as_ref());
        Line { step, verdict, message, remedy: String::new(), facts: Map::new(), took_ms: 0 }
    }

    pub(super) fn ok(step: Step, message: impl AsRef<str>) -> Line {
        Line::new(step, Verdict::Ok, message)
    }

    pub(super) fn warning(step: Step, message: impl AsRef<str>) -> Line {
        Line::new(step, Verdict::Warning, message)
    }

    pub(super) fn failed(step: Step, message: impl AsRef<str>) -> Line {
        Line::new(step, Verdict::Failed, message)
    }

    pub(super) fn skipped(step: Step, message: impl AsRef<str>) -> Line {
        Line::new(step, Verdict::Skipped, message)
    }

    /// Left out because of an earlier one.
    pub(super) fn after(step: Step, failed: Step) -> Line {
        Line::skipped(step, format!("not tried: it needs the step {}, which did not succeed", failed.as_str()))
            .fact("needs", failed.as_str())
    }

    pub(super) fn remedy(mut self, remedy: impl AsRef<str>) -> Line {
        self.remedy = safe_line(remedy.as_ref());
        self
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Line {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn fact_some(self, name: &str, value: Option<impl Into<Value>>) -> Line {
        match value {
            Some(value) => self.fact(name, value),
            None => self,
        }
    }

    pub(super) fn took(mut self, time: Duration) -> Line {
        self.took_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// The line as `tps_check` gives it: a JSON object.
    pub fn to_json(&self) -> String {
        // A map of JSON values and texts: nothing in it can fail to be written. Should it ever, the verdict is still told.
        serde_json::to_string(self)
            .unwrap_or_else(|_| format!(r#"{{"step":"{}","verdict":"{}"}}"#, self.step.as_str(), self.verdict.as_str()))
    }
}
