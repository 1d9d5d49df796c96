//! The task that does the steps, one after the other.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::line::{Line, Step};
use super::reach::{Reach, reach};
use super::target::Target;
use super::users::Found;
use super::{accounts, clock, names, permissions, presence, proxy, sign_in, state_directory, tls, users};
use crate::auth::Claims;
use crate::config::Config;
use crate::instance::accounts::further;
use crate::process::Process;
use crate::sync::UserInput;

/// What a check is about.
pub(super) struct Kit {
    pub(super) config: Config,
    pub(super) users: Vec<UserInput>,
    pub(super) process: Process,
    /// The line of the state directory, as soon as it is known.
    pub(super) state: Arc<Mutex<Option<Line>>>,
}

/// News for the caller's thread.
pub(super) enum Message {
    Begins(Step),
    Done(Line),
}

/// Tells the caller's thread. It may have gone: then nobody needs to know.
struct Teller(Sender<Message>);

impl Teller {
    fn begin(&self, step: Step) -> Instant {
        let _ = self.0.send(Message::Begins(step));
        Instant::now()
    }

    fn done(&self, line: Line, begun: Instant) {
        let _ = self.0.send(Message::Done(line.took(begun.elapsed())));
    }
}

/// Does every step but the first. `tell` is dropped after everything else, so that its end is the end of the check.
pub(super) async fn work(kit: Kit, tell: Sender<Message>) {
    let teller = Teller(tell);
    network(kit, &teller).await;
}

async fn network(kit: Kit, teller: &Teller) {
    let Kit { config, users, process, state } = kit;
    let directory = tokio::task::spawn_blocking({
        let (dir, name, state) = (config.state.dir.clone(), config.name.clone(), state.clone());
        move || {
            let begun = Instant::now();
            let line = state_directory::look_at(dir.as_deref(), &name).took(begun.elapsed());
            *state.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        }
    });

    let begun = teller.begin(Step::NameResolution);
    let targets = Target::all(&config);
    let (names, line) = names::look_up(&targets, &process).await;
    teller.done(line, begun);

    // What goes through a proxy is judged there first; without one it is a matter of the connection.
    let proxied = proxy::is_used(&targets);
    let begun = teller.begin(if proxied { Step::Proxy } else { Step::Tls });
    let way = reach(&config, &process, targets, &names).await;
    teller.done(proxy::look_at(&config, &way), begun);
    let begun = if proxied { teller.begin(Step::Tls) } else { begun };
    teller.done(tls::look_at(&config, &way), begun);
    let begun = teller.begin(Step::Clock);
    teller.done(clock::look_at(&config, &way), begun);

    let main = graph(&config, users, &process, &way, teller).await;
    if !further(&config).is_empty() {
        let begun = teller.begin(Step::Accounts);
        teller.done(accounts::look_at(&config, main.as_ref(), &process, &way).await, begun);
    }

    let begun = teller.begin(Step::StateDirectory);
    let broke_off = directory.await.is_err();
    let line = state.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|_| !broke_off);
    let took = line.as_ref().map(|line| line.took_ms);
    let line = line.unwrap_or_else(|| Line::failed(Step::StateDirectory, "internal error while looking at the directory"));
    let begun = took.and_then(|ms| Instant::now().checked_sub(std::time::Duration::from_millis(ms))).unwrap_or(begun);
    teller.done(line, begun);
}

/// Answers what the token carries.
async fn graph(config: &Config, users: Vec<UserInput>, process: &Process, way: &Reach, teller: &Teller) -> Option<Claims> {
    let begun = teller.begin(Step::SignIn);
    let (session, line) = sign_in::sign_in(config, process, way).await;
    teller.done(line, begun);
    let Some(mut session) = session else {
        for step in [Step::Permissions, Step::Users, Step::Presence] {
            let begun = teller.begin(step);
            teller.done(Line::after(step, Step::SignIn), begun);
        }
        return None;
    };

    let begun = teller.begin(Step::Permissions);
    teller.done(permissions::look_at(config, &session.claims, &users), begun);

    let begun = teller.begin(Step::Users);
    let (found, line) = match way.graph_failed() {
        Some(step) => (Found::default(), Line::after(Step::Users, step)),
        None => users::resolve(config, &session.client, users).await,
    };
    teller.done(line, begun);

    let begun = teller.begin(Step::Presence);
    let line = match way.graph_failed() {
        Some(step) => Line::after(Step::Presence, step),
        None => presence::ask(&session.client, &found).await,
    };
    teller.done(line, begun);
    // As a rule there is nothing left to keep.
    let _ = session.memory.keep().await;
    Some(session.claims)
}
