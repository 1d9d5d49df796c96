use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::event::{Piece, pieces};
use super::lane::{EventLane, LogLane};
use super::*;
use crate::time::Clock;

fn reporter(level: Level) -> (Reporter, Clock, Arc<AtomicUsize>) {
    let (clock, wakes) = (Clock::system(), Arc::new(AtomicUsize::new(0)));
    let wake = Arc::clone(&wakes);
    let reporter = Reporter::new(
        level,
        clock.clone(),
        Arc::new(move || {
            wake.fetch_add(1, Ordering::Relaxed);
        }),
    );
    (reporter, clock, wakes)
}

/// An event with every field of the catalogue filled.
fn filled(kind: Kind) -> Draft {
    kind.entry().fields.iter().fold(Event::new(kind).user("u1"), |draft, field| match field.holds {
        Holds::Text | Holds::Foreign => draft.with(field.name, "text"),
        Holds::Number | Holds::Moment => draft.with(field.name, 7),
        Holds::Flag => draft.with(field.name, true),
        Holds::Texts => draft.with(field.name, vec!["a", "b"]),
    })
}

#[test]
fn the_catalogue_is_sound() {
    let mut before = 0;
    for kind in Kind::ALL {
        let (entry, name) = (kind.entry(), kind.name());
        assert!(kind.code() > before, "{name}: numbers grow");
        before = kind.code();
        for (what, template) in [("sentence", entry.sentence), ("remedy", entry.remedy), ("meaning", entry.meaning)] {
            assert!(
                !template.is_empty() && !template.contains('\n') && !template.contains("  "),
                "{name}: {what} is one line of text"
            );
        }
        assert!(entry.sentence.ends_with('.') && entry.meaning.ends_with('.'), "{name}: sentences end in a full stop");
        for piece in pieces(entry.sentence).chain(pieces(entry.remedy)) {
            if let Piece::Field(field) = piece {
                let declared = entry.fields.iter().find(|declared| declared.name == field);
                assert!(field == "user_id" || declared.is_some_and(|field| field.always), "{name}: {{{field}}} is always there");
            }
        }
        for (index, field) in entry.fields.iter().enumerate() {
            assert!(!["code", "name", "user_id"].contains(&field.name), "{name}: {} is taken", field.name);
            assert!(!entry.fields[..index].iter().any(|other| other.name == field.name), "{name}: {} stands twice", field.name);
        }
    }
}

#[test]
fn every_kind_makes_an_event() {
    for kind in Kind::ALL {
        let event = filled(*kind).at(1_000);
        assert!(!event.message.contains(['{', '}', '?']), "{}", event.message);
        assert!(!event.remedy.contains(['{', '}', '?']), "{}", event.remedy);
        let json: Value = serde_json::from_str(&event.json).expect("JSON");
        assert_eq!((&json["code"], &json["name"], &json["user_id"]), (&json!(kind.code()), &json!(kind.name()), &json!("u1")));
        for field in kind.entry().fields {
            assert!(!json[field.name].is_null(), "{}: {}", kind.name(), field.name);
        }
    }
}

#[test]
fn an_event_is_bounded_and_cannot_forge_lines() {
    let event = Event::new(Kind::CredentialRefused)
        .with("aadsts", 50_126)
        .with("error", "invalid_grant\nforged")
        .with("cause", "c".repeat(100_000))
        .with("advice", "none")
        .with("next_try_at_ms", 5)
        .with("detail", "user svc.teams@example.com is locked")
        .at(0);
    assert!(event.message.len() <= LONGEST_MESSAGE && event.json.len() < 4 * LONGEST_TEXT);
    assert!(event.message.contains("invalid_grant\\nforged") && !event.message.contains('\n'));
    assert!(!event.json.contains("example.com") && event.json.contains("<address>"), "{}", event.json);
    let many: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let event = Event::new(Kind::PermissionExcess).with("permissions", many).at(0);
    let json: Value = serde_json::from_str(&event.json).expect("JSON");
    assert_eq!(json["permissions"].as_array().map(Vec::len), Some(LONGEST_LIST));
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "colour is not in the catalogue"))]
fn an_undeclared_field_is_a_fault() {
    let event = Event::new(Kind::Reloaded).with("colour", "red").at(0);
    assert!(!event.json.contains("red"), "a release leaves it out");
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "a field is missing"))]
fn a_missing_field_is_a_fault() {
    let event = Event::new(Kind::TraceEnded).at(0);
    assert!(event.message.contains('?'), "a release says so");
}

