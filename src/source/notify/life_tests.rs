use super::*;

const START: Moment = Moment { mono_ms: 10_000_000, wall_ms: 1_795_355_700_000 };

struct Rig {
    life: Life,
    now: Moment,
}

fn terms(users: std::ops::Range<u128>) -> Arc<Terms> {
    Arc::new(Terms::new("https://pbx/n", Some("cert"), users.map(Guid)))
}

impl Rig {
    fn new(remembered: Option<Held>) -> Rig {
        let mut count = 0;
        let fresh = move || {
            count += 1;
            ClientState::of(&format!("state-{count}")).expect("a state")
        };
        Rig { life: Life::new(remembered, fresh, 7, START), now: START }
    }

    /// Wishes for these people and is signed in.
    fn wishing(users: std::ops::Range<u128>) -> Rig {
        let mut rig = Rig::new(None);
        rig.life.wish(Some(terms(users)));
        rig.life.signed_in(true);
        rig
    }

    /// With a subscription 1 that was just made.
    fn live() -> Rig {
        let mut rig = Rig::wishing(0..5);
        rig.create(1);
        rig.life.take_news();
        rig
    }

    fn advance(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms as i64;
    }

    fn next(&mut self) -> Step {
        self.life.next(self.now)
    }

    fn action(&mut self) -> Action {
        match self.next() {
            Step::Do(action) => action,
            other => panic!("{other:?} in place of an action"),
        }
    }

    /// Waits until something is to be done, and how long that was.
    fn wait(&mut self) -> (u64, Action) {
        let mut waited = 0;
        loop {
            match self.next() {
                Step::Do(action) => return (waited, action),
                Step::Wait(at) => {
                    assert!(at > self.now.mono_ms && at < u64::MAX, "something to wait for");
                    let ms = at - self.now.mono_ms;
                    waited += ms;
                    self.advance(ms);
                }
                Step::Done => panic!("done"),
            }
        }
    }

    fn answer(&mut self, answer: Answer) {
        self.life.answer(answer, self.now);
    }

    fn fail(&mut self, why: Why) {
        self.answer(Answer::Failed(why));
    }

    /// Expects a creation and answers it with this id, as Graph does: at most an hour.
    fn create(&mut self, id: u128) -> Action {
        let (_, action) = self.wait();
        let Action::Create { expires_at_ms, .. } = &action else { panic!("{action:?} in place of a creation") };
        assert!(*expires_at_ms - self.now.wall_ms <= 60 * 60_000);
        self.answer(Answer::Created(made(id, *expires_at_ms)));
        action
    }
}

fn made(id: u128, expires_at_ms: i64) -> Subscription {
    Subscription { id: Some(Guid(id)), expires_at_ms: Some(expires_at_ms), ..Subscription::default() }
}

/// As Graph lists one of ours.
fn listed(id: u128, terms: &Terms, client_state: Option<&str>, now: Moment) -> Subscription {
    let users: Vec<String> = terms.users().iter().map(|user| format!("'{user}'")).collect();
    Subscription {
        resource: Some(format!("/communications/presences?$filter=id in ({})", users.join(","))),
        client_state: client_state.map(str::to_owned),
        url: Some(terms.url().to_owned()),
        certificate_id: terms.certificate_id().map(str::to_owned),
        ..made(id, now.wall_ms + 50 * 60_000)
    }
}

#[test]
fn nothing_without_a_wish_or_a_sign_in() {
    let mut rig = Rig::new(None);
    assert_eq!(rig.next(), Step::Wait(u64::MAX));
    rig.life.wish(Some(terms(0..5)));
    assert_eq!(rig.next(), Step::Wait(u64::MAX), "no token");
    rig.life.signed_in(true);
    let Action::Create { client_state, terms, expires_at_ms } = rig.action() else { panic!("a creation") };
    assert_eq!((client_state.expose(), terms.users().len()), ("state-1", 5));
    assert_eq!(expires_at_ms, rig.now.wall_ms + 57 * 60_000);
    assert_eq!(rig.next(), Step::Wait(u64::MAX), "one request at a time");
    rig.answer(Answer::Created(made(1, expires_at_ms)));
    let news = rig.life.take_news();
    assert!(matches!(&news[..], [News::On(held)] if held.id == Guid(1) && held.client_state == client_state), "{news:?}");
    assert_eq!(rig.life.held().map(|held| held.id), Some(Guid(1)));
}

