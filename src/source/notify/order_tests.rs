use proptest::prelude::*;

use super::*;

const ANN: Guid = Guid(1);

fn order() -> Order {
    let mut order = Order::default();
    order.follow([ANN]);
    order
}

fn rich(sequence: Option<&str>) -> Seen<'_> {
    Seen { sequence, has_content: true, mark: None }
}

const BASIC: Seen<'_> = Seen { sequence: None, has_content: false, mark: None };
const AT_ONCE: PollVerdict = PollVerdict::Outdated { wait_ms: 0 };

#[test]
fn with_numbers_the_greater_one_wins() {
    let mut order = order();
    assert_eq!(order.polled(ANN, Some("A5"), 10), PollVerdict::Apply);
    assert_eq!(order.notified(ANN, rich(Some("A6")), 20), Verdict::Apply);
    assert_eq!(order.notified(ANN, rich(Some("A6")), 21), Verdict::Ignore, "a duplicate");
    assert_eq!(order.notified(ANN, rich(Some("A4")), 22), Verdict::Ignore, "late");
    assert_eq!(order.polled(ANN, Some("A5"), 19), PollVerdict::Ignore);
    assert_eq!(order.polled(ANN, Some("A7"), 5), PollVerdict::Apply, "however early it was asked for");
    assert_eq!(order.notified(ANN, rich(Some("A10")), 30), Verdict::Apply, "longer is greater");
    assert!(!order.owes(ANN));
    assert_eq!(order.polled(ANN, Some("A10"), 40), PollVerdict::Apply, "the same again is a good answer");
}

#[test]
fn without_numbers_the_last_word_is_a_read_after_the_news() {
    let mut order = order();
    assert_eq!(order.polled(ANN, None, 10), PollVerdict::Apply);
    assert_eq!(order.notified(ANN, rich(None), 20), Verdict::ApplyAndReread);
    assert_eq!(order.polled(ANN, None, 15), AT_ONCE, "asked for before the news");
    assert_eq!(order.polled(ANN, None, 20), AT_ONCE, "in the same millisecond");
    assert!(order.owes(ANN));
    assert_eq!(order.notified(ANN, BASIC, 25), Verdict::Reread);
    assert_eq!(order.polled(ANN, None, 24), AT_ONCE);
    assert_eq!(order.polled(ANN, None, 26), PollVerdict::Apply);
    assert_eq!((order.owes(ANN), order.owed().count()), (false, 0));
}

#[test]
fn a_repetition_tells_nothing_and_the_same_presence_anew_does() {
    let mut order = order();
    let marked = |mark| Seen { sequence: None, has_content: true, mark: Some(mark) };
    assert_eq!(order.notified(ANN, marked(1), 10), Verdict::ApplyAndReread);
    assert_eq!(order.notified(ANN, marked(2), 20), Verdict::ApplyAndReread);
    assert_eq!([1, 2].map(|mark| order.notified(ANN, marked(mark), 30)), [Verdict::Ignore; 2]);
    assert_eq!(order.polled(ANN, None, 21), PollVerdict::Apply, "a repetition is no news that a read would have to follow");
    assert_eq!(order.notified(ANN, marked(3), 40), Verdict::ApplyAndReread);
    for mark in 4..4 + MARKS as u64 {
        order.notified(ANN, marked(mark), 50);
    }
    assert_eq!(order.notified(ANN, marked(1), 60), Verdict::ApplyAndReread, "so long ago that it is not known any more");
}

#[test]
fn with_numbers_on_one_side_only() {
    // Notifications have none.
    let mut polls = order();
    assert_eq!(polls.polled(ANN, Some("A5"), 10), PollVerdict::Apply);
    assert_eq!(polls.notified(ANN, rich(None), 20), Verdict::ApplyAndReread);
    assert_eq!(polls.polled(ANN, Some("A6"), 15), AT_ONCE, "may be older or newer than what the notification told");
    assert_eq!(polls.polled(ANN, Some("A6"), 21), PollVerdict::Apply);
    // Polls have none.
    let mut notified = order();
    assert_eq!(notified.notified(ANN, rich(Some("A5")), 10), Verdict::ApplyAndReread, "nothing to compare with");
    assert_eq!(notified.polled(ANN, None, 11), PollVerdict::Apply);
    assert_eq!(notified.notified(ANN, rich(Some("A4")), 12), Verdict::Ignore);
    assert_eq!(notified.notified(ANN, rich(Some("A5")), 12), Verdict::Reread, "never back, and never wrong");
    assert_eq!(notified.notified(ANN, rich(Some("A6")), 13), Verdict::ApplyAndReread, "the poll may have seen it already");
    assert_eq!(notified.polled(ANN, None, 13), AT_ONCE);
}

