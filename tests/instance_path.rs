//! From Teams to the host, by every way of signing in and every way of asking.

mod instance_support;

use instance_support::*;
use serde_json::{Value, json};
use teams_presence_simulator::{
    AppSpec, CLIENT_ID, Casing, DuplicateIds, EndpointClass, Nulls, Options, PUBLIC_CLIENT_ID, PresenceSpec, Profile,
    SERVICE_ACCOUNT, SERVICE_PASSWORD, Simulator, UnknownIds,
};
use teams_presence_sync::event::Kind;
use teams_presence_sync::presence::{Availability, Chat, Dnd};
use teams_presence_sync::sync::{Reason, Source};

/// A certificate for signing in, with its key.
struct Signer {
    certificate: String,
    key: String,
}

fn signer() -> Signer {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
    let certificate = rcgen::CertificateParams::new(vec!["pbx.test".to_owned()]).expect("parameters").self_signed(&key);
    Signer { certificate: certificate.expect("a certificate").pem(), key: key.serialize_pem() }
}

fn register(sim: &Simulator, signer: &Signer) {
    let certificates = Some(vec![signer.certificate.clone()]);
    let app = AppSpec { client_id: Some(CLIENT_ID.to_owned()), certificates, ..AppSpec::default() };
    sim.default_tenant().put_app(app).expect("an app");
}

/// A call of Ann's is told as presence, then DND, then chat, with what a host needs to know.
fn tells_a_call_in_order(rig: &Rig) {
    rig.users(&[("100", ANN), ("101", BEN)]);
    let first = rig.host.chat(0, "100", Chat::Available);
    assert_eq!(first.reason, Reason::Resync, "the first decision after a start");
    rig.host.chat(0, "101", Chat::Available);
    assert!(!rig.host.has(0, |seen| seen.is_dnd("100", Dnd::Off)), "off is delivered only where it is ours");

    let mark = rig.host.mark();
    let before = rig.sim.now();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.chat(mark, "100", Chat::Dnd);
    let about = |seen: &Seen| matches!(seen, Seen::Presence(_) | Seen::Dnd(_) | Seen::Chat(_));
    let told: Vec<Seen> = rig.host.since(mark).into_iter().filter(about).collect();
    let [Seen::Presence(view), Seen::Dnd(dnd), Seen::Chat(chat)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&*view.user_id, view.email.as_deref()), ("100", Some(ANN)));
    assert_eq!((&*view.availability_text, &*view.activity_text), ("Busy", "InACall"));
    assert_eq!((view.availability, view.source), (Availability::Busy, Source::Poll));
    assert!((view.observed_at_ms - before).abs() < 60_000);
    assert_eq!(view.object_id.to_string(), rig.sim.default_tenant().user_id(ANN).expect("Ann"));
    assert_eq!((dnd.value, dnd.reason, dnd.attempt), (Dnd::On, Reason::Rule, 1));
    assert_eq!(dnd.presence.as_deref(), Some(view));
    assert_eq!((chat.value, chat.reason), (Chat::Dnd, Reason::Rule));
    assert_ne!(dnd.change_id, chat.change_id);

    let mark = rig.host.mark();
    rig.presence(ANN, "Available", "Available");
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.host.chat(mark, "100", Chat::Available);
    assert!(!rig.host.has(0, |seen| seen.is_dnd("101", Dnd::On)), "nobody else is told");
    assert_eq!(rig.host.events(Kind::SignedIn).len(), 1);
    rig.unharmed();
}

#[test]
fn client_secret() {
    tells_a_call_in_order(&Rig::new());
}

#[test]
fn certificate_inline_and_by_file() {
    let signer = signer();
    let prepare = |sim: &Simulator| register(sim, &signer);
    tells_a_call_in_order(&Rig::with(prepare, |config| {
        config["auth"] = json!({ "method": "certificate", "certificate": signer.certificate, "key": signer.key });
    }));
    let dir = tempfile::tempdir().expect("a directory");
    let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
    std::fs::write(&certificate, &signer.certificate).expect("written");
    std::fs::write(&key, &signer.key).expect("written");
    tells_a_call_in_order(&Rig::with(prepare, |config| {
        config["auth"] = json!({ "method": "certificate", "certificate": { "file": certificate }, "key": { "file": key } });
    }));
}

#[test]
fn user_and_password() {
    tells_a_call_in_order(&Rig::with(|_| {}, by_password(SERVICE_PASSWORD)));
}

fn by_password(password: &str) -> impl FnOnce(&mut Value) {
    let auth = json!({ "method": "password", "username": SERVICE_ACCOUNT, "password": password });
    move |config| {
        config["client_id"] = PUBLIC_CLIENT_ID.into();
        config["auth"] = auth;
    }
}

