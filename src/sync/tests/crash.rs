//! Anything in any order, and now and then the process is gone: what must hold all the same.

use proptest::prelude::*;

use super::keep::Disk;
use super::*;

#[derive(Clone, Debug)]
enum Act {
    Teams(u8, u8),
    /// A person switches the direct DND, or that of the queue.
    Person(u8, bool, bool),
    Pass(u32),
    Answer(u8, u8, bool),
    Put(u8),
    Remove(u8),
    /// The disk takes its time from now on, or does what it is asked at once.
    Lag(bool),
    /// One thing goes out.
    Step,
    Crash,
    Restart,
}

const PEOPLE: [&str; 4] = ["ann", "bob", "eve", "joe"];
const STATES: [(&str, &str); 4] =
    [("Available", "Available"), ("Busy", "InACall"), ("DoNotDisturb", "Presenting"), ("PresenceUnknown", "PresenceUnknown")];
/// The queue's DND is wanted while presenting only, the direct one in a call too.
const SETTINGS: &str = r#","dnd":{"hold_off_ms":0},"rules":{"list":[{"when":{"activity":["Presenting"]},"queue":"on"}]}"#;

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..4u8, 0..4u8).prop_map(|(who, what)| Act::Teams(who, what)),
        2 => (0..4u8, any::<bool>(), any::<bool>()).prop_map(|(who, on, queue)| Act::Person(who, on, queue)),
        2 => (0..90_000u32).prop_map(Act::Pass),
        2 => (0..4u8, 0..4u8, any::<bool>()).prop_map(|(who, what, queue)| Act::Answer(who, what, queue)),
        2 => (0..4u8).prop_map(Act::Put),
        1 => (0..4u8).prop_map(Act::Remove),
        3 => any::<bool>().prop_map(Act::Lag),
        6 => Just(Act::Step),
        2 => Just(Act::Crash),
        1 => Just(Act::Restart),
    ]
}

/// The telephone system, its file, and an observer's book of who switched on what; the queue's DND by [`queue_of`].
struct World {
    office: Office,
    disk: Disk,
    lag: bool,
    on: BTreeMap<String, bool>,
}

impl World {
    fn new() -> World {
        let mut world = World {
            office: Office::after_crash(SETTINGS, &Disk::default(), START),
            disk: Disk::default(),
            lag: false,
            on: BTreeMap::new(),
        };
        let now = world.office.moment();
        world.office.engine.start(now);
        PEOPLE.iter().for_each(|id| world.put(id));
        world
    }

    fn is_persons(&self, id: &str) -> bool {
        self.on.get(id).is_some_and(|persons| *persons)
    }

    /// The host tells how its DND stands when it hands a user over, without a word on whose it is.
    fn put(&mut self, id: &str) {
        let fact = |key: &str| match self.on.contains_key(key) {
            _ if self.is_persons(key) => HostDnd::On,
            // Between our ON that is out and its answer the host does not know yet.
            _ if self.office.engine.awaits_answers() => HostDnd::Unknown,
            true => HostDnd::On,
            false => HostDnd::Off,
        };
        let now = self.office.moment();
        let input = UserInput { host_dnd: fact(id), host_queue_dnd: fact(&queue_of(id)), ..user(id) };
        self.office.engine.put_user(&input, now);
        self.office.find(id);
    }

    fn flush(&mut self) {
        self.office.flush(&mut self.disk);
    }

    /// One thing goes out. False if nothing is due.
    fn step(&mut self) -> Result<bool, TestCaseError> {
        let Some(delivery) = self.office.engine.next_delivery(self.office.moment()) else { return Ok(false) };
        let (id, user_id, queue, dnd) = match &delivery {
            Delivery::Dnd(change) => (change.change_id, change.user_id.to_string(), false, Some(change.value)),
            Delivery::Queue(change) => (change.change_id, change.user_id.to_string(), true, Some(change.value)),
            Delivery::Chat(change) => (change.change_id, change.user_id.to_string(), false, None),
            Delivery::Presence(_) => return Ok(true),
        };
        let key = key_of(&user_id, queue);
        let answer = self.office.answers.get(&key).copied().unwrap_or(Answer::Applied);
        let mut say = answer;
        if let Some(value) = dnd.filter(|_| answer != Answer::Retry) {
            if value == Dnd::Off {
                prop_assert!(!self.is_persons(&key), "{}: a person's DND was to be switched off", key);
                self.on.remove(&key);
            } else if self.is_persons(&key) {
                say = if answer == Answer::Applied { Answer::Already } else { answer };
            } else {
                let kept = self.disk.users.get(&user_id).copied().unwrap_or_default();
                let kept = if queue { kept.queue() } else { kept.direct() };
                prop_assert!(kept.has(Keeps::OWNED) || kept.has(Keeps::INTENDED), "{}: no record before its ON", key);
                self.on.insert(key, false);
            }
        }
        self.office.engine.answered(id, say, self.office.moment());
        Ok(true)
    }