#[test]
fn a_replica_that_is_behind_is_not_asked_without_end() {
    let mut order = order();
    order.polled(ANN, Some("A5"), 0);
    order.notified(ANN, rich(None), 10);
    order.notified(ANN, rich(Some("A7")), 11);
    let waits: Vec<PollVerdict> = (12..19).map(|at| order.polled(ANN, Some("A6"), at)).collect();
    let wait = |wait_ms| PollVerdict::Outdated { wait_ms };
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000].map(wait));
    assert_eq!(order.polled(ANN, Some("A7"), 20), PollVerdict::Apply);
}

#[test]
fn numbers_that_begin_anew_are_believed_after_a_while() {
    let mut order = order();
    order.polled(ANN, Some("B1"), 0);
    assert_eq!(order.notified(ANN, rich(Some("B2")), 1_000), Verdict::Apply);
    assert_eq!(order.polled(ANN, Some("A1"), 60_000), PollVerdict::Ignore);
    assert_eq!(order.polled(ANN, Some("A1"), 121_001), PollVerdict::Apply);
    assert_eq!(order.notified(ANN, rich(Some("A2")), 121_002), Verdict::Apply);
}

#[test]
fn only_those_followed_are_remembered() {
    let mut order = order();
    let stranger = Guid(9);
    for at in 0..1_000 {
        assert_eq!(order.notified(Guid(at), rich(None), 5), if at == 1 { Verdict::ApplyAndReread } else { Verdict::Ignore });
    }
    assert_eq!((order.len(), order.polled(stranger, Some("A1"), 6)), (1, PollVerdict::Apply));
    order.follow([ANN, stranger]);
    assert!(order.owes(ANN) && !order.owes(stranger), "what is known of those who stay is kept");
    order.remove(ANN);
    assert!(!order.owes(ANN) && order.len() == 1);
    assert!(std::mem::size_of::<(Guid, Known)>() <= 96, "{}", std::mem::size_of::<(Guid, Known)>());
}

#[test]
fn a_number_of_any_size_and_shape_is_survived() {
    let mut order = order();
    let long = "9".repeat(LONGEST + 1);
    for sequence in ["", long.as_str(), "\u{0}", "ü"] {
        order.notified(ANN, rich(Some(sequence)), 1);
        order.polled(ANN, Some(sequence), 2);
    }
    assert!(order.people[&ANN].sequence.as_ref().is_none_or(|it| it.len() <= LONGEST));
}

// ---- against a reference that knows the truth ----

/// One thing that reaches us.
#[derive(Clone, Debug)]
enum Message {
    /// A notification of this version, with or without number and content.
    News { version: usize, numbered: bool, content: bool },
    /// A poll answer that saw this version.
    Answer { version: usize, numbered: bool, asked_at: u64 },
}

/// A person whose presence changes, and a world that tells us late, twice and out of order.
#[derive(Clone, Debug)]
struct World {
    /// When each version came to be; version 0 is from before.
    changes: Vec<u64>,
    /// Version, numbered, content, delay, and the delay of a duplicate.
    news: Vec<(bool, bool, u64, Option<u64>)>,
    /// Asked at, read after, answered after that, numbered.
    polls: Vec<(u64, u64, u64, bool)>,
    /// How long the reads that we owe take to be read and to be answered, and whether they are numbered; used round and round.
    rereads: Vec<(u64, u64, bool)>,
}

