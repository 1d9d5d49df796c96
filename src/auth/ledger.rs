//! What is known of the sign-in, and what follows from each outcome. Pure: time and chance are arguments, events are returned.

mod outage;

use std::sync::Arc;

use super::aadsts::{self, Class};
use super::answer::EntraToken;
use super::credential::ReadError;
use super::error::SignInError;
use super::outcome::{Failure, OutcomeHead};
use super::person::Person;
use super::refusals::{CLOCK_SET_MS, Refusals};
use super::rotation::{Rotation, Which, lies_in_credential};
use super::schedule::{self, Care};
use super::settings::Settings;
use super::token::AccessToken;
use super::told;
use super::watch::{Seen, Watch};
use crate::event::{Draft, Event, Kind};
use crate::time::Moment;

/// A file or variable with a refused credential is looked at again no sooner.
pub(super) const LOOK_EVERY_MS: u64 = 5_000;
/// A credential that cannot be read is read again after this time; nothing is sent meanwhile.
const UNREADABLE_MS: u64 = 10_000;
/// A difference of clocks beyond this is told: Entra refuses assertions from about here on.
const CLOCK_MS: i64 = 5 * 60_000;
/// A token fetched after a refusal by Graph and refused within this time is no accident.
const YOUNG_MS: u64 = 10 * 60_000;

pub(super) struct Ledger {
    pub(super) settings: Arc<Settings>,
    /// Counts [`Ledger::replace`].
    pub(super) epoch: u64,
    pub(super) held: Option<Held>,
    trouble: Option<SignInError>,
    pub(super) refusals: Refusals,
    pub(super) rotation: Rotation,
    pub(super) watch: Watch,
    /// Failures of the way or of the service in a row.
    failures: u32,
    /// When Entra stopped answering usefully, on the monotonic clock.
    outage_since: Option<u64>,
    /// What the administrator was told last.
    told: Option<SignInError>,
    /// The kinds of events that the present outage was told by.
    outage_told: Vec<Kind>,
    clock_told: bool,
    doubt_told: Option<[u8; 32]>,
    /// The next success is worth an event.
    pub(super) announce: bool,
    /// The part of a person in it, where there is one.
    pub(super) person: Person,
    /// A code is wished for, whatever is stored.
    pub(super) asked: bool,
    /// The sign-in of before is stored and serves on while a code waits, and if nobody uses it.
    pub(super) fallback: bool,
    /// Why the sign-in of last time is over, with Entra's number.
    pub(super) lapse: Option<(&'static str, Option<u32>)>,
    pub(super) next_look: u64,
    /// The next token answers a refusal by Graph.
    forced: bool,
    rejections: u32,
    serial: u64,
}

pub(super) struct Held {
    token: AccessToken,
    got_at: u64,
    renew_at: u64,
    usable_until: u64,
    epoch: u64,
    forced: bool,
}

/// What a caller gets.
pub(super) enum Want {
    /// This token; the flag asks for a renewal in the background.
    Serve(AccessToken, bool),
    /// A new one must be fetched.
    Fetch,
    /// None, for now.
    Fail(SignInError),
}

/// What the numbers say: see [`super::SignInState`].
pub(super) struct Figures {
    pub(super) token: Option<(u64, u64, u64)>,
    pub(super) trouble: Option<SignInError>,
}

impl Ledger {
    pub(super) fn new(settings: Settings) -> Ledger {
        Ledger {
            refusals: Refusals::default(),
            rotation: Rotation::default(),
            watch: Watch::of(&settings),
            settings: Arc::new(settings),
            epoch: 0,
            held: None,
            trouble: None,
            failures: 0,
            outage_since: None,
            told: None,
            outage_told: Vec::new(),
            clock_told: false,
            doubt_told: None,
            announce: true,
            person: Person::Unasked,
            asked: false,
            fallback: false,
            lapse: None,
            next_look: 0,
            forced: false,
            rejections: 0,
            serial: 0,
        }
    }

