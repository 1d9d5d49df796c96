//! The ledger by itself: moments are arguments, so that both clocks can be moved.

use super::*;
use crate::auth::answer::EntraError;
use crate::auth::ledger::{Ledger, Want};
use crate::auth::outcome::{Failure, OutcomeHead};
use crate::auth::schedule::Care;
use crate::time::Moment;

fn ledger() -> Ledger {
    Ledger::new(Settings {
        method: Method::ClientSecret(ClientSecret::new(SecretSource::Inline("s".to_owned().into()))),
        tenant_id: "t".to_owned(),
        client_id: "c".to_owned(),
        login: "https://login.example:444/x".to_owned(),
        scope: "g/.default".to_owned(),
        succession: Succession::default(),
        name: None,
    })
}

fn refuse(ledger: &mut Ledger, code: u32, now: Moment) -> usize {
    let error: EntraError =
        serde_json::from_str(&format!(r#"{{"error":"invalid_client","error_codes":[{code}]}}"#)).expect("an error");
    let head = OutcomeHead { clock_offset_ms: Some(-900_000), retry_after: None, status: Some(401) };
    ledger.failed(Failure::Entra(error), &head, ([7; 32], Care::Application), now, 0, 0.0).len()
}

#[test]
fn setting_the_clock_ends_the_wait_after_a_refusal_for_the_clock() {
    let mut ledger = ledger();
    let then = Moment { mono_ms: 1_000_000, wall_ms: 50_000_000 };
    assert_eq!(refuse(&mut ledger, 700024, then), 1);
    let later = Moment { mono_ms: 1_010_000, wall_ms: 50_010_000 };
    assert!(matches!(ledger.want(later, false), Want::Fail(_)));
    assert!(!ledger.may_send(&[7; 32], later));
    let set = Moment { mono_ms: 1_011_000, wall_ms: 50_911_000 };
    assert!(matches!(ledger.want(set, false), Want::Fetch));
    assert!(ledger.may_send(&[7; 32], set));
    // Still wrong: waits again, by the clock of now, without a second event.
    assert_eq!(refuse(&mut ledger, 700024, set), 0);
    assert!(matches!(ledger.want(set, false), Want::Fail(_)));
}

#[test]
fn setting_the_clock_does_not_end_any_other_wait() {
    let mut ledger = ledger();
    refuse(&mut ledger, 7000215, Moment { mono_ms: 1_000_000, wall_ms: 50_000_000 });
    let set = Moment { mono_ms: 1_001_000, wall_ms: 90_000_000 };
    assert!(matches!(ledger.want(set, false), Want::Fail(_)));
    assert_eq!(ledger.settings.host(), "login.example:444");
}

#[test]
fn what_belongs_to_replaced_settings_changes_nothing() {
    let mut ledger = ledger();
    let now = Moment { mono_ms: 1_000_000, wall_ms: 50_000_000 };
    ledger.replace(Settings { client_id: "other".to_owned(), ..(*ledger.settings).clone() });
    assert_eq!(refuse(&mut ledger, 7000215, now), 0);
    assert!(matches!(ledger.want(now, false), Want::Fetch));
}

#[test]
fn a_clock_is_told_as_wrong_and_as_right_again() {
    let mut ledger = ledger();
    let reporter = Reporter::new(Level::Error, Clock::system(), Arc::new(|| {}));
    let minute = 60_000;
    for (offset, expected) in [
        (4 * minute, None),
        (-12 * minute, Some((Kind::ClockWrong, "12 min behind"))),
        (-11 * minute, None),
        // A clock that is being slewed does not flicker.
        (minute, None),
        (-30_001, None),
        (30_000, Some((Kind::ClockRight, "30000 ms"))),
        (0, None),
        (5 * minute, None),
        (90 * minute, Some((Kind::ClockWrong, "90 min ahead"))),
        (i64::MIN, None),
    ] {
        if let Some(event) = ledger.compare_clocks(Some(offset)) {
            reporter.event_now(event);
        }
        assert!(ledger.compare_clocks(None).is_none(), "an answer without a date says nothing");
        let event = reporter.next_event();
        assert_eq!(event.as_ref().map(|event| event.kind), expected.map(|(kind, _)| kind), "{offset}");
        if let (Some(event), Some((_, words))) = (event, expected) {
            assert!(event.message.contains(words), "{}", event.message);
        }
    }
}