/// The same over HTTPS with the simulator's own authority; answers the versions and encodings of the requests to Graph.
fn over_https(http2: bool, gzip: bool) -> Vec<String> {
    let sim = Simulator::spawn_blocking_thread(Options { http: None, ..Options::default() }).expect("a simulator");
    sim.oddities(|oddities| (oddities.http2, oddities.gzip) = (http2, gzip));
    let dir = tempfile::tempdir().expect("a directory");
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, sim.ca_pem()).expect("written");
    let mut config = config(sim.https_url());
    config["tls"] = json!({ "ca_file": ca });
    let (instance, host) = create(&config);
    instance.start().expect("a start");
    let rig = Rig { instance, host, sim, config };
    tells_a_call_in_order(&rig);
    for request in rig.sim.requests() {
        let accepts = request.headers.iter().find(|(name, _)| name == "accept-encoding").map(|(_, value)| value.clone());
        assert!(accepts.is_some_and(|value| value.contains("gzip")), "{} {}", request.method, request.path);
    }
    let mut versions: Vec<String> = rig.sim.requests().into_iter().map(|request| request.version).collect();
    versions.sort();
    versions.dedup();
    versions
}

#[test]
fn https_with_http2_and_gzip() {
    assert_eq!(over_https(true, true), ["HTTP/2.0"]);
}

#[test]
fn https_with_http1_and_plain_bodies() {
    assert_eq!(over_https(false, false), ["HTTP/1.1"]);
}

#[test]
fn https_of_an_unknown_authority_is_refused_and_said() {
    let sim = Simulator::spawn_blocking_thread(Options { http: None, ..Options::default() }).expect("a simulator");
    let config = config(sim.https_url());
    let (instance, host) = create(&config);
    instance.start().expect("a start");
    let rig = Rig { instance, host, sim, config };
    rig.users(&[("100", ANN)]);
    let event = rig.host.event(0, Kind::TlsUntrusted);
    assert!(event.json.contains("teams-presence-simulator CA"), "{}", event.json);
    assert_eq!(rig.sim.counters().requests, 0, "no secret leaves");
}

fn presence_of(rig: &Rig, user: &str, presence: PresenceSpec) {
    rig.sim.default_tenant().put_presence(user, presence).expect("a presence");
}

