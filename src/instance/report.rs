//! Questions: state, explanation, statistics.

use serde_json::{Map, Value, json};

use super::accounts::{Figures, further};
use super::core::Instance;
use super::error::{Error, ErrorKind};
use crate::auth::SignInState;
use crate::config::MethodName;
use crate::event::{Measure, StatField, counter, gauge};
use crate::source::notify;
use crate::sync::{NoUser, UserState};

const fn text(path: &'static str, meaning: &'static str) -> StatField {
    StatField { path, measure: Measure::Text, unit: "", meaning }
}

/// The members that the instance adds to those of the counters and of the engine.
pub const STATS_FIELDS: &[StatField] = &[
    gauge("schema", "", "1; grows when a member changes its meaning. Members may be added at any time"),
    text("version", "of this library"),
    text("name", "`name` of the configuration"),
    text("state", "`new`, `running`, `stopping`, `stopped`; `busy` for the moment of a start or reload"),
    gauge("enabled", "", "true while users are served"),
    gauge("at_ms", "ms since 1970, UTC", "when these figures were taken; they may be inconsistent with each other by a moment"),
    gauge("uptime_ms", "ms", "since create"),
    text("sign_in.method", "`auth.method`"),
    gauge("sign_in.token_age_ms", "ms", "age of the access token; null without one"),
    gauge("sign_in.token_expires_in_ms", "ms", "how long it is still used; null without one"),
    text(
        "sign_in.phase",
        "`signed_in`, `signing_in` (it is tried by itself), `waiting_for_person` (a code is out), `refused` (see the error), `signed_out` (by \
         the host)",
    ),
    text("sign_in.account", "object id of the person or application in the access token; null without a token that can be read"),
    text("sign_in.verification_uri", "the page where the person types the code; null when no code is out"),
    text("sign_in.user_code", "the code; null when none is out. For the person alone: leave it out of logs"),
    gauge("sign_in.code_expires_at_ms", "ms since 1970, UTC", "until when the code is good; null when none is out"),
    text("sign_in.error", "the trouble at present, also while a token still serves; null for none"),
    gauge("sign_in.aadsts", "", "Entra's number of that trouble, if it has one"),
    text("sign_in.credential", "the credential that signed in last: `auth` or `auth.next`"),
    gauge("sign_in.credential_expires_at_ms", "ms since 1970, UTC", "when it expires; null where nobody knows"),
    gauge(
        "sign_in.credential_days_left",
        "days",
        "whole days until then; 0 on the last day, negative after it, null where nobody knows",
    ),
    text("sign_in.credential_source", "how that is known: `configuration`, `certificate` or `graph`; null where nobody knows"),
    text(
        "accounts",
        "a list: the accounts of `source.notifications.accounts`, in that order; empty without any. Each has the members of `sign_in`, for its own \
         sign-in, and these; while the instance does not run, `name` and `method` alone:",
    ),
    text("accounts.*.name", "`name` of the configuration"),
    text(
        "accounts.*.same_as",
        "another account, `main` for the sign-in of `auth`, that the same person is signed in for: this one is not used for subscriptions. \
         null otherwise",
    ),
    gauge("budget.presence_used", "requests", "of the last 30 s, of all instances that share tenant and application"),
    gauge("budget.presence_limit", "requests", "in 30 s"),
    gauge("budget.presence_pause_ms", "ms", "how long Microsoft asked to wait"),
    gauge("budget.directory_used", "requests", "the same for directory requests"),
    gauge("budget.directory_limit", "requests", "in 30 s"),
    counter("callbacks.on_dnd", "calls", "changes offered, repetitions included"),
    counter("callbacks.on_queue_dnd", "calls", "changes offered, repetitions included"),
    counter("callbacks.on_chat_state", "calls", "changes offered, repetitions included"),
    counter("callbacks.on_presence", "calls", "presences told"),
    counter("callbacks.on_event", "calls", "events told"),
    counter("callbacks.on_log", "calls", "log lines told"),
    gauge("callbacks.slowest_ms", "ms", "the longest that a callback took since create"),
    gauge("callbacks.running_ms", "ms", "how long the callback that runs now has been running; 0 when none runs"),
    gauge("queues.events", "events", "waiting for the host"),
    gauge("queues.logs", "lines", "waiting for the host"),
];

impl Instance {
    /// One user's state.
    ///
    /// # Errors
    /// `NotFound`; `Ambiguous` for an address that several users have.
    pub fn state_of(&self, user_id_or_email: &str) -> Result<UserState, Error> {
        self.desk.with(|engine, now| engine.state(user_id_or_email, now)).map_err(no_user)
    }

    /// Why one user is as he is; for `None`, how every user was matched. JSON.
    ///
    /// # Errors
    /// As [`Instance::state_of`].
    pub fn explain(&self, user_id: Option<&str>) -> Result<String, Error> {
        match user_id {
            Some(id) => {
                let mut told = self.desk.with(|engine, now| engine.explain(id, now)).map_err(no_user)?;
                let hub = self.lock_run().as_ref().and_then(|run| run.hub().cloned());
                let person = told["entra_object_id"].as_str().and_then(|id| id.parse().ok());
                told["notifications"] = hub.zip(person).map_or(Value::Null, |(hub, person)| hub.explain(person));
                Ok(told.to_string())
            }
            None => {
                // Written outside the lock: with 100,000 users it is 20 MB of text.
                let report = self.desk.with(|engine, _| engine.matching_report());
                serde_json::to_string(&report).map_err(|error| Error::new(ErrorKind::System, error.to_string()))
            }
        }
    }

