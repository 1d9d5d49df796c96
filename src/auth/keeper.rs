//! The token of one instance.

mod registry;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::core::{Core, State};
use super::error::SignInError;
use super::flight;
use super::ledger::{Ledger, Want};
use super::lookout;
use super::person::{Phase, Prompt};
use super::recall::Recall;
use super::refresh;
use super::settings::Settings;
use super::token::AccessToken;
use super::watch::Expiry;
use super::watch_graph::AppCredential;
use crate::config::MethodName;
use crate::event::{Counters, Reporter};
use crate::http::HttpClient;
use crate::store::Notes;
use crate::time::Clock;

/// Permissions that read the app registration (Microsoft Graph, "Get application").
const READS_APPLICATION: [&str; 3] = ["Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"];

/// Between two tokens: by then the next one has probably come.
const NO_TOKEN_MS: u64 = 60_000;

/// Keeps the access token of one instance: fetched once however many ask, renewed ahead while the old one serves.
///
/// Cheap to clone. With the last clone a request under way is given up.
#[derive(Clone)]
pub struct TokenKeeper(Arc<Owner>);

struct Owner(Arc<Core>);

impl Drop for Owner {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if let Some(flight) = state.flight.take() {
            flight.task.abort();
        }
        for task in [state.dialog.take(), state.lookout.take()].into_iter().flatten() {
            task.abort();
        }
    }
}

/// The state of the sign-in, for statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInState {
    /// By what.
    pub method: MethodName,
    /// Number of the token that serves; `None` without one.
    pub token_serial: Option<u64>,
    /// Its age, milliseconds.
    pub token_age_ms: Option<u64>,
    /// How long it is still used, milliseconds.
    pub token_expires_in_ms: Option<u64>,
    /// The trouble at present, also while a token serves.
    pub error: Option<SignInError>,
    /// Key of the configuration whose credential signed in last: `auth` or `auth.next`.
    pub credential: &'static str,
    /// When that credential expires, where it is known.
    pub expiry: Option<Expiry>,
    /// In one word.
    pub phase: Phase,
    /// The code that a person is to type.
    pub prompt: Option<Prompt>,
    /// Object id of the person or application in the token that serves, where it can be read.
    pub account: Option<String>,
}

/// What a keeper is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What to sign in with.
    pub settings: Settings,
    /// The way to Entra.
    pub http: HttpClient,
    /// A way without a proxy, to the metadata service of the machine.
    pub direct: HttpClient,
    /// Where refresh tokens and refused credentials are remembered: for a further account, those of the account.
    pub notes: Notes,
    /// The instance's.
    pub clock: Clock,
    /// The instance's.
    pub reporter: Reporter,
    /// The instance's.
    pub counters: Arc<Counters>,
}

/// Nobody can be asked to sign in: the method has no person, or there is no such account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPerson {
    /// The method signs in by itself.
    #[error("auth.method is {}: it signs in by itself, no person does", .0.as_str())]
    Method(MethodName),
    /// Another account than the one that is signed in.
    #[error("no such account; leave it empty for the sign-in of auth")]
    Account,
}

impl SignInState {
    /// AADSTS number of the trouble at present.
    pub fn last_code(&self) -> Option<u32> {
        self.error.as_ref().and_then(SignInError::code)
    }
}

impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenKeeper").field(&self.state()).finish()
    }
}

impl TokenKeeper {
    /// Without memory and without a proxy: for tests, and wherever an instance is not the owner. See [`TokenKeeper::of`].
    pub fn new(settings: Settings, http: HttpClient, clock: Clock, reporter: Reporter, counters: Arc<Counters>) -> TokenKeeper {
        let direct = http.clone();
        TokenKeeper::of(Parts { settings, http, direct, notes: Notes::in_memory(), clock, reporter, counters })
    }

    /// Sends nothing yet: the first [`TokenKeeper::token`] does.
    pub fn of(parts: Parts) -> TokenKeeper {
        TokenKeeper::made(parts, true)
    }

    /// The same, but where only a person could sign in, [`TokenKeeper::token`] says so and asks nobody: no code is fetched.
    pub fn that_asks_nobody(parts: Parts) -> TokenKeeper {
        TokenKeeper::made(parts, false)
    }

    fn made(parts: Parts, asks: bool) -> TokenKeeper {
        let Parts { settings, http, direct, notes, clock, reporter, counters } = parts;
        let (name, changes) = (settings.name.clone(), watch::Sender::default());
        let state = State { ledger: Ledger::new(settings), flight: None, dialog: None, lookout: None, recall: Recall::default() };
        let (state, reading, writing, began_at) = (Mutex::new(state), Arc::default(), Arc::default(), clock.mono_ms());
        let core =
            Core { http, direct, notes, clock, counters, reporter, state, asks, reading, writing, name, changes, began_at };
        TokenKeeper(Arc::new(Owner(Arc::new(core))))
    }

