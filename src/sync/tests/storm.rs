//! Anything in any order: what must hold all the same.

use proptest::prelude::*;

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
    Enable(bool),
    Restart,
    Unmatch(u8),
    /// A reload with or without a word on the queue.
    Reload(bool),
    /// A dry run or not, and who is on the opt-out list.
    Scope(bool, u8),
}

const PEOPLE: [&str; 4] = ["ann", "bob", "eve", "joe"];
const STATES: [(&str, &str); 6] = [
    ("Available", "Available"),
    ("Busy", "InACall"),
    ("DoNotDisturb", "Presenting"),
    ("Busy", "InAMeeting"),
    ("PresenceUnknown", "PresenceUnknown"),
    ("Away", "Away"),
];

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..4u8, 0..6u8).prop_map(|(who, what)| Act::Teams(who, what)),
        3 => (0..4u8, any::<bool>(), any::<bool>()).prop_map(|(who, on, queue)| Act::Person(who, on, queue)),
        4 => (0..40_000u32).prop_map(Act::Pass),
        3 => (0..4u8, 0..4u8, any::<bool>()).prop_map(|(who, what, queue)| Act::Answer(who, what, queue)),
        1 => (0..4u8).prop_map(Act::Put),
        1 => (0..4u8).prop_map(Act::Remove),
        1 => any::<bool>().prop_map(Act::Enable),
        1 => Just(Act::Restart),
        1 => (0..4u8).prop_map(Act::Unmatch),
        1 => any::<bool>().prop_map(Act::Reload),
        1 => (any::<bool>(), 0..16u8).prop_map(|(dry, out)| Act::Scope(dry, out)),
    ]
}

/// The queue's DND is wanted at other times than the direct one.
const QUEUE: &str = r#","rules":{"list":[
    {"when":{"activity":["InAMeeting","Presenting"]},"queue":"on"},{"when":{"availability":["Away"]},"queue":"keep"}]}"#;

/// The host's DNDs with who switched them on, as an observer beside it would write it down; the queue's by [`queue_of`].
#[derive(Default)]
struct Truth(BTreeMap<String, (Dnd, bool)>, Scope);

/// The configuration as it stands.
#[derive(Default)]
struct Scope {
    /// Rules speak of the queue.
    queue: bool,
    dry: bool,
    out: Vec<&'static str>,
}

impl Scope {
    fn json(&self) -> String {
        let list: Vec<String> = self.out.iter().map(|name| format!("\"{name}@Contoso.test\"")).collect();
        let (dry, queue) = (self.dry, if self.queue { QUEUE } else { "" });
        format!(r#","dnd":{{"on_stop":"release"}},"dry_run":{dry},"opt_out":[{}]{queue}"#, list.join(","))
    }

    /// Takes over the configuration; nothing but releases may go out for whom it leaves alone.
    fn load(&self, office: &mut Office) {
        office.reload(&self.json());
        // Who is off the list is found again.
        PEOPLE.iter().for_each(|id| office.find(id));
    }
}

impl Truth {
    fn persons(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|(dnd, person)| *dnd == Dnd::On && *person)
    }
}