    /// `busy`: somebody is fetching already.
    pub(super) fn want(&mut self, now: Moment, busy: bool) -> Want {
        if let Some(held) = &self.held
            && now.mono_ms < held.usable_until
        {
            let token = held.token.clone();
            let old = now.mono_ms >= held.renew_at || held.epoch != self.epoch || self.asked;
            let free = !busy && self.person_needed(now).is_none();
            return Want::Serve(token, old && free && self.due(now));
        }
        if let Some(error) = self.person_needed(now) {
            return Want::Fail(error);
        }
        if busy || self.due(now) {
            return Want::Fetch;
        }
        match &self.trouble {
            Some(error) => Want::Fail(error.clone()),
            None => Want::Fetch,
        }
    }

    /// Whether it is time to try, or to see whether the credential has changed.
    fn due(&mut self, now: Moment) -> bool {
        let Some(trouble) = &self.trouble else { return true };
        if now.mono_ms >= trouble.next_try_mono_ms() {
            return true;
        }
        if !matches!(trouble, SignInError::Refused { .. }) {
            return false;
        }
        let look = self.refusals.clock_was_set(now)
            || (now.mono_ms >= self.next_look && (self.settings.may_change() || self.next_look == 0));
        if look {
            self.next_look = now.mono_ms + LOOK_EVERY_MS;
        }
        look
    }

    /// May this credential be sent now? Not while it stands refused.
    pub(super) fn may_send(&mut self, fingerprint: &[u8; 32], now: Moment) -> bool {
        match self.refusals.find(fingerprint).filter(|refusal| refusal.stands(now)) {
            Some(refusal) => {
                self.trouble = Some(refusal.error.clone());
                false
            }
            None => true,
        }
    }

    /// Something about a value looks wrong: told once per value.
    pub(super) fn doubt(&mut self, fingerprint: [u8; 32], doubt: Option<(&'static str, &'static str)>) -> Option<Draft> {
        let (key, problem) = doubt?;
        if self.doubt_told.replace(fingerprint) == Some(fingerprint) {
            return None;
        }
        Some(Event::new(Kind::CredentialDoubtful).with("key", key).with("problem", problem))
    }

    /// New settings. What is held serves on; the new credential is tried with the next call, unless it is one that stands refused.
    pub(super) fn replace(&mut self, settings: Settings) {
        self.watch.configure(Watch::of(&settings));
        self.settings = Arc::new(settings);
        self.epoch += 1;
        self.announce = true;
        self.next_look = 0;
        self.failures = 0;
        self.person = Person::Unasked;
        if !matches!(self.trouble, Some(SignInError::Refused { .. })) {
            self.trouble = None;
        }
    }

    /// Graph answered 401.
    pub(super) fn rejected(&mut self, token: &AccessToken, now: Moment) {
        let Some(held) = self.held.take_if(|held| held.token.serial() == token.serial()) else { return };
        if held.forced && !held.token.was_accepted() && now.mono_ms.saturating_sub(held.got_at) < YOUNG_MS {
            self.rejections += 1;
            let wait = schedule::after_refusal(Care::Application, Class::Slow, self.rejections);
            self.trouble = Some(SignInError::TokenRejected { next_try_mono_ms: now.mono_ms + wait });
        } else {
            self.rejections = 0;
        }
        self.forced = true;
    }

    /// A newer token is wanted; the one held serves meanwhile.
    pub(super) fn renew(&mut self, token: &AccessToken) {
        if let Some(held) = self.held.as_mut().filter(|held| held.token.serial() == token.serial()) {
            held.renew_at = 0;
        }
    }

    /// This credential was accepted; [`Ledger::granted`] follows.
    pub(super) fn accepted(&mut self, which: Which, seen: Seen, epoch: u64) -> Option<Draft> {
        self.refusals.forget(&seen.fingerprint);
        if epoch != self.epoch {
            return None;
        }
        let other = self.trouble.as_ref().filter(|trouble| lies_in_credential(trouble));
        let (changed, event) = self.rotation.accepted(which, seen.fingerprint, other);
        // A file with another credential is worth the same event as a reload with one; a token that a machine renews all the time is not.
        self.announce |= changed && self.settings.method.lasts();
        self.watch.signed_in(which, seen);
        event
    }