    /// Figures. JSON, see docs/stats.md.
    pub fn stats(&self) -> String {
        let now = self.desk.clock().now();
        let config = self.config();
        let (engine, enabled, people, unkept) = self.desk.with(|engine, now| {
            (engine.stats(now), engine.is_enabled(), engine.polled().ids, (engine.unkept(), engine.unnamed()))
        });
        let store = self.desk.store().stats(unkept.0, unkept.1);
        let outlet = self.outlet.stats();
        let depths = self.desk.reporter().depths();
        let hub = self.lock_run().as_ref().and_then(|run| run.hub().cloned());
        let notifications = notify::figures(hub.as_ref(), &people);
        let (sign_in, accounts, budget) = match self.lock_run().as_ref() {
            None => {
                let idle = |name: &str, method: MethodName| json!({ "name": name, "method": method.as_str() });
                let accounts = further(&config).iter().map(|account| idle(&account.name, account.auth.method.name()));
                (json!({ "method": config.auth.method.name().as_str() }), accounts.collect::<Vec<_>>(), json!({}))
            }
            Some(run) => {
                let (presence, directory) = (run.presence_budget(), run.directory_budget());
                let budget = json!({
                    "presence_used": presence.used(now.mono_ms),
                    "presence_limit": presence.limit(),
                    "presence_pause_ms": presence.pause_left(now.mono_ms),
                    "directory_used": directory.used(now.mono_ms),
                    "directory_limit": directory.limit(),
                });
                let accounts = run.account_figures().iter().map(|figures| account_json(figures, now.wall_ms)).collect();
                (sign_in_json(&run.sign_in_state(), now.wall_ms), accounts, budget)
            }
        };
        let own = json!({
            "schema": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "name": config.name,
            "state": self.life.now().as_str(),
            "enabled": enabled,
            "at_ms": now.wall_ms,
            "uptime_ms": now.mono_ms.saturating_sub(self.created_at),
            "sign_in": sign_in,
            "accounts": accounts,
            "budget": budget,
            "callbacks": {
                "on_dnd": outlet.dnd_changes,
                "on_queue_dnd": outlet.queue_changes,
                "on_chat_state": outlet.chat_changes,
                "on_presence": outlet.presences,
                "on_event": outlet.events,
                "on_log": outlet.log_lines,
                "slowest_ms": outlet.slowest_callback_us.div_ceil(1_000),
                "running_ms": outlet.current_callback_us.div_ceil(1_000),
            },
            "queues": { "events": depths.events, "logs": depths.logs },
        });
        let mut all = Map::new();
        for part in [own, self.counters.to_json(), engine, store, notifications] {
            merge(&mut all, part);
        }
        if let Some(Value::Number(panics)) = all.get("panics_caught") {
            let panics = panics.as_u64().unwrap_or(0) + outlet.panics;
            all.insert("panics_caught".to_owned(), panics.into());
        }
        Value::Object(all).to_string()
    }
}

fn sign_in_json(state: &SignInState, now_wall_ms: i64) -> Value {
    json!({
        "method": state.method.as_str(),
        "token_age_ms": state.token_age_ms,
        "token_expires_in_ms": state.token_expires_in_ms,
        "phase": state.phase.as_str(),
        "account": state.account,
        "verification_uri": state.prompt.as_ref().map(|prompt| &prompt.verification_uri),
        "user_code": state.prompt.as_ref().map(|prompt| &prompt.user_code),
        "code_expires_at_ms": state.prompt.as_ref().map(|prompt| prompt.expires_at_ms),
        "error": state.error.as_ref().map(ToString::to_string),
        "aadsts": state.last_code(),
        "credential": state.credential,
        "credential_expires_at_ms": state.expiry.map(|expiry| expiry.at_ms),
        "credential_days_left": state.expiry.map(|expiry| expiry.days_left(now_wall_ms)),
        "credential_source": state.expiry.map(|expiry| expiry.source.as_str()),
    })
}

fn account_json(figures: &Figures, now_wall_ms: i64) -> Value {
    let mut json = sign_in_json(&figures.sign_in, now_wall_ms);
    json["name"] = (&*figures.name).into();
    json["same_as"] = figures.same_as.as_deref().into();
    json
}

/// Lays one object over another, one level deep.
fn merge(into: &mut Map<String, Value>, part: Value) {
    let Value::Object(part) = part else { return };
    for (key, value) in part {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn no_user(why: NoUser) -> Error {
    match why {
        NoUser::NotFound => super::calls::no_user(),
        NoUser::Ambiguous => {
            let message = "user_id_or_email: several users have this address; name one by user_id";
            Error::new(ErrorKind::Ambiguous, message)
        }
    }
}
