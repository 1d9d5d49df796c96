//! The accounts that sign in beside the main one, each with a sign-in of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use url::Url;

use super::expiry;
use crate::auth::{NoPerson, Parts as SignInParts, Settings, SignInState, TokenKeeper, forget_accounts};
use crate::config::{Account as Configured, Config};
use crate::event::Counters;
use crate::graph::{GraphClient, Parts};
use crate::host::Desk;
use crate::http::HttpClient;
use crate::process::Process;
use crate::source::notify::{Account, Persons, Standing};
use crate::store::{Notes, Place};

/// The name of the sign-in of `auth`. The configuration refuses it for a further account.
const MAIN: &str = "main";
/// How often a sign-in is looked after that works: it is renewed ahead by whoever asks for its token, and it may be that nobody else does.
const LOOK_MS: u64 = 60_000;
/// One that fails is looked at in this range: a file may have another password by now.
const FAILED_MS: (u64, u64) = (1_000, 5_000);

/// What the accounts are made of, besides the configuration.
pub(super) struct Ways<'a> {
    pub(super) process: &'a Process,
    pub(super) http: &'a HttpClient,
    pub(super) direct: &'a HttpClient,
    pub(super) root: &'a Url,
    pub(super) desk: &'a Desk,
    pub(super) counters: &'a Arc<Counters>,
}

/// All sign-ins of a running instance, the main one first. A clone is the same.
#[derive(Clone)]
pub(super) struct Accounts {
    main: GraphClient,
    further: Arc<[Account]>,
    persons: Persons,
    client_id: Arc<str>,
}

/// How a further account stands, for the statistics.
pub(super) struct Figures {
    pub(super) name: Arc<str>,
    pub(super) sign_in: SignInState,
    /// The account of the same person that is used in its place.
    pub(super) same_as: Option<Arc<str>>,
}

impl Accounts {
    /// Makes the further accounts. Sends nothing.
    pub(super) fn prepare(config: &Config, main: &GraphClient, ways: &Ways<'_>) -> Accounts {
        let configured = further(config);
        let notes = ways.desk.store().notes();
        // Where the file is late, the next start does it.
        if config.source.notifications.is_some() && notes.are_read() {
            forget_accounts(&notes, |name| configured.iter().any(|account| account.name.eq_ignore_ascii_case(name)));
        }
        let further: Arc<[Account]> = configured.iter().map(|account| make(config, account, &notes, ways)).collect();
        let main_subscribes = config.source.notifications.is_some() && !config.auth.method.name().is_app_only();
        let own = main_subscribes.then(|| Account { name: MAIN.into(), client: main.clone() });
        let persons = Persons::new(own.into_iter().chain(further.iter().cloned()).collect());
        Accounts { main: main.clone(), further, persons, client_id: config.client_id.as_str().into() }
    }

    /// Begins to sign in. Must be called on the runtime.
    pub(super) fn begin(&self) {
        self.further.iter().for_each(|account| account.client.tokens().begin());
    }

    /// Those that are persons: who can subscribe, and who must not.
    pub(super) fn persons(&self) -> &Persons {
        &self.persons
    }

    /// Keeps everybody signed in until it is dropped, and tells where two are one person.
    pub(super) async fn keep(self, desk: Arc<Desk>) {
        let watched = self.persons().accounts().iter().map(|account| {
            // The main sign-in is kept by the poll.
            let further = self.further.iter().any(|other| other.name == account.name);
            look_after(account.client.tokens().clone(), further, self.persons(), &desk)
        });
        join_all(watched).await;
    }

    /// Watches over the life of each credential until it is dropped.
    pub(super) async fn watch_credentials(self, desk: Arc<Desk>) {
        let watched = self.further.iter().map(|account| {
            let client = account.client.clone();
            expiry::watch(client.tokens().clone(), client, self.client_id.to_string(), desk.clone())
        });
        join_all(watched).await;
    }

    /// Whether there is anything to keep.
    pub(super) fn are_any(&self) -> bool {
        !self.further.is_empty()
    }

