//! The directory loop against the simulator: who is who, and what becomes of it when the directory changes.

mod graph_support;

use graph_support::{Rig, by_object, pause, person, settled, user};
use teams_presence_simulator::{EndpointClass, Fault, FaultAction, FaultBody, Simulator, UserSpec, UserType};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::Guid;

use EndpointClass::{Delta, Users};

const MINUTE: u64 = 60_000;

fn add(sim: &Simulator, spec: UserSpec) {
    sim.add_user(spec).expect("a user");
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn people(sim: &Simulator) {
    // mail differs from the sign-in name, and belongs to somebody else's sign-in name
    add(sim, UserSpec { mail: text("olga@contoso.test"), ..person("o.orlov@contoso.test") });
    add(sim, UserSpec { mail: text("upn-owner@contoso.test"), ..person("olga@contoso.test") });
    // two accounts, one mail
    add(sim, UserSpec { mail: text("shared@contoso.test"), ..person("shared1@contoso.test") });
    add(sim, UserSpec { mail: text("shared@contoso.test"), ..person("shared2@contoso.test") });
    // one live beside a disabled one
    add(sim, UserSpec { mail: text("heir@contoso.test"), ..person("heir.new@contoso.test") });
    add(sim, UserSpec { mail: text("heir@contoso.test"), enabled: Some(false), ..person("heir.old@contoso.test") });
    add(sim, UserSpec { enabled: Some(false), ..person("left@contoso.test") });
    let guest = person("visitor_partner.test#EXT#@contoso.onmicrosoft.test");
    add(sim, UserSpec { mail: text("visitor@partner.test"), user_type: Some(UserType::Guest), ..guest });
    add(sim, UserSpec { id: text("00000000-0000-0000-0000-000000000042"), ..person("deep.thought@contoso.test") });
    for odd in ["o'brien@contoso.test", "a+b@contoso.test", "x#y@contoso.test", "müller@contoso.test"] {
        add(sim, person(odd));
    }
}

fn everybody() -> Vec<teams_presence_sync::sync::UserInput> {
    vec![
        user("mail", "OLGA@contoso.test"),
        user("upn", "o.orlov@contoso.test"),
        user("alias", "Ann.Archer@contoso.test"),
        user("ambiguous", "shared@contoso.test"),
        user("heir", "heir@contoso.test"),
        user("disabled", "left@contoso.test"),
        user("guest", "visitor@partner.test"),
        user("guest2", "visitor_partner.test#EXT#@contoso.onmicrosoft.test"),
        user("unknown", "nobody@contoso.test"),
        user("twin1", "ben@contoso.test"),
        user("twin2", "BEN@contoso.test"),
        user("quote", "o'brien@contoso.test"),
        user("plus", "a+b@contoso.test"),
        user("hash", "x#y@contoso.test"),
        user("umlaut", "MÜLLER@contoso.test"),
        user("long", &format!("{}@contoso.test", "x".repeat(150))),
        user("door", ""),
        by_object("override", "00000000-0000-0000-0000-000000000042"),
        by_object("phantom", "00000000-0000-0000-0000-000000000043"),
    ]
}

fn check(rig: &Rig) {
    for (id, want) in [
        ("mail", "matched by mail"),
        ("upn", "matched by userPrincipalName"),
        ("alias", "matched by proxyAddresses"),
        ("ambiguous", "ambiguous"),
        ("heir", "matched by mail"),
        ("disabled", "disabled"),
        ("guest", "guest"),
        ("guest2", "guest"),
        ("unknown", "unknown"),
        ("twin1", "matched by mail"),
        ("twin2", "matched by mail"),
        ("quote", "matched by mail"),
        ("plus", "matched by mail"),
        ("hash", "matched by mail"),
        ("umlaut", "matched by mail"),
        ("long", "unknown"),
        ("door", "no_address"),
        ("override", "matched by entra_object_id"),
        ("phantom", "no_such_object"),
    ] {
        assert_eq!(rig.matching(id), want, "{id}");
    }
    assert_eq!(rig.object("mail"), Some(rig.id("o.orlov@contoso.test")));
    assert_eq!(rig.object("upn"), Some(rig.id("o.orlov@contoso.test")));
    assert_eq!(rig.object("heir"), Some(rig.id("heir.new@contoso.test")));
    assert_eq!(rig.object("twin1"), rig.object("twin2"));
    assert_eq!(rig.object("override"), Some(Guid(0x42)));
}

#[test]
fn everybody_is_told_apart_by_filters() {
    let rig = Rig::with(people, 1_200);
    rig.set_users(everybody());
    rig.directory();
    let report = rig.await_event(Kind::DirectoryReport);
    check(&rig);
    let json: serde_json::Value = serde_json::from_str(&report.json).expect("JSON");
    assert_eq!((json["users"].as_u64(), json["matched"].as_u64()), (Some(19), Some(11)));
    assert!(json["unmatched_users"].as_array().is_some_and(|users| users.iter().any(|id| id == "phantom")), "{json}");
    assert_eq!((json["ambiguous"].as_u64(), json["guests"].as_u64(), json["disabled"].as_u64()), (Some(1), Some(2), Some(1)));
    assert_eq!(json["ambiguous_users"][0], "ambiguous");
    pause(200);
    assert_eq!(rig.events(Kind::DirectoryReport).len(), 1);
    assert_eq!(rig.events(Kind::UserUnmatched).len() + rig.events(Kind::UserMatched).len(), 0, "the report has told it");
    assert!(rig.sim.requests().iter().all(|request| !request.query.contains("xxxxx")), "an address too long is not asked for");
}

#[test]
fn everybody_is_told_apart_by_listing() {
    let rig = Rig::with(people, 1_200);
    rig.sim.oddities(|odd| odd.max_page = 50);
    rig.sim.default_tenant().add_users(400, "agent{n}@contoso.test").expect("users");
    let mut users = everybody();
    users.extend((1..=200).map(|n| user(&format!("agent{n}"), &format!("Agent{n}@contoso.test"))));
    rig.set_users(users);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    check(&rig);
    assert!((1..=200).all(|n| rig.matching(&format!("agent{n}")) == "matched by mail"));
    let listed = rig.sim.requests().iter().filter(|request| request.endpoint == Users).count();
    assert!((9..=12).contains(&listed), "{listed} pages of 50");
}

#[test]
fn a_refused_filter_leads_to_the_advanced_one_or_to_listing() {
    let rig = Rig::new();
    rig.sim.oddities(|odd| odd.address_filter_needs_advanced = true);
    rig.set_users(vec![user("alias", "ann.archer@contoso.test")]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    assert_eq!(rig.matching("alias"), "matched by proxyAddresses");

    // More pages than one, and links that do not show that the query was an advanced one: the header goes with each page.
    let rig = Rig::with(
        |sim| {
            for n in 1..=4 {
                let alias = Some(vec![format!("smtp:alias{n}@contoso.test")]);
                add(sim, UserSpec { mail: text(""), proxy_addresses: alias, ..person(&format!("p{n}@contoso.test")) });
            }
        },
        1_200,
    );
    rig.sim.oddities(|odd| (odd.address_filter_needs_advanced, odd.bare_links, odd.max_page) = (true, true, 1));
    rig.set_users((1..=4).map(|n| user(&n.to_string(), &format!("alias{n}@contoso.test"))).collect());
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    for n in 1..=4 {
        assert_eq!(rig.matching(&n.to_string()), "matched by proxyAddresses", "{n}");
    }
    let pages: Vec<_> = rig.sim.requests().into_iter().filter(|request| request.query.contains("skiptoken")).collect();
    assert!(pages.len() == 3 && pages.iter().all(|page| page.status == 200), "{pages:?}");

    let rig = Rig::new();
    let mut fault = Fault::status(Users, 400);
    fault.path_contains = text("filter=");
    rig.sim.inject(fault);
    rig.set_users(vec![user("alias", "ann.archer@contoso.test"), user("unknown", "nobody@contoso.test")]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    assert_eq!((rig.matching("alias").as_str(), rig.matching("unknown").as_str()), ("matched by proxyAddresses", "unknown"));
}

#[test]
fn newcomers_are_searched_at_once() {
    let rig = Rig::new();
    rig.set_users(vec![user("1", "ann@contoso.test")]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    rig.put_user(user("2", "ben@contoso.test"));
    rig.put_user(user("3", "nobody@contoso.test"));
    let matched = rig.await_event(Kind::UserMatched);
    assert_eq!(matched.user_id.as_deref(), Some("2"));
    assert_eq!(rig.await_event(Kind::UserUnmatched).user_id.as_deref(), Some("3"));
    // Two users exchange their addresses.
    let (ann, ben) = (rig.object("1"), rig.object("2"));
    rig.set_users(vec![user("1", "ben@contoso.test"), user("2", "ann@contoso.test")]);
    rig.until("the exchange", || rig.object("1") == ben && rig.object("2") == ann);
    rig.until("a report of a whole mapping", || rig.events(Kind::DirectoryReport).len() == 2);
}

#[test]
fn newcomers_of_a_whole_mapping_are_told_as_a_report() {
    let rig = Rig::new();
    rig.set_users(vec![user("1", "ann@contoso.test")]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    rig.set_users(vec![user("1", "ann@contoso.test"), user("2", "ben@contoso.test"), user("3", "nobody@contoso.test")]);
    rig.until("the report", || rig.events(Kind::DirectoryReport).len() == 2);
    let json: serde_json::Value = serde_json::from_str(&rig.await_event(Kind::DirectoryReport).json).expect("JSON");
    assert_eq!(
        (json["users"].as_u64(), json["matched"].as_u64(), json["unmatched_users"][0].as_str()),
        (Some(3), Some(2), Some("3"))
    );
    // The same again brings nobody to search; one by one comes singly.
    rig.set_users(vec![user("1", "ann@contoso.test"), user("2", "ben@contoso.test"), user("3", "nobody@contoso.test")]);
    rig.put_user(user("4", "cleo@contoso.test"));
    let matched = rig.await_event(Kind::UserMatched);
    assert_eq!(matched.user_id.as_deref(), Some("4"));
    assert_eq!((rig.events(Kind::DirectoryReport).len(), rig.events(Kind::UserUnmatched).len()), (2, 0));
}

#[test]
fn switching_off_ends_the_round_under_way_but_not_one_asked_for() {
    let rig = Rig::with(people, 1_200);
    rig.sim.oddities(|odd| odd.max_page = 20);
    rig.sim.default_tenant().add_users(400, "agent{n}@contoso.test").expect("users");
    rig.sim.inject(Fault::new(Users, FaultAction::Delay { ms: 100 }));
    rig.set_users((1..=200).map(|n| user(&format!("agent{n}"), &format!("agent{n}@contoso.test"))).collect());
    let handle = rig.directory();
    let pages = || rig.sim.counters().total(Users);
    let switch = |on: bool| rig.desk.with_roster(|engine, now| engine.set_enabled(on, now));
    rig.until("the first pages", || pages() >= 3);
    switch(false);
    let before = pages();
    assert!(settled(pages) <= before + 1, "the one that may have been on its way, of twenty-one");
    assert_eq!(rig.events(Kind::DirectoryReport).len() + rig.events(Kind::DirectoryUnavailable).len(), 0, "no failure");
    switch(true);
    rig.await_event(Kind::DirectoryReport);
    assert_eq!(rig.pending(), 0);
    switch(false);
    handle.round_now();
    rig.until("the report asked for", || rig.events(Kind::DirectoryReport).len() == 2);
}

#[test]
fn changes_of_the_directory_act_within_ten_minutes() {
    let rig = Rig::with(people, 1_200);
    rig.set_users(vec![
        user("mover", "ann@contoso.test"),
        user("waiting", "later@contoso.test"),
        user("leaver", "ben@contoso.test"),
        user("blocked", "cleo@contoso.test"),
        user("back", "left@contoso.test"),
        user("shared", "shared@contoso.test"),
        user("constant", "dev@contoso.test"),
    ]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    let users = || rig.sim.counters().total(Users);
    let tenant = rig.sim.default_tenant();
    let set = |name: &str, spec: UserSpec| tenant.update_user(name, spec).expect("changed");
    let none = UserSpec::default;
    set(
        "ann@contoso.test",
        UserSpec {
            mail: text("ann.new@contoso.test"),
            user_principal_name: text("ann.new@contoso.test"),
            proxy_addresses: Some(vec![]),
            ..none()
        },
    );
    add(&rig.sim, person("later@contoso.test"));
    tenant.delete_user("ben@contoso.test").expect("deleted");
    set("cleo@contoso.test", UserSpec { enabled: Some(false), ..none() });
    set("left@contoso.test", UserSpec { enabled: Some(true), ..none() });
    tenant.delete_user("shared2@contoso.test").expect("deleted");
    rig.clock.advance(4 * MINUTE);
    rig.until("the changes", || rig.matching("mover") == "unknown" && rig.matching("shared") == "matched by mail");
    for (id, want) in [
        ("waiting", "matched by mail"),
        ("leaver", "unknown"),
        ("blocked", "disabled"),
        ("back", "matched by mail"),
        ("constant", "matched by mail"),
    ] {
        rig.until(id, || rig.matching(id) == want);
    }
    settled(users);
    assert_eq!(rig.events(Kind::UserUnmatched).len(), 3);
    assert_eq!(rig.events(Kind::UserMatched).len(), 3);
    assert_eq!(rig.events(Kind::DirectoryReport).len(), 1, "changes come singly");
    let before = users();
    rig.clock.advance(4 * MINUTE);
    rig.until("a second look", || users() > before);
    rig.until("another question", || rig.sim.counters().total(Delta) >= 3);
    let before = settled(users);
    rig.clock.advance(4 * MINUTE);
    rig.until("another question", || rig.sim.counters().total(Delta) >= 4);
    assert_eq!(settled(users), before, "no change costs one request");
}

#[test]
fn an_expired_bookmark_means_everything_anew() {
    let rig = Rig::new();
    rig.set_users(vec![user("1", "later@contoso.test")]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    add(&rig.sim, person("later@contoso.test"));
    rig.sim.default_tenant().expire_delta().expect("expired");
    rig.clock.advance(4 * MINUTE);
    rig.await_event(Kind::UserMatched);
    assert_eq!(rig.sim.counters().count(Delta, 410), 1);
}

#[test]
fn without_delta_everything_is_read_again() {
    for status in [404, 400, 501] {
        let rig = Rig::new();
        rig.sim.inject(Fault::status(Delta, status));
        rig.set_users(vec![user("1", "later@contoso.test")]);
        rig.directory();
        rig.await_event(Kind::DirectoryReport);
        add(&rig.sim, person("later@contoso.test"));
        rig.clock.advance(9 * MINUTE);
        rig.await_event(Kind::UserMatched);
        assert_eq!(rig.sim.counters().total(Delta), 1, "not asked again soon");
        assert_eq!(rig.events(Kind::DirectoryUnavailable).len(), 0);
    }
}

#[test]
fn with_the_basic_permission_only() {
    let rig = Rig::with(people, 1_200);
    rig.roles(&["Presence.Read.All", "User.ReadBasic.All"]);
    rig.set_users(vec![
        user("mail", "ann@contoso.test"),
        user("alias", "ann.archer@contoso.test"),
        user("later", "later@contoso.test"),
    ]);
    rig.directory();
    let limited = rig.await_event(Kind::DirectoryLimited);
    assert!(limited.message.contains("User.Read.All"), "{}", limited.message);
    assert_eq!((rig.matching("mail").as_str(), rig.matching("alias").as_str()), ("matched by mail", "unknown"));
    assert_eq!(rig.sim.counters().total(Delta), 0);
    assert!(rig.sim.requests().iter().all(|request| !request.query.contains("proxyAddresses")));
    add(&rig.sim, person("later@contoso.test"));
    rig.clock.advance(30 * MINUTE);
    rig.await_event(Kind::UserMatched);
    assert_eq!(rig.events(Kind::DirectoryLimited).len(), 1);
    assert_eq!(rig.events(Kind::PermissionMissing).len(), 0);
}

#[test]
fn consent_given_later_is_noticed() {
    let rig = Rig::new();
    rig.roles(&[]);
    rig.set_users(vec![user("1", "ann@contoso.test")]);
    rig.directory();
    let missing = rig.await_event(Kind::PermissionMissing);
    assert!(missing.message.contains("User.ReadBasic.All") && missing.remedy.contains("admin consent"), "{missing:?}");
    rig.await_event(Kind::DirectoryUnavailable);
    let asked = rig.sim.counters().count(Users, 403);
    pause(200);
    assert_eq!(rig.sim.counters().count(Users, 403), asked, "not asked again at once");
    rig.roles(&["Presence.Read.All", "User.Read.All"]);
    rig.until("the consent", || {
        rig.clock.advance(MINUTE);
        pause(100);
        rig.pending() == 0
    });
    assert_eq!(rig.matching("1"), "matched by mail");
    rig.await_event(Kind::PermissionGranted);
    rig.await_event(Kind::DirectoryRecovered);
    assert_eq!(rig.events(Kind::PermissionMissing).len(), 1);
}

#[test]
fn an_outage_leaves_the_matches_alone() {
    let rig = Rig::new();
    rig.set_users(vec![user("1", "ann@contoso.test"), user("2", "later@contoso.test")]);
    let handle = rig.directory();
    rig.await_event(Kind::DirectoryReport);
    let action = FaultAction::Status { status: 503, retry_after: None, body: FaultBody::Html, code: None };
    let fault = rig.sim.inject(Fault::new(Users, action));
    handle.round_now();
    rig.until("four tries of the page", || {
        rig.clock.advance(10_000);
        pause(20);
        !rig.events(Kind::DirectoryUnavailable).is_empty()
    });
    assert_eq!(rig.matching("1"), "matched by mail");
    add(&rig.sim, person("later@contoso.test"));
    rig.sim.clear_fault(fault);
    rig.until("recovery without a restart", || {
        rig.clock.advance(10_000);
        pause(20);
        rig.matching("2") == "matched by mail"
    });
    rig.await_event(Kind::DirectoryRecovered);
    rig.until("the report asked for", || rig.events(Kind::DirectoryReport).len() == 2);
    assert_eq!(rig.events(Kind::DirectoryUnavailable).len(), 1);
    assert_eq!((rig.events(Kind::GraphUnreachable).len(), rig.events(Kind::GraphRecovered).len()), (1, 1));
}

#[test]
fn a_disabled_instance_asks_nothing_but_when_told() {
    let rig = Rig::new();
    rig.desk.with(|engine, now| engine.set_enabled(false, now));
    rig.set_users(vec![user("1", "ann@contoso.test")]);
    let handle = rig.directory();
    pause(200);
    assert_eq!(rig.sim.counters().requests, 0);
    handle.round_now();
    rig.await_event(Kind::DirectoryReport);
    assert_eq!(rig.matching("1"), "matched by mail");
    let asked = rig.sim.counters().requests;
    rig.clock.advance(60 * MINUTE);
    pause(200);
    assert_eq!(rig.sim.counters().requests, asked);
    rig.desk.with_roster(|engine, now| engine.set_enabled(true, now));
    rig.until("following again", || rig.sim.counters().requests > asked);
}

#[test]
fn changes_that_cannot_be_read_do_not_stand_in_the_way() {
    let rig = Rig::new();
    rig.set_users(vec![user("1", "later@contoso.test")]);
    rig.directory();
    rig.await_event(Kind::DirectoryReport);
    let body = r#"{"value":[],"@odata.nextLink":"http://evil.example/v1.0/users/delta?$skiptoken=x"}"#.to_owned();
    rig.sim.inject(Fault::new(Delta, FaultAction::NotJson { content_type: "application/json".to_owned(), body }));
    add(&rig.sim, person("later@contoso.test"));
    rig.until("reading everything instead", || {
        rig.clock.advance(MINUTE);
        pause(30);
        rig.matching("1") == "matched by mail"
    });
    rig.await_event(Kind::DirectoryRecovered);
}

#[test]
fn what_the_app_does_not_need_is_told() {
    let rig = Rig::new();
    rig.roles(&["Presence.Read.All", "User.Read.All", "Directory.ReadWrite.All"]);
    rig.set_users(vec![user("1", "ann@contoso.test")]);
    rig.directory();
    let event = rig.await_event(Kind::PermissionExcess);
    assert!(event.message.contains("Directory.ReadWrite.All") && !event.message.contains("Presence"), "{}", event.message);
}
