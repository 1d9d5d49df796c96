//! One try to get a token, as a task of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::chance::chance;
use super::core::{Core, Flight, Landing, State};
use super::credential::{Credential, ReadError};
use super::rotation::{Which, lies_in_credential};
use super::schedule::Care;
use super::settings::{Method, Settings};
use super::ticket::{self, Ticket};
use super::watch::Seen;
use super::{dialog, refusal};
use crate::event::Draft;

/// A file that takes longer hangs.
const READING: Duration = Duration::from_secs(10);

/// Begins one. The receiver's end is the news that it is over.
pub(super) fn take_off(core: &Arc<Core>, state: &mut State) -> watch::Receiver<()> {
    let (land, landed) = watch::channel(());
    let task = tokio::spawn(fly(Landing::new(core.clone(), land))).abort_handle();
    state.flight = Some(Flight { landed: landed.clone(), task });
    landed
}

async fn fly(mut landing: Landing) {
    attempt(&landing.core).await;
    landing.orderly = true;
}

/// Whether the other credential is worth a try.
#[derive(PartialEq, Eq)]
enum Verdict {
    /// Signed in, or failed for a reason that lies elsewhere.
    Over,
    /// This credential is not good, or stands refused.
    NotThisOne,
}

async fn attempt(core: &Arc<Core>) {
    let (settings, epoch) = {
        let state = core.lock();
        (state.ledger.settings.clone(), state.ledger.epoch)
    };
    if settings.method.has_person() {
        return dialog::attempt(core, settings, epoch).await;
    }
    let mut unsent = Unsent::default();
    if settings.succession.next.is_none() {
        try_with(core, &settings, Which::Present, epoch, &mut unsent).await;
        core.report(unsent.events);
        return;
    }
    // The present one first, unless it is the very one that was refused before. That one is tried again only when the next one fails, too.
    let mut order = [Which::Present, Which::Next];
    if let Some(present) = settings.with(Which::Present)
        && let Ok(credential) = read(core, &Arc::new(present)).await
        && core.lock().ledger.refusals.find(&credential.fingerprint).is_some()
    {
        order.reverse();
    }
    for which in order {
        let Some(settings) = settings.with(which) else { continue };
        if try_with(core, &Arc::new(settings), which, epoch, &mut unsent).await == Verdict::Over {
            break;
        }
    }
    core.lock().ledger.settle(&unsent.fingerprints);
    core.report(unsent.events);
}

/// What is told once it is known whether the other credential was accepted.
#[derive(Default)]
struct Unsent {
    events: Vec<Draft>,
    fingerprints: Vec<[u8; 32]>,
}

async fn try_with(core: &Arc<Core>, settings: &Arc<Settings>, which: Which, epoch: u64, unsent: &mut Unsent) -> Verdict {
    let credential = match read(core, settings).await {
        Ok(credential) => credential,
        Err(mut error) => {
            error.key = which.place(error.key);
            unsent.events.extend(core.lock().ledger.unreadable(error, core.clock.now(), epoch));
            return Verdict::NotThisOne;
        }
    };
    let (fingerprint, care) = (credential.fingerprint, credential.care);
    let seen = Seen { fingerprint, marks: credential.marks.clone() };
    unsent.fingerprints.push(fingerprint);
    if care == Care::Password {
        core.memory_is_read().await;
    }
    refusal::recall(core, fingerprint).await;
    let now = core.clock.now();
    let (send, good, doubt) = {
        let mut state = core.lock();
        if epoch == state.ledger.epoch {
            state.ledger.watch.read(which, seen.clone());
        }
        let send = state.ledger.may_send(&fingerprint, now);
        let good = !state.ledger.refusals.find(&fingerprint).is_some_and(|refusal| lies_in_credential(&refusal.error));
        (send, good, state.ledger.doubt(fingerprint, credential.doubt))
    };
    core.report(doubt);
    if !send {
        return if good { Verdict::Over } else { Verdict::NotThisOne };
    }
    let (head, result) = core.exchange().run(settings.clone(), credential).await.split();
    let token = match result {
        Ok(token) => token,
        Err(failure) => {
            unsent.events.extend(core.draw_from(failure, &head, (fingerprint, care), epoch).await);
            let state = core.lock();
            let refused = state.ledger.refusals.find(&fingerprint).is_some_and(|refusal| lies_in_credential(&refusal.error));
            return if refused { Verdict::NotThisOne } else { Verdict::Over };
        }
    };
    let after = core.clock.now();
    {
        let mut state = core.lock();
        core.counters.token_fetched();
        // That the other one was refused is told by this event, and is over.
        unsent.events.clear();
        unsent.events.extend(state.ledger.accepted(which, seen, epoch));
        unsent.events.extend(state.ledger.granted(token, now, after, epoch, chance()));
        unsent.events.extend(state.ledger.compare_clocks(head.clock_offset_ms));
        unsent.events.extend(state.ledger.watch.tick(after.wall_ms));
    }
    core.changed();
    refusal::forget(core, &fingerprint);
    Verdict::Over
}

/// Reads the credential; where that may block or signs, on a thread for such work.
async fn read(core: &Core, settings: &Arc<Settings>) -> Result<Credential<Ticket>, ReadError> {
    let wall_ms = core.clock.now().wall_ms;
    if !settings.method.reads_files() && !matches!(settings.method, Method::Certificate { .. }) {
        return ticket::read(settings, wall_ms);
    }
    let hangs = || ReadError::new("auth", format!("reading the files takes longer than {} s", READING.as_secs()));
    if core.reading.swap(true, Ordering::AcqRel) {
        return Err(hangs());
    }
    let (settings, done) = (settings.clone(), Done(core.reading.clone()));
    let work = tokio::task::spawn_blocking(move || {
        let _done = done;
        ticket::read(&settings, wall_ms)
    });
    match tokio::time::timeout(READING, work).await {
        Ok(Ok(credential)) => credential,
        Ok(Err(error)) => Err(ReadError::new("auth", format!("internal error while reading: {error}"))),
        Err(_) => Err(hangs()),
    }
}

/// Says that the thread has come back, or was never started.
struct Done(Arc<AtomicBool>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