    /// A token came. `asked_at` is the moment before the request was sent.
    pub(super) fn granted(&mut self, token: EntraToken, asked_at: Moment, now: Moment, epoch: u64, chance: f64) -> Vec<Draft> {
        let life = schedule::life(token.expires_in_s(), chance);
        self.serial += 1;
        let token = AccessToken::new(token.into_secret().into(), self.serial);
        let mut events = self.outage_ended(now);
        if self.settings.method.has_person() {
            self.refusals.clear();
        }
        if epoch == self.epoch {
            self.trouble = None;
            self.told = None;
            if std::mem::take(&mut self.announce) {
                let permissions = token.claims().permissions().to_vec();
                events.push(
                    Event::new(Kind::SignedIn)
                        .with("method", self.settings.method.name().as_str())
                        .with("expires_at_ms", asked_at.wall_at(asked_at.mono_ms + life.usable_for))
                        .with("permissions", permissions),
                );
            }
        }
        self.held = Some(Held {
            token,
            got_at: now.mono_ms,
            renew_at: asked_at.mono_ms + life.renew_after,
            usable_until: asked_at.mono_ms + life.usable_for,
            epoch,
            forced: std::mem::take(&mut self.forced),
        });
        events
    }

    /// The credential cannot be read; nothing was sent.
    pub(super) fn unreadable(&mut self, error: ReadError, now: Moment, epoch: u64) -> Vec<Draft> {
        if epoch != self.epoch {
            return Vec::new();
        }
        let next = now.mono_ms + UNREADABLE_MS;
        let event = Event::new(Kind::SecretUnreadable)
            .with("key", error.key)
            .with("detail", error.message.clone())
            .with("next_try_at_ms", now.wall_at(next));
        self.announce = true;
        self.note(SignInError::BadSecret { key: error.key, message: error.message, next_try_mono_ms: next }, event)
    }

    /// Entra, or the way there, failed.
    pub(super) fn failed(
        &mut self,
        failure: Failure,
        outcome: &OutcomeHead,
        credential: ([u8; 32], Care),
        now: Moment,
        epoch: u64,
        chance: f64,
    ) -> Vec<Draft> {
        if epoch != self.epoch {
            return Vec::new();
        }
        let status = outcome.status.unwrap_or(0);
        let passing = status == 429 || status >= 500;
        match failure {
            Failure::Transport(transport) => {
                let next_try_mono_ms = self.next_failure(outcome, now, chance);
                self.outage(SignInError::Unreachable { transport, next_try_mono_ms }, "", None, now)
            }
            Failure::Useless(detail) => self.busy(detail, if passing { "status" } else { "body" }, outcome, now, chance),
            Failure::Passing(detail) => self.busy(detail, "status", outcome, now, chance),
            Failure::Told(error, advice) => {
                let mut events = self.outage_ended(now);
                events.extend(self.refused(&error, advice, outcome, credential, now));
                events
            }
            Failure::Entra(error) => {
                let advice = error
                    .code()
                    .and_then(|code| self.find(code))
                    .unwrap_or_else(|| if passing { aadsts::of_oauth("server_error") } else { aadsts::of_oauth(&error.error) });
                if advice.class == Class::Transient || (passing && advice.class != Class::Slow) {
                    return self.busy(format!("{} ({error})", advice.cause), "status", outcome, now, chance);
                }
                let mut events = self.outage_ended(now);
                events.extend(self.refused(&error, advice, outcome, credential, now));
                events
            }
        }
    }

    /// What the catalogue says of a number, for this way to sign in.
    pub(super) fn find(&self, code: u32) -> Option<&'static aadsts::Advice> {
        if self.settings.method.has_person() { aadsts::find_by_code(code) } else { aadsts::find(code) }
    }

