use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SUBSCRIPTION: &str = "37a10357-9c28-4cb8-8a4f-a85a1e9b5a7b";
const TENANT: &str = "fec73c09-0000-0000-0000-00000000abcd";
const USER: &str = "11111111-2222-3333-4444-55555555cafe";

fn basic() -> Value {
    json!({
        "subscriptionId": SUBSCRIPTION, "clientState": "secret-state", "changeType": "updated", "tenantId": TENANT,
        "organizationId": TENANT, "resource": format!("communications/presences/{USER}"),
        "subscriptionExpirationDateTime": "2026-11-22T13:55:00.0000000Z",
        "resourceData": { "@odata.type": "#microsoft.graph.presence", "@odata.id": format!("users/{USER}/presence"), "id": USER }
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Item {
    let mut item = basic();
    change(&mut item);
    let mut envelope = read(json!({ "value": [item] }));
    assert_eq!(envelope.skipped, 0);
    envelope.items.pop().expect("an item")
}

fn read(body: Value) -> Envelope {
    parse(body.to_string().as_bytes()).expect("a notification")
}

fn user_of(item: &Item) -> Option<Guid> {
    match &item.kind {
        ItemKind::Updated { user, .. } => *user,
        other => panic!("{other:?}"),
    }
}

fn guid(text: &str) -> Guid {
    text.parse().expect("a GUID")
}

#[test]
fn a_basic_notification() {
    let item = with(|_| {});
    assert_eq!(item.subscription_id, guid(SUBSCRIPTION));
    assert_eq!(item.client_state.as_deref(), Some("secret-state"));
    assert_eq!(item.tenant_id, Some(guid(TENANT)));
    assert!(matches!(item.kind, ItemKind::Updated { user: Some(user), content: None } if user == guid(USER)));
}

#[test]
fn who_is_meant_in_every_spelling() {
    let filter = format!("communications/presences?$filter=id+in+(%27{TENANT}%27,%27{USER}%27)");
    let only = |path: &str| {
        let path = path.to_owned();
        move |item: &mut Value| item["resourceData"] = json!({ "@odata.id": path })
    };
    for item in [
        with(|item| item["resource"] = json!(filter)),
        with(|item| item["resource"] = json!(null)),
        with(|item| item["resourceData"]["id"] = json!(null)),
        with(|item| item["resourceData"]["id"] = json!(7)),
        with(|item| item["resourceData"]["id"] = json!(USER.to_uppercase())),
        with(|item| item["resourceData"]["@odata.type"] = json!("#Microsoft.Graph.Presence")),
        with(|item| item["resourceData"] = json!(null)),
        with(|item| item["resourceData"] = json!([1])),
        with(only(&format!("users/{USER}/presence"))),
        with(only(&format!("Users('{USER}')/presence"))),
        with(only(&format!("https://graph.microsoft.com/v1.0/{TENANT}/users/{USER}/presence"))),
        with(only(&format!("/communications/presences/{USER}"))),
        with(only(&format!("communications/presences('{USER}')"))),
        with(|item| {
            item["resourceData"] = json!({ "@odata.id": format!("users\u{2f}{USER}") });
            item["resource"] = json!(filter);
        }),
    ] {
        assert_eq!(user_of(&item), Some(guid(USER)), "{item:?}");
    }
    // A filter names everybody, which is nobody.
    for item in [
        with(|item| {
            item["resource"] = json!(filter);
            item["resourceData"] = json!({});
        }),
        with(|item| {
            item["resource"] = json!(format!("communications/presences?$filter=id in ('{USER}')"));
            item["resourceData"] = json!(null);
        }),
        with(|item| {
            item["resource"] = json!("communications/presences/nobody");
            item["resourceData"] = json!({ "id": "", "@odata.id": "" });
        }),
    ] {
        assert_eq!(user_of(&item), None, "{item:?}");
    }
}

#[test]
fn what_may_be_missing_or_null() {
    let item = with(|item| {
        for field in
            ["clientState", "changeType", "tenantId", "organizationId", "subscriptionExpirationDateTime", "lifecycleEvent"]
        {
            item[field] = json!(null);
        }
        item["encryptedContent"] = json!(null);
    });
    assert_eq!((item.client_state.as_deref(), item.tenant_id, user_of(&item)), (None, None, Some(guid(USER))));
    let item = with(|item| {
        item.as_object_mut().expect("an object").remove("tenantId");
        item["subscriptionExpirationDateTime"] = json!("2026-11-22T13:55:00.0000000");
    });
    assert_eq!(item.tenant_id, Some(guid(TENANT)), "the organization says it as well");
    assert_eq!(with(|item| item["clientState"] = json!("x".repeat(2_000))).client_state, None);
    assert_eq!(with(|item| item["clientState"] = json!("a\"\u{e4}\\")).client_state.as_deref(), Some("a\"\u{e4}\\"));
}

#[test]
fn kinds_in_any_case() {
    assert!(matches!(with(|item| item["changeType"] = json!("Updated")).kind, ItemKind::Updated { .. }));
    assert!(matches!(with(|item| item["changeType"] = json!("deleted")).kind, ItemKind::Other));
    for (word, expected) in [
        ("reauthorizationRequired", Lifecycle::ReauthorizationRequired),
        ("ReauthorizationRequired", Lifecycle::ReauthorizationRequired),
        ("subscriptionRemoved", Lifecycle::SubscriptionRemoved),
        ("MISSED", Lifecycle::Missed),
        ("somethingNew", Lifecycle::Unknown),
    ] {
        let bare = json!({ "subscriptionId": SUBSCRIPTION, "tenantId": TENANT, "clientState": "s", "lifecycleEvent": word,
            "subscriptionExpirationDateTime": "2026-11-22T13:55:00Z" });
        let items = read(json!({ "value": [bare] })).items;
        assert!(matches!(items[0].kind, ItemKind::Lifecycle(seen) if seen == expected), "{word}: {items:?}");
    }
    let bare = json!({ "subscriptionId": SUBSCRIPTION, "clientState": "s" });
    assert!(matches!(read(json!({ "value": [bare] })).items[0].kind, ItemKind::Other));
}

fn rich() -> Value {
    let mut item = basic();
    item["encryptedContent"] = json!({
        "data": "ZGF0YQ==", "dataSignature": "c2ln", "dataKey": "a2V5", "encryptionCertificateId": "cert-2026-11",
        "encryptionCertificateThumbprint": "07293748CC06"
    });
    item
}

#[test]
fn a_rich_notification() {
    let envelope = read(json!({ "value": [rich()], "validationTokens": ["a.b.c", 7, null, "d.e.f", "x".repeat(MAX_TOKEN + 1)] }));
    assert_eq!(envelope.validation_tokens.as_deref(), Some(&["a.b.c".to_owned(), "d.e.f".to_owned()][..]));
    let ItemKind::Updated { content: Some(content), .. } = &envelope.items[0].kind else { panic!("{envelope:?}") };
    assert_eq!((content.data.as_str(), content.data_signature.as_str()), ("ZGF0YQ==", "c2ln"));
    assert_eq!((content.data_key.as_str(), content.certificate_id.as_str()), ("a2V5", "cert-2026-11"));
    for tokens in [json!({ "value": [rich()], "validationTokens": null }), json!({ "value": [rich()] })] {
        assert_eq!(read(tokens).validation_tokens, None);
    }
    let many = read(json!({ "value": [], "validationTokens": vec!["t"; MAX_TOKENS + 9] }));
    assert_eq!(many.validation_tokens.map(|tokens| tokens.len()), Some(MAX_TOKENS));
}

#[test]
fn a_broken_content_leaves_the_news() {
    for (field, value) in [
        ("data", json!(null)),
        ("dataKey", json!(7)),
        ("dataSignature", json!("x".repeat(1_000))),
        ("dataKey", json!("x".repeat(2_000))),
        ("data", json!("x".repeat(MAX_DATA + 1))),
        ("encryptionCertificateId", json!("x".repeat(1_000))),
    ] {
        let mut item = rich();
        item["encryptedContent"][field] = value;
        let items = read(json!({ "value": [item] })).items;
        assert!(matches!(items[0].kind, ItemKind::Updated { user: Some(_), content: None }), "{field}");
    }
}

#[test]
fn one_bad_item_does_not_lose_the_others() {
    let mut nameless = basic();
    nameless["subscriptionId"] = json!("NA");
    let bad = [json!(null), json!(7), json!("text"), json!([]), json!({}), nameless];
    let value: Vec<Value> = bad.iter().cloned().chain([basic()]).collect();
    let envelope = read(json!({ "value": value }));
    assert_eq!((envelope.items.len(), envelope.skipped), (1, bad.len()));
    // Faults below the JSON: a lone surrogate, a byte that is no letter, a number beyond all ranges, a field twice.
    let good = basic().to_string();
    for odd in ["\"clientState\":\"\\ud800\"", "\"x\":1e999", "\"x\":1,\"subscriptionId\":null"] {
        let body = format!("{{\"value\":[{{\"subscriptionId\":\"{SUBSCRIPTION}\",{odd}}},{good}]}}");
        let envelope = parse(body.as_bytes()).expect("a notification");
        assert_eq!(envelope.items.len() + envelope.skipped, 2, "{odd}");
        assert_eq!(envelope.items.last().and_then(|item| item.client_state.as_deref()), Some("secret-state"), "{odd}");
    }
    let mut body = format!("{{\"value\":[{{\"subscriptionId\":\"{SUBSCRIPTION}\",\"clientState\":\"@\"}},{good}]}}").into_bytes();
    let at = body.iter().position(|byte| *byte == b'@').expect("the mark");
    body[at] = 0xff;
    assert_eq!(parse(&body).expect("a notification").items.len(), 2);
    let marked = [b"\xef\xbb\xbf".as_slice(), json!({ "value": [basic()] }).to_string().as_bytes()].concat();
    assert_eq!(parse(&marked).expect("a byte order mark is no harm").items.len(), 1);
}

#[test]
fn members_have_names() {
    // A derived reader would take the values of an object's members as a list.
    let bare = json!([SUBSCRIPTION, "secret-state", "updated", null, TENANT]);
    let envelope = read(json!({ "value": [bare, basic()] }));
    assert_eq!((envelope.items.len(), envelope.skipped), (1, 1));
    assert_eq!(parse(json!([[basic()], []]).to_string().as_bytes()).err(), Some(Malformed::NotNotification));
    let item = with(|item| {
        item["resourceData"] = json!([USER]);
        item["resource"] = json!(null);
        item["encryptedContent"] = json!(["ZGF0YQ==", "c2ln", "a2V5", "cert"]);
    });
    assert!(matches!(item.kind, ItemKind::Updated { user: None, content: None }), "{item:?}");
}

#[test]
fn too_many_items_are_counted_not_kept() {
    let envelope = read(json!({ "value": vec![json!({ "subscriptionId": SUBSCRIPTION }); MAX_ITEMS + 5] }));
    assert_eq!((envelope.items.len(), envelope.skipped), (MAX_ITEMS, 5));
    let ones = format!("{{\"value\":[{}1]}}", "1,".repeat(1_000_000));
    let envelope = parse(ones.as_bytes()).expect("a list");
    assert_eq!((envelope.items.len(), envelope.skipped), (0, 1_000_001));
}

#[test]
fn what_is_no_notification() {
    for body in
        ["", " ", "7", "null", "[]", "{}", "\"text\"", "{\"value\":null}", "{\"value\":{}}", "{\"value\":[}", "{\"value\":[]} x"]
    {
        assert_eq!(parse(body.as_bytes()).err(), Some(Malformed::NotNotification), "{body}");
    }
    assert_eq!(parse(&vec![b' '; MAX_BODY + 1]).err(), Some(Malformed::TooLarge));
    for (open, inside) in [("[", ""), ("{\"a\":", "1")] {
        for prefix in ["", "{\"value\":[", "{\"x\":"] {
            let deep = format!("{prefix}{}{inside}", open.repeat(500_000));
            assert_eq!(parse(deep.as_bytes()).err(), Some(Malformed::TooDeep), "{prefix}{open}");
        }
    }
    let brackets = json!({ "value": [], "text": "[".repeat(10_000), "escaped": "\"[".repeat(10_000) });
    assert!(parse(brackets.to_string().as_bytes()).is_ok(), "brackets in texts are not depth");
}

#[test]
fn every_truncation_is_refused() {
    let whole = json!({ "value": [basic(), rich()], "validationTokens": ["a.b.c"] }).to_string();
    for end in 0..whole.len() {
        assert_eq!(parse(&whole.as_bytes()[..end]).err(), Some(Malformed::NotNotification), "{end}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let envelope = read(json!({ "value": [rich()], "validationTokens": ["to.ke.n"] }));
    let shown = format!("{envelope:?} {:?}", envelope.items[0]);
    assert!(!shown.contains("secret-state") && !shown.contains("to.ke.n") && !shown.contains("a2V5"), "{shown}");
}

/// JSON with a preference for the names and values that matter here.
fn hostile() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "value",
        "validationTokens",
        "subscriptionId",
        "clientState",
        "changeType",
        "tenantId",
        "organizationId",
        "resource",
        "resourceData",
        "encryptedContent",
        "lifecycleEvent",
        "id",
        "@odata.id",
        "data",
        "dataKey",
        "dataSignature",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop::sample::select(vec![SUBSCRIPTION, USER, "updated", "missed", "users/x/presence", "NA", ""]).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(body in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = parse(&body);
    }

    #[test]
    fn a_changed_byte_does_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = json!({ "value": [rich(), basic()], "validationTokens": ["a.b.c"] }).to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(envelope) = parse(&body) {
            prop_assert_eq!(envelope.items.len() + envelope.skipped, 2);
        }
    }

    #[test]
    fn any_json_beside_a_good_item(odd in prop::collection::vec(hostile(), 0..6)) {
        let value: Vec<Value> = odd.iter().cloned().chain([basic()]).collect();
        let envelope = read(json!({ "value": value }));
        prop_assert_eq!(envelope.items.len() + envelope.skipped, odd.len() + 1);
        let last = envelope.items.last().expect("the good one");
        prop_assert_eq!((user_of(last), last.client_state.as_deref()), (Some(guid(USER)), Some("secret-state")));
        prop_assert!(envelope.items.iter().all(|item| item.weight() < 100_000));
    }

    #[test]
    fn any_json_at_all(body in hostile()) {
        let _ = parse(body.to_string().as_bytes());
    }
}