fn world(numbers: Numbers) -> impl Strategy<Value = World> {
    let numbered = move || match numbers {
        Numbers::Always => Just(true).boxed(),
        Numbers::Never => Just(false).boxed(),
        Numbers::AtWill => any::<bool>().boxed(),
    };
    // Few distinct moments, so that many things happen in the same one.
    let changes = prop::collection::vec(0_u64..40, 1..8);
    let delay = 0_u64..60;
    let content = prop_oneof![4 => Just(true), 1 => Just(false)];
    (changes, prop::collection::vec((numbered(), content, delay.clone(), prop::option::of(delay.clone())), 8)).prop_flat_map(
        move |(mut changes, news)| {
            changes.sort_unstable();
            let polls = prop::collection::vec((0_u64..60, 0_u64..30, 0_u64..30, numbered()), 0..6);
            let rereads = prop::collection::vec((0_u64..30, 0_u64..30, numbered()), 1..5);
            (polls, rereads).prop_map(move |(polls, rereads)| World {
                changes: changes.clone(),
                news: news.clone(),
                polls,
                rereads,
            })
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum Numbers {
    Always,
    Never,
    AtWill,
}

impl World {
    /// The version at this moment. A change in the same millisecond as a read may have been before or after it: after, the worse case.
    fn at(&self, moment: u64, last: bool) -> usize {
        self.changes.iter().filter(|change| **change < moment || (last && **change == moment)).count()
    }

    fn run(&self, never_back: bool) -> Result<(), TestCaseError> {
        let mut queue: Vec<(u64, Message)> = Vec::new();
        for (index, at) in self.changes.iter().enumerate() {
            let (numbered, content, delay, twice) = self.news[index];
            let message = Message::News { version: index + 1, numbered, content };
            queue.push((at + 1 + delay, message.clone()));
            queue.extend(twice.map(|twice| (at + 1 + twice, message)));
        }
        for (asked_at, read, answer, numbered) in &self.polls {
            let version = self.at(asked_at + read, true);
            queue.push((asked_at + read + answer, Message::Answer { version, numbered: *numbered, asked_at: *asked_at }));
        }
        let (mut order, mut shown, mut rereads, mut pending) = (order(), 0, 0, 0);
        while let Some(next) = (0..queue.len()).min_by_key(|index| queue[*index].0) {
            let (now, message) = queue.remove(next);
            let before = shown;
            let mut read_in = None;
            match message {
                Message::News { version, numbered, content } => {
                    let number = number(version);
                    let seen = Seen { sequence: numbered.then_some(number.as_str()), has_content: content, mark: None };
                    let verdict = order.notified(ANN, seen, now);
                    if matches!(verdict, Verdict::Apply | Verdict::ApplyAndReread) {
                        shown = version;
                    }
                    if matches!(verdict, Verdict::Reread | Verdict::ApplyAndReread) {
                        read_in = Some(0);
                    }
                }
                Message::Answer { version, numbered, asked_at } => {
                    let number = number(version);
                    match order.polled(ANN, numbered.then_some(number.as_str()), asked_at) {
                        PollVerdict::Apply => shown = version,
                        PollVerdict::Ignore => {}
                        PollVerdict::Outdated { wait_ms } => read_in = Some(wait_ms),
                    }
                }
            }
            prop_assert!(!never_back || shown >= before, "went back from {before} to {shown}");
            if let Some(wait) = read_in {
                pending += 1;
                prop_assert!(pending < 200, "reads without end");
                // The worker gathers ids for a moment, so that a read is never asked for in the very millisecond of the news.
                let (read, answer, numbered) = self.rereads[rereads % self.rereads.len()];
                rereads += 1;
                let asked_at = now + 1 + wait;
                let version = self.at(asked_at + read, false);
                queue.push((asked_at + read + answer, Message::Answer { version, numbered, asked_at }));
            }
        }
        prop_assert!(!order.owes(ANN), "a read is owed that nobody asked for");
        prop_assert_eq!(shown, self.changes.len(), "the newest state is known");
        Ok(())
    }
}

fn number(version: usize) -> String {
    format!("A{:04}", version + 9_995)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn with_numbers_everywhere_it_never_goes_back(world in world(Numbers::Always)) {
        world.run(true)?;
    }

    #[test]
    fn without_numbers_the_newest_state_is_known_in_the_end(world in world(Numbers::Never)) {
        world.run(false)?;
    }

    #[test]
    fn with_numbers_here_and_there_too(world in world(Numbers::AtWill)) {
        world.run(false)?;
    }
}
