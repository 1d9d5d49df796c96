//! The life of one account's subscription: what to ask Graph next, and when.
//!
//! ```text
//! wish, sign-in -> [look] -> create -> live -> renew (PATCH), at about half of its time -> live ...
//!                    ^         |        |  gone, lapsed -> create      refused -> end shortly before it lapses, create
//!                    +- 409 ---+        |  other people, another address or certificate -> end, create
//! ```
//!
//! One request at a time, so there is never more than one subscription that this machine made: another is created only when the one before
//! is known to be gone or has lapsed. Where an answer was lost, Graph is asked what there is before anything is made.
//!
//! A renewal by `PATCH` also authorises anew, so `reauthorize` is never sent and the rule of 10 minutes between the two is kept by itself.
//!
//! Times are arguments. What is scheduled goes by the monotonic clock; the wall clock, which may step, only says what is asked for and what
//! a remembered subscription has left.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::held::{ClientState, Held, Terms};
use super::lease::{Lease, RENEW_AHEAD_MS};
use super::step::{Action, Answer, Asked, News, Off, Step};
use super::survey::{Look, Survey};
use crate::graph::backoff::doubling;
use crate::graph::subscriptions::{Subscription, Why};
use crate::presence::Guid;
use crate::time::Moment;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

/// What is asked for: 3 minutes below the most that Graph gives, for a clock that is ahead. Where that is still too far, the next one. Less
/// than 45 minutes Graph raises to 45 by its own clock.
const LIVES_MS: [u64; 4] = [57 * MINUTE, 50 * MINUTE, 30 * MINUTE, 5 * MINUTE];
/// A renewal that Graph asks for is not sent more often than this.
const REAUTHORIZE_EVERY_MS: u64 = MINUTE;
/// One that ended sooner than this after it was made counts as short: the next is made later and later.
const SHORT_LIFE_MS: u64 = 10 * MINUTE;
/// No more than so many requests in [`BUSY_MS`], whatever is answered and wished.
pub const MOST_REQUESTS: usize = 20;
/// See [`MOST_REQUESTS`].
pub const BUSY_MS: u64 = 10 * MINUTE;
/// So many failures end a stop: Graph is away, and what is left ends by itself, or with the next start.
const STOP_FAILURES: u32 = 2;

/// What is wished for.
#[derive(Clone, Debug, Default)]
enum Wish {
    /// Nobody has said yet: what is remembered is kept alive.
    #[default]
    Unknown,
    Nobody,
    These(Arc<Terms>),
}

/// The machine. See [`Life::next`].
pub struct Life {
    fresh: Box<dyn FnMut() -> ClientState + Send>,
    wish: Wish,
    signed_in: bool,
    stopping: bool,
    lease: Option<Lease>,
    /// To be ended before anything is made, and how often that was tried.
    stray: VecDeque<(Guid, u32)>,
    /// There may be one of which we know nothing.
    look: Option<Look>,
    /// What was to be made when the answer was lost.
    lost: Option<Arc<Terms>>,
    flight: Option<Action>,
    /// Nothing is asked before this, nor before the time that Graph asked to wait.
    not_before: u64,
    throttled_until: u64,
    failures: u32,
    /// Subscriptions in a row that ended soon.
    short: u32,
    /// Conflicts in a row, refusals of a list.
    conflicts: u32,
    list_refusals: u32,
    /// Which of [`LIVES_MS`].
    life: usize,
    /// When requests were handed out lately.
    asked_at: VecDeque<u64>,
    stop_failures: u32,
    dice: u64,
    told: Vec<(Asked, std::mem::Discriminant<Why>)>,
    news: Vec<News>,
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life")
            .field("lease", &self.lease)
            .field("look", &self.look)
            .field("stray", &self.stray)
            .field("flight", &self.flight)
            .field("not_before", &self.not_before)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

impl Life {
    /// Begins with what the store remembers. `fresh` makes secrets, `seed` scatters times.
    pub fn new(remembered: Option<Held>, fresh: impl FnMut() -> ClientState + Send + 'static, seed: u64, now: Moment) -> Life {
        Life {
            fresh: Box::new(fresh),
            wish: Wish::Unknown,
            signed_in: false,
            stopping: false,
            lease: remembered.and_then(|held| Lease::taken_over(held, now)),
            stray: VecDeque::new(),
            look: None,
            lost: None,
            flight: None,
            not_before: 0,
            throttled_until: 0,
            failures: 0,
            short: 0,
            conflicts: 0,
            list_refusals: 0,
            life: 0,
            asked_at: VecDeque::new(),
            stop_failures: 0,
            dice: seed | 1,
            told: Vec::new(),
            news: Vec::new(),
        }
    }

