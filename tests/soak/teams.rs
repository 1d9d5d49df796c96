//! Teams, as it really is: two tenants of a simulator, what each user shows, and when Graph does not answer.

use std::collections::VecDeque;

use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, CLIENT_SECRET, EndpointClass, Fault, FaultAction, FaultBody, Options, RetryAfter,
};
use teams_presence_simulator::{Simulator, TENANT_ID, TenantSpec};

use crate::table::stamp;

pub(crate) const DOMAINS: [&str; 2] = ["contoso.test", "fabrikam.test"];

const SHOWN: [(&str, &str, bool); 7] = [
    ("Available", "Available", false),
    ("Busy", "InACall", true),
    ("Busy", "InAMeeting", false),
    ("DoNotDisturb", "Presenting", true),
    ("Away", "Away", false),
    ("Busy", "InAConferenceCall", true),
    ("Offline", "Offline", false),
];

/// How many changes of a user are kept for his history.
const KEPT: usize = 12;

/// A user as Teams has him.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// The rules want DND on.
    pub(crate) on: bool,
    pub(crate) history: VecDeque<(i32, String)>,
}

#[derive(Debug)]
pub(crate) struct Teams {
    pub(crate) simulator: Simulator,
    pub(crate) users: Vec<Shown>,
    pub(crate) changes: u64,
    tenants: [(String, String); 2],
}

impl Teams {
    pub(crate) fn new(users: usize) -> Teams {
        let simulator = Simulator::spawn_blocking_thread(Options::default()).expect("a simulator");
        simulator.keep_requests(0);
        let each = (users / 2) as u32;
        simulator.default_tenant().add_users(each, "user{n}@contoso.test").expect("users");
        let spec = TenantSpec { domains: vec![DOMAINS[1].to_owned()], ..TenantSpec::default() };
        let id = simulator.add_tenant(spec).expect("a tenant");
        let other = simulator.tenant(&id);
        other.add_users(each, "user{n}@fabrikam.test").expect("users");
        let app = AppSpec {
            secrets: Some(vec![CLIENT_SECRET.into()]),
            roles: Some(["Presence.Read.All", "User.Read.All"].map(str::to_owned).to_vec()),
            ..AppSpec::default()
        };
        let client = other.put_app(app).expect("an app");
        let shown = Shown { on: false, history: VecDeque::new() };
        let mut teams = Teams {
            simulator,
            users: vec![shown; users],
            changes: 0,
            tenants: [(TENANT_ID.to_owned(), CLIENT_ID.to_owned()), (id, client)],
        };
        teams.all_available();
        teams
    }

    /// The configuration of a tenant's instance.
    pub(crate) fn configuration(&self, tenant: usize, more: Value) -> String {
        let (id, client) = &self.tenants[tenant];
        let url = self.simulator.base_url();
        let mut config = json!({
            "mode": "presence_sync", "tenant_id": id, "client_id": client, "name": format!("tenant{tenant}"),
            "auth": {"method": "client_secret", "secret": CLIENT_SECRET}, "endpoints": {"login": url, "graph": url},
        });
        if let (Some(all), Value::Object(more)) = (config.as_object_mut(), more) {
            all.extend(more);
        }
        config.to_string()
    }

    pub(crate) fn tenant_of(&self, user: usize) -> usize {
        usize::from(user >= self.users.len() / 2)
    }

    pub(crate) fn name_of(&self, user: usize) -> String {
        format!("user{}@{}", user % (self.users.len() / 2) + 1, DOMAINS[self.tenant_of(user)])
    }

    /// A user shows something else.
    pub(crate) fn change(&mut self, user: usize, draw: usize) {
        let (availability, activity, on) = SHOWN[draw % SHOWN.len()];
        let name = self.name_of(user);
        let tenant = &self.tenants[self.tenant_of(user)].0;
        self.simulator.tenant(tenant).set_presence(&name, availability, activity).expect("a user");
        self.changes += 1;
        self.note(user, on, format!("Teams: {availability}/{activity}"));
    }

    pub(crate) fn all_available(&mut self) {
        for (id, _) in &self.tenants {
            self.simulator.tenant(id).set_all("Available", "Available").expect("a tenant");
        }
        (0..self.users.len()).for_each(|user| self.note(user, false, "Teams: all available".to_owned()));
    }

    fn note(&mut self, user: usize, on: bool, what: String) {
        let shown = &mut self.users[user];
        shown.on = on;
        shown.history.push_back((stamp(), what));
        if shown.history.len() > KEPT {
            shown.history.pop_front();
        }
    }

    /// Graph or Entra fails one tenant. Answers in words how.
    pub(crate) fn fail(&self, tenant: usize, draw: usize) -> &'static str {
        let status = |status, retry_after| FaultAction::Status { status, retry_after, body: FaultBody::Json, code: None };
        let seconds = |seconds| Some(RetryAfter::Seconds(seconds));
        let (endpoint, action, words) = match draw % 7 {
            0 => (EndpointClass::Presences, status(503, None), "503"),
            1 => (EndpointClass::Presences, status(429, seconds(2)), "429"),
            2 => (EndpointClass::Any, FaultAction::ResetBefore, "connections reset"),
            3 => (EndpointClass::Presences, FaultAction::Truncated, "answers cut"),
            4 => (EndpointClass::Presences, FaultAction::InvalidToken, "token refused"),
            5 => (EndpointClass::Any, FaultAction::Hang, "no answer"),
            _ => (EndpointClass::Token, status(500, None), "Entra 500"),
        };
        if draw % 7 == 6 {
            // Without a token that still holds.
            self.simulator.tenant(&self.tenants[tenant].0).revoke_tokens().expect("a tenant");
        }
        self.simulator.inject(Fault::new(endpoint, action).in_tenant(&self.tenants[tenant].0));
        words
    }
}
