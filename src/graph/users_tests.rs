use super::*;

const ANN: &str = "11111111-2222-3333-4444-555555555555";

fn root() -> Url {
    Url::parse("https://graph.example").expect("a URL")
}

fn filter_of(link: &Link) -> String {
    link.url().query_pairs().find(|(name, _)| name == "$filter").map(|(_, value)| value.into_owned()).expect("a filter")
}

#[test]
fn filters_as_graph_documents_them() {
    let addresses = ["ann@x.example", "o'brien+1@x.example"];
    let filter = |by| filter_of(&with_addresses(&root(), Profile::Whole, by, &addresses, false));
    assert_eq!(filter(By::Mail), "mail in ('ann@x.example','o''brien+1@x.example')");
    assert_eq!(filter(By::Upn), "userPrincipalName in ('ann@x.example','o''brien+1@x.example')");
    assert_eq!(
        filter(By::Proxy),
        "proxyAddresses/any(p:p eq 'smtp:ann@x.example') or proxyAddresses/any(p:p eq 'smtp:o''brien+1@x.example')"
    );
    let ids = with_ids(&root(), Profile::Basic, &[ANN.parse().expect("GUID")]);
    assert_eq!(filter_of(&ids), format!("id in ('{ANN}')"));
    assert!(!ids.url().as_str().contains("proxyAddresses"), "basic selects only what it may");
    let advanced = with_addresses(&root(), Profile::Whole, By::Proxy, &addresses, true);
    assert!(advanced.url().query().is_some_and(|query| query.contains("$count=true")));
    assert_eq!(
        all(&root(), Profile::Basic).url().as_str(),
        "https://graph.example/v1.0/users?$select=id,mail,userPrincipalName&$top=999"
    );
}

#[test]
fn portions_hold_fifteen_and_keep_addresses_short() {
    let many: Vec<String> = (0..100).map(|n| format!("user{n}@x.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for by in [By::Mail, By::Upn, By::Proxy] {
        let portions = portions(by, &many);
        assert_eq!(portions.concat(), many);
        assert!(portions.iter().all(|portion| portion.len() <= MOST_VALUES));
    }
    assert_eq!(portions(By::Mail, &many).len(), 7);
    let long: Vec<String> = (0..40).map(|n| format!("{}{n}@x.example", "ü".repeat(90))).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    for by in [By::Mail, By::Proxy] {
        let portions = portions(by, &long);
        assert_eq!(portions.concat(), long);
        for portion in portions {
            let link = with_addresses(&root(), Profile::Whole, by, portion, true);
            assert!(link.url().as_str().len() < 2_048, "{}", link.url().as_str().len());
        }
    }
    assert!(portions(By::Mail, &[]).is_empty());
}

#[test]
fn a_page_survives_strange_entries() {
    let body = format!(
        r##"{{"@odata.context":"x","value":[null,7,{{}},{{"id":"nope"}},
        {{"id":"{}","mail":"Ann@x.example","userPrincipalName":"ann_x.example#EXT#@t.example","proxyAddresses":
          ["SMTP:Ann@x.example","smtp:a2@x.example",7,null,"SIP:ann@x","X500:/o","smtp:",""],"accountEnabled":true,"userType":null}},
        {{"id":"{ANN}","mail":7,"userPrincipalName":null,"proxyAddresses":"x","accountEnabled":"no","userType":"guest"}},
        {{"id":"{ANN}","mail":""}}],
        "@odata.nextLink":"https://graph.example/v1.0/users?$skiptoken=1"}}"##,
        ANN.to_uppercase()
    );
    let page = read_page(&root(), body.as_bytes()).expect("readable");
    let id: Guid = ANN.parse().expect("GUID");
    assert_eq!(page.users.len(), 3);
    assert_eq!(
        page.users[0],
        User {
            id,
            mail: Some("Ann@x.example".into()),
            upn: Some("ann_x.example#EXT#@t.example".into()),
            proxies: vec!["Ann@x.example".into(), "a2@x.example".into()],
            enabled: Some(true),
            guest: true,
        }
    );
    assert_eq!(page.users[1], User { id, mail: None, upn: None, proxies: vec![], enabled: None, guest: true });
    assert_eq!(page.users[2], User { id, mail: None, upn: None, proxies: vec![], enabled: None, guest: false });
    assert!(page.next.is_some());
}

#[test]
fn what_is_no_page_is_said() {
    for body in
        ["", "<html>", "null", "[]", "{}", "{\"value\":7}", "{\"value\":null}", "{\"value\":[]", "{\"value\":[],\"value\":[]}"]
    {
        assert!(read_page(&root(), body.as_bytes()).is_err(), "{body}");
    }
    let hostile = r#"{"value":[],"@odata.nextLink":"https://evil.example/v1.0/users"}"#;
    let error = read_page(&root(), hostile.as_bytes()).expect_err("hostile");
    assert!(error.to_string().contains("evil.example"), "{error}");
    assert!(read_page(&root(), br#"{"value":[],"@odata.nextLink":7}"#).expect("readable").next.is_none());
}

#[test]
fn a_walk_ends() {
    let mut walk = Walk::default();
    let first = all(&root(), Profile::Whole);
    walk.step(&first).expect("new");
    assert!(walk.step(&first).is_err(), "a circle");
    let mut walk = Walk::default();
    let steps = (0..=Walk::MOST_PAGES).map(|n| walk.step(&Link::make(&root(), "v1.0/users", &format!("$skiptoken={n}"))));
    assert_eq!(steps.filter(Result::is_ok).count(), Walk::MOST_PAGES);
}