    fn drain(&mut self) -> Result<(), TestCaseError> {
        loop {
            if !self.lag {
                self.flush();
            }
            if !self.step()? {
                return Ok(());
            }
        }
    }

    fn pass(&mut self, ms: u64) -> Result<(), TestCaseError> {
        // A lagging disk is one that takes less than the two seconds for which it is waited.
        self.flush();
        self.drain()?;
        let until = self.office.now + ms;
        while let Some(at) = self.office.engine.next_deadline().filter(|at| *at <= until) {
            self.office.now = self.office.now.max(at);
            let now = self.office.moment();
            self.office.engine.tick(now);
            self.flush();
            self.drain()?;
        }
        self.office.now = until;
        Ok(())
    }

    /// The process is gone; a new one begins with the file.
    fn crash(&mut self) {
        let answers = std::mem::take(&mut self.office.answers);
        self.office = Office::after_crash(SETTINGS, &self.disk, self.office.now + 1_000);
        self.office.answers = answers;
        let now = self.office.moment();
        self.office.engine.start(now);
        PEOPLE.iter().for_each(|id| self.put(id));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Whatever the process and the disk do: no ON goes out that the file does not know of, a person's DND is never switched off, and when
    /// all is quiet nothing of ours is left on.
    #[test]
    fn the_file_knows_enough(acts in proptest::collection::vec(act(), 1..80)) {
        let mut world = World::new();
        for act in acts {
            match act {
                Act::Teams(who, what) => world.office.teams(PEOPLE[who as usize], STATES[what as usize].0, STATES[what as usize].1),
                Act::Person(who, on, queue) => {
                    let id = PEOPLE[who as usize];
                    let now = world.office.moment();
                    let engine = &mut world.office.engine;
                    let known = if queue {
                        engine.report_queue(id, on, Origin::Person, now)
                    } else {
                        engine.report_dnd(id, on, Origin::Person, now)
                    };
                    if known {
                        let key = key_of(id, queue);
                        if on { world.on.insert(key, true) } else { world.on.remove(&key) };
                        // Once a write under way has come back, the file knows that nothing of ours is there.
                        world.flush();
                    }
                }
                Act::Pass(ms) => world.pass(u64::from(ms))?,
                Act::Answer(who, what, queue) => {
                    let answer = [Answer::Applied, Answer::Retry, Answer::Pending, Answer::Applied][what as usize];
                    world.office.answers.insert(key_of(PEOPLE[who as usize], queue), answer);
                }
                Act::Put(who) => world.put(PEOPLE[who as usize]),
                Act::Remove(who) => {
                    let now = world.office.moment();
                    world.office.engine.remove_user(PEOPLE[who as usize], now);
                }
                Act::Lag(lag) => world.lag = lag,
                Act::Step => { world.step()?; }
                Act::Crash => world.crash(),
                Act::Restart => {
                    let now = world.office.moment();
                    world.office.engine.begin_stop(now);
                    world.drain()?;
                    world.office.stopped();
                    world.flush();
                    let found = world.disk.found(true);
                    let now = world.office.moment();
                    world.office.engine.lost(now);
                    world.office.engine.found(found, now);
                    world.office.engine.start(now);
                }
            }
            if !world.lag {
                world.drain()?;
            }
        }
        world.lag = false;
        world.office.answers.clear();
        world.crash();
        for _ in 0..40 {
            for id in PEOPLE {
                world.office.teams(id, "Available", "Available");
            }
            world.pass(5_000)?;
        }
        for (id, persons) in &world.on {
            prop_assert!(*persons, "{} is stuck", id);
        }
        world.flush();
        let claims = |keeps: Keeps| keeps.has(Keeps::OWNED) || keeps.has(Keeps::INTENDED);
        prop_assert!(!world.disk.users.values().any(|keeps| claims(keeps.direct()) || claims(keeps.queue())), "{:?}", world.disk);
    }
}
