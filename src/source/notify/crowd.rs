//! Everybody who is subscribed: by which account, what is known of the order of his observations, and whether his subscription is trusted.
//!
//! Pure: time is an argument, in milliseconds of the monotonic clock.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::order::{Order, PollVerdict, Seen, Verdict};
use super::watchdog::{Finding, Pace, Watchdog};
use crate::presence::{Guid, Raw};

/// See the module.
#[derive(Debug)]
pub(super) struct Crowd {
    order: Order,
    people: HashMap<Guid, Person>,
    accounts: Vec<Watched>,
    /// Grows when somebody joins or leaves a subscription.
    version: u64,
}

#[derive(Debug)]
struct Person {
    account: usize,
    /// Availability and activity as they were told last, whichever way.
    words: Option<u64>,
}

#[derive(Debug, Default)]
struct Watched {
    dog: Watchdog,
    id: Option<Guid>,
    members: Arc<[Guid]>,
}

/// What one poll answer about a person means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Polled {
    pub(super) verdict: PollVerdict,
    /// A notification had asked for it.
    pub(super) told: bool,
}

/// A short form of availability and activity; the same however they are spelt and whichever stands where.
fn words(raw: &Raw<'_>) -> Option<u64> {
    let short = |word: &str| {
        let mut hasher = DefaultHasher::new();
        word.bytes().for_each(|byte| byte.to_ascii_lowercase().hash(&mut hasher));
        hasher.finish()
    };
    // Not by exclusive or: Available twice and Away twice would be one and the same.
    Some(short(raw.availability?).wrapping_add(short(raw.activity?)))
}

impl Crowd {
    /// Of so many accounts; nobody is subscribed.
    pub(super) fn new(accounts: usize) -> Crowd {
        let accounts = (0..accounts).map(|_| Watched::default()).collect();
        Crowd { order: Order::default(), people: HashMap::new(), accounts, version: 0 }
    }

    /// The account's subscription holds these from now on, until `ends_at`.
    pub(super) fn began(&mut self, account: usize, id: Guid, members: &Arc<[Guid]>, ends_at: u64, now: u64) {
        let Some(watched) = self.accounts.get_mut(account) else { return };
        watched.dog.began(ends_at, now);
        watched.id = Some(id);
        if *watched.members != **members {
            watched.members = members.clone();
            self.gather();
        }
        self.version += 1;
    }

    /// It was renewed.
    pub(super) fn renewed(&mut self, account: usize, ends_at: u64) {
        if let Some(watched) = self.accounts.get_mut(account) {
            watched.dog.renewed(ends_at);
        }
    }

    /// There is none any more. Its people stay in order until the next begins, for what was under way.
    pub(super) fn ended(&mut self, account: usize) {
        if let Some(watched) = self.accounts.get_mut(account) {
            watched.dog.ended();
            watched.id = None;
        }
        self.version += 1;
    }

    /// The account has nobody any more.
    pub(super) fn dismissed(&mut self, account: usize) {
        self.ended(account);
        if let Some(watched) = self.accounts.get_mut(account).filter(|watched| !watched.members.is_empty()) {
            watched.members = Arc::from([]);
            self.gather();
        }
    }

    fn gather(&mut self) {
        let mut before = std::mem::take(&mut self.people);
        for (account, watched) in self.accounts.iter().enumerate() {
            for member in watched.members.iter() {
                let words = before.remove(member).and_then(|person| person.words);
                self.people.insert(*member, Person { account, words });
            }
        }
        self.order.follow(self.people.keys().copied());
        self.version += 1;
    }

    /// A notification of this subscription tells of somebody. `raw`: what it carries.
    pub(super) fn notified(&mut self, id: Guid, person: Guid, seen: Seen<'_>, raw: Option<&Raw<'_>>, now: u64) -> Verdict {
        let verdict = self.order.notified(person, seen, now);
        if let Some(known) = self.people.get_mut(&person) {
            let applies = matches!(verdict, Verdict::Apply | Verdict::ApplyAndReread);
            let words = raw.and_then(words).filter(|_| applies);
            let news = words.is_some() && words != known.words;
            known.words = words.or(known.words);
            if let Some(watched) = self.accounts.get_mut(known.account).filter(|watched| watched.id == Some(id)) {
                watched.dog.notified(person, news, now);
            }
        }
        verdict
    }

    /// A poll that was asked at `asked_at` answered about somebody.
    pub(super) fn polled(&mut self, person: Guid, sequence: Option<&str>, raw: &Raw<'_>, asked_at: u64, now: u64) -> Polled {
        let Some(known) = self.people.get_mut(&person) else {
            return Polled { verdict: PollVerdict::Apply, told: false };
        };
        let told = self.order.owes(person);
        let verdict = self.order.polled(person, sequence, asked_at);
        if verdict == PollVerdict::Apply
            && let Some(words) = words(raw)
        {
            let before = known.words.replace(words);
            if before.is_some_and(|before| before != words)
                && let Some(watched) = self.accounts.get_mut(known.account)
            {
                if told {
                    watched.dog.notified(person, true, now);
                } else {
                    watched.dog.differed(person, asked_at);
                }
            }
        }
        Polled { verdict, told }
    }

    /// Everybody for whom `asked` holds was polled with good answers, from `asked_at` to `now`.
    pub(super) fn swept(&mut self, asked: impl Fn(Guid) -> bool, asked_at: u64, now: u64) {
        for watched in &mut self.accounts {
            if watched.id.is_some() && watched.members.iter().all(|member| asked(*member)) {
                watched.dog.swept(asked_at, now);
            }
        }
    }

