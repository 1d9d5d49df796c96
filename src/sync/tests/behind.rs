//! What a call of the host's hides: every short story of a person in Teams beside a telephone call that is published there, with what Teams shows
//! made of sessions by Microsoft's precedence (DoNotDisturb > Busy > Available; Graph, presence sessions). However they meet, a DND of ours ends
//! in time, and a call of Teams that outlives the other switches it on again.

use super::*;

const MINUTE: u64 = 60_000;
const POLL: u64 = 30_000;
/// What docs/dnd.md allows a DND of ours beyond its reason: a poll, the hold, the grace, and what the guard adds.
const LIMIT: u64 = POLL + 10_000 + MINUTE + 5 * MINUTE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Free,
    Call,
    Focus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Teams(Own),
    Phone(bool),
    Pass(u64),
}

const ACTS: [Act; 8] = [
    Act::Teams(Own::Free),
    Act::Teams(Own::Call),
    Act::Teams(Own::Focus),
    Act::Phone(true),
    Act::Phone(false),
    Act::Pass(POLL),
    Act::Pass(3 * MINUTE),
    Act::Pass(8 * MINUTE),
];

struct Story {
    office: Office,
    own: Own,
    phone: bool,
    /// Since when the person has been free in Teams, whatever is shown.
    free_since: Option<u64>,
    call_since: u64,
    /// A call of Teams was shown for long when the telephone call began: its end cannot be seen before that call's.
    hidden: bool,
}

impl Story {
    fn new() -> Story {
        let mut office = Office::with_ann(r#","source":{"poll_interval_ms":30000},"stale":{"after_ms":600000}"#);
        office.teams("ann", "Available", "Available");
        office.settle();
        let (free_since, call_since) = (Some(office.now), office.now);
        Story { office, own: Own::Free, phone: false, free_since, call_since, hidden: false }
    }

    fn shown(&self) -> (&'static str, &'static str) {
        match (self.own, self.phone) {
            (Own::Focus, _) => ("DoNotDisturb", "Focusing"),
            (Own::Call, _) | (Own::Free, true) => ("Busy", "InACall"),
            (Own::Free, false) => ("Available", "Available"),
        }
    }

    fn poll(&mut self) {
        let (availability, activity) = self.shown();
        self.office.teams("ann", availability, activity);
        self.office.settle();
        if self.hidden && activity != "InACall" {
            // What was hidden is to be seen now.
            self.hidden = false;
            self.free_since = self.free_since.map(|_| self.office.now);
        }
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        let now = self.office.now;
        match act {
            Act::Teams(own) => {
                if own != self.own {
                    self.free_since = (own == Own::Free).then_some(now);
                    self.call_since = now;
                }
                self.own = own;
                self.poll();
            }
            Act::Phone(on) => {
                let older = now - self.call_since > 5 * MINUTE;
                self.hidden |= on && !self.phone && self.own == Own::Call && older;
                self.phone = on;
                let moment = self.office.moment();
                self.office.engine.report_call("ann", on, moment);
                self.office.settle();
                self.poll();
            }
            Act::Pass(ms) => {
                let until = now + ms;
                while self.office.now < until {
                    self.office.pass(POLL);
                    self.poll();
                    self.check()?;
                }
            }
        }
        self.check()
    }

    fn check(&self) -> Result<(), String> {
        let on = self.office.dnd("ann") == Some(Dnd::On);
        let outlived = self.free_since.map_or(0, |since| self.office.now - since);
        if on && outlived > LIMIT && !self.hidden {
            return Err(format!("on for {outlived} ms without a reason"));
        }
        // The guard keeps calls of Teams from deciding, not DND of Teams.
        if !on && self.own == Own::Focus {
            return Err("DND in Teams is not followed".into());
        }
        Ok(())
    }

    /// The telephone is put down, and what Teams has is followed in the end.
    fn ends_well(&mut self) -> Result<(), String> {
        self.act(Act::Phone(false))?;
        self.act(Act::Pass(8 * MINUTE))?;
        let on = self.office.dnd("ann") == Some(Dnd::On);
        if on == (self.own != Own::Free) { Ok(()) } else { Err(format!("in the end {on}, and in Teams {:?}", self.own)) }
    }
}

fn live(acts: &[Act]) -> Result<(), String> {
    let mut story = Story::new();
    acts.iter().try_for_each(|act| story.act(*act))?;
    story.ends_well()
}

#[test]
fn however_calls_meet_a_dnd_of_ours_ends_in_time() {
    for number in 0..ACTS.len().pow(5) {
        let acts: Vec<Act> = (0..5).map(|place| ACTS[number / ACTS.len().pow(place) % ACTS.len()]).collect();
        // What is done twice, or waits before anything was done, is in a shorter story.
        if acts.windows(2).any(|two| two[0] == two[1] && !matches!(two[0], Act::Pass(_))) || matches!(acts[0], Act::Pass(_)) {
            continue;
        }
        live(&acts).unwrap_or_else(|wrong| panic!("{wrong}: {acts:?}"));
    }
}
