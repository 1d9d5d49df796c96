//! An office day: when whose presence changes. Seeded, the same on every machine.
//!
//! Four kinds of people come and go, sit in meetings that begin at the full or half hour, telephone in bursts, have lunch and leave their
//! desk. What a person does at a moment is the most important of the things that overlap.

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// What presence shows, by importance: the greater hides the smaller.
const OFFLINE: u8 = 0;
const AVAILABLE: u8 = 1;
const AWAY: u8 = 2;
const IN_A_MEETING: u8 = 3;
const IN_A_CONFERENCE: u8 = 4;
const IN_A_CALL: u8 = 5;
const PRESENTING: u8 = 6;

/// From then on presence is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at_ms: u64,
    pub(crate) state: u8,
}

/// Which kinds of people work there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Office {
    /// 65 in 100 at a desk, 15 on the telephone, 10 in meetings, 10 hardly ever there.
    Mixed,
    /// 80 in 100 on the telephone all day.
    CallCentre,
    /// Nobody telephones: only the calendar, coming, going, leaving the desk.
    Meetings,
}

impl Office {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Office::Mixed => "mixed",
            Office::CallCentre => "call centre",
            Office::Meetings => "meetings",
        }
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + (self.part() * (most - least) as f64) as u64
    }

    fn one_in(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// Waiting times without a memory.
    fn wait(&mut self, mean: u64) -> u64 {
        (-(1.0 - self.part()).ln() * mean as f64) as u64 + 1
    }

    /// Around `mean`, by the sum of four.
    fn around(&mut self, mean: u64, spread: u64) -> u64 {
        let sum: f64 = (0..4).map(|_| self.part()).sum::<f64>() - 2.0;
        (mean as f64 + sum * spread as f64).max(0.0) as u64
    }
}

/// Something that lasts.
struct Spell {
    from: u64,
    until: u64,
    state: u8,
}

struct Diary {
    spells: Vec<Spell>,
    dice: Dice,
}

impl Diary {
    fn note(&mut self, state: u8, from: u64, until: u64) {
        if from < until {
            self.spells.push(Spell { from, until, state });
        }
    }

    /// The calendar says so to the second; people join and leave when they do.
    fn meetings(&mut self, count: u64, arrive: u64, leave: u64) {
        for _ in 0..count {
            let half = if self.dice.one_in(35) { 30 } else { 0 };
            let hour = self.dice.between(9, 17);
            let from = hour * HOUR + half * MINUTE;
            let length = if self.dice.one_in(60) { 30 } else { 60 } * MINUTE;
            if from < arrive || from + length > leave {
                continue;
            }
            let shown = from + self.dice.between(0, 15_000);
            let hidden = from + length + self.dice.between(0, 15_000);
            self.note(IN_A_MEETING, shown, hidden);
            let join = (from + self.dice.wait(75_000)).saturating_sub(45_000);
            let part = if self.dice.one_in(75) { self.dice.between(0, 6 * MINUTE) } else { 0 };
            let end = from + length + self.dice.between(0, 4 * MINUTE) - part;
            self.note(IN_A_CONFERENCE, join, end);
            if self.dice.one_in(20) {
                let begin = join + self.dice.between(MINUTE, 10 * MINUTE);
                let done = begin + self.dice.wait(9 * MINUTE);
                self.note(PRESENTING, begin, done.min(end));
            }
        }
    }

    /// One call brings the next.
    fn bursts(&mut self, count: u64, arrive: u64, leave: u64) {
        for _ in 0..count {
            let mut at = self.dice.between(arrive, leave);
            loop {
                let end = at + 15_000 + self.dice.wait(3 * MINUTE);
                self.note(IN_A_CALL, at, end);
                at = end + 5_000 + self.dice.wait(100_000);
                if self.dice.one_in(50) {
                    break;
                }
            }
        }
    }

    /// Call after call, with breaks.
    fn telephone(&mut self, arrive: u64, leave: u64) {
        let mut at = arrive + self.dice.wait(3 * MINUTE);
        while at < leave {
            let end = at + 20_000 + self.dice.wait(3 * MINUTE);
            self.note(IN_A_CALL, at, end.min(leave));
            at = end + 10_000 + self.dice.wait(90_000);
            if self.dice.one_in(5) {
                at += self.dice.between(5 * MINUTE, 20 * MINUTE);
            }
        }
    }

    fn away(&mut self, every: u64, length: u64, arrive: u64, leave: u64) {
        let mut at = arrive + self.dice.wait(every);
        while at < leave {
            let end = at + self.dice.wait(length);
            self.note(AWAY, at, end);
            at = end + self.dice.wait(every);
        }
    }

    /// What shows when: a change where the most important spell begins or ends.
    fn changes(mut self) -> Vec<Change> {
        let mut edges: Vec<u64> = self.spells.iter().flat_map(|spell| [spell.from, spell.until]).collect();
        edges.sort_unstable();
        edges.dedup();
        self.spells.sort_unstable_by_key(|spell| spell.from);
        let (mut now, mut out, mut first) = (OFFLINE, Vec::new(), 0);
        for at in edges {
            while self.spells.get(first).is_some_and(|spell| spell.until <= at) {
                first += 1;
            }
            let running = self.spells[first..].iter().take_while(|spell| spell.from <= at).filter(|spell| at < spell.until);
            let state = running.map(|spell| spell.state).max().unwrap_or(OFFLINE);
            if std::mem::replace(&mut now, state) != state {
                out.push(Change { at_ms: at, state });
            }
        }
        out
    }
}

/// The day of each of so many people.
pub(crate) fn day(office: Office, people: usize, seed: u64) -> Vec<Vec<Change>> {
    (0..people as u64).map(|n| one(office, seed ^ (n + 1).wrapping_mul(0xd134_2543_de82_ef95))).collect()
}

fn one(office: Office, seed: u64) -> Vec<Change> {
    let mut diary = Diary { spells: Vec::new(), dice: Dice(seed) };
    let kind = diary.dice.next() % 100;
    let arrive = diary.dice.around(8 * HOUR + 30 * MINUTE, 50 * MINUTE);
    let leave = diary.dice.around(17 * HOUR, 60 * MINUTE);
    let lunch = diary.dice.between(11 * HOUR + 45 * MINUTE, 12 * HOUR + 45 * MINUTE);
    let (meetings, telephones, calls) = match (office, kind) {
        (_, 90..) => {
            // Abroad, part-time, on the road: a telephone that shows now and then.
            diary.away(90 * MINUTE, 60 * MINUTE, arrive, leave);
            return diary.changes();
        }
        (Office::Mixed, 0..65) => (3, false, 3),
        (Office::Mixed, 65..80) | (Office::CallCentre, 0..80) => (1, true, 0),
        (Office::Mixed | Office::CallCentre, _) => (6, false, 4),
        (Office::Meetings, _) => (5, false, 0),
    };
    diary.note(AVAILABLE, arrive, leave);
    let back = lunch + diary.dice.between(30 * MINUTE, 50 * MINUTE);
    diary.note(AWAY, lunch, back);
    diary.away(75 * MINUTE, 9 * MINUTE, arrive, leave);
    diary.meetings(meetings, arrive, leave);
    diary.bursts(calls, arrive, leave);
    if telephones {
        diary.telephone(arrive, lunch);
        diary.telephone(lunch + 45 * MINUTE, leave);
    }
    diary.changes()
}
