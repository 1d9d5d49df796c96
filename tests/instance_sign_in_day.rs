//! A day of a sign-in by a person, on the simulated clock: what can happen to a credential in 24 hours. No change of presence is lost, and
//! each phase has its event, once.

mod instance_support;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{
    Action, EndpointClass, Fault, FaultAction, FaultBody, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, Simulator, UserSpec,
};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::{Chat, Dnd};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// One step of the clock: as long as a poll.
const STEP: u64 = 15 * SECOND;

struct Day {
    rig: Rig,
    /// Simulated time since the start.
    now: u64,
    /// Ann's DND, as it should stand at the host.
    dnd: Dnd,
    /// Her changes so far.
    changes: usize,
}

fn config(config: &mut Value) {
    config["client_id"] = PUBLIC_CLIENT_ID.into();
    config["auth"] = json!({ "method": "device_code" });
    config["source"] = json!({ "poll_interval_ms": STEP });
    // An outage of two hours is to be survived, not covered up.
    config["stale"] = json!({ "after_ms": 3 * HOUR, "policy": "hold" });
    config["log"] = json!({ "level": "error" });
}

fn strict(sim: &Simulator) {
    // Stricter than Entra: a refresh token that was rotated and not kept would be noticed.
    sim.oddities(|oddities| oddities.refresh_once = true);
}

impl Day {
    fn begin() -> Day {
        let rig = Rig::with(strict, config);
        rig.users(&[("100", ANN)]);
        Day { rig, now: 0, dnd: Dnd::Off, changes: 0 }
    }

    /// Lets time pass; the real pause lets requests end.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            let step = STEP.min(end - self.now);
            self.rig.advance(step);
            self.now += step;
            std::thread::sleep(std::time::Duration::from_millis(3));
        }
    }

    fn until(&mut self, what: &str, done: impl Fn(&Rig) -> bool) {
        let begin = std::time::Instant::now();
        while !done(&self.rig) {
            assert!(begin.elapsed() < PATIENCE, "in vain at {} min for {what}: {}", self.now / MINUTE, self.rig.host.told(0));
            self.pass(5 * SECOND);
        }
    }

    /// Ann begins a call, or ends it.
    fn change(&mut self) {
        let (dnd, activity) = if self.dnd == Dnd::On { (Dnd::Off, "Available") } else { (Dnd::On, "InACall") };
        self.rig.presence(ANN, if dnd == Dnd::On { "Busy" } else { "Available" }, activity);
        self.dnd = dnd;
        self.changes += 1;
    }

    /// Each of Ann's changes so far has arrived.
    fn arrived(&mut self) {
        let (dnd, changes) = (self.dnd, self.changes);
        self.until("Ann's change", |rig| {
            let seen = rig.host.since(0).into_iter().filter(|seen| seen.is_dnd("100", Dnd::On) || seen.is_dnd("100", Dnd::Off));
            let seen: Vec<_> = seen.collect();
            // The first decision is no change of hers: DND off is told only where it is ours.
            seen.len() >= changes && seen.last().is_some_and(|last| last.is_dnd("100", dnd))
        });
    }

    fn event(&mut self, kind: Kind, count: usize) -> Value {
        self.until(&format!("event {count} of {kind:?}"), |rig| rig.host.events(kind).len() >= count);
        let events = self.rig.host.events(kind);
        assert_eq!(events.len(), count, "{kind:?} at {} min: {}", self.now / MINUTE, self.rig.host.told(0));
        serde_json::from_str(&events[count - 1].json).expect("JSON")
    }

    /// The person needs a while, and signs in.
    fn person(&mut self, user: &str) {
        self.pass(3 * MINUTE);
        for user_code in self.rig.sim.device_codes() {
            self.rig.sim.act(Action::DeviceCode { user_code, user: Some(user.to_owned()) }).expect("typed");
        }
    }

    /// Until this time of the day; half an hour each a change, which arrives.
    fn work(&mut self, until: u64) {
        while self.now < until {
            self.change();
            self.arrived();
            let rest = until.saturating_sub(self.now);
            self.pass(rest.min(30 * MINUTE));
        }
    }

    fn sign_ins(&self, grant: &str) -> usize {
        self.rig.sim.requests().iter().filter(|request| request.body.contains(grant)).count()
    }
}

fn account(day: &Day, set: UserSpec) {
    day.rig.sim.default_tenant().update_user(SERVICE_ACCOUNT, set).expect("changed");
}

