//! The machine against a Graph that answers at random: never two subscriptions, never a storm, never a dead end.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

const HOUR: u64 = 60 * MINUTE;

/// What happens to one request.
#[derive(Clone, Copy, Debug)]
enum Luck {
    Good,
    /// Done, and the answer is lost.
    Lost,
    /// Not done.
    Fails(Why),
    /// Done after all.
    Dropped,
}

#[derive(Clone, Debug)]
enum Act {
    /// So much time passes, with requests answered so, in turn.
    Live(u64, Vec<Luck>),
    Wish(Option<u128>),
    SignedIn(bool),
    Reauthorize,
    Removed,
    Distrust,
    /// Graph loses it, and says nothing.
    Vanish,
    /// The wall clock steps.
    Step(i64),
    /// A restart, with what the store remembers.
    Restart,
}

fn why() -> impl Strategy<Value = Why> {
    prop_oneof![
        Just(Why::SignIn),
        Just(Why::Conflict(None)),
        Just(Why::Conflict(Some(Guid(0xdead)))),
        Just(Why::Handshake),
        Just(Why::TooFar),
        Just(Why::Quota),
        Just(Why::Permission),
        Just(Why::NotFound),
        (0_u64..200_000).prop_map(Why::Throttled),
        Just(Why::Unavailable),
        Just(Why::Refused),
    ]
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![4 => Just(Luck::Good), 1 => Just(Luck::Lost), 1 => Just(Luck::Dropped), 4 => why().prop_map(Luck::Fails)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..3 * HOUR, prop::collection::vec(luck(), 1..12)).prop_map(|(ms, luck)| Act::Live(ms, luck)),
        3 => prop::option::of(1_u128..4).prop_map(Act::Wish),
        2 => any::<bool>().prop_map(Act::SignedIn),
        2 => Just(Act::Reauthorize),
        1 => Just(Act::Removed),
        1 => Just(Act::Distrust),
        1 => Just(Act::Vanish),
        1 => (-3_i64..4).prop_map(|tens| Act::Step(tens * 600_000)),
        1 => Just(Act::Restart),
    ]
}

struct There {
    client_state: String,
    terms: Arc<Terms>,
    ends_at: u64,
    /// Made for us, or put there by the world.
    ours: bool,
}

/// Graph, and us.
struct World {
    there: HashMap<Guid, There>,
    /// It lets an account have one only.
    strict: bool,
    /// It tells the secrets in its list.
    tells: bool,
    next_id: u128,
    now: Moment,
    life: Life,
    note: Option<Vec<u8>>,
    asked: VecDeque<u64>,
    luck: Vec<Luck>,
    at: usize,
}

fn terms(users: u128) -> Arc<Terms> {
    Arc::new(Terms::new("https://pbx/n", None, (0..users).map(Guid)))
}

impl World {
    fn new(strict: bool, tells: bool, seed: u64) -> World {
        let now = Moment { mono_ms: 50_000_000, wall_ms: 1_795_355_700_000 };
        let life = Life::new(None, ClientState::random, seed, now);
        let (there, asked) = (HashMap::new(), VecDeque::new());
        World { there, strict, tells, next_id: 100, now, life, note: None, asked, luck: vec![Luck::Good], at: 0 }
    }

    fn act(&mut self, act: &Act) -> Result<(), TestCaseError> {
        let known = self.life.known().map(|held| held.id);
        match act {
            Act::Live(ms, luck) => {
                (self.luck, self.at) = (luck.clone(), 0);
                self.run(*ms)?;
            }
            Act::Wish(users) => self.life.wish(users.map(terms)),
            Act::SignedIn(signed_in) => self.life.signed_in(*signed_in),
            Act::Reauthorize => known.into_iter().for_each(|id| self.life.reauthorize(id, self.now)),
            Act::Removed => {
                if let Some(id) = known {
                    self.there.remove(&id);
                    self.life.removed(id, self.now);
                }
            }
            Act::Distrust => self.life.distrust(self.now),
            Act::Vanish => self.there.clear(),
            Act::Step(ms) => self.now.wall_ms += ms,
            Act::Restart => {
                let held = self.note.as_deref().and_then(Held::from_note);
                self.life = Life::new(held, ClientState::random, 99, self.now);
                // The process before may have been asked for anything; the limit is one of a process.
                self.asked.clear();
            }
        }
        self.take_news();
        Ok(())
    }