    /// What the subscription is to be; `None`: there is to be none.
    pub fn wish(&mut self, terms: Option<Arc<Terms>>) {
        self.wish = match terms {
            Some(terms) if !terms.users().is_empty() => Wish::These(terms),
            _ => Wish::Nobody,
        };
    }

    /// Whether there is a token. Without one nothing is asked, and what lives goes on by itself until its end.
    pub fn signed_in(&mut self, signed_in: bool) {
        if signed_in && !self.signed_in {
            // A new sign-in may have what the old one lacked.
            self.not_before = 0;
            self.failures = 0;
        }
        self.signed_in = signed_in;
    }

    /// Graph wants this one authorised anew (`reauthorizationRequired`): it is renewed, which does that. See that the token is fresh.
    pub fn reauthorize(&mut self, id: Guid, now: Moment) {
        let Some(lease) = self.lease.as_mut().filter(|lease| lease.held.id == id) else { return };
        if now.mono_ms < lease.renewed_at.saturating_add(REAUTHORIZE_EVERY_MS) {
            return;
        }
        if lease.renew_at == u64::MAX && now.mono_ms >= lease.made_at.saturating_add(SHORT_LIFE_MS) {
            // It cannot be renewed, and ignored it would fall silent.
            lease.replace_at = now.mono_ms;
        } else if lease.renew_at != u64::MAX {
            lease.renew_at = now.mono_ms;
        }
    }

    /// Graph says that it removed this one (`subscriptionRemoved`).
    pub fn removed(&mut self, id: Guid, now: Moment) {
        if self.lease.as_ref().is_some_and(|lease| lease.held.id == id) {
            self.look = Some(Look::Lost);
            self.ended(Off::Removed, now);
        }
    }

    /// It does not deliver, as the watchdog found: another takes its place.
    pub fn distrust(&mut self, now: Moment) {
        if let Some(lease) = &mut self.lease {
            lease.replace_at = now.mono_ms;
        }
    }

    /// From now on everything is ended. Call [`next`](Self::next) until it is [`Step::Done`].
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// The subscription that there is as far as is known, also before it was proved: its notifications may be believed, but its people are to
    /// be polled as if there were none.
    pub fn known(&self) -> Option<&Arc<Held>> {
        self.lease.as_ref().map(|lease| &lease.held)
    }

    /// The subscription that delivers, as far as Graph tells.
    pub fn held(&self) -> Option<&Arc<Held>> {
        self.lease.as_ref().filter(|lease| lease.told).map(|lease| &lease.held)
    }

    /// What changed since the last call.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// What to do now. After [`Step::Do`] the answer must be told before there is another.
    pub fn next(&mut self, now: Moment) -> Step {
        if self.flight.is_some() {
            return Step::Wait(u64::MAX);
        }
        if self.lease.as_ref().is_some_and(|lease| now.mono_ms >= lease.ends_at) {
            // By Graph's clock it may have time left.
            self.look = Some(Look::Lost);
            self.ended(Off::Lapsed, now);
        }
        if self.stopping {
            return self.next_of_stop();
        }
        let ends_at = self.lease.as_ref().map_or(u64::MAX, |lease| lease.ends_at);
        if !self.signed_in {
            return Step::Wait(ends_at);
        }
        match self.due(now) {
            Err(at) => Step::Wait(at),
            Ok(asked) => match self.not_before.max(self.throttled_until).max(self.free_at(now)) {
                at if at > now.mono_ms => Step::Wait(at.min(ends_at)),
                _ => {
                    self.asked_at.push_back(now.mono_ms);
                    self.hand_out(asked, now)
                }
            },
        }
    }

    /// What is to be asked, whether or not it may be asked now; or when there will be something.
    fn due(&self, now: Moment) -> Result<Asked, u64> {
        if self.look.is_some() {
            return Ok(Asked::List);
        }
        if !self.stray.is_empty() {
            return Ok(Asked::Delete);
        }
        match (&self.lease, &self.wish) {
            (None, Wish::These(_)) => Ok(Asked::Create),
            (None, _) => Err(u64::MAX),
            (Some(_), Wish::Nobody) => Ok(Asked::Delete),
            (Some(lease), Wish::These(terms)) if *lease.held.terms != **terms => Ok(Asked::Delete),
            (Some(lease), _) if now.mono_ms >= lease.replace_at => Ok(Asked::Delete),
            (Some(lease), _) if now.mono_ms >= lease.renew_at => Ok(Asked::Renew),
            (Some(lease), _) => Err(lease.next_at()),
        }
    }

