//! Sign-in and permissions are right, and Graph does not answer.

use teams_presence_simulator::{EndpointClass, Fault, FaultAction, FaultBody, PresenceSpec, RetryAfter};

use super::Case;
use crate::printed::{fails, warns};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "Graph says there are too many requests",
            broken: "the limit of Graph for this application and tenant is used up; Graph asks to wait 30 seconds.",
            break_it: |rig| {
                let wait = Some(RetryAfter::Seconds(30));
                let action = FaultAction::Status { status: 429, retry_after: wait, body: FaultBody::Json, code: None };
                rig.simulator.inject(Fault::new(EndpointClass::Presences, action));
            },
            expected: vec![fails("presence", &["429"], &["Try again in 30 s", "source.requests_per_30s"])],
            repair: "Find the other program that uses the same application, and give each its own, or lower `source.requests_per_30s` in both.",
            changes: &["source.requests_per_30s"],
        },
        Case {
            symptom: "Graph is down",
            broken: "Graph answers 503.",
            break_it: |rig| {
                rig.simulator.inject(Fault::status(EndpointClass::Presences, 503));
            },
            expected: vec![fails("presence", &["503"], &["some minutes", "status.cloud.microsoft"])],
            repair: "Wait. A running instance tries again by itself, and do-not-disturb stays as the rules for stale presence say.",
            changes: &[],
        },
        Case {
            symptom: "The permission is there, and presence is refused all the same",
            broken: "Graph answers 403 though the token has Presence.Read.All: a policy, or a tenant without Teams.",
            break_it: |rig| {
                rig.simulator.inject(Fault::new(EndpointClass::Presences, FaultAction::Forbidden { code: "Forbidden".into() }));
            },
            expected: vec![fails("presence", &["403"], &["The permission is there", "Conditional Access", "Teams licences"])],
            repair: "Where the consent is new, wait an hour. Then look for policies and licences.",
            changes: &[],
        },
        Case {
            symptom: "One person has no presence",
            broken: "user 102 has no Teams licence, or has never signed in to Teams.",
            break_it: |rig| {
                let none = PresenceSpec { missing: Some(true), ..PresenceSpec::default() };
                rig.simulator.default_tenant().put_presence("ben@contoso.test", none).expect("set");
            },
            expected: vec![warns("presence", &["102"], &["Teams"])],
            repair: "Assign a licence with Teams, and let the person sign in to Teams once.",
            changes: &[],
        },
    ]
}
