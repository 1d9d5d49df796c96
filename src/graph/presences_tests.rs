use super::*;

const ANN: &str = "11111111-2222-3333-4444-555555555555";
const BOB: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

type Seen = (String, Option<String>, Option<String>, Option<bool>);

fn read(json: &str) -> Result<Vec<Seen>, Unreadable> {
    let mut answer = PresenceAnswer::default();
    answer.read(json.as_bytes().to_vec())?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(answer.iter().map(|(id, raw)| (id.to_string(), owned(raw.availability), owned(raw.activity), raw.out_of_office)).collect())
}

fn seen(id: &str, availability: Option<&str>, activity: Option<&str>, out: Option<bool>) -> Seen {
    (id.into(), availability.map(Into::into), activity.map(Into::into), out)
}

#[test]
fn the_body_is_what_graph_wants() {
    let ids: Vec<Guid> = [ANN, BOB].iter().map(|text| text.parse().expect("GUID")).collect();
    assert_eq!(body(&ids), format!("{{\"ids\":[\"{ANN}\",\"{BOB}\"]}}"));
    let value: serde_json::Value = serde_json::from_slice(&body(&ids[..1])).expect("JSON");
    assert_eq!(value, serde_json::json!({ "ids": [ANN] }));
}

#[test]
fn a_usual_answer() {
    let json = format!(
        r#"{{"@odata.context":"x","value":[
        {{"id":"{ANN}","availability":"Busy","activity":"InACall","outOfOfficeSettings":{{"message":"back \"soon\" \ud83d","isOutOfOffice":true}},
          "statusMessage":{{"message":{{"content":"cut emoji \ud83d","contentType":"text"}}}},"workLocation":null,"sequenceNumber":"A01"}},
        {{"id":"{}","availability":"Away","activity":"Away","outOfOfficeSettings":{{"isOutOfOffice":false,"message":null}}}}]}}"#,
        BOB.to_uppercase()
    );
    let expected = vec![seen(ANN, Some("Busy"), Some("InACall"), Some(true)), seen(BOB, Some("Away"), Some("Away"), Some(false))];
    assert_eq!(read(&json).expect("readable"), expected);
}

#[test]
fn one_strange_field_costs_nobody_else() {
    for (availability, want) in [
        ("7", None),
        ("null", None),
        ("[\"Busy\"]", None),
        ("{\"a\":[1,{}]}", None),
        ("true", None),
        (r#""\ud800""#, None),
        (r#""B\u0075sy""#, Some("Busy")),
        ("\"\"", Some("")),
    ] {
        let json = format!(
            r#"{{"value":[{{"id":"{ANN}","availability":{availability},"activity":"Busy","outOfOfficeSettings":[]}},
            {{"id":"{BOB}","availability":"Busy","activity":7}}]}}"#
        );
        let expected = vec![seen(ANN, want, Some("Busy"), None), seen(BOB, Some("Busy"), None, None)];
        assert_eq!(read(&json).expect("readable"), expected, "{availability}");
    }
}

