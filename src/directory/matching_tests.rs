use proptest::prelude::*;

use super::super::address::key;
use super::*;

fn user(id: u128) -> User {
    User { id: Guid(id), mail: None, upn: None, proxies: vec![], enabled: Some(true), guest: false }
}

fn mail(id: u128, address: &str) -> User {
    User { mail: Some(address.into()), ..user(id) }
}

fn upn(id: u128, address: &str) -> User {
    User { upn: Some(address.into()), ..user(id) }
}

fn alias(id: u128, address: &str) -> User {
    User { proxies: vec![address.into()], ..user(id) }
}

fn verdict(address: &str, users: &[User]) -> Resolution {
    let mut matcher = Matcher::new([address]);
    users.iter().for_each(|user| matcher.offer(user));
    let verdicts: Vec<_> = matcher.verdicts().collect();
    assert_eq!(verdicts.len(), 1);
    assert_eq!(&*verdicts[0].address, address);
    verdicts[0].resolution
}

fn found(id: u128, by: MatchedBy) -> Resolution {
    Resolution::Matched { object: Guid(id), by }
}

fn lost(why: Unmatched) -> Resolution {
    Resolution::Unmatched(why)
}

#[test]
fn mail_before_sign_in_name_before_other_addresses() {
    let all = [alias(3, "a@x"), upn(2, "a@x"), mail(1, "a@x")];
    assert_eq!(verdict("a@x", &all), found(1, MatchedBy::Mail));
    assert_eq!(verdict("a@x", &all[..2]), found(2, MatchedBy::Upn));
    assert_eq!(verdict("a@x", &all[..1]), found(3, MatchedBy::ProxyAddress));
    assert_eq!(verdict("a@x", &[]), lost(Unmatched::Unknown));
    assert_eq!(verdict("a@x", &[mail(1, "b@x")]), lost(Unmatched::Unknown), "whatever the filter thought");
}

#[test]
fn struck_out_before_counting() {
    let guest = User { guest: true, ..mail(7, "a@x") };
    let disabled = User { enabled: Some(false), ..mail(8, "a@x") };
    let unknown = User { enabled: None, ..mail(9, "a@x") };
    assert_eq!(verdict("a@x", &[guest.clone(), disabled.clone(), mail(1, "a@x")]), found(1, MatchedBy::Mail));
    assert_eq!(verdict("a@x", &[guest.clone(), alias(1, "a@x")]), found(1, MatchedBy::ProxyAddress));
    assert_eq!(verdict("a@x", std::slice::from_ref(&guest)), lost(Unmatched::Guest));
    assert_eq!(verdict("a@x", &[guest.clone(), disabled]), lost(Unmatched::Disabled));
    assert_eq!(verdict("a@x", &[User { enabled: Some(false), ..guest }]), lost(Unmatched::Guest));
    assert_eq!(verdict("a@x", &[unknown]), found(9, MatchedBy::Mail));
}

#[test]
fn several_are_ambiguous_at_the_first_step_that_has_any() {
    let two = [mail(1, "a@x"), mail(2, "A@X")];
    assert_eq!(verdict("a@x", &two), lost(Unmatched::Ambiguous));
    assert_eq!(verdict("a@x", &[mail(1, "a@x"), upn(2, "a@x"), upn(3, "a@x")]), found(1, MatchedBy::Mail));
    assert_eq!(verdict("a@x", &[two[0].clone(), two[0].clone()]), found(1, MatchedBy::Mail), "one user twice is one");
    let mut matcher = Matcher::new(["a@x"]);
    matcher.strike([Guid(2)]);
    two.iter().for_each(|user| matcher.offer(user));
    assert_eq!(
        matcher.verdicts().next().map(|verdict| verdict.resolution),
        Some(found(1, MatchedBy::Mail)),
        "a deleted one is not counted"
    );
}

#[test]
fn case_is_ignored_and_spelling_kept() {
    let mut matcher = Matcher::new(["Ann@X.example", "ÄNN@x.example", "änn@x.example"]);
    matcher.offer(&mail(1, "aNN@x.EXAMPLE"));
    matcher.offer(&alias(2, "Änn@x.example"));
    let verdicts: Vec<_> = matcher.verdicts().map(|v| (v.address.to_string(), v.resolution, v.holders)).collect();
    let alias = found(2, MatchedBy::ProxyAddress);
    assert_eq!(
        verdicts,
        [
            ("Ann@X.example".to_owned(), found(1, MatchedBy::Mail), vec![Guid(1)]),
            ("ÄNN@x.example".to_owned(), alias, vec![Guid(2)]),
            ("änn@x.example".to_owned(), alias, vec![Guid(2)]),
        ]
    );
}

