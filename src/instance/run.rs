//! What one start brings to life, and the next stop ends: the tasks on the process's runtime.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::accounts::{Accounts, Figures, Ways};
use super::error::{Error, ErrorKind};
use super::keeper::Keeper;
use super::notify::Notifying;
use crate::auth::{NoPerson, Parts as SignInParts, Settings, SignInState, TokenKeeper};
use crate::config::Config;
use crate::directory::{Directory, DirectoryHandle, Memory};
use crate::event::{Counters, Event, Kind};
use crate::graph::{GraphClient, Parts};
use crate::host::Desk;
use crate::presence::Guid;
use crate::process::{BudgetShare, ClientKey, Process};
use crate::source::notify::Hub;
use crate::source::{Farewell, Poll, PollHandle, Polling, Publisher};
use crate::store::Place;

/// Requests to the directory in 30 s. Its limit is counted in other units than the presence limit (3,500 to 8,000 resource units in 10 s,
/// a page of users costs 2), so this is a courtesy, not a quota.
const DIRECTORY_PER_30S: u32 = 600;

/// The living part of a running instance. Dropping it cancels the tasks.
pub(super) struct Run {
    cancel: CancellationToken,
    /// Publishing goes on in a stop, to take back what stands in Teams.
    publishing: CancellationToken,
    /// So does time, until the last callback: answers that stay out end by it.
    timing: CancellationToken,
    /// And so do subscriptions, which are to be ended.
    subscribing: CancellationToken,
    farewell: Arc<Farewell>,
    notify: Option<Notifying>,
    tokens: TokenKeeper,
    client: GraphClient,
    accounts: Accounts,
    memory: Memory,
    client_id: String,
    poll: Slot<PollHandle>,
    directory: Slot<DirectoryHandle>,
    directory_budget: BudgetShare,
    #[cfg_attr(not(feature = "test-hooks"), allow(dead_code, reason = "a share in the runtime, given back on drop"))]
    process: Process,
}

/// The handle of a task that is made anew after a panic.
type Slot<T> = Arc<Mutex<Option<T>>>;

fn slot<T>() -> Slot<T> {
    Arc::new(Mutex::new(None))
}

fn held<T: Clone>(slot: &Slot<T>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn hold<T>(slot: &Slot<T>, value: T) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}

impl Drop for Run {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.publishing.cancel();
        self.subscribing.cancel();
        self.timing.cancel();
    }
}

impl Run {
    /// Makes all that a run needs. Reads the CA file and the proxy's password; sends nothing before [`Run::go`].
    pub(super) fn prepare(config: &Config, desk: &Arc<Desk>, counters: &Arc<Counters>) -> Result<Run, Error> {
        let system = |error: &dyn std::fmt::Display| Error::new(ErrorKind::System, error.to_string());
        let key = ClientKey::of(config).map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        let process = Process::acquire().map_err(|error| system(&error))?;
        let client = |key| process.client(key).map_err(|error| Error::new(ErrorKind::Config, error.to_string()));
        // The same one, where there is no proxy.
        let direct = client(ClientKey { proxy: crate::http::Proxy::None, ..key.clone() })?;
        let http = client(key)?;
        let (clock, reporter) = (desk.clock().clone(), desk.reporter().clone());
        let tokens = TokenKeeper::of(SignInParts {
            settings: Settings::of(config),
            http: http.clone(),
            direct: direct.clone(),
            notes: desk.store().notes(),
            clock: clock.clone(),
            reporter: reporter.clone(),
            counters: counters.clone(),
        });
        // A check in this process works with it rather than against it.
        tokens.enrol(config.state.dir.as_ref().map(|dir| Place::new(dir, &config.name)));
        let graph = config.graph();
        let root = graph.parse().map_err(|error| Error::new(ErrorKind::Config, format!("endpoints.graph: {error}")))?;
        let budget = |host: &str, per_30s| process.budget(&config.tenant_id, &config.client_id, host, per_30s);
        let directory_budget = || budget(&format!("{graph} directory"), DIRECTORY_PER_30S);
        let client = GraphClient::new(Parts {
            root,
            http: http.clone(),
            tokens: tokens.clone(),
            presence_budget: budget(graph, config.source.requests_per_30s),
            directory_budget: directory_budget(),
            clock,
            reporter,
            counters: counters.clone(),
        });
        let ways = Ways { process: &process, http: &http, direct: &direct, root: client.root(), desk, counters };
        let accounts = Accounts::prepare(config, &client, &ways);
        let notify = Notifying::prepare(config, desk, http.clone(), accounts.persons())?;
        Ok(Run {
            accounts,
            cancel: CancellationToken::new(),
            publishing: CancellationToken::new(),
            timing: CancellationToken::new(),
            subscribing: CancellationToken::new(),
            farewell: Arc::default(),
            notify,
            tokens,
            memory: Memory::new(desk.store().notes(), &config.tenant_id, &config.client_id, client.root()),
            client,
            client_id: config.client_id.clone(),
            poll: slot(),
            directory: slot(),
            directory_budget: directory_budget(),
            process,
        })
    }