#[test]
fn a_letter_cut_in_the_middle_costs_nobody() {
    let mut json =
        format!(r#"{{"value":[{{"id":"{ANN}","availability":"Busy","activity":"Busy","statusMessage":"M"#).into_bytes();
    json.push(0xc3);
    json.extend_from_slice(format!(r#""}},{{"id":"{BOB}","availability":"Away","activity":"Away"}}]}}"#).as_bytes());
    let mut answer = PresenceAnswer::default();
    answer.read(json).expect("readable");
    let words: Vec<_> = answer.iter().map(|(id, raw)| (id.to_string(), raw.availability.map(str::to_owned))).collect();
    assert_eq!(words, [(ANN.to_owned(), Some("Busy".to_owned())), (BOB.to_owned(), Some("Away".to_owned()))]);
}

#[test]
fn entries_that_name_nobody_are_counted_and_skipped() {
    let json = format!(
        r#"{{"value":[null,7,"x",[1,[2]],true,1.5,-3,{{}},{{"id":7}},{{"id":"no guid"}},{{"id":"{ANN}"}},{{"id":"{ANN}","id":"{BOB}"}}]}}"#
    );
    let mut answer = PresenceAnswer::default();
    answer.read(json.into_bytes()).expect("readable");
    assert_eq!(answer.len(), 2);
    assert_eq!(answer.strange(), 10);
}

#[test]
fn wrapped_and_single_answers() {
    let one = format!(r#"{{"id":"{ANN}","availability":"Available","activity":"Available"}}"#);
    let expected = vec![seen(ANN, Some("Available"), Some("Available"), None)];
    for json in [one.clone(), format!("[{one}]"), format!("{{\"value\":[{one}]}}"), format!("{{\"value\":{one}}}")] {
        assert_eq!(read(&json).expect("readable"), expected, "{json}");
    }
    assert_eq!(read("{\"value\":[]}").expect("readable"), vec![]);
}

#[test]
fn what_is_no_answer_is_said() {
    for json in
        ["", "<html>", "null", "7", "\"x\"", "{}", "{\"value\":null}", "{\"value\":[", "{\"value\":[]} x", "{\"error\":{}}"]
    {
        assert!(read(json).is_err(), "{json}");
    }
    let cut = format!(r#"{{"value":[{{"id":"{ANN}","availability":"Busy"}},{{"id":"{BOB}","avail"#);
    let mut answer = PresenceAnswer::default();
    assert!(answer.read(cut.into_bytes()).is_err());
    assert_eq!(answer.iter().count(), 0, "nothing of a broken answer is left");
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!(
        "{{\"value\":[{{\"id\":\"{ANN}\",\"availability\":\"Busy\",\"workLocation\":{}{}}}]}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(read(&deep).expect("readable").len(), 1);
}

#[test]
fn memory_is_used_again() {
    let entry = |n: usize| format!(r#"{{"id":"{}","availability":"Busy","activity":"Busy"}}"#, Guid(n as u128 + 1));
    let json = format!("{{\"value\":[{}]}}", (0..MOST_IDS).map(entry).collect::<Vec<_>>().join(","));
    let mut answer = PresenceAnswer::default();
    answer.read(json.clone().into_bytes()).expect("readable");
    let (rows, body) = (answer.found.rows.capacity(), answer.body.capacity());
    for _ in 0..3 {
        answer.forget();
        let mut room = answer.room();
        room.extend_from_slice(json.as_bytes());
        answer.read(room).expect("readable");
        assert_eq!((answer.len(), answer.found.rows.capacity(), answer.body.capacity()), (MOST_IDS, rows, body));
        assert_eq!(answer.found.decoded.capacity(), 0);
    }
    // But not that of an answer that is out of the ordinary.
    answer.read(format!("{json}{}", " ".repeat(MOST_ROOM)).into_bytes()).expect("readable");
    answer.forget();
    assert_eq!((answer.len(), answer.body.capacity()), (0, 0));
}

#[test]
fn who_is_named_twice_counts_once_as_the_last_entry_has_it() {
    let answer = |entries: &[(u128, &str)]| {
        let entry = |(id, word): &(u128, &str)| format!(r#"{{"id":"{}","availability":"{word}"}}"#, Guid(*id));
        let json = format!(r#"{{"value":[{}]}}"#, entries.iter().map(entry).collect::<Vec<_>>().join(","));
        let mut answer = PresenceAnswer::default();
        answer.read(json.into_bytes()).expect("readable");
        answer.iter().map(|(id, raw)| (id.0, raw.availability.unwrap_or_default().to_owned())).collect::<Vec<_>>()
    };
    let owned = |entries: &[(u128, &str)]| entries.iter().map(|(id, word)| (*id, (*word).to_owned())).collect::<Vec<_>>();
    for (told, want) in [
        (&[(1, "Busy"), (1, "Away")][..], &[(1, "Away")][..]),
        (&[(1, "Busy"), (2, "Busy"), (1, "Away")], &[(2, "Busy"), (1, "Away")]),
        (&[(3, "a"), (3, "b"), (2, "a"), (3, "c"), (1, "a"), (2, "b")], &[(3, "c"), (1, "a"), (2, "b")]),
        // In another order than asked for, but each once.
        (&[(3, "a"), (1, "a"), (2, "a")], &[(3, "a"), (1, "a"), (2, "a")]),
    ] {
        assert_eq!(answer(told), owned(want), "{told:?}");
    }
}

#[test]
fn what_cannot_be_read_costs_only_itself() {
    let bob = format!(r#"{{"id":"{BOB}","availability":"Away","activity":"Away"}}"#);
    let none = [
        r#"1e999"#,
        r#"{"\ud800":1}"#,
        r#"{"id":"\ud800"}"#,
        r#"{"id":1e999,"availability":"Busy"}"#,
        r#"{"id":{"isOutOfOffice":1e999}}"#,
    ];
    for strange in none {
        let mut answer = PresenceAnswer::default();
        answer.read(format!(r#"{{"value":[{strange},{bob}]}}"#).into_bytes()).expect("readable");
        assert_eq!((answer.len(), answer.strange()), (1, 1), "{strange}");
    }
    let (busy, away) = (seen(ANN, Some("Busy"), Some("Busy"), None), seen(BOB, Some("Away"), Some("Away"), None));
    let deep = format!("{}7{}", "{\"isOutOfOffice\":".repeat(10_000), "}".repeat(10_000));
    for settings in [
        r#""isOutOfOffice""#,
        r#"[{"isOutOfOffice":true}]"#,
        r#"{"isOutOfOffice":"true"}"#,
        r#"{"isOutOfOffice":{"isOutOfOffice":true}}"#,
        r#"{"isOutOfOffice":1e999}"#,
        r#"{"\ud800":1,"isOutOfOffice":true}"#,
        "-1e999",
        "true",
        &deep,
    ] {
        let ann = format!(r#"{{"id":" {ANN} ","availability":"B\u0075sy","outOfOfficeSettings":{settings},"activity":"Busy"}}"#);
        assert_eq!(
            read(&format!(r#"{{"value":[{ann},{bob}]}}"#)).expect("readable"),
            [busy.clone(), away.clone()],
            "{settings:.60}"
        );
    }
    for activity in ["-1e999", r#"{"isOutOfOffice":true}"#] {
        let json = format!(r#"{{"value":[{{"id":"{ANN}","availability":"Busy","activity":{activity}}},{bob}]}}"#);
        assert_eq!(read(&json).expect("readable"), [seen(ANN, Some("Busy"), None, None), away.clone()], "{activity}");
    }
}
