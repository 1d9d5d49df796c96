use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60_000;

fn people(range: std::ops::Range<u128>) -> Vec<Guid> {
    range.map(Guid).collect()
}

fn sizes(changes: &[Change]) -> Vec<(usize, usize)> {
    changes.iter().map(|change| (change.account, change.members.len())).collect()
}

/// Packing that has settled with these people, at the moment answered.
fn settled(accounts: usize, count: u128) -> (Packing, u64) {
    let mut packing = Packing::new(accounts);
    packing.want(people(0..count), 0);
    packing.plan(FIRST_QUIET_MS);
    (packing, FIRST_QUIET_MS)
}

#[test]
fn the_first_sets() {
    let mut packing = Packing::new(3);
    packing.want(people(0..700), 0);
    assert_eq!(packing.plan(0), [], "the directory may find more in a moment");
    packing.want(people(0..1_000), 4_000);
    assert_eq!(packing.next_at(5_000), Some(9_000));
    assert_eq!(sizes(&packing.plan(9_000)), [(0, 650), (1, 350)]);
    assert_eq!((packing.plan(9_001), packing.unsubscribed()), (vec![], vec![]));
    assert_eq!(&packing.members(0)[..3], people(0..3), "in order, so that a restart makes the same sets");
    let mut trickle = Packing::new(1);
    for second in 0..29 {
        trickle.want(people(0..second + 1), second as u64 * 1_000);
        assert_eq!(trickle.plan(second as u64 * 1_000), []);
    }
    trickle.want(people(0..40), 30_000);
    assert_eq!(sizes(&trickle.plan(30_000)), [(0, 40)], "it does not wait for ever");
}

#[test]
fn what_does_not_fit_is_polled() {
    let (packing, _) = settled(1, 653);
    let polled = packing.unsubscribed();
    assert_eq!(polled, people(650..653).into_iter().map(|person| (person, Unsubscribed::NoRoom)).collect::<Vec<_>>());
}

#[test]
fn a_single_joiner_waits_and_many_do_not() {
    let (mut packing, now) = settled(1, 200);
    packing.want(people(0..201), now + 10 * MINUTE);
    assert_eq!(packing.unsubscribed(), [(Guid(200), Unsubscribed::Waiting)]);
    assert_eq!(packing.plan(now + 20 * MINUTE), []);
    assert_eq!(sizes(&packing.plan(now + 25 * MINUTE)), [(0, 201)], "15 minutes after he came");
    let (mut packing, now) = settled(1, 200);
    packing.want(people(0..220), now + 10 * MINUTE);
    assert_eq!(packing.plan(now + 10 * MINUTE + 9_999), []);
    assert_eq!(sizes(&packing.plan(now + 10 * MINUTE + 10_000)), [(0, 220)], "a tenth");
    packing.want(people(0..300), now + 11 * MINUTE);
    assert_eq!(packing.plan(now + 12 * MINUTE), [], "not twice in five minutes");
    assert_eq!(packing.next_at(now + 12 * MINUTE), Some(now + 15 * MINUTE + 10_000));
    assert_eq!(sizes(&packing.plan(now + 15 * MINUTE + 10_000)), [(0, 300)]);
}

#[test]
fn joiners_go_where_nobody_is_disturbed() {
    let (mut packing, now) = settled(2, 300);
    packing.want(people(0..301), now);
    assert_eq!(sizes(&packing.plan(now + FIRST_QUIET_MS)), [(1, 1)], "the idle account takes him");
    // 650 and 250: twenty more change the set that has room.
    let (mut packing, now) = settled(2, 900);
    packing.want(people(0..925), now + 10 * MINUTE);
    assert_eq!(sizes(&packing.plan(now + 11 * MINUTE)), [(1, 275)]);
}

#[test]
fn leavers_are_slack_for_a_while() {
    let (mut packing, now) = settled(1, 650);
    packing.want(people(5..655), now + 10 * MINUTE);
    assert_eq!(packing.unsubscribed().len(), 5);
    assert_eq!(packing.plan(now + 11 * MINUTE), []);
    packing.want(people(0..650), now + 12 * MINUTE);
    assert_eq!((packing.unsubscribed(), packing.plan(now + 40 * MINUTE)), (vec![], vec![]), "back before it was worth a change");
    packing.want(people(5..655), now + 50 * MINUTE);
    let changes = packing.plan(now + 60 * MINUTE);
    assert_eq!((sizes(&changes), changes[0].members[0]), (vec![(0, 650)], Guid(5)), "leavers out and joiners in by one change");
    packing.want([], now + 70 * MINUTE);
    assert_eq!(sizes(&packing.plan(now + 80 * MINUTE)), [(0, 0)]);
    assert_eq!(packing.next_at(now + 81 * MINUTE), None);
}

#[test]
fn a_service_account_is_never_subscribed() {
    let mut packing = Packing::new(2);
    packing.owned_by(0, Some(Guid(3)), 0);
    packing.want(people(0..10), 0);
    packing.owned_by(1, Some(Guid(99)), 0);
    assert_eq!(sizes(&packing.plan(5_000)), [(0, 9)]);
    assert_eq!(packing.unsubscribed(), [(Guid(3), Unsubscribed::ServiceAccount)]);
    // The sign-in tells late whose account it is.
    packing.owned_by(0, Some(Guid(4)), 6_000);
    let changes = packing.plan(6_000);
    assert!(sizes(&changes) == [(0, 8)] || sizes(&changes) == [(0, 9)], "at once: {changes:?}");
    assert!(!changes[0].members.contains(&Guid(4)));
    assert_eq!(packing.unsubscribed().first(), Some(&(Guid(4), Unsubscribed::ServiceAccount)));
}

