//! Members of groups: direct and nested, page by page, and what each permission shows.

mod common;

use std::collections::BTreeSet;

use common::{code, start};
use serde_json::{Value, json};
use teams_presence_simulator::{EndpointClass, Fault, GroupSpec, Simulator};

fn put(sim: &Simulator, name: &str, users: &[&str], groups: &[&str]) -> String {
    let owned = |list: &[&str]| Some(list.iter().map(|one| (*one).to_owned()).collect());
    let group =
        GroupSpec { display_name: Some(name.to_owned()), users: owned(users), groups: owned(groups), ..GroupSpec::default() };
    sim.default_tenant().put_group(group).expect("a group")
}

fn names(answer: &Value) -> BTreeSet<String> {
    let list = answer["value"].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter().map(|item| item["displayName"].as_str().unwrap_or("?").to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn direct_and_nested_members() {
    let bench = start().await;
    let token = bench.token_with(&["GroupMember.Read.All", "User.Read.All"]).await;
    let inner = put(&bench.sim, "Inner", &["ben@contoso.test", "ann@contoso.test"], &[]);
    let outer = put(&bench.sim, "Outer", &["ann@contoso.test"], &["Inner"]);
    // A circle ends.
    put(&bench.sim, "Inner", &["ben@contoso.test", "ann@contoso.test"], &["Outer"]);
    let members = |id: &str, what: &str| format!("/v1.0/groups/{id}/{what}?$select=id,displayName,proxyAddresses");
    let (status, body) = bench.get_json(&token, &members(&outer, "members")).await;
    assert_eq!((status, names(&body)), (200, set(&["Ann Archer", "Inner"])));
    assert_eq!(body["value"][0]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(body["value"][0]["proxyAddresses"][0], "SMTP:ann@contoso.test");
    assert_eq!(body["value"][1], json!({ "@odata.type": "#microsoft.graph.group", "id": inner, "displayName": "Inner" }));
    let (_, body) = bench.get_json(&token, &members(&outer, "transitiveMembers")).await;
    assert_eq!(names(&body), set(&["Ann Archer", "Ben Baker", "Inner"]));
    bench.sim.default_tenant().delete_user("ben@contoso.test").expect("deleted");
    let (_, body) = bench.get_json(&token, &members(&inner, "members")).await;
    assert_eq!(names(&body), set(&["Ann Archer", "Outer"]), "who is deleted is a member no longer");
    bench.sim.inject(Fault::status(EndpointClass::Groups, 503).times(1));
    assert_eq!(bench.get_json(&token, &members(&inner, "members")).await.0, 503);
}

#[tokio::test]
async fn pages_and_refusals() {
    let bench = start().await;
    let token = bench.token_with(&["GroupMember.Read.All", "User.Read.All"]).await;
    bench.sim.default_tenant().add_users(250, "agent{n}@contoso.test").expect("users");
    let all: Vec<String> = (1..=250).map(|n| format!("agent{n}@contoso.test")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let group = put(&bench.sim, "Everybody", &all, &[]);
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    let mut next = Some(format!("/v1.0/groups/{group}/members?$select=displayName"));
    while let Some(path) = next {
        let (status, body) = bench.get_json(&token, &path).await;
        assert_eq!(status, 200, "{body}");
        seen.append(&mut names(&body));
        pages += 1;
        next = body["@odata.nextLink"].as_str().map(|link| link[bench.sim.base_url().len()..].to_owned());
        if let Some(link) = &next {
            let elsewhere = link.replace("/members", "/transitiveMembers");
            assert_eq!(bench.get_json(&token, &elsewhere).await.0, 400, "a link is good for its own listing");
        }
    }
    assert_eq!((seen.len(), pages), (250, 3), "a hundred to a page");
    for (path, status, error) in [
        ("$top=0", 400, "Request_UnsupportedQuery"),
        ("$top=1000", 400, "Request_UnsupportedQuery"),
        ("$count=true", 400, "Request_BadRequest"),
        ("$skip=5", 400, "Request_BadRequest"),
        ("$filter=mail%20eq%20'x'", 400, "Request_UnsupportedQuery"),
        ("$select=nonsense", 400, "BadRequest"),
        ("$skiptoken=x", 400, "Request_BadRequest"),
    ] {
        let answer = bench.get_json(&token, &format!("/v1.0/groups/{group}/members?{path}")).await;
        assert_eq!(code(&answer), (status, error), "{path}");
    }
    assert_eq!(code(&bench.get_json(&token, "/v1.0/groups/nonsense/members").await), (400, "Request_BadRequest"));
    assert_eq!(
        code(&bench.get_json(&token, "/v1.0/groups/00000000-0000-0000-0000-000000000042/members").await),
        (404, "Request_ResourceNotFound")
    );
    let counted = bench.get(&token, &format!("/v1.0/groups/{group}/members?$count=true&$top=5"));
    let answer = counted.header("ConsistencyLevel", "eventual").send().await.expect("an answer");
    assert_eq!(answer.headers()["x-ms-resource-unit"], "2", "three, less one for a small page");
    let body: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    assert_eq!((body["@odata.count"].as_u64(), body["value"].as_array().map(Vec::len)), (Some(250), Some(5)));
}

#[tokio::test]
async fn what_each_permission_shows() {
    let bench = start().await;
    let group = put(&bench.sim, "Sales", &["ann@contoso.test"], &[]);
    let path = format!("/v1.0/groups/{group}/members?$select=id,mail,accountEnabled");
    let refused = bench.token_with(&["User.Read.All"]).await;
    assert_eq!(code(&bench.get_json(&refused, &path).await), (403, "Authorization_RequestDenied"));
    let ann = bench.id("ann");
    for (roles, wanted) in [
        (&["GroupMember.ReadBasic.All"][..], json!({ "id": ann, "mail": null, "accountEnabled": null })),
        (&["GroupMember.Read.All", "User.ReadBasic.All"], json!({ "id": ann, "mail": "ann@contoso.test" })),
        (&["Directory.Read.All"], json!({ "id": ann, "mail": "ann@contoso.test", "accountEnabled": true })),
    ] {
        let token = bench.token_with(roles).await;
        let (status, mut body) = bench.get_json(&token, &path).await;
        let item = body["value"][0].as_object_mut().unwrap_or_else(|| panic!("{roles:?}"));
        item.remove("@odata.type");
        assert_eq!((status, Value::Object(item.clone())), (200, wanted), "{roles:?}");
    }
}