#[test]
fn a_week_is_renewals_only() {
    let mut rig = Rig::live();
    let end = rig.now.mono_ms + 7 * 24 * 3_600_000;
    let mut renewals = 0;
    while rig.now.mono_ms < end {
        let (waited, action) = rig.wait();
        let Action::Renew { id, expires_at_ms } = action else { panic!("{action:?} in place of a renewal") };
        assert!(id == Guid(1) && (20 * MINUTE..=30 * MINUTE).contains(&waited), "after {waited} ms");
        rig.advance(300);
        rig.answer(Answer::Renewed(made(1, expires_at_ms)));
        assert!(matches!(&rig.life.take_news()[..], [News::Renewed(_)]));
        renewals += 1;
    }
    assert!((300..500).contains(&renewals), "{renewals}");
}

#[test]
fn a_renewal_is_tried_until_the_end_and_then_it_is_made_anew() {
    let mut rig = Rig::live();
    let mut requests = 0;
    loop {
        match rig.wait() {
            (_, Action::Renew { .. }) => rig.fail(Why::Unavailable),
            (_, Action::List) => break,
            (_, other) => panic!("{other:?}"),
        }
        requests += 1;
    }
    assert!((10..60).contains(&requests), "{requests}");
    assert_eq!(rig.life.take_news(), [News::Off { id: Guid(1), cause: Off::Lapsed }]);
    // It had time left by Graph's clock, and is taken over.
    let now = rig.now;
    rig.answer(Answer::Listed(vec![listed(1, &terms(0..5), Some("state-1"), now)]));
    let Action::Renew { id, expires_at_ms } = rig.wait().1 else { panic!("a renewal") };
    assert_eq!((id, rig.life.held()), (Guid(1), None), "not believed before it was renewed");
    rig.answer(Answer::Renewed(made(1, expires_at_ms)));
    assert!(matches!(&rig.life.take_news()[..], [News::On(held)] if held.client_state.expose() == "state-1"));
}

#[test]
fn gone_is_made_anew_at_once_the_first_time() {
    let mut rig = Rig::live();
    let mut waits = Vec::new();
    for id in 2..8 {
        let (_, action) = rig.wait();
        assert!(matches!(action, Action::Renew { .. }));
        rig.fail(Why::NotFound);
        let (waited, action) = rig.wait();
        waits.push(waited);
        let Action::Create { expires_at_ms, .. } = action else { panic!("{action:?}") };
        rig.answer(Answer::Created(made(id, expires_at_ms)));
        // Graph wants it authorised after a minute, and then does not know it.
        rig.advance(MINUTE);
        rig.life.reauthorize(Guid(id), rig.now);
    }
    assert_eq!(waits[0], 0);
    assert!(waits.windows(2).all(|pair| pair[1] > pair[0] || pair[1] > 20 * MINUTE), "{waits:?}");
}

#[test]
fn a_renewal_that_is_refused_gives_the_rest_of_the_time() {
    let mut rig = Rig::live();
    let made_at = rig.now.mono_ms;
    rig.wait();
    rig.fail(Why::Refused);
    assert!(matches!(rig.life.take_news()[..], [News::Refused { step: Asked::Renew, why: Why::Refused, .. }]));
    assert_eq!(rig.life.held().map(|held| held.id), Some(Guid(1)), "it still delivers");
    let (_, action) = rig.wait();
    assert_eq!(action, Action::Delete { id: Guid(1) });
    assert_eq!(rig.now.mono_ms - made_at, 42 * MINUTE, "15 minutes before its end");
    rig.answer(Answer::Deleted);
    assert_eq!(rig.life.take_news(), [News::Off { id: Guid(1), cause: Off::Replaced }]);
    rig.create(2);
    assert!(matches!(&rig.life.take_news()[..], [News::On(_)]));
}