    fn run(&mut self, ms: u64) -> Result<(), TestCaseError> {
        let end = self.now.mono_ms + ms;
        for _ in 0..10_000 {
            let step = self.life.next(self.now);
            self.take_news();
            match step {
                Step::Do(action) => self.ask(action)?,
                Step::Wait(at) => {
                    prop_assert!(at > self.now.mono_ms, "it waits for the past");
                    let passed = at.min(end).saturating_sub(self.now.mono_ms);
                    self.pass(passed);
                    if at >= end {
                        return Ok(());
                    }
                }
                Step::Done => return Ok(()),
            }
        }
        prop_assert!(false, "it never rests");
        Ok(())
    }

    fn pass(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms as i64;
        let now = self.now.mono_ms;
        self.there.retain(|_, there| there.ends_at > now);
    }

    fn ask(&mut self, action: Action) -> Result<(), TestCaseError> {
        self.asked.push_back(self.now.mono_ms);
        while self.asked.front().is_some_and(|at| at + BUSY_MS <= self.now.mono_ms) {
            self.asked.pop_front();
        }
        prop_assert!(self.asked.len() <= MOST_REQUESTS, "a storm");
        let luck = self.luck[self.at % self.luck.len()];
        self.at += 1;
        self.pass(200);
        let answer = match luck {
            Luck::Fails(why) => Answer::Failed(why),
            Luck::Good => self.done(action),
            Luck::Lost => {
                self.done(action);
                Answer::Failed(Why::Unavailable)
            }
            Luck::Dropped => {
                self.done(action);
                Answer::Dropped
            }
        };
        self.life.answer(answer, self.now);
        self.take_news();
        prop_assert!(self.there.values().filter(|there| there.ours).count() <= 1, "two live at once");
        Ok(())
    }

    /// What Graph does of itself.
    fn done(&mut self, action: Action) -> Answer {
        let now = self.now;
        let wall = now.wall_ms;
        let answer = |id, ends_at: u64| Subscription {
            id: Some(id),
            expires_at_ms: Some(wall + (ends_at - now.mono_ms) as i64),
            ..Subscription::default()
        };
        // 45 to 60 minutes.
        let end = |expires_at_ms: i64| now.mono_ms + u64::try_from(expires_at_ms - wall).unwrap_or(0).max(45 * MINUTE);
        match action {
            Action::List => Answer::Listed(
                self.there
                    .iter()
                    .map(|(id, there)| Subscription {
                        resource: Some(format!(
                            "/communications/presences?$filter=id in ({})",
                            there.terms.users().iter().map(Guid::to_string).collect::<Vec<_>>().join(",")
                        )),
                        client_state: self.tells.then(|| there.client_state.clone()),
                        url: Some(there.terms.url().to_owned()),
                        ..answer(*id, there.ends_at)
                    })
                    .collect(),
            ),
            Action::Create { terms, client_state, expires_at_ms } => {
                if let Some(id) = self.there.keys().next().filter(|_| self.strict) {
                    return Answer::Failed(Why::Conflict(Some(*id)));
                }
                let id = Guid(self.next_id);
                self.next_id += 1;
                let ends_at = end(expires_at_ms);
                self.there.insert(id, There { client_state: client_state.expose().to_owned(), terms, ends_at, ours: true });
                Answer::Created(answer(id, ends_at))
            }
            Action::Renew { id, expires_at_ms } => match self.there.get_mut(&id) {
                Some(there) => {
                    there.ends_at = end(expires_at_ms);
                    Answer::Renewed(answer(id, there.ends_at))
                }
                None => Answer::Failed(Why::NotFound),
            },
            Action::Delete { id } => match self.there.remove(&id) {
                Some(_) => Answer::Deleted,
                None => Answer::Failed(Why::NotFound),
            },
        }
    }

