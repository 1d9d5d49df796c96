//! The directory's side of one instance: resolves addresses when the host brings them, and again when the directory changes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::address::{askable, key};
use super::changes::{self, Changes, News};
use super::matching::Verdict;
use super::memory::{Bookmark, Memory};
use super::search::{FEW, look_up, search};
use super::state::{BASIC_EVERY, CHANGES_EVERY, DAILY, Job, NEVER, NOT_OFFERED_FOR, RELIST_EVERY, RENEW_EVERY, State};
use super::turns::{MOST_SINGLES, Turns, was_pending};
use super::{named, report};
use crate::event::{Event, Kind};
use crate::graph::permission::{Need, excess, readable};
use crate::graph::users::{Profile, User};
use crate::graph::{Class, Endpoint, GraphClient, GraphError, Link};
use crate::host::Desk;
use crate::presence::Guid;
use crate::sync::{Resolution, Turn, Which};

const TARGET: &str = "directory";
/// A host that puts users one by one is waited for.
const COALESCE: u64 = 50;

/// Follows the directory for one instance. See [`Directory::run`].
#[derive(Debug)]
pub struct Directory {
    pub(super) client: GraphClient,
    pub(super) desk: Arc<Desk>,
    pub(super) memory: Memory,
    asked: Arc<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    round: AtomicBool,
    wake: Notify,
}

/// Asks a running [`Directory`] for things. May be called from any thread.
#[derive(Clone, Debug)]
pub struct DirectoryHandle(Arc<Asked>);

impl DirectoryHandle {
    /// Everything anew at once, also while the instance is disabled or waits after a failure. A report follows.
    pub fn round_now(&self) {
        self.0.round.store(true, std::sync::atomic::Ordering::Release);
        self.0.wake.notify_one();
    }
}

impl Directory {
    /// For the users of this desk, and with what earlier runs knew. Sends nothing before [`Directory::run`].
    pub fn new(client: GraphClient, desk: Arc<Desk>, memory: Memory) -> Directory {
        Directory { client, desk, memory, asked: Arc::default() }
    }

    /// The way to ask for a round.
    pub fn handle(&self) -> DirectoryHandle {
        DirectoryHandle(self.asked.clone())
    }