/// Calls begin and end rightly while Graph answers in this odd way, and Ben is never touched.
fn bears(change: impl FnOnce(&mut teams_presence_simulator::Oddities)) -> Rig {
    let rig = Rig::with(|sim| sim.oddities(change), |_| {});
    rig.users(&[("100", ANN), ("101", BEN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.host.chat(0, "101", Chat::Available);
    rig.proves_alive();
    for (availability, activity, dnd) in [
        ("DoNotDisturb", "Presenting", Dnd::On),
        ("BeRightBack", "BeRightBack", Dnd::Off),
        ("Busy", "InAConferenceCall", Dnd::On),
    ] {
        let mark = rig.host.mark();
        rig.presence(ANN, availability, activity);
        rig.host.dnd(mark, "100", dnd);
    }
    assert!(!rig.host.has(0, |seen| seen.is_dnd("101", Dnd::On)));
    rig
}

#[test]
fn camel_case_words() {
    let rig = bears(|oddities| oddities.casing = Casing::Camel);
    let text = rig.host.count(0, |seen| matches!(seen, Seen::Presence(view) if &*view.activity_text == "inAConferenceCall"));
    assert_eq!(text, 1, "the spelling reaches the host as it came");
    assert_eq!(rig.instance.state_of("100").expect("Ann").availability, Availability::Busy);
}

#[test]
fn detail_in_the_availability_field() {
    bears(|oddities| oddities.swapped_fields = true);
}

#[test]
fn missing_optional_fields() {
    for profile in [Profile::UsGov, Profile::Bleu, Profile::Classic] {
        bears(|oddities| oddities.profile = profile);
    }
}

#[test]
fn null_optional_fields_and_shuffled_entries() {
    bears(|oddities| (oddities.nulls, oddities.shuffle) = (Nulls::Optional, true));
}

#[test]
fn ids_in_upper_case_and_entries_twice() {
    bears(|oddities| (oddities.wrong_case_ids, oddities.duplicate_ids) = (true, DuplicateIds::Each));
}

#[test]
fn single_presence_wrapped_in_a_list() {
    bears(|oddities| oddities.single_wrapped = true);
}

#[test]
fn expires_in_as_a_string() {
    bears(|oddities| oddities.expires_in_as_string = true);
}

/// On DND, then fed with presences that say nothing.
fn nothing_is_decided_by(rig: &Rig, spoil: impl FnOnce(&Rig), mend: impl FnOnce(&Rig)) {
    let mark = rig.host.mark();
    rig.presence(ANN, "Busy", "InACall");
    rig.host.dnd(mark, "100", Dnd::On);
    rig.host.chat(mark, "100", Chat::Dnd);
    let mark = rig.host.mark();
    spoil(rig);
    let before = rig.sim.counters().count(EndpointClass::Presences, 200);
    rig.until("three more sweeps", || rig.sim.counters().count(EndpointClass::Presences, 200) >= before + 3);
    let changes = rig.host.count(mark, |seen| matches!(seen, Seen::Dnd(_) | Seen::Chat(_)));
    assert_eq!(changes, 0, "{}", rig.host.told(mark));
    assert!(rig.instance.state_of("100").expect("Ann").dnd_owned);
    mend(rig);
    rig.presence(ANN, "Available", "Available");
    rig.host.dnd(mark, "100", Dnd::Off);
    rig.unharmed();
}

#[test]
fn null_words_decide_nothing() {
    let rig = Rig::with_ann(|_| {});
    let nulls = |rig: &Rig, nulls| rig.sim.oddities(|oddities| oddities.nulls = nulls);
    nothing_is_decided_by(&rig, |rig| nulls(rig, Nulls::All), |rig| nulls(rig, Nulls::None));
}

#[test]
fn missing_entries_decide_nothing() {
    let rig = Rig::with_ann(|_| {});
    let missing = |rig: &Rig, missing| presence_of(rig, ANN, PresenceSpec { missing: Some(missing), ..PresenceSpec::default() });
    nothing_is_decided_by(&rig, |rig| missing(rig, true), |rig| missing(rig, false));
}

#[test]
fn unknown_words_decide_nothing_and_are_told_once_each() {
    let rig = Rig::with_ann(|_| {});
    nothing_is_decided_by(&rig, |rig| rig.presence(ANN, "PresenceUnknown", "PresenceUnknown"), |_| {});
    nothing_is_decided_by(&rig, |rig| rig.presence(ANN, "Levitating", "InHolography"), |_| {});
    nothing_is_decided_by(&rig, |rig| rig.presence(ANN, "Levitating", "InHolography"), |_| {});
    let told: Vec<String> = rig.host.events(Kind::UnknownWord).into_iter().map(|event| event.message).collect();
    assert_eq!(told.iter().filter(|text| text.contains("Levitating")).count(), 1, "{told:?}");
    assert!(told.iter().all(|text| !text.contains("PresenceUnknown")), "a documented word: {told:?}");
    // An unknown detail beside a known base word leaves the base to decide.
    let mark = rig.host.mark();
    rig.presence(ANN, "DoNotDisturb", "InHolography");
    rig.host.dnd(mark, "100", Dnd::On);
}

#[test]
fn an_object_id_nobody_has_leaves_the_others_alone() {
    for unknown_ids in [UnknownIds::Missing, UnknownIds::PresenceUnknown, UnknownIds::NotFound] {
        let rig = Rig::with(|sim| sim.oddities(|oddities| oddities.unknown_ids = unknown_ids), |_| {});
        let mut stranger = user("900", "");
        stranger.entra_object_id = Some("00000000-1111-4222-8333-444444444444".into());
        rig.instance.set_users(vec![user("100", ANN), stranger]).expect("users");
        rig.host.chat(0, "100", Chat::Available);
        rig.proves_alive();
        assert!(!rig.host.has(0, |seen| matches!(seen, Seen::Dnd(change) if &*change.user_id == "900")));
    }
}

#[test]
fn out_of_office_and_idle_words() {
    let rig = Rig::with_ann(|_| {});
    for (availability, activity, chat) in
        [("Away", "OutOfOffice", Chat::Away), ("AvailableIdle", "Inactive", Chat::Available), ("BusyIdle", "Inactive", Chat::Dnd)]
    {
        let mark = rig.host.mark();
        rig.presence(ANN, availability, activity);
        rig.host.chat(mark, "100", chat);
    }
    assert!(!rig.host.has(0, |seen| matches!(seen, Seen::Dnd(_))), "{}", rig.host.told(0));
    presence_of(&rig, ANN, PresenceSpec { out_of_office: Some(true), ..PresenceSpec::new("Available", "Available") });
    rig.until("out of office", || rig.instance.state_of(ANN).expect("Ann").out_of_office);
}