    /// Begins to sign in without waiting for anybody who wants a token: where a person must sign in, the earlier the better. Must be
    /// called on the runtime.
    pub fn begin(&self) {
        let core = &self.0.0;
        let mut state = core.lock();
        if state.lookout.is_none() {
            state.lookout = Some(tokio::spawn(lookout::watch(Arc::downgrade(core), core.notes.files())).abort_handle());
        }
        let busy = state.flight.is_some();
        if state.ledger.settings.method.has_person() && !busy && matches!(state.ledger.want(core.clock.now(), busy), Want::Fetch)
        {
            flight::take_off(core, &mut state);
        }
    }

    /// Lets refusals that are being written down arrive in the notes, for at most this long. For a stop: whoever is started again must know
    /// of them. Blocks.
    pub fn settle(&self, most: Duration) {
        self.0.0.writing.wait(most);
    }

    /// Asks for a code, whoever is signed in. The answer is an event; asked again within some seconds, the same code. What is held serves
    /// meanwhile. Must be called on the runtime.
    ///
    /// # Errors
    /// Nobody can be asked.
    pub fn sign_in(&self, account: &str) -> Result<(), NoPerson> {
        let core = &self.0.0;
        let again = {
            let mut state = core.lock();
            state.has_account(account)?;
            let again = state.ledger.ask(core.clock.now());
            if again.is_none() {
                if let Some(dialog) = state.dialog.take() {
                    dialog.abort();
                }
                // One that is under way sees the wish, or the next one does.
                if state.flight.is_none() {
                    flight::take_off(core, &mut state);
                }
            }
            again
        };
        core.report(again);
        Ok(())
    }

    /// Forgets the person's sign-in, also on disk, and uses what is held no longer. Until [`TokenKeeper::sign_in`] nothing is asked.
    ///
    /// # Errors
    /// There is no such person.
    pub fn sign_out(&self, account: &str) -> Result<(), NoPerson> {
        let core = &self.0.0;
        let event = {
            let mut state = core.lock();
            state.has_account(account)?;
            if let Some(dialog) = state.dialog.take() {
                dialog.abort();
            }
            if let Some(flight) = &state.flight {
                flight.task.abort();
            }
            // On disk in its own time; reading gives nothing from now on.
            drop(refresh::forget(&core.notes));
            state.ledger.sign_out()
        };
        core.report([event]);
        core.changed();
        Ok(())
    }

    /// A token that is good for at least some seconds: the one held, or a new one. Must be polled on the runtime of
    /// [`crate::process::Process`].
    ///
    /// However many callers wait, one request is sent. A caller may give up at any time; the request goes on for the others.
    ///
    /// # Errors
    /// None is to be had now; the error says when it is tried again. Until then the same error is returned without any request.
    pub async fn token(&self) -> Result<AccessToken, SignInError> {
        let core = &self.0.0;
        loop {
            let mut landed = {
                let mut state = core.lock();
                let busy = state.flight.is_some();
                match state.ledger.want(core.clock.now(), busy) {
                    Want::Serve(token, renew) => {
                        if renew {
                            flight::take_off(core, &mut state);
                        }
                        return Ok(token);
                    }
                    Want::Fail(error) => return Err(error),
                    Want::Fetch => match &state.flight {
                        Some(flight) => flight.landed.clone(),
                        None => flight::take_off(core, &mut state),
                    },
                }
            };
            // Nothing is ever sent: the sender's end is the news, however the flight ended.
            let _ = landed.changed().await;
        }
    }

    /// A token that was fetched after this call, where one is to be had; else the one held. For whoever knows that more may be granted than
    /// the token in use says. As [`TokenKeeper::token`] in everything else.
    ///
    /// # Errors
    /// As [`TokenKeeper::token`].
    pub async fn renewed(&self) -> Result<AccessToken, SignInError> {
        let before = self.token().await?;
        let core = &self.0.0;
        let landed = {
            let mut state = core.lock();
            state.ledger.renew(&before);
            match state.flight.as_ref().map(|flight| flight.landed.clone()) {
                Some(landed) => Some(landed),
                None => match state.ledger.want(core.clock.now(), false) {
                    Want::Serve(_, true) | Want::Fetch => Some(flight::take_off(core, &mut state)),
                    Want::Serve(_, false) | Want::Fail(_) => None,
                },
            }
        };
        if let Some(mut landed) = landed {
            // As in `token`: the sender's end is the news.
            let _ = landed.changed().await;
        }
        self.token().await
    }