    fn refused(
        &mut self,
        error: &super::answer::EntraError,
        advice: &'static aadsts::Advice,
        outcome: &OutcomeHead,
        (fingerprint, care): ([u8; 32], Care),
        now: Moment,
    ) -> Vec<Draft> {
        let before = self.refusals.find(&fingerprint);
        let count = before.map_or(0, |refusal| refusal.count).saturating_add(1);
        let asked = outcome.retry_after.map_or(0, |wait| wait.as_millis() as u64);
        let next = now.mono_ms + schedule::after_refusal(care, advice.class, count).max(asked);
        let trouble =
            SignInError::Refused { code: error.code(), error: error.error.clone(), cause: advice.cause, next_try_mono_ms: next };
        let clock = advice.class == Class::Clock;
        // Two credentials that are refused for different causes take turns: each is told once.
        let told_of_this = self.settings.succession.next.is_some()
            && self.told.is_some()
            && before.is_some_and(|refusal| refusal.error.same_cause(&trouble));
        self.refusals.add(fingerprint, count, trouble.clone(), clock, now);
        self.next_look = now.mono_ms + LOOK_EVERY_MS;
        self.announce = true;
        if told_of_this {
            self.trouble = Some(trouble);
            return Vec::new();
        }
        let event = match outcome.clock_offset_ms {
            // Where both clocks agree all the same, the clock is not what an administrator should look at.
            Some(offset) if clock && offset.saturating_abs() > CLOCK_SET_MS => {
                self.clock_told = true;
                told::clock_wrong(offset, true)
            }
            _ => {
                let serving = self.held.as_ref().filter(|held| now.mono_ms < held.usable_until);
                let serving = serving.map(|held| now.wall_at(held.usable_until));
                told::refused(error, advice, self.settings.host(), now.wall_at(next), serving)
            }
        };
        self.note(trouble, event)
    }

    /// Remembers a trouble; its event is returned unless the same was told before.
    pub(super) fn note(&mut self, error: SignInError, event: Draft) -> Vec<Draft> {
        let known = self.told.as_ref().is_some_and(|told| told.same_cause(&error));
        self.trouble = Some(error.clone());
        self.told = Some(error);
        if known { Vec::new() } else { vec![event] }
    }

    /// An error of ours: not again at once.
    pub(super) fn broken(&mut self, now: Moment) {
        self.failures = self.failures.saturating_add(1);
        let wait = schedule::after_failure(self.failures, None, 0.0);
        self.trouble = Some(SignInError::Internal { next_try_mono_ms: now.mono_ms + wait });
    }

    /// Compares the clocks, after every answer that tells Entra's time.
    pub(super) fn compare_clocks(&mut self, offset_ms: Option<i64>) -> Option<Draft> {
        let offset = offset_ms?;
        // Told beyond the one, over within the other: in between a clock that is being slewed would flicker.
        let wrong = offset.saturating_abs() > if self.clock_told { CLOCK_SET_MS } else { CLOCK_MS };
        match (std::mem::replace(&mut self.clock_told, wrong), wrong) {
            (false, true) => Some(told::clock_wrong(offset, false)),
            (true, false) => Some(Event::new(Kind::ClockRight).with("offset_ms", offset)),
            _ => None,
        }
    }

    /// Two credentials were refused or looked at: the one whose time comes first decides when to try again.
    pub(super) fn settle(&mut self, fingerprints: &[[u8; 32]]) {
        let Some(SignInError::Refused { next_try_mono_ms, .. }) = &mut self.trouble else { return };
        let times = fingerprints.iter().filter_map(|fingerprint| self.refusals.find(fingerprint));
        if let Some(first) = times.map(|refusal| refusal.error.next_try_mono_ms()).min() {
            *next_try_mono_ms = first.min(*next_try_mono_ms);
        }
    }

    /// The token that serves.
    pub(super) fn token(&self, now: Moment) -> Option<&AccessToken> {
        self.held.as_ref().filter(|held| now.mono_ms < held.usable_until).map(|held| &held.token)
    }

    /// Whose token is held, also where it serves no more.
    pub(super) fn account_held(&self) -> Option<&str> {
        self.held.as_ref()?.token.claims().object_id.as_deref()
    }

    /// The same, if it is a person.
    pub(super) fn person_held(&self) -> Option<&str> {
        self.account_held().filter(|_| self.held.as_ref().is_some_and(|held| !held.token.claims().app_only))
    }

    /// Whose token serves.
    pub(super) fn account(&self, now: Moment) -> Option<String> {
        self.held.as_ref().filter(|held| now.mono_ms < held.usable_until)?;
        self.account_held().map(str::to_owned)
    }

    pub(super) fn figures(&self, now: Moment) -> Figures {
        let token = self
            .held
            .as_ref()
            .filter(|held| now.mono_ms < held.usable_until)
            .map(|held| (held.token.serial(), now.mono_ms.saturating_sub(held.got_at), held.usable_until - now.mono_ms));
        Figures { token, trouble: self.trouble.clone() }
    }
}