#[test]
fn templates() {
    let show = |piece: Piece<'_>| match piece {
        Piece::Words(words) => words.to_owned(),
        Piece::Field(name) => format!("<{name}>"),
    };
    let shown: String = pieces("a {b} ä{ {c").map(show).collect();
    assert_eq!(shown, "a <b> ä{ {c");
}

#[test]
fn full_events_lose_the_oldest_of_the_least() {
    let mut lane = EventLane::default();
    let event = |kind: Kind, at| filled(kind).at(at);
    lane.push(event(Kind::Internal, 0));
    lane.push(event(Kind::Reloaded, 1));
    lane.push(event(Kind::Reloaded, 2));
    for at in 3..EventLane::CAPACITY as i64 {
        lane.push(event(Kind::Throttled, at));
    }
    lane.push(event(Kind::Throttled, 10_000));
    lane.push(event(Kind::Reloaded, 10_001));
    assert_eq!(lane.take_lost(), 2);
    let left: Vec<Event> = std::iter::from_fn(|| lane.pop()).collect();
    assert_eq!(left.len(), EventLane::CAPACITY);
    assert_eq!((left[0].kind, left[1].at_ms), (Kind::Internal, 3), "both old infos went before any warning");
    assert_eq!(left[left.len() - 1].at_ms, 10_001);
    for at in 0..EventLane::CAPACITY as i64 {
        lane.push(event(Kind::Internal, at));
    }
    lane.push(event(Kind::Reloaded, 99_999));
    assert!(std::iter::from_fn(|| lane.pop()).all(|event| event.kind == Kind::Internal), "the new one was the least");
    assert_eq!(lane.take_lost(), 1);
}

#[test]
fn lost_events_are_told_first_and_once() {
    let (reporter, ..) = reporter(Level::Error);
    for _ in 0..EventLane::CAPACITY + 5 {
        reporter.event_now(filled(Kind::Throttled));
    }
    let told = reporter.next_event().expect("an event");
    assert_eq!((told.kind, told.message.starts_with("5 events")), (Kind::EventsLost, true), "{}", told.message);
    let rest = std::iter::from_fn(|| reporter.next_event()).filter(|event| event.kind == Kind::Throttled).count();
    assert_eq!(rest, EventLane::CAPACITY);
    assert!(reporter.is_empty());
}

#[test]
fn a_gap_in_the_log_is_told_in_its_place() {
    let (reporter, _, wakes) = reporter(Level::Info);
    for n in 0..LogLane::LINES + 7 {
        reporter.log(Level::Info, "test", format_args!("line {n}"));
    }
    assert_eq!(wakes.load(Ordering::Relaxed), 1, "one wake while nobody takes");
    assert_eq!(reporter.depths().logs, LogLane::LINES + 1);
    for n in 0..LogLane::LINES {
        assert_eq!(reporter.next_log().map(|line| line.message), Some(format!("line {n}")));
    }
    reporter.log(Level::Info, "test", format_args!("while the gap is open"));
    assert_eq!(reporter.next_log().map(|line| line.message.starts_with("8 log lines")), Some(true));
    assert_eq!(reporter.next_log(), None);
    reporter.log(Level::Info, "test", format_args!("after"));
    assert_eq!((reporter.next_log().map(|line| line.message).as_deref(), wakes.load(Ordering::Relaxed)), (Some("after"), 2));
}

#[test]
fn the_log_is_bounded_in_bytes() {
    let (reporter, ..) = reporter(Level::Info);
    for _ in 0..LogLane::LINES {
        reporter.log(Level::Info, "test", format_args!("{}", "x".repeat(1_000_000)));
    }
    let bytes: usize = std::iter::from_fn(|| reporter.next_log()).map(|line| line.message.len()).sum();
    assert!(bytes < LogLane::BYTES + 2 * LONGEST_MESSAGE, "{bytes}");
}

#[test]
fn a_quiet_level_evaluates_nothing() {
    let (reporter, _, wakes) = reporter(Level::Warn);
    let mut evaluated = false;
    log!(reporter, Info, "test", "{}", {
        evaluated = true;
        "never"
    });
    assert!(!evaluated && reporter.is_empty() && wakes.load(Ordering::Relaxed) == 0);
    log!(reporter, Warn, "test", "a\n{}", "b");
    assert_eq!(reporter.next_log(), Some(LogLine { level: Level::Warn, target: "test", message: "a\\nb".into() }));
}

