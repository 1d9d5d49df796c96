use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::envelope::ItemKind;
use super::*;
use crate::presence::Guid;

const TENANT: &str = "fec73c09-0000-0000-0000-00000000abcd";
const USER: &str = "11111111-2222-3333-4444-555555555555";

fn id(number: u128) -> String {
    Guid(number).to_string()
}

fn item(subscription: u128, state: &str) -> Value {
    json!({ "subscriptionId": id(subscription), "clientState": state, "changeType": "updated", "tenantId": TENANT,
        "resourceData": { "id": USER } })
}

fn body(items: &[Value]) -> Vec<u8> {
    json!({ "value": items }).to_string().into_bytes()
}

fn intake(room: Room) -> Intake {
    let registry = Registry::new();
    registry.set(Guid(1), "secret", "main", 0);
    Intake::new(registry, TENANT.parse().ok(), Clock::system(), room)
}

#[test]
fn ours_is_taken_and_the_rest_left_out() {
    let intake = intake(Room::default());
    let mixed = body(&[item(2, "other"), item(1, "secret"), json!(7), item(1, "wrong"), item(1, "secret")]);
    assert_eq!(intake.deliver("tenant=x", &mixed), Reply::bare(202));
    let delivery = intake.try_next().expect("taken");
    assert_eq!(delivery.items.len(), 2);
    assert!(delivery.validation_tokens.is_none() && delivery.arrived.mono_ms > 0);
    let first = &delivery.items[0];
    assert!(matches!(first.item.kind, ItemKind::Updated { user: Some(user), .. } if user.to_string() == USER));
    assert_eq!((first.subscription.id, &*first.subscription.account), (Guid(1), "main"));
    let stats = intake.stats();
    assert_eq!((stats.posts, stats.taken, stats.items, stats.foreign_items, stats.refused), (1, 1, 2, 3, 0));
    assert_eq!((stats.waiting_items, stats.waiting_bytes), (0, 0));
    assert!(intake.try_next().is_none());
}

#[test]
fn what_is_not_ours_gets_one_answer() {
    let intake = intake(Room::default());
    let mut elsewhere = item(1, "secret");
    elsewhere["tenantId"] = json!(id(9));
    let mut silent = item(1, "secret");
    silent["clientState"] = json!(null);
    for refused in [
        body(&[item(2, "secret")]),
        body(&[item(1, "wrong")]),
        body(&[elsewhere, silent]),
        body(&[]),
        body(&[json!(null)]),
        b"".to_vec(),
        b"{}".to_vec(),
        b"\xff\xfe".to_vec(),
        vec![b'['; 100_000],
    ] {
        assert_eq!(intake.deliver("", &refused), Reply::bare(400));
    }
    assert_eq!(intake.deliver("validationToken=", b""), Reply::bare(400));
    assert_eq!(intake.deliver("", &vec![b' '; MAX_BODY + 1]), Reply::bare(413));
    let stats = intake.stats();
    assert_eq!((stats.refused, stats.malformed, stats.taken, stats.waiting_items), (11, 5, 0, 0));
}

#[test]
fn the_handshake_is_answered_in_any_state() {
    let intake = intake(Room { items: 0, bytes: 0 });
    let reply = intake.deliver("a=b&validationToken=Validation%3a+x", b"anything");
    assert_eq!(reply, Reply { status: 200, content_type: Some("text/plain"), body: b"Validation: x".to_vec() });
    assert_eq!(intake.stats().handshakes, 1);
}

