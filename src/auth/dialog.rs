//! The way to a token where a person signs in: by the refresh token of last time, else by a code.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::answer::EntraToken;
use super::chance::chance;
use super::core::Core;
use super::credential::Fingerprint;
use super::device_code::{self, Code, Next};
use super::exchange::{Answered, Exchange};
use super::outcome::{Failure, OutcomeHead, interpret, refusal};
use super::schedule::{self, Care};
use super::settings::Settings;
use super::ticket::Ticket;
use super::{refresh, refusal as memory};
use crate::event::{Event, Kind};
use crate::time::Moment;

const NO_REFRESH_TOKEN: &str = "the sign-in brought no refresh token (offline_access), so that a person must sign in again when the access \
                                token ends";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// One try. Ends when there is a token, a code, or neither for now; it does not wait for the person.
pub(super) async fn attempt(core: &Arc<Core>, settings: Arc<Settings>, epoch: u64) {
    loop {
        if !core.lock().ledger.asked {
            if refresh::stored(&core.notes, &settings).is_none() {
                // A code would trouble somebody for nothing if the file that is late holds a sign-in.
                core.memory_is_read().await;
            }
            if let Some(token) = refresh::stored(&core.notes, &settings)
                && !renew(core, &settings, token, epoch).await
            {
                return;
            }
        }
        let asking = {
            let state = core.lock();
            state.ledger.is_asking() && !state.ledger.asked
        };
        if !core.asks {
            core.lock().ledger.left_unasked();
            return;
        }
        // The sign-in of before ended while another one is waited for already.
        if asking || ask(core, &settings, epoch).await == Asked::Over {
            return;
        }
    }
}

/// What became of asking for a code.
#[derive(PartialEq, Eq)]
enum Asked {
    /// It is out, or there is none for now.
    Over,
    /// A stored sign-in came to light meanwhile.
    Needless,
}

/// Uses the refresh token. Answers whether a code is needed.
async fn renew(core: &Arc<Core>, settings: &Arc<Settings>, token: SecretString, epoch: u64) -> bool {
    let credential = refresh::credential(token.clone(), Fingerprint::of(settings)).with(Ticket::Refresh);
    let fingerprint = credential.fingerprint;
    memory::recall(core, fingerprint).await;
    let asked_at = core.clock.now();
    if !core.lock().ledger.may_send(&fingerprint, asked_at) {
        return false;
    }
    let (head, result) = core.exchange().run(settings.clone(), credential).await.split();
    match result {
        Ok(new) => {
            granted(core, settings, new, (&head, asked_at), epoch, Came::OfToken(&token)).await;
            core.lock().ledger.asked
        }
        Err(Failure::Entra(error)) if let Some(advice) = refresh::is_over(&error) => {
            core.counters.token_refused();
            let events = {
                let mut state = core.lock();
                if state.ledger.epoch != epoch {
                    return false;
                }
                // Nobody waits for the disk here: should this be lost, Entra refuses the token once more.
                drop(refresh::forget(&core.notes));
                let mut events = state.ledger.lapsed(&error, advice, core.clock.now());
                events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
                events
            };
            core.report(events);
            true
        }
        Err(failure) => {
            core.failed(failure, &head, (fingerprint, Care::Application), epoch).await;
            false
        }
    }
}

/// By what a token came.
#[derive(Clone, Copy)]
enum Came<'a> {
    /// By a code that a person typed just now.
    OfPerson,
    /// By this refresh token, which may be worth nothing any more.
    OfToken(&'a SecretString),
}

/// Takes a token in: first the refresh token goes to disk, then the access token serves.
async fn granted(
    core: &Arc<Core>,
    settings: &Settings,
    mut token: EntraToken,
    (head, asked_at): (&OutcomeHead, Moment),
    epoch: u64,
    came: Came<'_>,
) {
    let new = token.take_refresh_token();
    let keep = |new| refresh::keep(&core.notes, settings, &new, core.clock.now().wall_ms);
    let (receipt, doubt) = {
        let state = core.lock();
        // Signed out, or configured anew, while the answer was on its way. The refresh token takes the place of the one it was exchanged for
        // wherever that is still stored, which after a sign-out it is not: whoever is signed in stays so over a reload.
        if state.ledger.epoch != epoch {
            if let Came::OfToken(used) = came
                && refresh::holds(&core.notes, settings, used)
            {
                drop(new.and_then(keep));
            }
            return;
        }
        match (new.and_then(keep), came) {
            (Some(receipt), _) => (Some(receipt), None),
            // Without a new one the old one goes on, unless it is somebody else's.
            (None, Came::OfToken(_)) => (None, None),
            (None, Came::OfPerson) => (
                Some(refresh::forget(&core.notes)),
                Some(Event::new(Kind::CredentialDoubtful).with("key", "auth.scope").with("problem", NO_REFRESH_TOKEN)),
            ),
        }
    };
    core.report(doubt);
    if let Some(receipt) = receipt {
        // In memory at least; the store tells by an event where the disk does not take it.
        let _ = receipt.durable().await;
    }
    let now = core.clock.now();
    let events = {
        let mut state = core.lock();
        if state.ledger.epoch != epoch {
            return;
        }
        core.counters.token_fetched();
        let mut events = state.ledger.granted(token, asked_at, now, epoch, chance());
        events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
        events
    };
    core.report(events);
    core.changed();
    memory::forget_all(core);
}

