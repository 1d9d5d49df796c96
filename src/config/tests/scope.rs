//! Whom nobody follows.

use super::*;

fn list(entries: &str) -> Parsed {
    parsed(&with(&format!(r#""opt_out": [{entries}]"#)))
}

#[test]
fn addresses_in_any_casing_and_ids_to_the_letter() {
    let out = list(r#""Ann@Contoso.test", "Desk", "101@pbx", "jörg@Müller.de""#).config.opt_out;
    for email in ["ann@contoso.test", "ANN@CONTOSO.TEST", " ann@contoso.test ", "JÖRG@müller.de", "101@PBX"] {
        assert!(out.has("7", Some(email)), "{email}");
    }
    assert!(out.has("Desk", None) && out.has("101@pbx", None));
    assert!(!out.has("desk", None) && !out.has("Desk ", None) && !out.has("ANN", Some("ann@contoso.test.evil")));
    assert!(!OptOut::default().has("Desk", Some("ann@contoso.test")));
    assert_eq!((out.len(), out.ids().collect::<Vec<_>>()), (4, vec!["Desk"]));
    assert_eq!(format!("{out:?}"), "OptOut(4)", "addresses are not for logs");
}

#[test]
fn slips_in_the_list_are_warnings() {
    let long = "x".repeat(1_025);
    let told = list(&format!(r#""", " ", "{long}", "a\u0007b", " 101 ", "ann@b.c", "ANN@B.C", "101""#));
    let warnings: Vec<String> = told.warnings.iter().map(ToString::to_string).collect();
    let ignored = "it is ignored, and whoever it was to mean is followed";
    assert_eq!(
        warnings,
        [
            format!("opt_out[0]: is empty; {ignored}"),
            format!("opt_out[1]: is empty; {ignored}"),
            format!("opt_out[2]: is longer than 1024 bytes, more than a user_id or an e-mail address has; {ignored}"),
            format!("opt_out[3]: holds a control character, which no user_id or e-mail address does; {ignored}"),
            "opt_out[4]: has blanks at its ends; it is taken without them".to_owned(),
            "opt_out[6]: stands in the list twice".to_owned(),
            "opt_out[7]: stands in the list twice".to_owned(),
        ]
    );
    assert_eq!(told.config.opt_out.len(), 2);
}

#[test]
fn what_is_no_list_of_texts_is_refused() {
    assert_eq!(error(&with(r#""opt_out": "101""#)), "opt_out: a string is not a list");
    assert_eq!(error(&with(r#""opt_out": ["101", 102, {}]"#)).lines().count(), 2);
    assert!(error(&with(r#""opt_out": [102]"#)).starts_with("opt_out[0]: a number is not a user_id or an e-mail address"));
    let many =
        |count: usize| with(&format!(r#""opt_out": [{}]"#, (0..count).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",")));
    assert_eq!(parse(&many(20_000)).opt_out.len(), 20_000);
    assert_eq!(error(&many(20_001)), "opt_out: has 20001 entries; at most 20000 are allowed");
}

#[test]
fn a_dry_run_is_asked_for_by_name() {
    assert!(parse(&with(r#""dry_run": true"#)).dry_run && !parse(&with("")).dry_run);
    assert_eq!(error(&with(r#""dry_run": "yes""#)), "dry_run: a string is not true or false".replace("a string", "\"yes\""));
}