    fn take_news(&mut self) {
        for news in self.life.take_news() {
            match news {
                News::On(held) | News::Renewed(held) => self.note = Some(held.to_note()),
                News::Off { .. } => self.note = None,
                News::Refused { .. } => {}
            }
        }
    }

    /// Everything is well from now on: what is wished for lives within this time, and stays.
    fn recovers(&mut self, users: u128) -> Result<(), TestCaseError> {
        self.luck = vec![Luck::Good];
        self.life.wish(Some(terms(users)));
        self.life.signed_in(true);
        self.run(2 * HOUR)?;
        for _ in 0..20 {
            let held = self.life.held().cloned();
            prop_assert!(held.is_some(), "a dead end: {:?}", self.life);
            let held = held.expect("just looked at");
            let there = self.there.get(&held.id);
            prop_assert!(there.is_some_and(|there| there.client_state == held.client_state.expose()), "not what is there");
            prop_assert_eq!(&held.terms, &terms(users));
            prop_assert_eq!(self.there.len(), 1);
            self.run(10 * MINUTE)?;
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_graph_answers(acts in prop::collection::vec(act(), 1..25), tells in any::<bool>(), seed in any::<u64>()) {
        let mut world = World::new(true, tells, seed);
        for act in &acts {
            world.act(act)?;
        }
        world.recovers(3)?;
    }

    /// Graph would let us have several: it is our doing that there are not.
    #[test]
    fn never_two_even_where_graph_would_let_us(acts in prop::collection::vec(act(), 1..25), tells in any::<bool>(), seed in any::<u64>()) {
        let mut world = World::new(false, tells, seed);
        for act in &acts {
            // A list that is refused for good, and a restart without memory, leave no way to know.
            let act = match act {
                Act::Live(ms, luck) => {
                    let honest = luck.iter().map(|luck| match luck {
                        Luck::Fails(why) if is_refusal(*why) => Luck::Fails(Why::Unavailable),
                        other => *other,
                    });
                    Act::Live(*ms, honest.collect())
                }
                Act::Restart => Act::Distrust,
                other => other.clone(),
            };
            world.act(&act)?;
        }
    }

    #[test]
    fn a_stop_ends(acts in prop::collection::vec(act(), 1..12), luck in prop::collection::vec(luck(), 1..6), seed in any::<u64>()) {
        let mut world = World::new(true, true, seed);
        for act in &acts {
            world.act(act)?;
        }
        (world.luck, world.at) = (luck, 0);
        world.asked.clear();
        world.life.stop();
        for requests in 0.. {
            prop_assert!(requests <= 50, "it goes on and on");
            match world.life.next(world.now) {
                Step::Do(action) => {
                    world.asked.clear();
                    world.ask(action)?;
                }
                Step::Wait(_) => prop_assert!(false, "a stop waits for nothing"),
                Step::Done => break,
            }
        }
    }

    /// Somebody else's subscription of the same account is in the way, again and again.
    #[test]
    fn a_rival_is_not_fought(seed in any::<u64>(), pause in 1_u64..20) {
        let mut world = World::new(true, true, seed);
        world.life.wish(Some(terms(2)));
        world.life.signed_in(true);
        let mut ours = 0;
        for _ in 0..200 {
            world.run(pause * MINUTE)?;
            ours += usize::from(world.there.values().any(|there| there.ours));
            world.there.clear();
            let ends_at = world.now.mono_ms + HOUR;
            let rival = There { client_state: "x".to_owned(), terms: Arc::new(Terms::new("https://rival", None, [Guid(5)])), ends_at, ours: false };
            world.next_id += 1;
            world.there.insert(Guid(world.next_id), rival);
        }
        prop_assert!(ours > 0);
    }
}