#[test]
fn other_people_mean_another_subscription() {
    let mut rig = Rig::live();
    rig.life.wish(Some(terms(0..5)));
    assert!(matches!(rig.next(), Step::Wait(_)), "the same wish");
    rig.life.wish(Some(terms(0..6)));
    assert_eq!(rig.action(), Action::Delete { id: Guid(1) });
    rig.fail(Why::Unavailable);
    assert_eq!(rig.life.held().map(|held| held.id), Some(Guid(1)), "it may live");
    assert_eq!(rig.wait().1, Action::Delete { id: Guid(1) }, "never two: it must be gone first");
    rig.answer(Answer::Deleted);
    let Action::Create { terms, .. } = rig.create(2) else { panic!("a creation") };
    assert_eq!(terms.users().len(), 6);
    rig.life.wish(None);
    assert_eq!(rig.wait().1, Action::Delete { id: Guid(2) });
    rig.answer(Answer::Failed(Why::NotFound));
    assert_eq!((rig.next(), rig.life.held()), (Step::Wait(u64::MAX), None));
}

#[test]
fn one_in_the_way_is_taken_over_or_replaced() {
    let wished = terms(0..5);
    for (state, users, url_is_ours, taken) in [
        (Some("old"), 0..5, true, true),
        (None, 0..5, true, false),
        (Some("old"), 0..4, true, false),
        (Some("old"), 0..5, false, false),
    ] {
        let mut rig = Rig::wishing(0..5);
        rig.action();
        rig.fail(Why::Conflict(Some(Guid(8))));
        assert_eq!(rig.action(), Action::List, "at once");
        let mut found = listed(8, &terms(users), state, rig.now);
        if !url_is_ours {
            found.url = Some("https://elsewhere/".to_owned());
        }
        let other = Subscription { resource: Some("/users/1/messages".to_owned()), ..made(9, 0) };
        rig.answer(Answer::Listed(vec![other, found]));
        if taken {
            assert!(matches!(rig.action(), Action::Renew { id: Guid(8), .. }));
            rig.answer(Answer::Renewed(Subscription::default()));
            assert!(matches!(&rig.life.take_news()[..], [News::On(held)] if held.client_state.expose() == "old"));
        } else {
            assert_eq!(rig.action(), Action::Delete { id: Guid(8) });
            rig.answer(Answer::Deleted);
            rig.create(10);
        }
        assert_eq!(rig.life.held().map(|held| held.terms.clone()), Some(wished.clone()));
    }
}

#[test]
fn a_conflict_that_stays_is_told_and_slowed_down() {
    let mut rig = Rig::wishing(0..5);
    let (begin, mut creations) = (rig.now.mono_ms, 0);
    while rig.now.mono_ms < begin + 6 * 3_600_000 {
        match rig.wait().1 {
            Action::Create { .. } => {
                creations += 1;
                rig.fail(Why::Conflict(None));
            }
            Action::List => rig.answer(Answer::Listed(vec![])),
            other => panic!("{other:?}"),
        }
    }
    assert!((10..30).contains(&creations), "{creations}");
    let news = rig.life.take_news();
    assert!(matches!(news[..], [News::Refused { step: Asked::Create, why: Why::Conflict(None), .. }]), "once: {news:?}");
}

#[test]
fn a_lost_answer_is_looked_after() {
    let mut rig = Rig::wishing(0..5);
    let Action::Create { client_state, terms, .. } = rig.action() else { panic!("a creation") };
    rig.fail(Why::Unavailable);
    assert_eq!(rig.wait().1, Action::List);
    let now = rig.now;
    rig.answer(Answer::Listed(vec![listed(3, &terms, Some(client_state.expose()), now)]));
    assert!(matches!(rig.action(), Action::Renew { id: Guid(3), .. }), "it was made after all");
    rig.answer(Answer::Renewed(Subscription::default()));
    // Dropped counts as lost, too.
    let mut rig = Rig::wishing(0..5);
    rig.action();
    rig.answer(Answer::Dropped);
    assert_eq!(rig.wait().1, Action::List);
    rig.answer(Answer::Listed(vec![]));
    rig.create(4);
}

