//! What to do about a failed call of Graph.

use super::line::{Line, Step};
use crate::graph::permission::{Finding, Need};
use crate::graph::{Class, GraphError};

/// The line of a step whose request failed.
pub(super) fn failed(step: Step, error: &GraphError) -> Line {
    let remedy: String = match &error.class {
        Class::Forbidden(diagnosis) if diagnosis.finding == Finding::RefusedThough => {
            "The permission is there. Look for a Conditional Access policy for workload identities, an application access policy, and whether the \
             tenant has Teams licences; consent given a moment ago needs some minutes."
                .to_owned()
        }
        Class::Forbidden(diagnosis) => format!(
            "Grant the {} permission {} with admin consent, see the step permissions.",
            diagnosis.kind(),
            recommended(diagnosis.need)
        ),
        Class::Unauthorized => {
            "Graph refuses a token that Entra has just given: check that `cloud`, `endpoints` and `auth.scope` belong together, and look for a \
             Conditional Access policy."
                .to_owned()
        }
        Class::Throttled { retry_after, .. } => format!(
            "Too many requests were made with this application. Try again in {} s; if it stays so, lower source.requests_per_30s of every \
             program that uses it.",
            retry_after.as_secs().max(1)
        ),
        Class::Unavailable => "Microsoft's service has trouble: try again in some minutes and look at status.cloud.microsoft.".to_owned(),
        Class::SignIn { .. } => "See the step sign_in.".to_owned(),
        Class::Transport(_) => "Look at the connection to Graph, see the step tls.".to_owned(),
        Class::Unreadable | Class::TooLarge => {
            "What answers is not Graph: check `endpoints.graph`, and gateways that answer in its place.".to_owned()
        }
        Class::BadRequest | Class::NotFound | Class::Gone => {
            "Report this to the maker of this library, with the request id.".to_owned()
        }
    };
    Line::failed(step, error.to_string())
        .remedy(remedy)
        .fact("stage", error.stage())
        .fact_some("status", error.facts.status)
        .fact_some("request_id", error.facts.request_id.clone())
}

/// What the step permissions asks for as well: the least for people works, but finds no aliases.
fn recommended(need: Need) -> &'static str {
    match need {
        Need::Presence | Need::Publish => need.least(),
        Need::Users | Need::WholeUsers => Need::WholeUsers.least(),
    }
}