    /// What the watchdogs found, by account.
    pub(super) fn judge(&mut self, now: u64) -> Vec<(usize, Finding)> {
        let found = self.accounts.iter_mut().enumerate();
        found.filter_map(|(account, watched)| Some((account, watched.dog.judge(now)?))).collect()
    }

    /// When to judge at the latest.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.accounts.iter().filter_map(|watched| watched.dog.next_at()).min()
    }

    /// Changes whenever [`is_watched`](Self::is_watched) may answer otherwise.
    pub(super) fn split(&self, now: u64) -> u64 {
        let paces = self.accounts.iter().map(|watched| watched.dog.pace(now) == Pace::Watch);
        paces.fold(self.version, |mix, watch| (mix << 1 ^ u64::from(watch)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Whether changes of this person are sent by a subscription that is trusted.
    pub(super) fn is_watched(&self, person: Guid, now: u64) -> bool {
        self.account_of(person).is_some_and(|account| self.accounts[account].dog.pace(now) == Pace::Watch)
    }

    /// The account in whose subscription he is, or was last.
    pub(super) fn account_of(&self, person: Guid) -> Option<usize> {
        self.people.get(&person).map(|person| person.account)
    }

    /// Whether there is a subscription of the account, and whether it is trusted.
    pub(super) fn standing(&self, account: usize, now: u64) -> (bool, bool) {
        let watched = self.accounts.get(account);
        watched.map_or((false, false), |watched| (watched.id.is_some(), watched.dog.pace(now) == Pace::Watch))
    }

    /// Persons in the account's subscription.
    pub(super) fn size(&self, account: usize) -> usize {
        self.accounts.get(account).map_or(0, |watched| watched.members.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Guid = Guid(1);
    const ID: Guid = Guid(100);
    const RICH: Seen<'_> = Seen { sequence: None, has_content: true, mark: None };
    const BASIC: Seen<'_> = Seen { sequence: None, has_content: false, mark: None };

    fn raw<'a>(availability: &'a str, activity: &'a str) -> Raw<'a> {
        Raw { availability: Some(availability), activity: Some(activity), ..Raw::default() }
    }

    /// Ann is subscribed at 0 and watched from 20,000 on.
    fn crowd() -> Crowd {
        let mut crowd = Crowd::new(1);
        crowd.began(0, ID, &Arc::from([ANN]), 3_600_000, 0);
        let polled = crowd.polled(ANN, None, &raw("Available", "Available"), 15_000, 15_000);
        assert_eq!(polled, Polled { verdict: PollVerdict::Apply, told: false });
        crowd.swept(|_| true, 15_000, 20_000);
        assert!(crowd.is_watched(ANN, 20_000));
        crowd
    }

    #[test]
    fn a_poll_that_was_asked_before_the_news_does_not_decide() {
        let mut crowd = crowd();
        assert_eq!(crowd.notified(ID, ANN, RICH, Some(&raw("Busy", "InACall")), 30_000), Verdict::ApplyAndReread);
        let old = crowd.polled(ANN, None, &raw("Available", "Available"), 29_000, 31_000);
        assert_eq!(old, Polled { verdict: PollVerdict::Outdated { wait_ms: 0 }, told: true });
        let new = crowd.polled(ANN, None, &raw("Busy", "InACall"), 30_001, 31_000);
        assert_eq!(new, Polled { verdict: PollVerdict::Apply, told: true });
        let next = crowd.polled(ANN, None, &raw("Busy", "InACall"), 60_000, 60_000);
        assert_eq!(next, Polled { verdict: PollVerdict::Apply, told: false });
    }

    #[test]
    fn what_a_notification_led_to_is_no_miss_and_what_none_told_is() {
        let mut crowd = crowd();
        // Basic: only the read tells what is new.
        assert_eq!(crowd.notified(ID, ANN, BASIC, None, 30_000), Verdict::Reread);
        crowd.polled(ANN, None, &raw("Busy", "Busy"), 30_020, 30_100);
        assert_eq!(crowd.judge(200_000), []);
        // The same in other letters and places is nothing new.
        crowd.polled(ANN, None, &raw("busy", "BUSY"), 210_000, 210_000);
        assert_eq!(crowd.next_at(), None);
        let split = crowd.split(299_000);
        crowd.polled(ANN, None, &raw("Away", "Away"), 300_000, 300_000);
        assert_eq!(crowd.judge(400_000), [(0, Finding::Missed { people: 1, resubscribe: true })]);
        assert!(!crowd.is_watched(ANN, 400_000) && crowd.split(400_000) != split);
    }

    #[test]
    fn whose_subscription_ends_stays_in_order_until_he_is_dismissed() {
        let mut crowd = crowd();
        crowd.ended(0);
        assert!(!crowd.is_watched(ANN, 21_000) && crowd.account_of(ANN) == Some(0));
        assert_eq!(crowd.notified(ID, ANN, RICH, Some(&raw("Busy", "Busy")), 22_000), Verdict::ApplyAndReread);
        crowd.dismissed(0);
        assert_eq!(crowd.account_of(ANN), None);
        assert_eq!(crowd.notified(ID, ANN, RICH, Some(&raw("Busy", "Busy")), 23_000), Verdict::Ignore);
    }

    #[test]
    fn words_are_told_apart() {
        let all = [("Available", "Available"), ("Away", "Away"), ("Busy", "Busy"), ("Busy", "InACall")];
        let known: std::collections::HashSet<_> = all.iter().map(|(one, other)| words(&raw(one, other))).collect();
        assert_eq!(known.len(), all.len());
        assert_eq!(words(&raw("Busy", "InACall")), words(&raw("inACall", "busy")), "swapped fields");
        assert_eq!(words(&Raw::default()), None);
    }
}