#[test]
fn a_full_queue_turns_away_and_recovers() {
    let intake = intake(Room { items: 5, bytes: 1 << 20 });
    let two = body(&[item(1, "secret"), item(1, "secret")]);
    let answers: Vec<u16> = (0..4).map(|_| intake.deliver("", &two).status).collect();
    assert_eq!(answers, [202, 202, 503, 503]);
    assert_eq!(intake.deliver("", &body(&[item(1, "secret")])).status, 202, "the last place");
    assert_eq!(intake.deliver("", &body(&[item(1, "wrong")])).status, 400, "what is foreign does not learn that we are full");
    assert_eq!(intake.stats().waiting_items, 5);
    while intake.try_next().is_some() {}
    assert_eq!(intake.deliver("", &two).status, 202);
    assert_eq!(intake.stats().full, 2);

    let intake = self::intake(Room { items: 1_000, bytes: 10_000 });
    let mut heavy = item(1, "secret");
    heavy["encryptedContent"] =
        json!({ "data": "x".repeat(3_000), "dataSignature": "s", "dataKey": "k", "encryptionCertificateId": "c" });
    let heavy = body(&[heavy]);
    let answers: Vec<u16> = (0..4).map(|_| intake.deliver("", &heavy).status).collect();
    assert_eq!(answers, [202, 202, 202, 503]);
    let with_tokens = json!({ "value": [item(1, "secret")], "validationTokens": ["t".repeat(9_000)] }).to_string();
    assert_eq!(intake.deliver("", with_tokens.as_bytes()).status, 503, "tokens have weight as well");
}

#[tokio::test]
async fn the_worker_is_woken() {
    let intake = intake(Room::default());
    let worker = tokio::spawn({
        let intake = intake.clone();
        async move {
            let mut seen = 0;
            while let Some(delivery) = intake.next().await {
                seen += delivery.items.len();
            }
            seen
        }
    });
    let hosts: Vec<_> = (0..4)
        .map(|_| {
            let intake = intake.clone();
            std::thread::spawn(move || {
                (0..250).map(|_| intake.deliver("", &body(&[item(1, "secret")])).status).all(|status| status == 202)
            })
        })
        .collect();
    for host in hosts {
        assert!(tokio::task::spawn_blocking(move || host.join().expect("no panic")).await.expect("no panic"));
    }
    intake.close();
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), worker).await.expect("woken").expect("no panic"), 1_000);
    assert_eq!(intake.deliver("", &body(&[item(1, "secret")])).status, 503, "closed");
}

#[test]
fn a_flood_of_garbage_leaves_nothing_behind() {
    let intake = intake(Room::default());
    let garbage = [b"garbage".to_vec(), body(&[item(1, "wrong")]), b"[[[[[[[[".to_vec(), body(&vec![json!({}); 100])];
    for number in 0..20_000 {
        assert_eq!(intake.deliver("", &garbage[number % garbage.len()]).status, 400);
    }
    let stats = intake.stats();
    assert_eq!((stats.refused, stats.waiting_items, stats.waiting_bytes), (20_000, 0, 0));
    assert_eq!(intake.lock().deliveries.capacity(), 0);
    assert_eq!(intake.deliver("", &body(&[item(1, "secret")])).status, 202);
}

proptest! {
    #[test]
    fn the_books_balance(posts in prop::collection::vec((0_usize..4, prop::bool::ANY), 0..40)) {
        let intake = intake(Room { items: 12, bytes: 6_000 });
        let mut waiting = VecDeque::new();
        for (ours, take_one) in posts {
            let items = vec![item(1, "secret"); ours];
            let before: usize = waiting.iter().sum();
            match intake.deliver("", &body(&items)).status {
                202 => waiting.push_back(ours),
                400 => prop_assert_eq!(ours, 0),
                503 => prop_assert!(ours > 0 && before > 0),
                other => prop_assert!(false, "{}", other),
            }
            if take_one {
                prop_assert_eq!(intake.try_next().map(|delivery| delivery.items.len()), waiting.pop_front());
            }
            let stats = intake.stats();
            prop_assert_eq!(stats.waiting_items as usize, waiting.iter().sum::<usize>());
            prop_assert!(stats.waiting_items <= 12 && stats.waiting_bytes <= 6_000);
            prop_assert_eq!(stats.waiting_bytes == 0, waiting.is_empty());
        }
    }

    #[test]
    fn no_body_and_no_query_does_harm(query in ".{0,100}", body in prop::collection::vec(any::<u8>(), 0..500)) {
        let intake = intake(Room::default());
        prop_assert!(matches!(intake.deliver(&query, &body).status, 200 | 400));
    }
}
