//! What rules mean: reading, and matching a presence.

use super::*;
use crate::presence::{Activity, Chat, Observation, Presence, Raw, WordTable, normalise};

fn presence(availability: &str, activity: &str, out_of_office: bool) -> Presence {
    let raw = Raw { availability: Some(availability), activity: Some(activity), out_of_office: Some(out_of_office) };
    match normalise(raw, &mut WordTable::default()) {
        Observation::Known { presence, .. } => presence,
        Observation::NoInformation { .. } => panic!("{availability}/{activity} is known"),
    }
}

#[test]
fn a_list_and_sets() {
    let config = parse(&with(
        r#""rules": { "list": [ { "when": { "availability": ["Busy"], "activity": ["InACall"], "out_of_office": false },
                                  "dnd": "keep", "queue": "on", "chat": "extended_away", "hold_on_ms": 5, "hold_off_ms": 6 } ],
                      "sets": { "agents": [ { "dnd": "off" }, { "chat": "release" } ], "nobody's": [], "acd": [ { "queue": "keep" } ] } }"#,
    ));
    let expected = Rule {
        when: When { availability: vec![Availability::Busy], activity: vec![Activity::InACall], out_of_office: Some(false) },
        dnd: Some(DndRule::Keep),
        queue: Some(DndRule::On),
        chat: Some(ChatRule::Set(Chat::ExtendedAway)),
        hold_on_ms: Some(5),
        hold_off_ms: Some(6),
    };
    assert_eq!(config.rules.default, RuleSet { rules: vec![expected], dnd_table: DndTable::default() });
    let agents = &config.rules.sets["agents"].rules;
    assert_eq!((agents[0].dnd, agents[0].chat), (Some(DndRule::Off), None));
    assert_eq!((agents[1].dnd, agents[1].chat), (None, Some(ChatRule::Release)));
    assert_eq!(config.rules.sets["nobody's"], RuleSet::default());
    assert!(config.rules.default.names_queue() && config.rules.sets["acd"].names_queue(), "also by keep");
    assert!(!config.rules.sets["agents"].names_queue() && config.rules.name_queue());
    assert!(!parse(&with(r#""rules": { "dnd_on": ["Away"] }"#)).rules.name_queue());
}

#[test]
fn the_short_way_also_follows_the_sets() {
    let config = parse(&with(r#""rules": { "dnd_on": ["Away"], "sets": { "a": [ { "chat": "keep" } ] } }"#));
    let away = presence("Away", "Away", false);
    assert!(config.rules.default.rules.is_empty());
    assert!(config.rules.default.dnd_table.is_on(&away) && config.rules.sets["a"].dnd_table.is_on(&away));
    assert!(!config.rules.default.dnd_table.is_on(&presence("DoNotDisturb", "DoNotDisturb", false)), "it replaces the default");
    assert!(!parse(&with(r#""rules": { "dnd_on": [] }"#)).rules.default.dnd_table.is_on(&away), "nothing is on");
}

#[test]
fn the_default_table_is_the_one_documented() {
    let written: Vec<Pattern> = DndTable::DEFAULT.iter().filter_map(|text| Pattern::parse(text)).collect();
    assert_eq!(DndTable(written), DndTable::default());
    let table = DndTable::default();
    for (availability, activity, on) in [
        ("DoNotDisturb", "DoNotDisturb", true),
        ("DoNotDisturb", "Presenting", true),
        ("DoNotDisturb", "Focusing", true),
        ("DoNotDisturb", "UrgentInterruptionsOnly", true),
        ("focusing", "", true),
        ("Busy", "InACall", true),
        ("inACall", "busy", true),
        ("Busy", "InAConferenceCall", true),
        ("Busy", "InAMeeting", false),
        ("Busy", "Busy", false),
        ("Available", "InACall", false),
        ("Away", "Away", false),
        ("Offline", "OffWork", false),
    ] {
        assert_eq!(table.is_on(&presence(availability, activity, false)), on, "{availability}/{activity}");
    }
}

#[test]
fn patterns() {
    let matches = |pattern: &str, availability, activity, out| {
        Pattern::parse(pattern).unwrap_or_else(|| panic!("{pattern}")).matches(&presence(availability, activity, out))
    };
    assert!(matches("busy", "Busy", "InACall", false) && matches("Busy", "BusyIdle", "Inactive", false));
    assert!(matches("InACall", "Busy", "InACall", false) && !matches("InACall", "Busy", "Busy", false));
    assert!(matches("Away", "Away", "BeRightBack", false), "either field");
    assert!(matches("BeRightBack", "Away", "BeRightBack", false), "either field");
    assert!(matches("Busy / inAMeeting", "Busy", "InAMeeting", false) && !matches("Busy/InAMeeting", "Busy", "InACall", false));
    assert!(!matches("DoNotDisturb/InACall", "Busy", "InACall", false), "both fields");
    assert!(matches("OutOfOffice", "Available", "Available", true), "by the flag");
    assert!(matches("OutOfOffice", "Away", "OutOfOffice", false), "by the word");
    assert!(matches("Busy/OutOfOffice", "Busy", "InACall", true) && !matches("OutOfOffice", "Busy", "InACall", false));
    for wrong in ["", "/", "Busy/", "/InACall", "InACall/Busy", "Busy/InACall/x", "PresenceUnknown", "Nope"] {
        assert_eq!(Pattern::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn conditions() {
    let when = |extra: &str| {
        let document = with(&format!(r#""rules": {{ "list": [ {{ "when": {{ {extra} }}, "dnd": "on" }} ] }}"#));
        parse(&document).rules.default.rules[0].when.clone()
    };
    let call = presence("Busy", "InACall", true);
    for (extra, expected) in [
        ("", true),
        (r#""availability": ["Away", "Busy"]"#, true),
        (r#""availability": ["Away"]"#, false),
        (r#""availability": ["Busy"], "activity": ["InAMeeting", "InACall"]"#, true),
        (r#""availability": ["Busy"], "activity": ["InAMeeting"]"#, false),
        (r#""activity": ["OutOfOffice"]"#, true),
        (r#""out_of_office": true"#, true),
        (r#""out_of_office": false"#, false),
        (r#""availability": ["Away"], "out_of_office": true"#, false),
    ] {
        assert_eq!(when(extra).matches(&call), expected, "{extra}");
    }
}

#[test]
fn a_condition_that_the_cloud_cannot_meet_gives_a_warning() {
    let rule = r#""rules": { "sets": { "a": [ { "when": { "out_of_office": true }, "chat": "away" } ] } }"#;
    assert_eq!(warnings(&with(rule)), [] as [&str; 0]);
    for cloud in ["us_gov", "us_gov_dod"] {
        let told = warnings(&with(&format!(r#""cloud": "{cloud}", {rule}"#)));
        assert_eq!(told, [format!("rules.sets.a[0].when.out_of_office: the cloud {cloud} does not tell who is out of office")]);
    }
}