    /// Begins to ask. The engine must have been started: what is observed before that decides nothing until it is observed again.
    pub(super) fn go(&self, desk: &Arc<Desk>, counters: &Arc<Counters>, polling: Arc<Mutex<Polling>>) {
        let keeper =
            Keeper { clock: desk.clock().clone(), desk: desk.clone(), counters: counters.clone(), cancel: self.cancel.clone() };
        let handle = self.process.handle();
        {
            let _on_the_runtime = handle.enter();
            self.tokens.begin();
            self.accounts.begin();
        }
        // The first handles exist before this returns, so that a refresh right after a start is not lost.
        let polling = move || *polling.lock().unwrap_or_else(PoisonError::into_inner);
        let hub = self.notify.as_ref().map(|notify| notify.hub().clone());
        let poll = Poll::new(self.client.clone(), desk.clone(), polling()).beside(hub.clone());
        hold(&self.poll, poll.handle());
        let directory = Directory::new(self.client.clone(), desk.clone(), self.memory.clone());
        hold(&self.directory, directory.handle());
        let (client, slot, mut first) = (self.client.clone(), self.poll.clone(), Some(poll));
        handle.spawn(keeper.clone().keep("poll", move |keeper| {
            let again = || Poll::new(client.clone(), keeper.desk.clone(), polling()).beside(hub.clone());
            let poll = first.take().unwrap_or_else(again);
            hold(&slot, poll.handle());
            poll.run(keeper.cancel.clone())
        }));
        let (client, memory) = (self.client.clone(), self.memory.clone());
        let (slot, mut first) = (self.directory.clone(), Some(directory));
        handle.spawn(keeper.clone().keep("directory", move |keeper| {
            let directory = first.take().unwrap_or_else(|| Directory::new(client.clone(), keeper.desk.clone(), memory.clone()));
            hold(&slot, directory.handle());
            directory.run(keeper.cancel.clone())
        }));
        let (tokens, client, client_id) = (self.tokens.clone(), self.client.clone(), self.client_id.clone());
        handle.spawn(keeper.clone().keep("expiry", move |keeper| {
            super::expiry::watch(tokens.clone(), client.clone(), client_id.clone(), keeper.desk.clone())
        }));
        if self.accounts.are_any() {
            let accounts = self.accounts.clone();
            handle.spawn(keeper.clone().keep("accounts", move |keeper| accounts.clone().keep(keeper.desk.clone())));
            let accounts = self.accounts.clone();
            handle.spawn(keeper.clone().keep("expiry", move |keeper| accounts.clone().watch_credentials(keeper.desk.clone())));
        }
        let (client, client_id, farewell) = (self.client.clone(), self.client_id.clone(), self.farewell.clone());
        let publishing = Keeper { cancel: self.publishing.clone(), ..keeper.clone() };
        handle.spawn(publishing.keep("publish", move |keeper| {
            Publisher::new(client.clone(), keeper.desk.clone(), client_id.clone(), farewell.clone()).run(keeper.cancel.clone())
        }));
        if let Some(notify) = &self.notify {
            notify.go(handle, &keeper, Keeper { cancel: self.subscribing.clone(), ..keeper.clone() });
        }
        let timing = Keeper { cancel: self.timing.clone(), ..keeper };
        handle.spawn(timing.keep("timer", |keeper| {
            let desk = keeper.desk.clone();
            async move { desk.keep_time().await }
        }));
    }

