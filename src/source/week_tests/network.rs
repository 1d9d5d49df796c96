//! The way of a request to Graph and of its answer back.

use std::time::Duration;

use super::super::ask::Landed;
use super::super::notify::{Action, Answer, Errand, KeyPair, Landing, asked};
use super::super::question::{Landing as Answered, Question};
use super::side::Want;
use super::weather::{Kind, Refusal, SECOND};
use super::world::{What, World};
use crate::event::Endpoint;
use crate::graph::subscriptions::{SubscriptionError, Why};
use crate::graph::{Class, GraphError, PresenceAnswer};
use crate::http::TransportErrorKind;

/// How long a request hangs: for presence, for subscriptions, and where no connection comes about.
const HANGS_MS: [u64; 3] = [30 * SECOND, 60 * SECOND, 10 * SECOND];
pub(super) enum Job {
    Poll(Question),
    Ask(usize, Action),
}

pub(super) enum Outcome {
    Presence(Vec<u8>),
    Subscription(Result<Answer, Why>),
    Failed(Class),
}

impl Outcome {
    fn words(&self) -> String {
        match self {
            Outcome::Presence(body) => String::from_utf8_lossy(body).replace("00000000-0000-0000-0000-0000000", ""),
            Outcome::Subscription(answer) => format!("{answer:?}"),
            Outcome::Failed(class) => format!("{class:?}"),
        }
    }
}

impl World {
    pub(super) fn wants(&mut self, want: Want) {
        let now = self.now();
        self.note(|| match &want {
            Want::Poll(question) => format!("ask for {} people", question.ids.len()),
            Want::Subscriptions(errand) => format!("{errand:?}"),
        });
        let on_the_way = if self.chance.in_hundred(2) { self.chance.below(3 * SECOND) } else { self.chance.between(5, 200) };
        let job = match want {
            Want::Poll(question) => Job::Poll(question),
            Want::Subscriptions(Errand::Ask { at, action, .. }) => Job::Ask(at, action),
            Want::Subscriptions(Errand::Freshen) => return self.side.iter_mut().for_each(|side| side.landed(Landing::Looked)),
            Want::Subscriptions(Errand::Make(wall_ms)) => {
                let key = KeyPair::make(wall_ms).ok();
                if let Some(side) = &mut self.side {
                    side.landed(Landing::Key(key));
                }
                return;
            }
        };
        if self.is(|kind| kind == Kind::SignedOut) {
            let class = Class::SignIn { next_try_mono_ms: now + 2 * SECOND };
            return self.at(now, What::Lands(job, Outcome::Failed(class)));
        }
        self.at(now + on_the_way, What::Arrives(job));
    }

    /// Nobody waits for this but for so long.
    pub(super) fn hangs_until(&mut self, job: &Job, since: u64) -> u64 {
        let connected = self.chance.in_hundred(50);
        since + if !connected { HANGS_MS[2] } else { HANGS_MS[usize::from(matches!(job, Job::Ask(..)))] }
    }

    /// What Graph makes of a request, and when the answer is here.
    pub(super) fn arrives(&mut self, job: &Job, since: u64) -> (u64, Outcome) {
        let now = self.now();
        let back = now + if self.chance.in_hundred(2) { self.chance.below(4 * SECOND) } else { self.chance.between(5, 200) };
        if self.is(|kind| matches!(kind, Kind::Apart | Kind::Outward)) {
            return (self.hangs_until(job, since).max(now), Outcome::Failed(Class::Transport(TransportErrorKind::Timeout)));
        }
        if self.is(|kind| kind == Kind::Refused) {
            return (now, Outcome::Failed(Class::Transport(TransportErrorKind::Connect)));
        }
        if self.is(|kind| kind == Kind::Unavailable) || self.chance.below(1_000) < 3 {
            return (back, Outcome::Failed(Class::Unavailable));
        }
        let wait = self.active.iter().find_map(|at| match self.spells[*at].kind {
            Kind::Throttled(ms) => Some(ms),
            _ => None,
        });
        if let Some(ms) = wait {
            self.told_to_wait = self.told_to_wait.max(back + ms);
            return (back, Outcome::Failed(Class::Throttled { retry_after: Duration::from_millis(ms), stated: true }));
        }
        match job {
            Job::Poll(question) => (back, Outcome::Presence(self.graph.read(&question.ids))),
            Job::Ask(_, action) => {
                let refusal = self.active.iter().find_map(|at| match (self.spells[*at].kind, action) {
                    (Kind::NoRenewal(refusal), Action::Renew { .. }) | (Kind::NoCreation(refusal), Action::Create { .. }) => {
                        Some(refusal)
                    }
                    _ => None,
                });
                let answer = match refusal {
                    Some(refusal) => Err(why(refusal)),
                    None => {
                        let reachable = !self.is(Kind::deafens);
                        self.graph.ask(action, reachable, now, self.wall())
                    }
                };
                (back, Outcome::Subscription(answer))
            }
        }
    }

    pub(super) fn lands(&mut self, job: Job, outcome: Outcome, since: u64) {
        let now = self.now();
        self.note(|| format!("  asked at {since}: {}", outcome.words()));
        let Some(side) = &mut self.side else { return };
        let error = |endpoint, class| GraphError { endpoint, class, facts: Box::default() };
        match (job, outcome) {
            (Job::Ask(at, action), outcome) => {
                let why = match outcome {
                    Outcome::Subscription(Ok(answer)) => return side.landed(Landing::Answered(at, asked(&action), Ok(answer))),
                    Outcome::Subscription(Err(why)) => why,
                    Outcome::Failed(Class::SignIn { .. }) => Why::SignIn,
                    Outcome::Failed(Class::Throttled { retry_after, .. }) => Why::Throttled(retry_after.as_millis() as u64),
                    _ => Why::Unavailable,
                };
                let error = error(Endpoint::Subscriptions, Class::Unavailable);
                side.landed(Landing::Answered(at, asked(&action), Err(SubscriptionError { why, error })));
            }
            (Job::Poll(question), outcome) => {
                let mut landed = Landed { refused: Vec::new(), error: None, read_at: None, news: Vec::new(), again: Vec::new() };
                let mut answer = PresenceAnswer::default();
                match outcome {
                    Outcome::Presence(body) => {
                        answer.read(body).expect("a good answer");
                        landed.again = side.hub.polled(side.desk, &answer, since, &mut landed.news);
                        landed.read_at = Some(now);
                    }
                    Outcome::Failed(class) => {
                        if let Class::Throttled { retry_after, .. } = &class {
                            side.client.presence_budget().block_until(now + retry_after.as_millis() as u64);
                        }
                        landed.error = Some(error(Endpoint::Presences, class));
                    }
                    Outcome::Subscription(_) => unreachable!("an answer to something else"),
                }
                side.answered(Answered { question, landed: Some(landed), answer });
            }
        }
    }
}

fn why(refusal: Refusal) -> Why {
    match refusal {
        Refusal::Refused => Why::Refused,
        Refusal::Permission => Why::Permission,
        Refusal::Quota => Why::Quota,
        Refusal::Handshake => Why::Handshake,
        Refusal::Throttled => Why::Throttled(90 * SECOND),
    }
}