#[test]
fn open_are_those_without_an_active_hit() {
    let mut matcher = Matcher::new(["a@x", "b@x", "c@x", "no address"]);
    matcher.offer(&mail(1, "a@x"));
    matcher.offer(&User { enabled: Some(false), ..upn(2, "b@x") });
    let open: Vec<String> = matcher.open().iter().map(ToString::to_string).collect();
    assert_eq!(open, ["b@x", "c@x"]);
}

fn someone() -> impl Strategy<Value = User> {
    let address = || prop::sample::select(vec!["a@x", "A@x", "b@x", "B@X", "c@x"]).prop_map(Box::<str>::from);
    let proxies = prop::collection::vec(address(), 0..3);
    (0..6u128, prop::option::of(address()), prop::option::of(address()), proxies, prop::option::of(any::<bool>()), any::<bool>())
        .prop_map(|(id, mail, upn, proxies, enabled, guest)| User { id: Guid(id), mail, upn, proxies, enabled, guest })
}

/// The rule as the handbook says it, without any cleverness.
fn oracle(address: &str, users: &[User]) -> Resolution {
    let same = |other: &str| other.to_lowercase() == address.to_lowercase();
    type Step<'a> = (MatchedBy, &'a dyn Fn(&User) -> bool);
    let steps: [Step<'_>; 3] = [
        (MatchedBy::Mail, &|user| user.mail.as_deref().is_some_and(same)),
        (MatchedBy::Upn, &|user| user.upn.as_deref().is_some_and(same)),
        (MatchedBy::ProxyAddress, &|user| user.proxies.iter().any(|proxy| same(proxy))),
    ];
    let active = |user: &User| !user.guest && user.enabled != Some(false);
    for (by, has) in &steps {
        let ids: HashSet<Guid> = users.iter().filter(|user| active(user) && has(user)).map(|user| user.id).collect();
        match ids.len() {
            0 => {}
            1 => return Resolution::Matched { object: *ids.iter().next().expect("one"), by: *by },
            _ => return lost(Unmatched::Ambiguous),
        }
    }
    let holds = |user: &&User| steps.iter().any(|(_, has)| has(user));
    let holders: Vec<&User> = users.iter().filter(holds).collect();
    lost(if holders.iter().any(|user| !user.guest && user.enabled == Some(false)) {
        Unmatched::Disabled
    } else if holders.iter().any(|user| user.guest) {
        Unmatched::Guest
    } else {
        Unmatched::Unknown
    })
}

proptest! {
    #[test]
    fn as_the_rule_says_in_any_order_and_repetition(
        users in prop::collection::vec(someone(), 0..8),
        order in any::<prop::sample::Index>(),
        repeat in any::<bool>(),
    ) {
        // One id is one account: of several drawn with an id the first counts.
        let mut seen = HashSet::new();
        let users: Vec<User> = users.into_iter().filter(|user| seen.insert(user.id)).collect();
        let mut shuffled = users.clone();
        if !shuffled.is_empty() {
            let by = order.index(shuffled.len());
            shuffled.rotate_left(by);
        }
        if repeat {
            shuffled.extend(users.iter().rev().cloned());
        }
        for address in ["a@x", "B@x", "c@x", "d@x"] {
            prop_assert_eq!(verdict(address, &shuffled), oracle(address, &users), "{}", address);
        }
    }

    #[test]
    fn holders_are_all_who_have_it(users in prop::collection::vec(someone(), 0..8)) {
        let mut matcher = Matcher::new(["a@x"]);
        users.iter().for_each(|user| matcher.offer(user));
        let holders: HashSet<Guid> = matcher.verdicts().flat_map(|verdict| verdict.holders).collect();
        let has = |user: &&User| {
            [&user.mail, &user.upn].into_iter().flatten().chain(&user.proxies).any(|address| key(address) == "a@x")
        };
        let expected: HashSet<Guid> = users.iter().filter(has).map(|user| user.id).collect();
        prop_assert_eq!(holders, expected);
    }
}
