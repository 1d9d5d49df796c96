//! Users: listing, filters, paging, delta, and what each permission shows.

mod common;

use std::collections::BTreeSet;

use common::{Bench, code, start};
use serde_json::{Value, json};
use teams_presence_simulator::{CLIENT_ID, DOMAIN, TENANT_ID, UserSpec};

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn filtered(bench: &Bench, token: &str, filter: &str) -> (u16, Value) {
    bench.get_json(token, &format!("/v1.0/users?$select=userPrincipalName&$filter={}", encode(filter))).await
}

fn names(answer: &Value) -> Vec<String> {
    let list = answer["value"].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter().map(|u| u["userPrincipalName"].as_str().expect("a name").split('@').next().expect("a part").to_owned()).collect()
}

#[tokio::test]
async fn filters_find_and_refuse() {
    let bench = start().await;
    let token = bench.token().await;
    bench
        .sim
        .add_user(UserSpec {
            user_principal_name: Some("o'neil@contoso.test".into()),
            mail: Some("Õ.Neil@contoso.test".into()),
            other_mails: Some(vec!["neil@home.test".into()]),
            ..UserSpec::default()
        })
        .expect("a user");
    let ann = bench.id("ann");
    for (filter, wanted) in [
        ("mail eq 'ann@contoso.test'", vec!["ann"]),
        ("mail eq 'ANN@Contoso.TEST'", vec!["ann"]),
        ("mail eq 'õ.neil@contoso.test'", vec!["o'neil"]),
        ("userPrincipalName eq 'o''neil@contoso.test'", vec!["o'neil"]),
        ("mail eq 'ann@contoso.test' or userPrincipalName eq 'ben@contoso.test'", vec!["ann", "ben"]),
        ("mail in ('ann@contoso.test','ben@contoso.test', 'x')", vec!["ann", "ben"]),
        ("proxyAddresses/any(p:p eq 'smtp:ann@contoso.test')", vec!["ann"]),
        ("proxyAddresses/any(p:p eq 'smtp:ann.archer@contoso.test')", vec!["ann"]),
        ("proxyAddresses/any(p:startswith(p,'smtp:ann'))", vec!["ann"]),
        ("otherMails/any(x:x eq 'neil@home.test') or mail eq 'ben@contoso.test'", vec!["ben", "o'neil"]),
        ("startsWith(userPrincipalName,'an') and accountEnabled eq true", vec!["ann"]),
        ("(mail eq 'ann@contoso.test' or mail eq 'ben@contoso.test') and displayName eq 'Ben Baker'", vec!["ben"]),
        ("userType eq 'Guest'", vec!["gast_partner.test#EXT#"]),
        ("mail eq 'nobody@contoso.test'", vec![]),
    ] {
        let (status, body) = filtered(&bench, &token, filter).await;
        assert_eq!((status, names(&body)), (200, wanted.iter().map(|w| (*w).to_owned()).collect()), "{filter}");
    }
    assert_eq!(names(&filtered(&bench, &token, &format!("id eq '{ann}'")).await.1), ["ann"]);
    let clauses = |n: usize| (0..n).map(|i| format!("mail eq 'a{i}@x'")).collect::<Vec<_>>().join(" or ");
    let listed = |n: usize| (0..n).map(|i| format!("'a{i}@x'")).collect::<Vec<_>>().join(",");
    assert_eq!(filtered(&bench, &token, &clauses(15)).await.0, 200);
    assert_eq!(
        filtered(&bench, &token, &format!("mail in ({}) or userPrincipalName in ({})", listed(7), listed(7))).await.0,
        200
    );
    let long = |n: usize| format!("mail eq '{}'", "a".repeat(n));
    assert_eq!(filtered(&bench, &token, &long(120)).await.0, 200);
    for (filter, wanted) in [
        (clauses(16), "Request_UnsupportedQuery"),
        (clauses(900), "Request_UnsupportedQuery"),
        (format!("mail in ({})", listed(16)), "Request_UnsupportedQuery"),
        (format!("mail in ({}) or userPrincipalName in ({})", listed(8), listed(8)), "Request_UnsupportedQuery"),
        (long(121), "Request_UnsupportedQuery"),
        ("mail ne 'x'".into(), "Request_UnsupportedQuery"),
        ("not(mail eq 'x')".into(), "Request_UnsupportedQuery"),
        ("endsWith(mail,'x')".into(), "Request_UnsupportedQuery"),
        ("mail gt 'x'".into(), "Request_UnsupportedQuery"),
        ("city eq 'x'".into(), "Request_UnsupportedQuery"),
        ("email eq 'x'".into(), "BadRequest"),
        ("mail eq 'x".into(), "BadRequest"),
        ("mail eq 'o'neil@x'".into(), "BadRequest"),
        ("mail eq".into(), "BadRequest"),
        ("mail == 'x'".into(), "BadRequest"),
        ("proxyAddresses eq 'x'".into(), "BadRequest"),
        ("proxyAddresses/any(p:q eq 'x')".into(), "BadRequest"),
        ("accountEnabled eq 'true'".into(), "BadRequest"),
        ("(mail eq 'x'".into(), "BadRequest"),
        ("id eq 'ann'".into(), "Request_BadRequest"),
        ("".into(), "BadRequest"),
    ] {
        assert_eq!(code(&filtered(&bench, &token, &filter).await), (400, wanted), "{filter:.80}");
    }
    let (_, body) = filtered(&bench, &token, &clauses(16)).await;
    assert!(body["error"]["message"].as_str().is_some_and(|m| m.contains("'OR' operators: 16. Max allowed: 15.")), "{body}");

    bench.sim.oddities(|odd| odd.address_filter_needs_advanced = true);
    let any = encode("proxyAddresses/any(p:p eq 'smtp:ann@contoso.test')");
    assert_eq!(code(&bench.get_json(&token, &format!("/v1.0/users?$filter={any}")).await), (400, "Request_UnsupportedQuery"));
    let path = format!("/v1.0/users?$count=true&$filter={any}");
    let response = bench.get(&token, &path).header("ConsistencyLevel", "eventual").send().await.expect("an answer");
    assert_eq!(common::body(response).await["@odata.count"], 1);
}