#[test]
fn what_is_remembered_is_renewed_at_once() {
    let held = Held {
        id: Guid(5),
        client_state: ClientState::of("before").expect("a state"),
        terms: terms(0..5),
        expires_at_ms: START.wall_ms + 20 * 60_000,
    };
    let mut rig = Rig::new(Some(held.clone()));
    assert_eq!((rig.life.known().map(|held| held.id), rig.life.held()), (Some(Guid(5)), None));
    rig.life.signed_in(true);
    assert!(matches!(rig.action(), Action::Renew { id: Guid(5), .. }), "also before anybody has wished");
    rig.answer(Answer::Renewed(Subscription::default()));
    rig.life.wish(Some(terms(0..5)));
    assert!(matches!(rig.next(), Step::Wait(_)));
    // Gone meanwhile.
    let mut rig = Rig::new(Some(held.clone()));
    rig.life.signed_in(true);
    rig.action();
    rig.fail(Why::NotFound);
    assert_eq!(rig.life.take_news(), [News::Off { id: Guid(5), cause: Off::Removed }], "the note goes");
    rig.life.wish(Some(terms(0..5)));
    assert!(matches!(rig.next(), Step::Do(Action::Create { .. })), "at once");
    // Other people since: ended, not left behind.
    let mut rig = Rig::new(Some(held.clone()));
    rig.life.signed_in(true);
    rig.life.wish(Some(terms(0..9)));
    assert_eq!(rig.action(), Action::Delete { id: Guid(5) });
    // Ended long ago.
    let mut rig = Rig::new(Some(Held { expires_at_ms: START.wall_ms - 1, ..held }));
    rig.life.signed_in(true);
    rig.life.wish(Some(terms(0..5)));
    rig.create(6);
}

#[test]
fn a_clock_that_is_ahead_asks_for_less() {
    let mut rig = Rig::wishing(0..5);
    let asked: Vec<i64> = (0..4)
        .map(|_| {
            let Action::Create { expires_at_ms, .. } = rig.action() else { panic!("a creation") };
            rig.fail(Why::TooFar);
            (expires_at_ms - rig.now.wall_ms) / 60_000
        })
        .collect();
    assert_eq!(asked, [57, 50, 30, 5]);
    let (waited, _) = rig.wait();
    assert!(waited >= 3 * MINUTE);
    assert!(matches!(rig.life.take_news()[..], [News::Refused { why: Why::TooFar, .. }]));
    // Graph's hour ends in our past: it is renewed soon, and not taken for dead.
    let mut rig = Rig::wishing(0..5);
    rig.action();
    rig.answer(Answer::Created(made(1, rig.now.wall_ms - 30 * 60_000)));
    let (waited, action) = rig.wait();
    assert!(matches!(action, Action::Renew { .. }) && (MINUTE..=5 * MINUTE).contains(&waited), "{waited}");
}

#[test]
fn a_step_of_the_wall_clock_moves_nothing() {
    let mut rig = Rig::live();
    let Step::Wait(at) = rig.next() else { panic!("a wait") };
    for step in [-86_400_000_i64, 86_400_000 * 2] {
        rig.now.wall_ms += step;
        assert_eq!(rig.next(), Step::Wait(at));
    }
}

#[test]
fn authorising_anew_is_a_renewal_and_not_too_often() {
    let mut rig = Rig::live();
    rig.life.reauthorize(Guid(1), rig.now);
    assert!(matches!(rig.next(), Step::Wait(_)), "it was just made");
    rig.advance(15 * MINUTE);
    rig.life.reauthorize(Guid(99), rig.now);
    assert!(matches!(rig.next(), Step::Wait(_)), "another one");
    rig.life.reauthorize(Guid(1), rig.now);
    assert!(matches!(rig.action(), Action::Renew { id: Guid(1), .. }));
    rig.answer(Answer::Renewed(Subscription::default()));
    rig.advance(30 * SECOND);
    rig.life.reauthorize(Guid(1), rig.now);
    assert!(matches!(rig.next(), Step::Wait(_)));
    // Where Graph does not renew, it is made anew.
    rig.wait();
    rig.fail(Why::Refused);
    rig.life.reauthorize(Guid(1), rig.now);
    assert!(matches!(rig.wait(), (waited, Action::Delete { id: Guid(1) }) if waited <= MINUTE));
}