    /// Ends everything but publishing, subscriptions and the timer: nothing new is decided from here on.
    pub(super) fn quiet(&self) {
        self.cancel.cancel();
    }

    /// Waits until nothing of ours stands in Teams any more and no subscription is left at Graph, for at most this long. The engine must have begun to stop.
    pub(super) fn farewell(&self, desk: &Desk, most: Duration) {
        let end = Instant::now() + most;
        self.notify.iter().for_each(Notifying::stop);
        self.farewell.begin();
        if desk.with(|engine, now| engine.publications(now).0) > 0 {
            self.farewell.wait(most);
        }
        self.publishing.cancel();
        let left = end.saturating_duration_since(Instant::now());
        self.notify.iter().for_each(|notify| notify.wait(left));
        self.subscribing.cancel();
        let settling = Instant::now();
        self.tokens.settle(most);
        self.accounts.settle(most.saturating_sub(settling.elapsed()));
        let (persons, until_ms) = desk.with(|engine, now| {
            engine.abandon_publications(now);
            engine.publications(now)
        });
        if persons > 0 {
            let event = Event::new(Kind::PublishLeft).with("cause", "stopping").with("persons", persons as u64);
            desk.reporter().event_now(event.with("until_ms", until_ms));
        }
    }

    /// Takes over what a reload may change. `settings` where the sign-in changed.
    pub(super) fn reload(&self, config: &Config, settings: Option<Settings>) {
        if let Some(settings) = settings {
            self.tokens.replace(settings);
        }
        self.client.presence_budget().set(config.source.requests_per_30s);
        if let Some(poll) = held(&self.poll) {
            poll.set(Polling::from(&config.source));
        }
        if let Some(notify) = &self.notify {
            notify.reload(config);
        }
    }

    /// Asks for these people at once.
    pub(super) fn refresh(&self, ids: impl IntoIterator<Item = Guid>) {
        if let Some(poll) = held(&self.poll) {
            poll.refresh(ids);
        }
    }

    /// Asks for this user as soon as he is found.
    pub(super) fn refresh_when_found(&self, user_id: &str) {
        if let Some(poll) = held(&self.poll) {
            poll.refresh_when_found(user_id);
        }
    }

    /// Asks for everybody at once.
    pub(super) fn sweep(&self) {
        if let Some(poll) = held(&self.poll) {
            poll.sweep_now();
        }
    }

    /// Reads the directory at once.
    pub(super) fn round(&self) {
        if let Some(directory) = held(&self.directory) {
            directory.round_now();
        }
    }

    pub(super) fn sign_in_state(&self) -> SignInState {
        self.tokens.state()
    }

    /// The same of the further accounts.
    pub(super) fn account_figures(&self) -> Vec<Figures> {
        self.accounts.figures()
    }

    /// Asks for a code for a person.
    pub(super) fn sign_in(&self, account: &str) -> Result<(), NoPerson> {
        let _on_the_runtime = self.process.handle().enter();
        self.accounts.sign_in(account)
    }

    /// Forgets the person's sign-in.
    pub(super) fn sign_out(&self, account: &str) -> Result<(), NoPerson> {
        self.accounts.sign_out(account)
    }

    /// What was posted to the notification address, for [`Hub::deliver`].
    pub(super) fn hub(&self) -> Option<&Hub> {
        self.notify.as_ref().map(Notifying::hub)
    }

    pub(super) fn presence_budget(&self) -> &BudgetShare {
        self.client.presence_budget()
    }

    pub(super) fn directory_budget(&self) -> &BudgetShare {
        &self.directory_budget
    }

    #[cfg(feature = "test-hooks")]
    pub(super) fn inject_panic(&self) {
        self.process.handle().spawn(async { panic!("a panic asked for by a test") });
    }
}