#[test]
fn trace_ends_by_itself() {
    let (reporter, clock, _) = reporter(Level::Warn);
    reporter.set_level(Level::Trace);
    clock.advance(TRACE_LASTS_MS - 1_000);
    reporter.set_level(Level::Trace);
    clock.advance(TRACE_LASTS_MS - 1_000);
    assert!(reporter.enabled(Level::Trace), "set again: the time begins anew");
    clock.advance(1_000);
    assert!(!reporter.enabled(Level::Trace), "asking is enough to end it");
    assert_eq!(reporter.level(), Level::Warn, "the level before the first trace");
    let told = reporter.next_event().expect("an event");
    assert_eq!((told.kind, told.message.contains("level is warn")), (Kind::TraceEnded, true));
    assert_eq!(reporter.next_event(), None, "one event");
}

#[test]
fn a_trace_from_the_start_falls_back_to_error() {
    let (reporter, clock, wakes) = reporter(Level::Trace);
    clock.advance(TRACE_LASTS_MS);
    reporter.tick();
    assert_eq!((reporter.level(), wakes.load(Ordering::Relaxed)), (Level::Error, 1));
    reporter.set_level(Level::Trace);
    reporter.set_level(Level::Debug);
    clock.advance(TRACE_LASTS_MS);
    assert_eq!(reporter.level(), Level::Debug, "a level set by hand stays");
}

#[test]
fn many_threads_one_reader() {
    let (reporter, ..) = reporter(Level::Info);
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let reporter = reporter.clone();
            std::thread::spawn(move || (0..500).for_each(|n| reporter.log(Level::Info, "test", format_args!("{n}"))))
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().expect("no panic"));
    assert_eq!(std::iter::from_fn(|| reporter.next_log()).count(), 2_000);
}

#[test]
fn counters_tell_what_the_table_says() {
    let counters = Counters::default();
    assert_eq!(docs::undocumented(&counters.to_json(), &[STATS_FIELDS]), (vec![], vec![]));
    counters.request(Endpoint::Presences, 200);
    counters.request(Endpoint::Presences, 429);
    counters.network_error();
    counters.retry();
    counters.bytes(10, 20);
    counters.sweep(true, 33);
    counters.sweep(false, 44);
    counters.token_fetched();
    counters.token_refused();
    counters.panic_caught();
    let json = counters.to_json();
    assert_eq!(docs::undocumented(&json, &[STATS_FIELDS]), (vec![], vec![]));
    assert_eq!(json["requests"]["presences"], json!({ "200": 1, "429": 1 }));
    let plain = ["throttled", "bytes_in", "bytes_out", "sweeps_ok", "sweeps_failed", "last_sweep_ms"];
    assert_eq!(plain.map(|name| json[name].as_u64()), [1, 10, 20, 1, 1, 44].map(Some));
}

#[test]
fn statuses_are_bounded() {
    let counters = Counters::default();
    for status in 0..10_000 {
        counters.request(Endpoint::Users, status);
    }
    let json = counters.to_json();
    let users = json["requests"]["users"].as_object().expect("an object");
    assert!(users.len() <= 130 && users["other"].as_u64() > Some(9_000));
}

#[test]
fn undocumented_members_are_found() {
    let fields = &[gauge("a.b", "ms", ""), counter("c.*", "", "")];
    let (extra, missing) = docs::undocumented(&json!({ "c": { "x": 1 }, "d": { "e": 1 } }), &[fields]);
    assert_eq!((extra, missing), (vec!["d.e".to_owned()], vec!["a.b"]));
}

#[test]
fn an_event_of_a_further_account_names_it() {
    let event = Event::new(Kind::SignedOut).account(Some("second".into())).at(1);
    assert!(event.message.starts_with("Account second: Signed out: "), "{}", event.message);
    let json: Value = serde_json::from_str(&event.json).expect("JSON");
    assert_eq!((&json["account"], &json["name"]), (&json!("second"), &json!("TPS_EVENT_SIGNED_OUT")));
    let main = Event::new(Kind::SignedOut).account(None).at(1);
    assert!(main.message.starts_with("Signed out: ") && !main.json.contains("account"), "{}", main.json);
}