    fn hand_out(&mut self, asked: Asked, now: Moment) -> Step {
        let expires_at_ms = now.wall_ms.saturating_add_unsigned(LIVES_MS[self.life]);
        let id = self.lease.as_ref().map(|lease| lease.held.id);
        let action = match (asked, &self.wish, id) {
            (Asked::Create, Wish::These(terms), _) => {
                Some(Action::Create { terms: terms.clone(), client_state: (self.fresh)(), expires_at_ms })
            }
            (Asked::Renew, _, Some(id)) => Some(Action::Renew { id, expires_at_ms }),
            (Asked::Delete, _, id) => self.stray.front().map(|(id, _)| *id).or(id).map(|id| Action::Delete { id }),
            (Asked::List, ..) => Some(Action::List),
            _ => None,
        };
        self.flight = action.clone();
        action.map_or(Step::Wait(u64::MAX), Step::Do)
    }

    /// Without waiting: a stop must end soon.
    fn next_of_stop(&mut self) -> Step {
        let asked = if self.look.is_some() { Asked::List } else { Asked::Delete };
        let nothing = self.look.is_none() && self.stray.is_empty() && self.lease.is_none();
        if nothing || !self.signed_in || self.stop_failures >= STOP_FAILURES {
            return Step::Done;
        }
        self.hand_out(asked, Moment::default())
    }

    /// When the next request may go, so that there are never more than [`MOST_REQUESTS`] in [`BUSY_MS`].
    fn free_at(&mut self, now: Moment) -> u64 {
        while self.asked_at.front().is_some_and(|at| at.saturating_add(BUSY_MS) <= now.mono_ms) {
            self.asked_at.pop_front();
        }
        let full = self.asked_at.len() >= MOST_REQUESTS;
        self.asked_at.front().filter(|_| full).map_or(0, |at| at.saturating_add(BUSY_MS))
    }

    /// Tells what Graph answered.
    pub fn answer(&mut self, answer: Answer, now: Moment) {
        let Some(action) = self.flight.take() else { return };
        match (action, answer) {
            (Action::List, Answer::Listed(found)) => self.listed(&found, now),
            (
                Action::Create { terms, client_state, expires_at_ms },
                Answer::Created(Subscription { id: Some(id), expires_at_ms: told, .. }),
            ) => {
                let held = Held { id, client_state, terms, expires_at_ms: told.unwrap_or(expires_at_ms) };
                let lease = Lease::made(held, now, self.roll());
                self.began(lease.held.clone());
                self.lease = Some(lease);
            }
            (Action::Renew { expires_at_ms, .. }, Answer::Renewed(told)) => {
                self.renewed(told.expires_at_ms.unwrap_or(expires_at_ms), now)
            }
            (Action::Delete { id }, Answer::Deleted | Answer::Failed(Why::NotFound)) => self.deleted(id),
            (action, Answer::Failed(why)) => self.failed(action, why, now),
            // Dropped, or an answer to something else.
            (action, _) => self.failed(action, Why::Unavailable, now),
        }
    }

    fn renewed(&mut self, expires_at_ms: i64, now: Moment) {
        let dice = self.roll();
        let Some(lease) = &mut self.lease else { return };
        lease.renewed(expires_at_ms, now, dice);
        self.failures = 0;
        if now.mono_ms >= lease.made_at.saturating_add(SHORT_LIFE_MS) {
            self.short = 0;
        }
        let held = lease.held.clone();
        if std::mem::replace(&mut lease.told, true) {
            self.news.push(News::Renewed(held));
        } else {
            self.began(held);
        }
    }

    fn began(&mut self, held: Arc<Held>) {
        (self.failures, self.conflicts, self.list_refusals) = (0, 0, 0);
        self.lost = None;
        self.told.clear();
        self.news.push(News::On(held));
    }

    fn deleted(&mut self, id: Guid) {
        self.failures = 0;
        self.stray.retain(|(stray, _)| *stray != id);
        if self.lease.as_ref().is_some_and(|lease| lease.held.id == id) {
            self.lease = None;
            let cause = if self.stopping { Off::Stopped } else { Off::Replaced };
            self.news.push(News::Off { id, cause });
        }
    }

    /// There is none any more, without our doing.
    fn ended(&mut self, cause: Off, now: Moment) {
        let Some(lease) = self.lease.take() else { return };
        self.news.push(News::Off { id: lease.held.id, cause });
        self.failures = 0;
        self.life = 0;
        if now.mono_ms < lease.made_at.saturating_add(SHORT_LIFE_MS) {
            self.short = self.short.saturating_add(1);
            let pause = doubling(30 * SECOND, 30 * MINUTE, self.short, self.roll());
            self.not_before = self.not_before.max(now.mono_ms.saturating_add(pause));
        } else {
            self.short = 0;
        }
    }

