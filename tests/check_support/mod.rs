//! One preflight against a simulator, and what every report of one must be like.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use serde_json::{Value, json};
use teams_presence_simulator::{CLIENT_ID, CLIENT_SECRET, Options, SERVICE_PASSWORD, Simulator, TENANT_ID};
use teams_presence_sync::instance::check::{Line, Outcome, Step, Verdict, check};
use teams_presence_sync::sync::{HostDnd, UserInput};

pub(crate) fn simulator() -> Simulator {
    Simulator::spawn_blocking_thread(Options::default()).expect("a simulator")
}

pub(crate) fn config(simulator: &Simulator) -> Value {
    json!({
        "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
        "auth": {"method": "client_secret", "secret": CLIENT_SECRET},
        "endpoints": {"login": simulator.base_url(), "graph": simulator.base_url()},
    })
}

pub(crate) fn user(id: &str, email: Option<&str>) -> UserInput {
    UserInput {
        user_id: id.into(),
        email: email.map(Box::from),
        entra_object_id: None,
        rule_set: None,
        host_dnd: HostDnd::Unknown,
        host_queue_dnd: HostDnd::Unknown,
    }
}

pub(crate) fn office() -> Vec<UserInput> {
    ["ann", "ben", "cleo"].into_iter().map(|name| user(name, Some(&format!("{name}@contoso.test")))).collect()
}

pub(crate) struct Report {
    pub(crate) outcome: Outcome,
    pub(crate) lines: Vec<Line>,
}

impl Report {
    pub(crate) fn line(&self, step: Step) -> &Line {
        self.lines.iter().find(|line| line.step == step).expect("each step has a line")
    }

    pub(crate) fn verdict(&self, step: Step) -> Verdict {
        self.line(step).verdict
    }
}

pub(crate) fn run_for(config: &Value, users: Vec<UserInput>, timeout: Duration) -> Report {
    let mut lines = Vec::new();
    let here = std::thread::current().id();
    let outcome = check(config.to_string().as_bytes(), users, timeout, |line| {
        assert_eq!(std::thread::current().id(), here, "the caller's thread");
        lines.push(line.clone());
    })
    .expect("a check");
    let told: Vec<Step> = lines.iter().map(|line| line.step).collect();
    let accounts = config["source"]["notifications"]["accounts"].is_array();
    let with = |step: Step| (accounts && step == Step::StateDirectory).then_some(Step::Accounts).into_iter().chain([step]);
    let expected: Vec<Step> = Step::ALL.into_iter().flat_map(with).chain([Step::Summary]).collect();
    assert_eq!(told, expected, "each step once, in order");
    for line in &lines {
        let json: Value = serde_json::from_str(&line.to_json()).expect("JSON");
        assert!(line.to_json().starts_with(&format!(
            r#"{{"step":"{}","verdict":"{}","message":"#,
            line.step.as_str(),
            line.verdict.as_str()
        )));
        assert_eq!(json["took_ms"], line.took_ms);
        assert!(!line.message.is_empty());
        let bad = matches!(line.verdict, Verdict::Failed | Verdict::Warning) && line.step != Step::Summary;
        assert!(!bad || !line.remedy.is_empty(), "no way out: {line:?}");
        for secret in [CLIENT_SECRET, SERVICE_PASSWORD, "eyJ", "@contoso.test"] {
            assert!(!line.to_json().contains(secret), "{secret} in {line:?}");
        }
    }
    Report { outcome, lines }
}

pub(crate) fn run(config: &Value, users: Vec<UserInput>) -> Report {
    let report = run_for(config, users, Duration::from_secs(60));
    assert_eq!(report.outcome, Outcome::Complete);
    report
}

/// The first step that failed, and that all which depend on it were left out.
pub(crate) fn fails_at(report: &Report, step: Step, words: &str) {
    let line = report.line(step);
    assert_eq!(line.verdict, Verdict::Failed, "{line:?}");
    assert!(line.message.contains(words), "{words:?} is not in {:?}", line.message);
    let first = report.lines.iter().find(|line| line.verdict == Verdict::Failed).expect("one");
    assert_eq!(first.step, step, "{first:?}");
    assert_eq!(report.verdict(Step::Summary), Verdict::Failed);
}

pub(crate) fn left_out(report: &Report, steps: &[Step], because: Step) {
    for step in steps {
        let line = report.line(*step);
        assert_eq!((line.verdict, &line.facts["needs"]), (Verdict::Skipped, &json!(because.as_str())), "{line:?}");
    }
}