/// Asks for a code and leaves a task that waits for the person.
async fn ask(core: &Arc<Core>, settings: &Arc<Settings>, epoch: u64) -> Asked {
    let fingerprint = Fingerprint::of(settings).finish();
    memory::recall(core, fingerprint).await;
    let asked_at = core.clock.now();
    let wished = {
        let mut state = core.lock();
        // A person's wish is no repetition of ours.
        let wished = std::mem::take(&mut state.ledger.asked);
        if !wished && !state.ledger.may_send(&fingerprint, asked_at) {
            return Asked::Over;
        }
        wished
    };
    let fields = [("client_id", settings.client_id.as_str()), ("scope", settings.scope.as_str())];
    let answer = core.exchange().post(&settings.device_code_url(), &fields).await;
    let (head, result) = answer
        .read(|status, body| match status {
            200 => Code::read(body, asked_at).map_err(Failure::Useless),
            _ => Err(refusal(status, body)),
        })
        .split();
    let code = match result {
        Ok(code) => code,
        Err(failure) => {
            core.failed(failure, &head, (fingerprint, Care::Application), epoch).await;
            let mut state = core.lock();
            // An outage does not end the wish; a refusal was told.
            state.ledger.asked |= wished && state.ledger.epoch == epoch && !state.ledger.stands_refused();
            return Asked::Over;
        }
    };
    let now = core.clock.now();
    let events = {
        let mut state = core.lock();
        if state.ledger.epoch != epoch {
            return Asked::Over;
        }
        let fallback = refresh::stored(&core.notes, settings).is_some();
        if fallback && !wished {
            // A late file was read while the request was on its way.
            return Asked::Needless;
        }
        let mut events = state.ledger.answered(now);
        events.push(state.ledger.code_given(&code.prompt, wished, fallback, now));
        events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
        let waiting = wait(core.clone(), settings.clone(), code, asked_at, epoch);
        if let Some(before) = state.dialog.replace(tokio::spawn(waiting).abort_handle()) {
            before.abort();
        }
        events
    };
    core.report(events);
    Asked::Over
}

/// Asks now and then whether the person has signed in. Given up with its owner, by a new code, and by a sign-out.
async fn wait(core: Arc<Core>, settings: Arc<Settings>, code: Code, begun: Moment, epoch: u64) {
    let _alert = Alert(core.clone());
    let end = begun.mono_ms + code.life_ms;
    let (mut interval, mut failures) = (code.interval_ms, 0);
    let mut next = core.clock.mono_ms() + interval;
    loop {
        core.clock.sleep_until(next.min(end)).await;
        let asked_at = core.clock.now();
        // Once more at the very end: the person may have finished in the last seconds.
        let last = asked_at.mono_ms >= end;
        let (head, result) = poll(&core.exchange(), &settings, &code).await.read(interpret).split();
        let now = core.clock.now();
        let failure = match result {
            Ok(token) => {
                {
                    let mut state = core.lock();
                    if state.ledger.epoch != epoch {
                        return;
                    }
                    state.ledger.person_came();
                }
                granted(&core, &settings, token, (&head, asked_at), epoch, Came::OfPerson).await;
                return;
            }
            Err(failure) => failure,
        };
        let mut pause = interval;
        let mut events = Vec::new();
        {
            let mut state = core.lock();
            if state.ledger.epoch != epoch {
                return;
            }
            events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
            let over = match device_code::judge(failure) {
                Next::Over(error, advice) => {
                    core.counters.token_refused();
                    events.extend(state.ledger.code_over(Some((&error, advice)), now));
                    true
                }
                _ if last => {
                    events.extend(state.ledger.code_over(None, now));
                    true
                }
                Next::Later(failure) => {
                    failures += 1;
                    pause = interval.max(schedule::after_failure(failures, head.retry_after, chance()));
                    events.extend(state.ledger.unanswered(failure, &head, now, now.mono_ms + pause));
                    false
                }
                again => {
                    failures = 0;
                    if matches!(again, Next::Slower) {
                        interval = device_code::slower(interval);
                        pause = interval;
                    }
                    events.extend(state.ledger.answered(now));
                    false
                }
            };
            drop(state);
            core.report(events);
            if over {
                return;
            }
        }
        next = core.clock.mono_ms() + pause;
    }
}

/// A code that nobody waits for any more, by an error of ours, is over.
struct Alert(Arc<Core>);

impl Drop for Alert {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.counters.panic_caught();
            let events = self.0.lock().ledger.code_over(None, self.0.clock.now());
            self.0.report(events);
        }
    }
}

async fn poll(exchange: &Exchange, settings: &Settings, code: &Code) -> Answered {
    let fields =
        [("grant_type", GRANT), ("client_id", settings.client_id.as_str()), ("device_code", code.device_code.expose_secret())];
    exchange.post(&settings.token_url(), &fields).await
}
