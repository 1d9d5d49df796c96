//! Step 10, where the configuration names any: the accounts that subscribe, each with its sign-in and what its token carries.

use serde_json::{Map, Value};

use super::line::{Line, Step, Verdict};
use super::reach::Reach;
use super::sign_in::{Session, sign_in_of};
use crate::auth::Claims;
use crate::config::{AuthMethod, Config};
use crate::graph::permission::{Need, excess, readable};
use crate::instance::accounts::further;
use crate::process::Process;

/// How one account stands.
struct Found {
    name: String,
    verdict: Verdict,
    message: String,
    remedy: String,
    facts: Map<String, Value>,
}

/// `main`: what the token of `auth` carries, where there is one.
pub(super) async fn look_at(config: &Config, main: Option<&Claims>, process: &Process, way: &Reach) -> Line {
    // They are persons, whatever the main sign-in is.
    if let Some(step) = way.login_failed(&AuthMethod::DeviceCode) {
        return Line::after(Step::Accounts, step);
    }
    // Who is signed in, and for which account.
    let mut persons: Vec<(String, String)> = Vec::new();
    persons.extend(main.and_then(person).map(|id| (id, "main".to_owned())));
    let mut all = Vec::new();
    // One after the other: each may hold the state directory for a moment.
    for account in further(config) {
        let (session, line) = sign_in_of(account, config, process, way).await;
        let mut found = Found {
            name: account.name.clone(),
            verdict: line.verdict,
            message: line.message,
            remedy: line.remedy,
            facts: line.facts,
        };
        if let Some(Session { claims, mut memory, .. }) = session {
            let _ = memory.keep().await;
            found.permissions(&claims, config);
            if let Some(id) = person(&claims) {
                match persons.iter().find(|(other, _)| *other == id) {
                    Some((_, other)) => found.same_as(other),
                    None => persons.push((id, account.name.clone())),
                }
            }
        }
        all.push(found);
    }
    told(all)
}

fn person(claims: &Claims) -> Option<String> {
    claims.object_id.as_ref().filter(|_| !claims.app_only).map(|id| id.to_ascii_lowercase())
}

impl Found {
    fn add(&mut self, verdict: Verdict, message: &str, remedy: &str) {
        self.verdict = self.verdict.max(verdict);
        self.message = format!("{}; {message}", self.message);
        self.remedy = [self.remedy.as_str(), remedy].join(" ").trim().to_owned();
    }

    fn permissions(&mut self, claims: &Claims, config: &Config) {
        self.facts.insert("granted".to_owned(), claims.scopes.clone().into());
        if !readable(claims) {
            self.add(
                Verdict::Warning,
                "its token cannot be looked into",
                "Compare the permissions of the app with docs/entra-setup.md.",
            );
            return;
        }
        let menu = format!("Entra admin center > App registrations > {} > API permissions", config.client_id);
        if !Need::Presence.met_by(claims) {
            let least = Need::Presence.least();
            self.facts.insert("missing".to_owned(), vec![least].into());
            let remedy = format!(
                "{menu} > Add a permission > Microsoft Graph > Delegated permissions: {least}; then Grant admin consent."
            );
            self.add(Verdict::Failed, &format!("missing: {least} (delegated)"), &remedy);
        }
        let excess = excess(claims, false);
        if !excess.is_empty() {
            let message = format!("more than needed: {}", excess.join(", "));
            self.facts.insert("excess".to_owned(), excess.into());
            self.add(Verdict::Warning, &message, &format!("{menu}: remove what no other program with this app needs."));
        }
    }

    fn same_as(&mut self, other: &str) {
        self.facts.insert("same_as".to_owned(), other.into());
        let message = format!("the same person as {other}, so that it cannot subscribe");
        self.add(Verdict::Warning, &message, "Sign in with another account: one person has one subscription of an app.");
    }

    fn into_json(self) -> Value {
        let mut json = self.facts;
        for (name, value) in [("name", self.name), ("message", self.message), ("remedy", self.remedy)] {
            json.insert(name.to_owned(), value.into());
        }
        json.insert("verdict".to_owned(), self.verdict.as_str().into());
        json.into()
    }
}

/// One line of all, each with its name.
fn told(all: Vec<Found>) -> Line {
    let worst = all.iter().map(|found| found.verdict).max().unwrap_or(Verdict::Ok);
    let messages: Vec<String> = all.iter().map(|found| format!("{}: {}", found.name, found.message)).collect();
    let remedies = all.iter().filter(|found| !found.remedy.is_empty());
    let remedies: Vec<String> = remedies.map(|found| format!("{}: {}", found.name, found.remedy)).collect();
    Line::new(Step::Accounts, worst, messages.join("; "))
        .remedy(remedies.join(" "))
        .fact("accounts", all.into_iter().map(Found::into_json).collect::<Vec<_>>())
}