#[test]
fn a_day_of_a_sign_in() {
    let mut day = Day::begin();
    day.rig.sim.keep_requests(20_000);

    // 0:00. Nobody has ever signed in.
    let code = day.event(Kind::SignInRequired, 1);
    assert!(code["cause"].is_null() && code["user_code"].is_string());
    day.person(SERVICE_ACCOUNT);
    day.event(Kind::SignedIn, 1);
    day.until("the first state", |rig| rig.host.has(0, |seen| seen.is_chat("100", Chat::Available)));

    // To 6:00. Access tokens run out each hour; refresh tokens are rotated, and each is good once.
    day.work(6 * HOUR);
    let rotated = day.sign_ins("grant_type=refresh_token");
    assert!(rotated >= 5, "{rotated}");

    // 6:00. Entra is away, soon Graph as well, until long after the token has run out.
    let away = FaultAction::Status { status: 503, retry_after: None, body: FaultBody::Html, code: None };
    let graph = away.clone();
    day.rig.sim.inject(Fault::new(EndpointClass::Token, away.clone()));
    day.event(Kind::EntraUnreachable, 1);
    // Graph goes first, so that it is met while a token still serves.
    day.rig.sim.inject(Fault::new(EndpointClass::Presences, away));
    day.event(Kind::GraphUnreachable, 1);
    day.change();
    day.pass(75 * MINUTE);
    let stats = day.rig.stats();
    assert!(stats["sign_in"]["token_age_ms"].is_null(), "the token has run out: {stats}");
    day.pass(10 * MINUTE);
    assert!(!day.rig.host.has(0, |seen| seen.is_event(Kind::SignInEnded)), "an outage is no refusal");
    // Entra comes back first. A token is not all that is needed.
    day.rig.sim.clear_faults();
    day.rig.sim.inject(Fault::new(EndpointClass::Presences, graph));
    day.event(Kind::EntraRecovered, 1);
    day.until("a token", |rig| rig.stats()["sign_in"]["token_age_ms"].is_u64());
    day.rig.sim.clear_faults();
    day.event(Kind::GraphRecovered, 1);
    day.arrived();
    day.work(9 * HOUR);

    // 9:00. The telephone system restarts: nobody is asked.
    day.rig.stop();
    day.change();
    day.rig.instance.start().expect("a start");
    day.event(Kind::SignedIn, 2);
    let dnd = day.dnd;
    day.until("Ann's state", |rig| {
        let seen = rig.host.since(0);
        seen.iter()
            .rev()
            .find(|seen| seen.is_dnd("100", Dnd::On) || seen.is_dnd("100", Dnd::Off))
            .is_some_and(|s| s.is_dnd("100", dnd))
    });
    // A stop without a state directory gives back what is ours: count from here.
    day.changes = day.rig.host.count(0, |seen| seen.is_dnd("100", Dnd::On) || seen.is_dnd("100", Dnd::Off));
    day.work(11 * HOUR);

    // 11:00. An administrator revokes everything.
    day.rig.sim.default_tenant().revoke_tokens().expect("revoked");
    day.change();
    let code = day.event(Kind::SignInRequired, 2);
    assert_eq!(code["aadsts"], 50173, "{code}");
    assert!(code["cause"].as_str().is_some_and(|cause| cause.contains("revoked")), "{code}");
    day.person(SERVICE_ACCOUNT);
    day.event(Kind::SignedIn, 3);
    day.arrived();
    day.work(14 * HOUR);

    // 14:00. The person's password changes: the refresh token of a public client ends, the access token does not.
    account(&day, UserSpec { password: Some("a new one".to_owned()), ..UserSpec::default() });
    let code = day.event(Kind::SignInRequired, 3);
    assert_eq!(code["aadsts"], 50173, "{code}");
    day.change();
    day.arrived();
    day.person(SERVICE_ACCOUNT);
    day.event(Kind::SignedIn, 4);
    day.work(17 * HOUR);

    // 17:00. A policy blocks the account for some time; the sign-in itself is not over.
    account(&day, UserSpec { sign_in_error: Some(53003), ..UserSpec::default() });
    let refused = day.event(Kind::CredentialRefused, 1);
    assert_eq!(refused["aadsts"], 53003, "{refused}");
    day.pass(HOUR);
    day.change();
    account(&day, UserSpec { sign_in_error: Some(0), ..UserSpec::default() });
    day.event(Kind::SignedIn, 5);
    day.arrived();
    day.work(19 * HOUR);

    // 19:00. This machine's clock is 20 minutes behind for a while.
    day.rig.sim.advance(20 * 60 * 1_000);
    let clock = day.event(Kind::ClockWrong, 1);
    assert!(clock["offset_ms"].as_i64().is_some_and(|ms| (-21 * 60_000..=-19 * 60_000).contains(&ms)), "{clock}");
    day.rig.sim.advance(-20 * 60 * 1_000);
    let clock = day.event(Kind::ClockRight, 1);
    assert!(clock["offset_ms"].as_i64().is_some_and(|ms| ms.abs() <= 30_000), "{clock}");
    day.work(21 * HOUR);

    // 21:00. Signed out; a code that nobody uses; another one, and another person.
    day.rig.instance.sign_out("").expect("out");
    day.event(Kind::SignedOut, 1);
    day.pass(10 * MINUTE);
    day.rig.instance.sign_in("").expect("asked");
    day.event(Kind::SignInRequired, 4);
    day.change();
    day.pass(15 * MINUTE);
    let ended = day.event(Kind::SignInEnded, 1);
    assert!(ended["cause"].as_str().is_some_and(|cause| cause.contains("ran out")), "{ended}");
    day.rig.instance.sign_in("").expect("asked");
    let code = day.event(Kind::SignInRequired, 5);
    assert!(code["cause"].is_null(), "{code}");
    day.person(BEN);
    day.event(Kind::SignedIn, 6);
    day.arrived();
    day.work(24 * HOUR);

    // Nothing was told twice, and nothing else.
    let counts = [
        (Kind::SignInRequired, 5),
        (Kind::SignedIn, 6),
        (Kind::SignInEnded, 1),
        (Kind::SignedOut, 1),
        (Kind::CredentialRefused, 1),
        (Kind::EntraUnreachable, 1),
        (Kind::EntraRecovered, 1),
        (Kind::GraphUnreachable, 1),
        (Kind::GraphRecovered, 1),
        (Kind::ClockWrong, 1),
        (Kind::ClockRight, 1),
        (Kind::PermissionMissing, 0),
        (Kind::Stale, 0),
        (Kind::Internal, 0),
    ];
    for (kind, count) in counts {
        assert_eq!(day.rig.host.events(kind).len(), count, "{kind:?}: {}", day.rig.host.told(0));
    }
    assert!(day.changes > 40, "{}", day.changes);
    assert_eq!(day.rig.stats()["panics_caught"], 0);
}