#[tokio::test]
async fn pages_are_followed_and_not_tinkered_with() {
    let bench = start().await;
    let token = bench.token().await;
    bench.sim.default_tenant().add_users(245, "user{n}@contoso.test").expect("users");
    let mut next = Some(bench.url("/v1.0/users?$select=id,userPrincipalName"));
    let (mut sizes, mut all) = (Vec::new(), BTreeSet::new());
    let mut link = String::new();
    while let Some(url) = next {
        let body = common::body(bench.http.get(&url).bearer_auth(&token).send().await.expect("an answer")).await;
        sizes.push(body["value"].as_array().expect("a list").len());
        all.extend(names(&body));
        if let Some(l) = body["@odata.nextLink"].as_str() {
            link = l.to_owned();
        }
        next = body["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!((sizes, all.len()), (vec![100, 100, 55], 255));
    let skip = link.split("$skiptoken=").nth(1).expect("a token");
    let cut = format!("/v1.0/users?$select=id&$skiptoken={skip}");
    assert_eq!(bench.get_json(&token, &cut).await.0, 400, "another query");
    bench.sim.advance(3_500_000);
    let fresh = bench.token().await;
    assert_eq!(bench.http.get(&link).bearer_auth(&fresh).send().await.expect("an answer").status(), 200);
    bench.sim.advance(200_000);
    let fresh = bench.token().await;
    let body = common::body(bench.http.get(&link).bearer_auth(&fresh).send().await.expect("an answer")).await;
    assert_eq!(body["error"]["code"], "Directory_ExpiredPageToken");

    // Links that show none of their query: whoever reads the options out of them is lost, and the header is still to be sent.
    bench.sim.oddities(|odd| (odd.bare_links, odd.max_page) = (true, 200));
    let first = format!("/v1.0/users?$select=userPrincipalName&$count=true&$filter={}", encode("endsWith(mail,'@contoso.test')"));
    let page = async |url: &str, eventual: bool| {
        let mut request = bench.http.get(url).bearer_auth(&fresh);
        if eventual {
            request = request.header("ConsistencyLevel", "eventual");
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), common::body(response).await)
    };
    let (status, body) = page(&bench.url(&first), true).await;
    assert_eq!(status, 200, "{body}");
    let link = body["@odata.nextLink"].as_str().expect("a second page").to_owned();
    assert!(link.contains("/v1.0/users?$skiptoken=") && !link.contains('&'), "{link}");
    assert_eq!(code(&page(&link, false).await).0, 400, "headers are not carried by links");
    let (status, rest) = page(&link, true).await;
    assert_eq!((status, names(&body).len()), (200, 100));
    assert!(rest["value"][0].get("id").is_none() && names(&rest).len() == 100, "{rest}");
    bench.sim.oddities(|odd| odd.bare_links = false);
    for (path, status) in [
        ("/v1.0/users?$top=999", 200),
        ("/v1.0/users?$top=1000", 400),
        ("/v1.0/users?$top=0", 400),
        ("/v1.0/users?$skip=10", 400),
        ("/v1.0/users?$nonsense=1", 400),
        ("/v1.0/users?$count=true", 400),
        ("/v1.0/users?$select=id,nonsense", 400),
        ("/v1.0/users?$select=aboutMe", 501),
    ] {
        assert_eq!(bench.get_json(&fresh, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn select_and_permissions_decide_what_is_shown() {
    let bench = start().await;
    let token = bench.token().await;
    let keys =
        |user: &Value| user.as_object().expect("a user").keys().filter(|k| !k.starts_with('@')).cloned().collect::<BTreeSet<_>>();
    let (_, body) = bench.get_json(&token, "/v1.0/users?$top=1").await;
    let shown = keys(&body["value"][0]);
    assert!(shown.contains("businessPhones") && !shown.contains("proxyAddresses") && shown.len() == 11, "{shown:?}");
    let all = "/v1.0/users/ann@contoso.test?$select=id,mail,proxyAddresses,otherMails,accountEnabled,userType";
    let (_, body) = bench.get_json(&token, all).await;
    assert_eq!(body["proxyAddresses"][1], "smtp:ann.archer@contoso.test");
    assert_eq!((&body["accountEnabled"], &body["userType"]), (&json!(true), &json!("Member")));
    assert_eq!(bench.get_json(&token, &format!("/v1.0/users/{}", bench.id("ann"))).await.0, 200);
    assert_eq!(bench.get_json(&token, "/v1.0/users/gast_partner.test%23EXT%23@contoso.onmicrosoft.test").await.0, 200);
    assert_eq!(code(&bench.get_json(&token, "/v1.0/users/nobody@contoso.test").await), (404, "Request_ResourceNotFound"));

    let basic = bench.token_with(&["User.ReadBasic.All"]).await;
    assert_eq!(keys(&bench.get_json(&basic, all).await.1), ["id", "mail"].map(str::to_owned).into(), "the rest is absent");
    assert_eq!(filtered(&bench, &basic, "mail eq 'ann@contoso.test'").await.0, 200);
    for filter in ["proxyAddresses/any(p:p eq 'smtp:a@x')", "otherMails/any(p:p eq 'a@x')", "accountEnabled eq true"] {
        assert_eq!(code(&filtered(&bench, &basic, filter).await), (403, "Authorization_RequestDenied"), "{filter}");
    }
    assert_eq!(code(&bench.get_json(&basic, "/v1.0/users/delta").await), (403, "Authorization_RequestDenied"));
    let none = bench.token_with(&["Presence.Read.All"]).await;
    for path in ["/v1.0/users", "/v1.0/users/ann@contoso.test", "/v1.0/users/delta", "/v1.0/organization"] {
        assert_eq!(code(&bench.get_json(&none, path).await), (403, "Authorization_RequestDenied"), "{path}");
    }
    let app = format!("/v1.0/applications(appId='{CLIENT_ID}')?$select=appId,passwordCredentials");
    assert_eq!(code(&bench.get_json(&token, &app).await), (403, "Authorization_RequestDenied"));
    let reader = bench.token_with(&["Application.Read.All"]).await;
    let (_, body) = bench.get_json(&reader, &app).await;
    assert_eq!(
        (&body["passwordCredentials"][0]["hint"], &body["passwordCredentials"][0]["secretText"]),
        (&json!("s[e"), &Value::Null)
    );
    assert_eq!(bench.get_json(&reader, "/v1.0/applications(appId='00000000-0000-4000-8000-000000000000')").await.0, 404);
    let (_, body) = bench.get_json(&token, "/v1.0/organization").await;
    assert_eq!((&body["value"][0]["id"], &body["value"][0]["verifiedDomains"][0]["name"]), (&json!(TENANT_ID), &json!(DOMAIN)));
}

#[tokio::test]
async fn delta_tells_what_changed() {
    let bench = start().await;
    let token = bench.token().await;
    let tenant = bench.sim.default_tenant();
    let follow = async |url: &str| {
        let (mut url, mut users) = (url.to_owned(), Vec::new());
        loop {
            let mut request = bench.http.get(&url).bearer_auth(bench.token().await);
            if url.ends_with("delta?$select=id,mail") {
                request = request.header("prefer", "odata.maxpagesize=3");
            }
            let body = common::body(request.send().await.expect("an answer")).await;
            users.extend(body["value"].as_array().unwrap_or_else(|| panic!("{body}")).clone());
            match body["@odata.nextLink"].as_str() {
                Some(next) => url = next.to_owned(),
                None => return (users, body["@odata.deltaLink"].as_str().expect("a link").to_owned()),
            }
        }
    };
    let (users, link) = follow(&bench.url("/v1.0/users/delta?$select=id,mail")).await;
    assert_eq!(users.len(), 10);
    assert!(users[0].get("displayName").is_none() && users[0]["mail"] == "ann@contoso.test");
    assert!(follow(&link).await.0.is_empty());
    let (none, latest) = follow(&bench.url("/v1.0/users/delta?$deltatoken=latest")).await;
    assert!(none.is_empty());

    let ben = bench.id("ben");
    tenant
        .update_user("ann@contoso.test", UserSpec { mail: Some("ann2@contoso.test".into()), ..UserSpec::default() })
        .expect("set");
    tenant.delete_user("ben@contoso.test").expect("deleted");
    tenant.add_users(1, "new{n}@contoso.test").expect("added");
    for link in [&link, &latest] {
        let (users, _) = follow(link).await;
        assert_eq!(users.len(), 3, "{users:?}");
        assert_eq!(users[0]["mail"], "ann2@contoso.test");
        assert_eq!(users[1], json!({"id": ben, "@removed": {"reason": "changed"}}));
    }
    assert_eq!(bench.get_json(&token, "/v1.0/users/ben@contoso.test").await.0, 404);
    assert_eq!(follow(&bench.url("/v1.0/users/delta")).await.0.len(), 10, "a first round never shows who is gone");

    let ann = bench.id("ann");
    let only = encode(&format!("id eq '{ann}' or id eq '{ben}'"));
    assert_eq!(follow(&bench.url(&format!("/v1.0/users/delta?$filter={only}"))).await.0.len(), 1);
    let mail = encode("mail eq 'ann@contoso.test'");
    for bad in [format!("$filter={mail}"), "$top=5".into(), "$deltatoken=rubbish".into(), "$skiptoken=rubbish".into()] {
        assert_eq!(bench.get_json(&token, &format!("/v1.0/users/delta?{bad}")).await.0, 400, "{bad}");
    }
    assert_eq!(bench.http.get(format!("{link}&$select=id")).bearer_auth(&token).send().await.expect("an answer").status(), 400);

    bench.sim.advance(8 * 86_400_000);
    let old = bench.http.get(&link).bearer_auth(bench.token().await).send().await.expect("an answer");
    assert_eq!(old.status(), 410);
    assert!(old.headers()["location"].to_str().is_ok_and(|l| l.ends_with("/v1.0/users/delta")));
    let (_, fresh) = follow(&bench.url("/v1.0/users/delta?$deltatoken=latest")).await;
    tenant.expire_delta().expect("expired");
    assert_eq!(bench.http.get(&fresh).bearer_auth(bench.token().await).send().await.expect("an answer").status(), 410);
}
