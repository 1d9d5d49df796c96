//! docs/graph.md promises a whole list of requests: nothing is asked that does not stand there, and nothing stands there that is not asked.

mod check_support;
mod instance_support;

use instance_support::*;
use serde_json::json;
use teams_presence_simulator::{AppSpec, Managed, PUBLIC_CLIENT_ID, RecordedRequest, Simulator};
use teams_presence_sync::presence::Chat;

/// One line of the table.
#[derive(Debug)]
struct Row {
    method: String,
    /// Without the root; `{…}` stands for anything without a slash.
    path: String,
    /// A parameter that must be there.
    parameter: Option<String>,
    root: String,
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/graph.md")).expect("the page");
    let chapter = page.split("## All requests").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the chapter");
    let requests = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows = requests.map(|request| {
        let (method, address) = request.split_once(' ').expect("a method and an address");
        let (address, query) = address.split_once('?').map_or((address, None), |(address, query)| (address, Some(query)));
        let (root, path) = address.split_once('}').expect("a root");
        let parameter = query.map(|query| query.split('=').next().unwrap_or_default().to_owned());
        Row { method: method.to_owned(), path: path.to_owned(), parameter, root: format!("{root}}}") }
    });
    rows.collect()
}

/// Whether the text is the pattern with something in place of each `{…}`.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((literal, rest)) = pattern.split_once('{') else { return pattern == text };
    let Some(text) = text.strip_prefix(literal) else { return false };
    let (_, pattern) = rest.split_once('}').expect("a brace that ends");
    let end = text.find('/').unwrap_or(text.len());
    (1..=end).any(|at| text.is_char_boundary(at) && fits(pattern, &text[at..]))
}

impl Row {
    fn is(&self, request: &RecordedRequest) -> bool {
        let query = request.query.replace("%24", "$");
        let has = |parameter: &String| query.split('&').any(|pair| pair.split('=').next() == Some(parameter));
        request.method == self.method && fits(&self.path, &request.path) && self.parameter.iter().all(has)
    }
}

#[test]
fn patterns() {
    assert!(fits("/{tenant}/oauth2/token", "/abc/oauth2/token") && fits("/a(id='{id}')", "/a(id='7-7')"));
    assert!(!fits("/{tenant}/oauth2/token", "/abc/def/oauth2/token") && !fits("/v1.0/", "/v1.0/users"));
}

/// All the library asks for, in all its manners.
fn asked() -> Vec<RecordedRequest> {
    let mut all = Vec::new();
    let seen = |sim: &Simulator, what: &str| sim.requests().iter().any(|request| request.path.contains(what));
    // As the application: few users, calls published, the registration read.
    let roles = ["Presence.ReadWrite.All", "User.Read.All", "Application.Read.All"];
    let rig = Rig::with(|sim| set_roles(sim, &roles), |config| config["publish"] = json!({ "calls": true }));
    rig.presence(ANN, "Available", "Available");
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    for (in_call, action) in [(true, "setPresence"), (false, "clearPresence")] {
        rig.instance.report_call("100", in_call).expect("a user");
        rig.until(action, || seen(&rig.sim, action));
    }
    rig.until_later("the registration", || seen(&rig.sim, "/applications("));
    rig.until("the delta", || seen(&rig.sim, "/users/delta"));
    rig.stop();
    all.extend(rig.sim.requests());
    // A check, elsewhere: it would wait for a budget whose clock was moved.
    let sim = check_support::simulator();
    check_support::run(&check_support::config(&sim), check_support::office());
    all.extend(sim.requests());
    // Many users.
    let rig = Rig::new();
    let many: Vec<(String, String)> = (0..400).map(|n| (n.to_string(), format!("nobody{n}@contoso.test"))).collect();
    let mut users: Vec<(&str, &str)> = many.iter().map(|(id, address)| (id.as_str(), address.as_str())).collect();
    users.push(("ann", ANN));
    rig.users(&users);
    rig.host.chat(0, "ann", Chat::Available);
    rig.stop();
    all.extend(rig.sim.requests());
    // A person.
    let rig = Rig::with(
        |_| {},
        |config| {
            config["client_id"] = PUBLIC_CLIENT_ID.into();
            config["auth"] = json!({ "method": "device_code" });
        },
    );
    rig.until("a code", || !rig.sim.device_codes().is_empty());
    rig.stop();
    all.extend(rig.sim.requests());
    // A machine.
    let roles = Some(vec!["Presence.Read.All".to_owned(), "User.Read.All".to_owned()]);
    let identity = AppSpec { roles, managed: Some(Managed::System), ..AppSpec::default() };
    let rig = Rig::with(
        |sim| sim.default_tenant().put_app(identity.clone()).map(drop).expect("an identity"),
        |config| {
            config["auth"] = json!({ "method": "managed_identity" });
            config["endpoints"]["metadata"] = config["endpoints"]["login"].clone();
        },
    );
    rig.users(&[("100", ANN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.stop();
    check_support::run(&rig.config, check_support::office());
    all.extend(rig.sim.requests());
    // With notifications: renewed, found by the next process, ended.
    let rig = Rig::with(|_| {}, |config| notified(config, "rich"));
    rig.users(&[("100", ANN), ("101", BEN)]);
    rig.host.chat(0, "100", Chat::Available);
    rig.until_later("a renewal", || rig.sim.requests().iter().any(|request| request.method == "PATCH"));
    let rig = rig.died_and_begun_again();
    let listed = |request: &RecordedRequest| request.method == "GET" && request.path == "/v1.0/subscriptions";
    rig.until_later("a look at what there is", || rig.sim.requests().iter().any(listed));
    rig.until_later("another subscription", || living(&rig).len() == 1);
    rig.stop();
    all.extend(rig.sim.requests());
    all
}

#[test]
fn the_list_of_requests_is_whole_and_true() {
    let (rows, asked) = (rows(), asked());
    let told = |request: &RecordedRequest| format!("{} {}?{}", request.method, request.path, request.query);
    let unlisted: Vec<String> = asked.iter().filter(|request| !rows.iter().any(|row| row.is(request))).map(told).collect();
    assert!(unlisted.is_empty(), "docs/graph.md says \"That is the whole list\", and does not have\n{}", unlisted.join("\n"));
    let idle: Vec<&Row> = rows.iter().filter(|row| !asked.iter().any(|request| row.is(request))).collect();
    assert!(idle.is_empty(), "docs/graph.md lists what nobody asks: {idle:?}");
    assert!(rows.iter().all(|row| ["{login}", "{graph}", "{metadata}"].contains(&row.root.as_str())), "{rows:?}");
}