    /// Lets refusals that are being written down arrive in the notes, for at most this long.
    pub(super) fn settle(&self, most: Duration) {
        let deadline = Instant::now() + most;
        for account in self.further.iter() {
            account.client.tokens().settle(deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Asks for a code for a person.
    pub(super) fn sign_in(&self, account: &str) -> Result<(), NoPerson> {
        let (tokens, id) = self.named(account)?;
        tokens.sign_in(id)
    }

    /// Forgets the sign-in of a person.
    pub(super) fn sign_out(&self, account: &str) -> Result<(), NoPerson> {
        let (tokens, id) = self.named(account)?;
        tokens.sign_out(id)
    }

    /// Whose sign-in it is, and by which name that one knows itself.
    fn named<'a>(&'a self, account: &'a str) -> Result<(&'a TokenKeeper, &'a str), NoPerson> {
        let main = self.main.tokens();
        if account.is_empty() || account.eq_ignore_ascii_case(MAIN) {
            return Ok((main, ""));
        }
        if let Some(named) = self.further.iter().find(|other| other.name.eq_ignore_ascii_case(account)) {
            return Ok((named.client.tokens(), ""));
        }
        let is_person = |tokens: &&TokenKeeper| tokens.person().is_some_and(|id| id.eq_ignore_ascii_case(account));
        let further = self.further.iter().map(|other| other.client.tokens());
        match [main].into_iter().chain(further).find(is_person) {
            Some(tokens) => Ok((tokens, account)),
            // With one sign-in alone, that one says why not.
            None if self.further.is_empty() => Ok((main, account)),
            None => Err(NoPerson::Account),
        }
    }

    /// How each further account stands.
    pub(super) fn figures(&self) -> Vec<Figures> {
        let standings = self.persons().look();
        let standing =
            |name: &Arc<str>| self.persons().accounts().iter().zip(&standings).find(|(account, _)| account.name == *name);
        let figures = |account: &Account| Figures {
            name: account.name.clone(),
            sign_in: account.client.tokens().state(),
            same_as: standing(&account.name).and_then(|(_, standing): (_, &Standing)| standing.same_as.clone()),
        };
        self.further.iter().map(figures).collect()
    }
}

/// The further accounts of a configuration.
pub(super) fn further(config: &Config) -> &[Configured] {
    config.source.notifications.as_ref().map_or(&[], |notifications| &notifications.accounts)
}

fn make(config: &Config, account: &Configured, notes: &Notes, ways: &Ways<'_>) -> Account {
    let (clock, reporter) = (ways.desk.clock().clone(), ways.desk.reporter().clone());
    let tokens = TokenKeeper::of(SignInParts {
        settings: Settings::of_account(config, account),
        http: ways.http.clone(),
        direct: ways.direct.clone(),
        notes: notes.of(Some(&account.name)),
        clock: clock.clone(),
        reporter: reporter.clone(),
        counters: ways.counters.clone(),
    });
    tokens.enrol(config.state.dir.as_ref().map(|dir| Place::new(dir, &config.name)));
    // The limits are those of the app and the tenant, whoever signs in. The main sign-in sets them; the lowest setting counts.
    let share = |host: &str| ways.process.budget(&config.tenant_id, &config.client_id, host, u32::MAX);
    let graph = config.graph();
    let client = GraphClient::new(Parts {
        root: ways.root.clone(),
        http: ways.http.clone(),
        tokens,
        presence_budget: share(graph),
        directory_budget: share(&format!("{graph} directory")),
        clock,
        reporter,
        counters: ways.counters.clone(),
    });
    Account { name: account.name.as_str().into(), client }
}

/// Keeps one account signed in (`further`; the main one is only watched), while the following is switched on.
async fn look_after(tokens: TokenKeeper, further: bool, persons: &Persons, desk: &Desk) {
    let (mut changes, mut roster) = (tokens.changes(), desk.roster_changes());
    loop {
        let enabled = desk.with(|engine, _| engine.is_enabled());
        let mut wait = LOOK_MS;
        if further && enabled {
            tokio::select! {
                outcome = tokens.token() => {
                    if let Err(error) = outcome {
                        let now = desk.clock().mono_ms();
                        wait = error.next_try_mono_ms().saturating_sub(now).clamp(FAILED_MS.0, FAILED_MS.1);
                    }
                }
                () = desk.disabled() => continue,
            }
        }
        persons.look();
        tokio::select! {
            () = desk.clock().sleep(wait) => {}
            Ok(()) = changes.changed() => {}
            Ok(()) = roster.changed(), if further && !enabled => {}
        }
    }
}