/// A host that hands a user over says that a person's DND is on: we may have forgotten.
fn put(office: &mut Office, truth: &Truth, id: &str) {
    let fact = |id: &str| if truth.persons(id) { HostDnd::On } else { HostDnd::Unknown };
    let now = office.moment();
    office.engine.put_user(&UserInput { host_dnd: fact(id), host_queue_dnd: fact(&queue_of(id)), ..user(id) }, now);
    office.find(id);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// In `strict` a DND that a person switched on, and told us of, is never switched off by us; and when all is quiet, what is ours
    /// stands for a reason.
    #[test]
    fn a_persons_dnd_survives_and_nothing_of_ours_is_left(acts in proptest::collection::vec(act(), 1..60)) {
        let mut truth = Truth::default();
        truth.1.queue = true;
        let mut office = Office::new(&truth.1.json());
        office.put(&PEOPLE);
        for act in acts {
            match act {
                Act::Teams(who, what) => office.teams(PEOPLE[who as usize], STATES[what as usize].0, STATES[what as usize].1),
                Act::Person(who, on, queue) => {
                    let id = PEOPLE[who as usize];
                    let now = office.moment();
                    let known = if queue {
                        office.engine.report_queue(id, on, Origin::Person, now)
                    } else {
                        office.engine.report_dnd(id, on, Origin::Person, now)
                    };
                    if known {
                        truth.0.insert(key_of(id, queue), (if on { Dnd::On } else { Dnd::Off }, on));
                    }
                }
                Act::Pass(ms) => {
                    let until = office.now + u64::from(ms);
                    while let Some(at) = office.engine.next_deadline().filter(|at| *at <= until) {
                        office.now = office.now.max(at);
                        office.engine.tick(office.moment());
                        drain(&mut office, &mut truth)?;
                    }
                    office.now = until;
                }
                Act::Answer(who, what, queue) => {
                    let answer = [Answer::Applied, Answer::Retry, Answer::Pending, Answer::Applied][what as usize];
                    office.answers.insert(key_of(PEOPLE[who as usize], queue), answer);
                }
                Act::Put(who) => put(&mut office, &truth, PEOPLE[who as usize]),
                Act::Remove(who) => {
                    let now = office.moment();
                    office.engine.remove_user(PEOPLE[who as usize], now);
                }
                Act::Enable(on) => {
                    let now = office.moment();
                    office.engine.set_enabled(on, now);
                }
                Act::Restart => {
                    let now = office.moment();
                    office.engine.begin_stop(now);
                    drain(&mut office, &mut truth)?;
                    office.stopped();
                    office.engine.start(now);
                }
                Act::Unmatch(who) => {
                    let now = office.moment();
                    let address = format!("{}@contoso.test", PEOPLE[who as usize]);
                    office.engine.resolve(&address, &Resolution::Unmatched(Unmatched::Unknown), now);
                }
                Act::Reload(word) => {
                    truth.1.queue = word;
                    truth.1.load(&mut office);
                }
                Act::Scope(dry, out) => {
                    let names = PEOPLE.into_iter().enumerate().filter(|(n, _)| out & (1 << n) != 0);
                    (truth.1.dry, truth.1.out) = (dry, names.map(|(_, name)| name).collect());
                    truth.1.load(&mut office);
                }
            }
            drain(&mut office, &mut truth)?;
            for id in &truth.1.out {
                prop_assert!(!office.engine.polled().ids.contains(&object_of(id)), "{id} is asked for");
                prop_assert!(!office.engine.has_address(&format!("{id}@contoso.test")), "{id} is searched");
                prop_assert!(office.engine.explain(id, office.moment()).is_ok_and(|why| why["presence"].is_null()) || office.engine.state(id, office.moment()).is_err());
            }
        }
        // Quiet: the host answers, everybody is available for a long time.
        office.answers.clear();
        let now = office.moment();
        office.engine.set_enabled(true, now);
        (truth.1.dry, truth.1.out) = (false, vec![]);
        truth.1.load(&mut office);
        PEOPLE.iter().for_each(|id| put(&mut office, &truth, id));
        for _ in 0..60 {
            for id in PEOPLE {
                office.teams(id, "Available", "Available");
            }
            let until = office.now + 5_000;
            while let Some(at) = office.engine.next_deadline().filter(|at| *at <= until) {
                office.now = office.now.max(at);
                office.engine.tick(office.moment());
                drain(&mut office, &mut truth)?;
            }
            office.now = until;
            drain(&mut office, &mut truth)?;
        }
        for id in PEOPLE {
            let state = office.state(id);
            prop_assert!(!state.dnd_owned && !state.queue_owned, "{id}: nothing of ours is left");
            for key in [id.to_owned(), queue_of(id)] {
                prop_assert!(truth.0.get(&key).is_none_or(|(dnd, person)| *dnd == Dnd::Off || *person), "{key} is stuck");
            }
            prop_assert_eq!(state.chat_acknowledged, Some(Chat::Available));
        }
        prop_assert!(!office.engine.awaits_answers());
        prop_assert_eq!(office.engine.stats(office.moment())["queues"]["users"].as_u64(), Some(0));
    }
}

/// Hands out what is due and keeps the observer's book. PENDING means that the host does it and never says so.
fn drain(office: &mut Office, truth: &mut Truth) -> Result<(), TestCaseError> {
    while let Some(delivery) = office.engine.next_delivery(office.moment()) {
        let (id, key, dnd) = match &delivery {
            Delivery::Dnd(change) => (change.change_id, change.user_id.to_string(), Some(change.value)),
            Delivery::Queue(change) => (change.change_id, queue_of(&change.user_id), Some(change.value)),
            Delivery::Chat(change) => (change.change_id, change.user_id.to_string(), None),
            Delivery::Presence(_) => continue,
        };
        let (user_id, gives_back) = match &delivery {
            Delivery::Dnd(change) | Delivery::Queue(change) => (&change.user_id, change.value == Dnd::Off),
            Delivery::Chat(change) => (&change.user_id, change.value == Chat::Released),
            Delivery::Presence(view) => (&view.user_id, false),
        };
        let left_alone = truth.1.dry || truth.1.out.contains(&&**user_id);
        prop_assert!(gives_back || !left_alone, "{:?} although it is to be left alone", delivery);
        let answer = office.answers.get(&key).copied().unwrap_or(Answer::Applied);
        let mut say = answer;
        if let Some(value) = dnd.filter(|_| answer != Answer::Retry) {
            if value == Dnd::Off {
                prop_assert!(!truth.persons(&key), "{}: a person's DND was to be switched off", key);
            }
            if value == Dnd::On && truth.persons(&key) {
                // An honest host says so.
                say = if answer == Answer::Applied { Answer::Already } else { answer };
            } else {
                truth.0.insert(key, (value, false));
            }
        }
        office.engine.answered(id, say, office.moment());
    }
    Ok(())
}
