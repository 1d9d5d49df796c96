//! The acknowledgement: it may come before the callback has returned, from another thread, twice, or as the time runs out.

use loom::sync::Arc;
use loom::thread;
use tps_loom::receipt::{Answer, Outcome, Receipt};

fn applied(outcome: Option<Outcome>) -> usize {
    usize::from(outcome == Some(Outcome::Applied))
}

#[test]
fn an_acknowledgement_that_overtakes_the_callback_counts_once() {
    loom::model(|| {
        let receipt = Arc::new(Receipt::begun());
        let other = receipt.clone();
        let host = thread::spawn(move || other.acknowledged(Answer::Applied));
        let returned = receipt.returned(Answer::Pending);
        let acknowledged = host.join().unwrap();
        assert!(acknowledged.is_some(), "never refused: somebody waits for it in either order");
        assert_eq!(applied(Some(returned)) + applied(acknowledged), 1);
        assert!(!receipt.is_out());
    });
}

#[test]
fn of_two_acknowledgements_one_counts() {
    loom::model(|| {
        let receipt = Arc::new(Receipt::begun());
        let hosts: Vec<_> = (0..2)
            .map(|_| {
                let receipt = receipt.clone();
                thread::spawn(move || receipt.acknowledged(Answer::Applied))
            })
            .collect();
        let returned = receipt.returned(Answer::Pending);
        let answers: Vec<_> = hosts.into_iter().map(|host| host.join().unwrap()).collect();
        assert_eq!(applied(Some(returned)) + answers.iter().map(|answer| applied(*answer)).sum::<usize>(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 1, "the other is told that nobody waits");
        assert!(!receipt.is_out());
    });
}

#[test]
fn an_acknowledgement_against_the_time_out() {
    loom::model(|| {
        let receipt = Arc::new(Receipt::begun());
        assert_eq!(receipt.returned(Answer::Pending), Outcome::Open);
        let other = receipt.clone();
        let host = thread::spawn(move || other.acknowledged(Answer::Applied));
        let timed_out = receipt.time_out();
        let offered_anew = receipt.again();
        let acknowledged = host.join().unwrap();
        if !timed_out {
            assert_eq!(acknowledged, Some(Outcome::Applied), "it came in time");
        }
        // Whatever the order: it is done, or the change is out once more with the acknowledgement kept for it, or offered by the timer.
        match acknowledged {
            Some(Outcome::Applied) => assert!(!receipt.is_out() || offered_anew),
            Some(Outcome::Open) => assert_eq!(receipt.returned(Answer::Pending), Outcome::Applied),
            other => panic!("{other:?}"),
        }
    });
}