    /// Graph answered 401 to `token`: it serves no longer, the next [`TokenKeeper::token`] fetches another. If that one is rejected as
    /// well, none is fetched for 1, 5, 15 and then 60 minutes.
    pub fn rejected(&self, token: &AccessToken) {
        let core = &self.0.0;
        core.lock().ledger.rejected(token, core.clock.now());
    }

    /// Graph answered 403 to `token`: permissions granted since show only in a newer one, which is fetched with the next
    /// [`TokenKeeper::token`]. This one serves until it is there.
    pub fn renew(&self, token: &AccessToken) {
        self.0.0.lock().ledger.renew(token);
    }

    /// Reload: the token held serves until the new credential has signed in once, which is tried with the next [`TokenKeeper::token`].
    /// A credential that stands refused is not sent again for being configured again.
    pub fn replace(&self, new: Settings) {
        let mut state = self.0.0.lock();
        if let Some(dialog) = state.dialog.take() {
            dialog.abort();
        }
        state.ledger.replace(new);
    }

    /// Changes whenever a token came, and when what was held is given up by a sign-out.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.0.changes.subscribe()
    }

    /// The object id of the person who is signed in, also while no token serves; `None` for a sign-in of the app, and as long as nobody is
    /// known.
    pub fn person(&self) -> Option<String> {
        self.0.0.lock().ledger.person_held().map(str::to_owned)
    }

    /// For statistics.
    pub fn state(&self) -> SignInState {
        let core = &self.0.0;
        let state = core.lock();
        let figures = state.ledger.figures(core.clock.now());
        SignInState {
            method: state.ledger.settings.method.name(),
            token_serial: figures.token.map(|(serial, _, _)| serial),
            token_age_ms: figures.token.map(|(_, age, _)| age),
            token_expires_in_ms: figures.token.map(|(_, _, left)| left),
            phase: state.ledger.phase(figures.token.is_some()),
            prompt: state.ledger.prompt().cloned(),
            account: state.ledger.account(core.clock.now()),
            credential: state.ledger.rotation.using().key(),
            expiry: state.ledger.watch.expiry(),
            error: figures.trouble.or_else(|| state.ledger.person_needed(core.clock.now())),
        }
    }

    /// Tells whether the credential expires soon, if that is due. Answers in how many milliseconds to call again, at most a day.
    pub fn check_expiry(&self) -> u64 {
        let core = &self.0.0;
        let now = core.clock.now();
        let (event, wait) = {
            let mut state = core.lock();
            (state.ledger.watch.tick(now.wall_ms), state.ledger.watch.next_tick_ms(now.wall_ms))
        };
        core.report(event);
        wait
    }

    /// In how many milliseconds to ask the app registration when the credential expires; `None` if it is not to be asked now. It is not
    /// asked twice a day about one credential, nor with a token that may not read it; where no token is held just now, it is looked again soon.
    pub fn app_credentials_due_ms(&self) -> Option<u64> {
        let core = &self.0.0;
        let now = core.clock.now();
        let state = core.lock();
        if !state.ledger.watch.wants_graph(now.mono_ms) {
            return None;
        }
        match state.ledger.token(now) {
            Some(token) => READS_APPLICATION.iter().any(|role| token.claims().has(role)).then_some(0),
            None => Some(NO_TOKEN_MS),
        }
    }

    /// What the app registration says; `None` where it could not be read. Never an error: who may not read it goes by other dates.
    pub fn app_credentials(&self, list: Option<&[AppCredential]>) {
        let core = &self.0.0;
        let now = core.clock.now();
        let event = {
            let mut state = core.lock();
            state.ledger.watch.graph_said(list, now.wall_ms, now.mono_ms);
            state.ledger.watch.tick(now.wall_ms)
        };
        core.report(event);
    }
}

impl State {
    fn has_account(&self, account: &str) -> Result<(), NoPerson> {
        let method = &self.ledger.settings.method;
        if !method.has_person() {
            return Err(NoPerson::Method(method.name()));
        }
        let known = || self.ledger.account_held().is_some_and(|id| id.eq_ignore_ascii_case(account));
        if account.is_empty() || known() { Ok(()) } else { Err(NoPerson::Account) }
    }
}

#[cfg(test)]
impl TokenKeeper {
    pub(super) fn core_for_tests(&self) -> Arc<Core> {
        self.0.0.clone()
    }
}