#[test]
fn people_of_an_account_that_is_out_move() {
    let (mut packing, now) = settled(2, 700);
    packing.usable(0, false, now);
    packing.usable(0, true, now + 9 * MINUTE);
    assert_eq!(packing.plan(now + 11 * MINUTE), [], "back in time");
    packing.usable(0, false, now + 20 * MINUTE);
    packing.usable(0, false, now + 25 * MINUTE);
    assert_eq!(packing.next_at(now + 25 * MINUTE), Some(now + 30 * MINUTE));
    assert_eq!(sizes(&packing.plan(now + 30 * MINUTE)), [(0, 0)]);
    assert_eq!(sizes(&packing.plan(now + 31 * MINUTE)), [(1, 650)]);
    assert_eq!(packing.unsubscribed().len(), 50);
    packing.usable(0, true, now + 32 * MINUTE);
    assert_eq!(sizes(&packing.plan(now + 32 * MINUTE)), [(0, 50)], "the account has no set, so nobody is disturbed");
}

#[test]
fn what_was_subscribed_before_a_restart_stays() {
    let mut packing = Packing::new(2);
    packing.remember(0, &people(100..200));
    packing.remember(1, &people(150..250));
    packing.remember(7, &people(0..1));
    packing.want(people(100..250), 0);
    assert_eq!((packing.plan(60 * MINUTE), packing.unsubscribed()), (vec![], vec![]));
    assert_eq!([0, 1].map(|account| packing.members(account).len()), [100, 50], "nobody twice");
}

#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Want(u128, u128),
    Add(u128),
    Drop(u128),
    Usable(usize, bool),
    Own(usize, Option<u128>),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0_u64..20 * MINUTE).prop_map(Act::Wait),
        2 => (0_u128..300, 0_u128..2_200).prop_map(|(from, count)| Act::Want(from, count)),
        6 => (0_u128..2_500).prop_map(Act::Add),
        3 => (0_u128..2_500).prop_map(Act::Drop),
        1 => (0_usize..3, any::<bool>()).prop_map(|(account, usable)| Act::Usable(account, usable)),
        1 => (0_usize..3, prop::option::of(0_u128..2_500)).prop_map(|(account, own)| Act::Own(account, own)),
    ]
}

fn check(packing: &Packing, wanted: &HashSet<Guid>, own: &[Option<Guid>; 3]) -> Result<(), TestCaseError> {
    let mut held = HashSet::new();
    for (account, its) in own.iter().enumerate() {
        let members = packing.members(account);
        prop_assert!(members.len() <= MOST_SUBSCRIBED && members.is_sorted());
        for member in members.iter() {
            prop_assert!(held.insert(*member), "in two sets");
            prop_assert!(*its != Some(*member), "his own presence");
        }
    }
    let polled = packing.unsubscribed();
    let named: HashSet<Guid> = polled.iter().map(|(person, _)| *person).collect();
    prop_assert_eq!(named.len(), polled.len());
    for person in wanted {
        let service = own.contains(&Some(*person));
        prop_assert!(named.contains(person) != (held.contains(person) && !service), "either in a set, or polled for a cause");
    }
    prop_assert!(named.iter().all(|person| wanted.contains(person)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_comes_and_goes(acts in prop::collection::vec(act(), 1..60)) {
        let mut packing = Packing::new(3);
        let (mut wanted, mut own, mut usable) = (HashSet::new(), [None; 3], [true; 3]);
        let (mut now, mut changed): (u64, [Option<u64>; 3]) = (0, [None; 3]);
        for act in acts {
            let mut urgent = false;
            match act {
                Act::Wait(ms) => now += ms,
                Act::Want(from, count) => wanted = people(from..from + count).into_iter().collect(),
                Act::Add(person) => { wanted.insert(Guid(person)); }
                Act::Drop(person) => { wanted.remove(&Guid(person)); }
                Act::Usable(account, now_usable) => {
                    usable[account] = now_usable;
                    packing.usable(account, now_usable, now);
                }
                Act::Own(account, person) => {
                    own[account] = person.map(Guid);
                    packing.owned_by(account, own[account], now);
                    urgent = true;
                }
            }
            packing.want(wanted.iter().copied(), now);
            let before = [0, 1, 2].map(|account| packing.members(account).len());
            for change in packing.plan(now) {
                let at = change.account;
                let soon = changed[at].is_some_and(|at| now < at + BETWEEN_CHANGES_MS);
                prop_assert!(!soon || urgent || before[at] == 0 || change.members.is_empty(), "too often");
                if before[at] > 0 {
                    changed[at] = Some(now);
                }
            }
            // An account that is out cannot change its set: his own presence may be in it as long as it is out.
            if usable.iter().all(|usable| *usable) {
                check(&packing, &wanted, &own)?;
            }
        }
        // In the end everybody has his place, woken only when the packing asks for it.
        for account in 0..3 {
            packing.usable(account, true, now);
        }
        let end = now + 60 * MINUTE;
        packing.plan(now);
        let mut wakes = 0;
        while let Some(at) = packing.next_at(now).filter(|at| *at < end) {
            now = at;
            packing.plan(now);
            wakes += 1;
            prop_assert!(wakes < 200, "it wakes without end");
        }
        check(&packing, &wanted, &own)?;
        prop_assert!(packing.unsubscribed().iter().all(|(_, why)| *why != Unsubscribed::Waiting), "nobody waits for ever");
        for account in 0..3 {
            prop_assert!(packing.members(account).iter().all(|member| wanted.contains(member)), "nobody stays for ever");
        }
    }
}