    /// Works until cancelled, whatever fails; ends at once then. Matches found before stay while the directory cannot be read.
    pub async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&self) {
        let clock = self.client.clock().clone();
        let mut roster = self.desk.roster_changes();
        let mut files = self.memory.files();
        let mut state = State::new();
        loop {
            roster.borrow_and_update();
            files.borrow_and_update();
            if self.asked.round.swap(false, AcqRel) {
                (state.asked, state.report) = (true, true);
            }
            self.take_up(&mut state);
            let until = match self.due(&state, clock.mono_ms()) {
                Ok(job) => {
                    self.work(job, &mut state).await;
                    continue;
                }
                Err(until) => until,
            };
            tokio::select! {
                _ = roster.changed() => clock.sleep(COALESCE).await,
                // The sender is as old as the memory: it does not end.
                _ = files.changed() => {}
                () = self.asked.wake.notified() => {}
                () = clock.sleep_until(until) => {}
            }
        }
    }

    /// What to do now, or how long there is nothing.
    fn due(&self, state: &State, now: u64) -> Result<Job, u64> {
        if state.asked {
            return Ok(Job::Everybody);
        }
        let (enabled, newcomers) =
            self.desk.with(|engine, _| (engine.is_enabled(), engine.has_pending() || !engine.unchecked_ids().is_empty()));
        if !enabled {
            return Err(NEVER);
        }
        let nothing_planned = state.everybody_at == NEVER && state.changes_at == NEVER;
        if !newcomers && nothing_planned {
            return Err(NEVER);
        }
        if now < state.not_before {
            return Err(state.not_before);
        }
        match () {
            // The first round, or the first after a time without anybody to search.
            () if state.everybody_at <= now || nothing_planned => Ok(Job::Everybody),
            () if newcomers => Ok(Job::Newcomers),
            () if state.changes_at <= now => Ok(Job::Changes),
            () => Err(state.everybody_at.min(state.changes_at)),
        }
    }

    async fn work(&self, job: Job, state: &mut State) {
        let asked = std::mem::take(&mut state.asked);
        if std::mem::take(&mut state.renew) {
            self.client.renew_after_forbidden();
        }
        let mut turns = Turns::default();
        let round = async {
            match job {
                Job::Everybody => self.everybody(state, asked, &mut turns).await,
                Job::Newcomers => self.newcomers(state, &mut turns).await,
                Job::Changes => self.changes(state, &mut turns).await,
            }
        };
        let outcome = tokio::select! {
            outcome = round => outcome,
            () = self.desk.disabled(), if !asked => {
                // Due again when the following is switched on. Who was found so far is told.
                if !state.report {
                    self.tell(&turns, false);
                }
                return;
            }
        };
        self.write_down(state, job, outcome.is_ok());
        let now = self.client.clock().mono_ms();
        match outcome {
            Ok(()) => {
                (state.failures, state.not_before) = (0, 0);
                if let Some(since) = state.outage_since.take() {
                    let outage = now.saturating_sub(since);
                    self.desk.reporter().event_now(Event::new(Kind::DirectoryRecovered).with("outage_ms", outage));
                }
            }
            Err(error) => self.failed(&error, job, state, now),
        }
    }

    fn failed(&self, error: &GraphError, job: Job, state: &mut State, now: u64) {
        // A sign-in that is waited for says nothing of how patient to be with Graph.
        state.failures = state.failures.saturating_add(u32::from(!matches!(error.class, Class::SignIn { .. })));
        let pause = error.pause_ms(state.failures, now);
        state.not_before = now.saturating_add(pause);
        state.renew = matches!(error.class, Class::Forbidden(_));
        let hopeless = matches!(error.class, Class::Unreadable | Class::TooLarge | Class::BadRequest | Class::NotFound);
        match job {
            Job::Everybody => state.everybody_at = state.not_before,
            // Changes that cannot be read would stand in the way for ever.
            Job::Changes if hopeless && state.failures >= 3 => {
                state.no_changes_until = now.saturating_add(NOT_OFFERED_FOR);
                state.anew(state.not_before);
            }
            Job::Changes | Job::Newcomers => {}
        }
        self.client.health().failed(error, pause);
        self.desk.reporter().log(crate::event::Level::Debug, TARGET, format_args!("{job:?}: {error}; again in {pause} ms"));
        // The sign-in tells of itself.
        if !matches!(error.class, Class::SignIn { .. }) && state.outage_since.is_none() {
            state.outage_since = Some(now);
            let next_try = self.client.clock().now().wall_ms.saturating_add(i64::try_from(pause).unwrap_or(i64::MAX));
            let draft = Event::new(Kind::DirectoryUnavailable)
                .with_some("status", error.facts.status)
                .with("detail", error.to_string())
                .with("next_try_at_ms", next_try);
            self.desk.reporter().event_now(draft);
        }
    }

    /// `asked`: by somebody who may know more than the token in use.
    async fn everybody(&self, state: &mut State, asked: bool, turns: &mut Turns) -> Result<(), GraphError> {
        let (addresses, users, ids) = self.desk.with(|engine, _| {
            state.report |= engine.take_handed_over();
            (engine.addresses(Which::All), engine.match_counts().values().sum::<u64>(), engine.named_ids())
        });
        let now = self.client.clock().mono_ms();
        if addresses.is_empty() {
            (state.everybody_at, state.changes_at, state.bookmark) = (NEVER, NEVER, None);
            let outcome = self.named(state, &ids, &HashSet::new(), turns).await;
            self.tell(turns, state.report && users > 0 && outcome.is_ok());
            outcome?;
            state.report &= users == 0;
            if !ids.is_empty() {
                state.everybody_at = now.saturating_add(RELIST_EVERY);
            }
            return Ok(());
        }
        let whole = self.may_read_all(state, asked, now).await?;
        state.manner.profile = if whole && now >= state.basic_until { Profile::Whole } else { Profile::Basic };
        state.manner.list_only = false;
        // Taken before the listing, so that nothing falls between.
        let bookmark = match state.manner.profile {
            Profile::Whole if now >= state.no_changes_until => self.bookmark(state).await,
            _ => None,
        };
        state.unsettled.clear();
        let mut outcome = self.resolve(state, &addresses, &HashSet::new(), turns).await;
        if matches!(&outcome, Err(error) if matches!(error.class, Class::Forbidden(_))) && state.manner.profile == Profile::Whole
        {
            state.basic_until = now.saturating_add(BASIC_EVERY);
            state.manner.profile = Profile::Basic;
            outcome = self.resolve(state, &addresses, &HashSet::new(), turns).await;
        }
        if outcome.is_ok() {
            outcome = self.named(state, &ids, &HashSet::new(), turns).await;
        }
        self.tell(turns, state.report && outcome.is_ok());
        outcome?;
        state.report = false;
        self.plan(state, bookmark);
        Ok(())
    }

    /// Whether users may be read whole, as far as the token says. What is granted later shows only in a newer token: where the last round
    /// had to do with less, one is fetched first.
    async fn may_read_all(&self, state: &mut State, asked: bool, now: u64) -> Result<bool, GraphError> {
        let recent = state.renewed_at.is_some_and(|at| now.saturating_sub(at) < RENEW_EVERY);
        let claims = if state.manner.profile == Profile::Basic && !recent {
            state.renewed_at = Some(now);
            self.client.renewed_claims(Endpoint::Users).await?
        } else {
            self.client.claims(Endpoint::Users).await?
        };
        if asked {
            state.basic_until = 0;
        }
        if !std::mem::replace(&mut state.excess_told, true) {
            let excess = excess(&claims, self.desk.with(|engine, _| engine.publishes()));
            if !excess.is_empty() {
                self.desk.reporter().event_now(Event::new(Kind::PermissionExcess).with("permissions", excess));
            }
        }
        Ok(Need::WholeUsers.met_by(&claims) || !readable(&claims))
    }

    fn plan(&self, state: &mut State, bookmark: Option<Link>) {
        let now = self.client.clock().mono_ms();
        // Scattered, so that many instances started together do not ask together.
        let soon = |every: u64| now.saturating_add(every - crate::graph::backoff::dice() % (every / 8));
        (state.everybody_at, state.changes_at) = match (state.manner.profile, &bookmark) {
            (Profile::Basic, _) => (soon(BASIC_EVERY), NEVER),
            (Profile::Whole, None) => (soon(RELIST_EVERY), NEVER),
            (Profile::Whole, Some(_)) => (soon(DAILY), soon(CHANGES_EVERY)),
        };
        state.bookmark = bookmark.map(|link| self.marked(link));
        if state.manner.profile == Profile::Basic {
            self.client.health().content_with_less();
            if !std::mem::replace(&mut state.limited_told, true) {
                let untold = ["other addresses (aliases)", "guests whose sign-in name does not show it", "disabled accounts"]
                    .map(str::to_owned);
                let draft = Event::new(Kind::DirectoryLimited)
                    .with("permission", Need::WholeUsers.least())
                    .with("untold", untold.to_vec());
                self.desk.reporter().event_now(draft);
            }
        }
    }

    async fn bookmark(&self, state: &mut State) -> Option<Link> {
        let now = self.client.clock().mono_ms();
        match changes::begin(&self.client).await {
            Ok(Changes::News(_, bookmark)) => return Some(bookmark),
            Ok(Changes::TooOld) => {}
            Ok(Changes::NotOffered(error)) => {
                state.no_changes_until = now.saturating_add(NOT_OFFERED_FOR);
                self.desk.reporter().log(
                    crate::event::Level::Info,
                    TARGET,
                    format_args!("changes are not told ({error}); reading everything again instead"),
                );
            }
            // The matching itself may work all the same; it says so if not.
            Err(error) => self.desk.reporter().log(crate::event::Level::Debug, TARGET, format_args!("no bookmark: {error}")),
        }
        None
    }

    async fn newcomers(&self, state: &mut State, turns: &mut Turns) -> Result<(), GraphError> {
        let (addresses, ids) = self.desk.with(|engine, _| {
            state.report |= engine.take_handed_over();
            (engine.addresses(Which::Pending), engine.unchecked_ids())
        });
        let mut outcome = self.resolve(state, &addresses, &HashSet::new(), turns).await;
        if outcome.is_ok() {
            outcome = self.named(state, &ids, &HashSet::new(), turns).await;
        }
        // A report that is owed tells of them.
        if !state.report || outcome.is_ok() {
            self.tell(turns, state.report);
            state.report = false;
        }
        self.or_everybody(state, outcome)
    }

    /// A refused whole profile is a matter of the round of everybody, which knows the basic one.
    fn or_everybody(&self, state: &mut State, outcome: Result<(), GraphError>) -> Result<(), GraphError> {
        match outcome {
            Err(error) if matches!(error.class, Class::Forbidden(_)) && state.manner.profile == Profile::Whole => {
                let now = self.client.clock().mono_ms();
                (state.basic_until, state.everybody_at) = (now.saturating_add(BASIC_EVERY), now);
                Ok(())
            }
            other => other,
        }
    }

    async fn changes(&self, state: &mut State, turns: &mut Turns) -> Result<(), GraphError> {
        let now = self.client.clock().mono_ms();
        // The first look at the permissions of a run that goes on where another one stopped.
        let whole = state.excess_told || self.may_read_all(state, false, now).await?;
        let Some(Bookmark { link, listed_at_ms }) = state.bookmark.clone().filter(|_| whole) else {
            state.anew(now);
            return Ok(());
        };
        let (news, next) = match changes::follow(&self.client, link).await? {
            Changes::News(news, next) if !news.many => (news, next),
            Changes::News(..) | Changes::TooOld => {
                state.anew(now);
                return Ok(());
            }
            Changes::NotOffered(error) => {
                self.desk.reporter().log(crate::event::Level::Info, TARGET, format_args!("changes are no longer told ({error})"));
                state.no_changes_until = now.saturating_add(NOT_OFFERED_FOR);
                state.anew(now);
                return Ok(());
            }
        };
        let concerned = match self.concerned(state, &news).await {
            Ok(concerned) => concerned,
            Err(error) => return self.or_everybody(state, Err(error)),
        };
        // Also of those who are not mapped now: whoever comes back is looked for in what is known.
        if self.memory.keeps() {
            self.memory.strike(&[&news.changed, &news.removed]);
        }
        let mut known: HashSet<String> = HashSet::new();
        let addresses: Vec<Arc<str>> =
            concerned.iter().chain(&state.again).filter(|address| known.insert(key(address))).cloned().collect();
        // Whoever was removed or put on the opt-out list since the last look is not asked for.
        let addresses: Vec<Arc<str>> =
            self.desk.with(|engine, _| addresses.into_iter().filter(|address| engine.has_address(address)).collect());
        let mut outcome = self.resolve(state, &addresses, &news.removed, turns).await;
        if outcome.is_ok() {
            let mut ids = self.desk.with(|engine, _| engine.named_ids());
            ids.retain(|id| news.changed.contains(id) || news.removed.contains(id));
            outcome = self.named(state, &ids, &news.removed, turns).await;
        }
        self.tell(turns, state.report && outcome.is_ok());
        if outcome.is_ok() {
            state.report = false;
            // Only now: a failure half-way asks for the same changes again.
            state.bookmark = Some(Bookmark { link: next, listed_at_ms });
            state.again = concerned;
            state.changes_at = now.saturating_add(CHANGES_EVERY);
        }
        self.or_everybody(state, outcome)
    }

    /// The mapped addresses that the changed accounts had, or have now.
    async fn concerned(&self, state: &mut State, news: &News) -> Result<Vec<Arc<str>>, GraphError> {
        let mut changed: Vec<Guid> = news.changed.iter().copied().collect();
        self.desk.with(|engine, _| changed.retain(|id| !engine.leaves_alone(*id)));
        let now = look_up(&self.client, state.manner.profile, &changed).await?;
        if self.memory.keeps() {
            let doubts = now.iter().chain(&news.told).flat_map(addresses_in).map(|address| self.memory.doubt(address));
            state.lessons.extend(doubts);
        }
        let mut known: HashSet<String> = HashSet::new();
        let mut out: Vec<Arc<str>> = Vec::new();
        self.desk.with(|engine, _| {
            let mut add = |address: Arc<str>| {
                if known.insert(key(&address)) {
                    out.push(address);
                }
            };
            for id in news.changed.iter().chain(&news.removed) {
                engine.addresses_of(*id).into_iter().for_each(&mut add);
            }
            for (address, holders) in state.unsettled.values() {
                if holders.iter().any(|id| news.changed.contains(id) || news.removed.contains(id)) && engine.has_address(address)
                {
                    add(address.clone());
                }
            }
            for address in now.iter().chain(&news.told).flat_map(addresses_in) {
                if askable(address) && engine.has_address(address) {
                    add(Arc::from(address));
                }
            }
        });
        Ok(out)
    }

    /// Searches and tells the engine.
    async fn resolve(
        &self,
        state: &mut State,
        addresses: &[Arc<str>],
        removed: &HashSet<Guid>,
        turns: &mut Turns,
    ) -> Result<(), GraphError> {
        if addresses.is_empty() {
            return Ok(());
        }
        let State { manner, unsettled, lessons, .. } = state;
        search(&self.client, manner, addresses, removed, |verdicts| {
            // In portions: the lock is for short work. Whoever asks for presence looks once, at the end.
            let mut any = false;
            for portion in verdicts.chunks(FEW) {
                let new: Vec<Turn> = self.desk.with(|engine, now| {
                    let turned = portion.iter().flat_map(|verdict| {
                        let turns = engine.resolve(&verdict.address, &verdict.resolution, now);
                        turns.into_iter().map(|turn| Turn { hits: verdict.hits, ..turn })
                    });
                    turned.collect()
                });
                any |= !new.is_empty();
                new.into_iter().for_each(|turn| turns.add(turn));
            }
            if any {
                self.desk.with_roster(|_, _| ());
            }
            if self.memory.keeps() {
                lessons.extend(verdicts.iter().map(|verdict| self.memory.lesson(&verdict.address, &verdict.resolution)));
            }
            verdicts.into_iter().for_each(|verdict| note(unsettled, verdict));
        })
        .await
    }

    /// Checks object ids that the host named.
    async fn named(&self, state: &State, ids: &[Guid], removed: &HashSet<Guid>, turns: &mut Turns) -> Result<(), GraphError> {
        named::check(&self.client, &self.desk, state.manner.profile, ids, removed, |turn| turns.add(turn)).await
    }

    pub(super) fn tell(&self, turns: &Turns, report: bool) {
        let many = turns.others + if report { 0 } else { turns.pending } > MOST_SINGLES;
        if !many {
            let singles = turns.first.iter().filter(|turn| !(report && was_pending(turn)));
            singles.for_each(|turn| report::single(&self.desk, turn));
        }
        if many || report {
            report::everybody(&self.desk);
        }
    }
}

fn note(unsettled: &mut HashMap<String, (Arc<str>, Vec<Guid>)>, verdict: Verdict) {
    match verdict.resolution {
        Resolution::Unmatched(_) if !verdict.holders.is_empty() => {
            unsettled.insert(key(&verdict.address), (verdict.address, verdict.holders));
        }
        _ if unsettled.is_empty() => {}
        _ => {
            unsettled.remove(&key(&verdict.address));
        }
    }
}

fn addresses_in(user: &User) -> impl Iterator<Item = &str> {
    user.mail.iter().chain(&user.upn).chain(&user.proxies).map(|address| &**address)
}