    /// Takes over what fits, and ends what is in the way.
    fn listed(&mut self, found: &[Subscription], now: Moment) {
        let look = self.look.take().unwrap_or(Look::Lost);
        let lost = self.lost.take();
        (self.list_refusals, self.failures) = (0, 0);
        let wished = match &self.wish {
            Wish::These(terms) if !self.stopping => Some(terms),
            _ => None,
        };
        let url = wished.or(lost.as_ref()).map(|terms| terms.url());
        let held = self.lease.as_ref().map(|lease| lease.held.id);
        let survey = Survey::of(found, look, wished.filter(|_| held.is_none()), url, now);
        self.stray.extend(survey.stray.into_iter().filter(|id| Some(*id) != held).map(|id| (id, 0)));
        self.lease = self.lease.take().or(survey.taken);
    }

    fn failed(&mut self, action: Action, why: Why, now: Moment) {
        let asked = match action {
            Action::List => Asked::List,
            Action::Create { .. } => Asked::Create,
            Action::Renew { .. } => Asked::Renew,
            Action::Delete { .. } => Asked::Delete,
        };
        if why == Why::TooFar && matches!(asked, Asked::Create | Asked::Renew) && self.life + 1 < LIVES_MS.len() {
            self.life += 1;
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.stop_failures += u32::from(self.stopping);
        self.not_before = now.mono_ms.saturating_add(self.pause(why));
        if let Why::Throttled(_) = why {
            self.throttled_until = self.not_before;
        }
        match (action, why) {
            (Action::Create { .. }, Why::Conflict(id)) => {
                self.look = Some(Look::Conflict(id));
                self.conflicts = self.conflicts.saturating_add(1);
                // The first ones are a matter of tidying up; later somebody else wants the same place.
                if self.conflicts <= 2 {
                    self.not_before = 0;
                    return;
                }
                self.not_before = now.mono_ms + doubling(MINUTE, 30 * MINUTE, self.conflicts - 2, self.roll());
            }
            (Action::Create { terms, .. }, Why::Unavailable) => {
                self.look = Some(Look::Lost);
                self.lost = Some(terms);
            }
            (Action::Renew { .. }, Why::NotFound) => {
                self.not_before = 0;
                self.ended(Off::Removed, now);
                return;
            }
            (Action::Renew { .. }, _) if is_refusal(why) => {
                if let Some(lease) = &mut self.lease {
                    let late = lease.ends_at.saturating_sub(RENEW_AHEAD_MS);
                    // One that was taken over and cannot be renewed proves nothing.
                    lease.replace_at = if lease.told { late.max(now.mono_ms) } else { now.mono_ms };
                    lease.renew_at = u64::MAX;
                }
            }
            (Action::List, _) => {
                self.list_refusals += u32::from(is_refusal(why));
                if self.list_refusals >= 3 || self.stopping {
                    self.list_refusals = 0;
                    // It cannot be found out. What Graph named is in the way all the same.
                    if let Some(Look::Conflict(Some(id))) = self.look.take() {
                        self.stray.push_back((id, 0));
                    }
                }
            }
            (Action::Delete { id }, _) => {
                if let Some(stray) = self.stray.front_mut().filter(|(stray, _)| *stray == id) {
                    stray.1 += 1;
                    if stray.1 >= 5 {
                        // Nobody renews it, so within the hour it is gone. Until then it is found again.
                        self.stray.pop_front();
                        self.look = Some(Look::Lost);
                    }
                }
            }
            _ => {}
        }
        if is_refusal(why) {
            if why == Why::TooFar {
                self.life = 0;
            }
            let key = (asked, std::mem::discriminant(&why));
            if !self.told.contains(&key) {
                self.told.push(key);
                self.news.push(News::Refused { step: asked, why, next_try_ms: self.not_before });
            }
        }
    }

    /// How long to leave Graph alone after a failure.
    fn pause(&mut self, why: Why) -> u64 {
        let (failures, dice) = (self.failures, self.roll());
        match why {
            Why::Throttled(ms) => ms.clamp(SECOND, 60 * MINUTE),
            Why::SignIn => doubling(5 * SECOND, MINUTE, failures, dice),
            Why::Unavailable => doubling(2 * SECOND, 2 * MINUTE, failures, dice),
            Why::Handshake => doubling(15 * SECOND, 10 * MINUTE, failures, dice),
            Why::Quota | Why::Permission => doubling(15 * MINUTE, 60 * MINUTE, failures, dice),
            Why::TooFar => doubling(5 * MINUTE, 30 * MINUTE, failures, dice),
            Why::Conflict(_) | Why::NotFound | Why::Refused => doubling(MINUTE, 30 * MINUTE, failures, dice),
        }
    }

    /// Xorshift: only to scatter times.
    fn roll(&mut self) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice
    }
}

/// Waiting and trying again as before will not mend it.
fn is_refusal(why: Why) -> bool {
    !matches!(why, Why::SignIn | Why::Throttled(_) | Why::Unavailable)
}

#[cfg(test)]
#[path = "life_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "life_model.rs"]
mod model;