#[test]
fn removed_and_distrusted() {
    let mut rig = Rig::live();
    rig.advance(20 * MINUTE);
    rig.life.removed(Guid(9), rig.now);
    rig.life.removed(Guid(1), rig.now);
    assert_eq!(rig.life.take_news(), [News::Off { id: Guid(1), cause: Off::Removed }]);
    assert_eq!(rig.action(), Action::List);
    rig.answer(Answer::Listed(vec![]));
    rig.create(2);
    rig.life.distrust(rig.now);
    assert_eq!(rig.action(), Action::Delete { id: Guid(2) });
    rig.answer(Answer::Deleted);
    rig.create(3);
    assert_eq!(rig.life.held().map(|held| held.id), Some(Guid(3)));
}

#[test]
fn refusals_are_told_once_and_tried_slowly() {
    for (why, least, most) in [
        (Why::Permission, 10 * MINUTE, 15 * MINUTE),
        (Why::Quota, 10 * MINUTE, 15 * MINUTE),
        (Why::Handshake, 10 * SECOND, 15 * SECOND),
        (Why::Refused, 40 * SECOND, MINUTE),
        (Why::Throttled(90_000), 90_000, 90_000),
        (Why::Throttled(0), SECOND, SECOND),
        (Why::Throttled(u64::MAX), 60 * MINUTE, 60 * MINUTE),
        (Why::SignIn, 3 * SECOND, 5 * SECOND),
    ] {
        let mut rig = Rig::wishing(0..5);
        rig.action();
        rig.fail(why);
        let (waited, action) = rig.wait();
        assert!((least..=most).contains(&waited) && matches!(action, Action::Create { .. }), "{why:?}: {waited}");
        rig.fail(why);
        assert_eq!(rig.life.take_news().len(), usize::from(is_refusal(why)), "{why:?}");
        rig.create(1);
        assert!(matches!(&rig.life.take_news()[..], [News::On(_)]));
    }
}

#[test]
fn waiting_as_asked_survives_a_new_sign_in() {
    let mut rig = Rig::wishing(0..5);
    rig.action();
    rig.fail(Why::Throttled(120_000));
    rig.life.signed_in(false);
    rig.life.signed_in(true);
    assert_eq!(rig.wait().0, 120_000);
    rig.fail(Why::Permission);
    rig.life.signed_in(false);
    rig.life.signed_in(true);
    assert_eq!(rig.wait().0, 0, "another person may be allowed to");
}

#[test]
fn a_stop_ends_what_there_is_and_ends_itself() {
    let mut rig = Rig::live();
    rig.life.stop();
    assert_eq!(rig.action(), Action::Delete { id: Guid(1) });
    rig.answer(Answer::Deleted);
    assert_eq!(rig.life.take_news(), [News::Off { id: Guid(1), cause: Off::Stopped }]);
    assert_eq!(rig.next(), Step::Done);
    // Graph is away: the note stays, for the next start.
    let mut rig = Rig::live();
    rig.life.stop();
    for _ in 0..2 {
        assert_eq!(rig.action(), Action::Delete { id: Guid(1) });
        rig.fail(Why::Unavailable);
    }
    assert_eq!((rig.next(), rig.life.known().is_some()), (Step::Done, true));
    // In the middle of a creation.
    let mut rig = Rig::wishing(0..5);
    let Action::Create { client_state, .. } = rig.action() else { panic!("a creation") };
    rig.life.stop();
    rig.answer(Answer::Dropped);
    assert_eq!(rig.action(), Action::List);
    let now = rig.now;
    rig.answer(Answer::Listed(vec![listed(4, &terms(0..5), Some(client_state.expose()), now)]));
    assert_eq!(rig.action(), Action::Delete { id: Guid(4) });
    rig.answer(Answer::Deleted);
    assert_eq!(rig.next(), Step::Done);
}
