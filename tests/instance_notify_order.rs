//! Which of several observations is the newest, over real HTTP: repeated, overtaken, and asked for before what came meanwhile.

mod instance_support;

use std::time::{Duration, Instant};

use instance_support::*;
use teams_presence_simulator::{EndpointClass, Fault, FaultAction, Simulator, Tamper};
use teams_presence_sync::presence::Dnd;
use teams_presence_sync::sync::Source;

fn numbered(sim: &Simulator) {
    sim.oddities(|oddities| oddities.notify.rich_sequence = true);
}

fn unnumbered(sim: &Simulator) {
    sim.oddities(|oddities| (oddities.notify.rich_sequence, oddities.poll_sequence) = (false, false));
}

/// The old words of somebody, sent again as they were, switch nothing.
fn a_replay_switches_nothing(numbers: fn(&Simulator)) {
    let rig = subscribed("rich", numbers, |_| {});
    trusted(&rig);
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.until("it is written down", || !bodies(&rig).is_empty());
    let old = bodies(&rig).remove(0);
    rig.presence(ANN, "Available", "Available");
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.until("it is written down", || bodies(&rig).len() >= 2);
    // Graph answers nothing more: what is told now stays.
    rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    // Nor is anything of before still on its way.
    let mut last = (rig.host.mark(), Instant::now());
    rig.until("silence", || {
        let now = rig.host.mark();
        if now != last.0 || rig.sim.counters().in_flight > 0 {
            last = (now, Instant::now());
        }
        last.1.elapsed() > Duration::from_secs(1)
    });
    let (mark, ignored) = (rig.host.mark(), worker(&rig, "ignored"));
    for times in 1..=3 {
        assert_eq!(post(&rig, &old), 202, "Graph must not send it yet again");
        rig.until("it is taken in", || worker(&rig, "ignored") >= ignored + times);
    }
    let switched = |seen: &Seen| matches!(seen, Seen::Dnd(_) | Seen::Chat(_) | Seen::Presence(_));
    assert!(!rig.host.has(mark, switched), "{}", rig.host.told(mark));
    assert_eq!((worker(&rig, "undecrypted"), worker(&rig, "unproved")), (0, 0));
    // What is new is taken all the same.
    rig.presence(ANN, "DoNotDisturb", "Presenting");
    rig.host.dnd(mark, "100", Dnd::On);
    assert_eq!(last_source(&rig, mark, "100"), Some(Source::Notification));
    rig.unharmed();
}

#[test]
fn a_replay_switches_nothing_with_numbers() {
    a_replay_switches_nothing(numbered);
}

#[test]
fn a_replay_switches_nothing_without_numbers() {
    a_replay_switches_nothing(unnumbered);
}

/// Ann's call comes after its end.
fn overtaken(rig: &Rig) {
    let sent = bodies(rig).len();
    // Nobody reads in between.
    let silent = rig.sim.inject(Fault::status(EndpointClass::Presences, 503));
    rig.sim.inject(Fault::tamper(Tamper::AfterNext { ms: 600_000 }).times(1));
    rig.presence(ANN, "Busy", "InACall");
    rig.presence(ANN, "Away", "Away");
    rig.until("both are sent", || bodies(rig).len() >= sent + 2);
    rig.sim.clear_fault(silent);
}

#[test]
fn what_is_overtaken_is_left_out_with_numbers() {
    let rig = subscribed("rich", numbered, |_| {});
    trusted(&rig);
    let (mark, ignored) = (rig.host.mark(), worker(&rig, "ignored"));
    overtaken(&rig);
    rig.until("it is left out", || worker(&rig, "ignored") > ignored);
    rig.until("Ann is away", || last_words(&rig, mark) == "Away");
    assert!(!rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::On)), "{}", rig.host.told(mark));
    rig.unharmed();
}

fn last_words(rig: &Rig, mark: usize) -> String {
    let seen = rig.host.since(mark);
    let words = seen.iter().rev().find_map(|seen| match seen {
        Seen::Presence(view) if &*view.user_id == "100" => Some(view.availability_text.to_string()),
        _ => None,
    });
    words.unwrap_or_default()
}

#[test]
fn what_is_overtaken_is_made_good_by_a_look_without_numbers() {
    let rig = subscribed("rich", unnumbered, |_| {});
    trusted(&rig);
    let (mark, reread) = (rig.host.mark(), worker(&rig, "reread"));
    overtaken(&rig);
    rig.until("both are taken in", || worker(&rig, "reread") >= reread + 2);
    // The call acted at once, as nobody could tell; a look that is asked for afterwards has the last word.
    rig.until_later("the look afterwards", || {
        let state = rig.instance.state_of("100").expect("Ann");
        state.availability.as_str() == "Away" && state.dnd_acknowledged != Some(Dnd::On) && last_words(&rig, mark) == "Away"
    });
    rig.unharmed();
}

/// A look at Ann whose answer, made before her call, comes after the notification of it.
fn an_old_answer(numbers: fn(&Simulator)) {
    let rig = subscribed("rich", numbers, |_| {});
    trusted(&rig);
    let faults = rig.sim.counters().faults;
    let hold = rig.sim.inject(Fault::new(EndpointClass::Presences, FaultAction::Hold).times(1));
    // Asked again and again: a look that is under way already would do for a refresh, too.
    rig.until("the answer", || {
        rig.instance.refresh(Some("100")).expect("a refresh");
        rig.sim.counters().faults == faults + 1
    });
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.sim.clear_fault(hold);
    rig.until("it is answered", || rig.sim.counters().in_flight == 0);
    // Looks that are asked for from now on are answered after it.
    for _ in 0..2 {
        let before = rig.stats()["sweeps_ok"].as_u64();
        rig.until_later("another look", || rig.stats()["sweeps_ok"].as_u64() > before);
    }
    assert!(!rig.host.has(mark, |seen| seen.is_dnd("100", Dnd::Off)), "{}", rig.host.told(mark));
    let last = rig.host.since(mark).into_iter().rev().find_map(|seen| match seen {
        Seen::Presence(view) if &*view.user_id == "100" => Some(view.activity_text.to_string()),
        _ => None,
    });
    assert_eq!(last.as_deref(), Some("InACall"));
    rig.unharmed();
}

#[test]
fn an_answer_from_before_the_news_does_not_decide_with_numbers() {
    an_old_answer(numbered);
}

#[test]
fn an_answer_from_before_the_news_does_not_decide_without_numbers() {
    an_old_answer(unnumbered);
}
