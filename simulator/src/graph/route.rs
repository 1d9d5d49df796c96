//! Which endpoint a path means.

use http::Method;

use crate::fault::EndpointClass;

/// A path below the version root, without function parentheses in the way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Users,
    User(String),
    UsersDelta,
    UserPresence(String),
    MyPresence,
    Presence(String),
    Bulk,
    Write(String, String),
    Organization,
    /// Of the group with this id; true for the members of the groups in it as well.
    Members(String, bool),
    Application(String),
    Batch,
    Subscriptions,
    Subscription(String),
    Reauthorize(String),
    Unknown,
}

/// Finds the endpoint of a path such as `/v1.0/users/ann`. `None`: not a path of Graph.
pub(crate) fn route(segments: &[String]) -> Option<Route> {
    let (version, rest) = segments.split_first()?;
    if version != "v1.0" && version != "beta" {
        return None;
    }
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    // `/users('ann')` is another spelling of `/users/ann`.
    let keyed = |segment: &str, set: &str| {
        let inner = segment.strip_prefix(set)?.strip_prefix("('")?.strip_suffix("')")?;
        Some(inner.replace("''", "'"))
    };
    Some(match rest.as_slice() {
        ["users"] => Route::Users,
        ["users", "delta" | "delta()"] => Route::UsersDelta,
        ["users", id] => Route::User((*id).to_owned()),
        ["users", id, "presence"] => Route::UserPresence((*id).to_owned()),
        ["users", id, "presence", action] => Route::Write((*id).to_owned(), (*action).to_owned()),
        ["me", "presence"] => Route::MyPresence,
        ["communications", "presences", id] => Route::Presence((*id).to_owned()),
        ["communications", "presences", id, action] => Route::Write((*id).to_owned(), (*action).to_owned()),
        ["communications", "getPresencesByUserId" | "microsoft.graph.getPresencesByUserId"] => Route::Bulk,
        ["organization"] => Route::Organization,
        ["groups", id, "members"] => Route::Members((*id).to_owned(), false),
        ["groups", id, "transitiveMembers"] => Route::Members((*id).to_owned(), true),
        ["$batch"] => Route::Batch,
        ["subscriptions"] => Route::Subscriptions,
        ["subscriptions", id] => Route::Subscription((*id).to_owned()),
        ["subscriptions", id, "reauthorize" | "microsoft.graph.reauthorize"] => Route::Reauthorize((*id).to_owned()),
        [one] => {
            if let Some(id) = keyed(one, "users") {
                Route::User(id)
            } else if let Some(id) = keyed(&one.replace("appId=", ""), "applications") {
                Route::Application(id)
            } else {
                Route::Unknown
            }
        }
        [one, "presence"] => keyed(one, "users").map_or(Route::Unknown, Route::UserPresence),
        _ => Route::Unknown,
    })
}

impl Route {
    /// The endpoint class, for faults and counters.
    pub(crate) fn class(&self) -> EndpointClass {
        match self {
            Route::Users | Route::User(_) => EndpointClass::Users,
            Route::UsersDelta => EndpointClass::Delta,
            Route::UserPresence(_) | Route::MyPresence | Route::Presence(_) | Route::Bulk => EndpointClass::Presences,
            Route::Write(..) => EndpointClass::PresenceWrites,
            Route::Organization => EndpointClass::Organization,
            Route::Members(..) => EndpointClass::Groups,
            Route::Application(_) => EndpointClass::Applications,
            Route::Batch => EndpointClass::Batch,
            Route::Subscriptions | Route::Subscription(_) | Route::Reauthorize(_) => EndpointClass::Subscriptions,
            Route::Unknown => EndpointClass::Other,
        }
    }

    pub(super) fn allows(&self, method: &Method) -> bool {
        match self {
            Route::Bulk | Route::Write(..) | Route::Batch | Route::Reauthorize(_) => method == Method::POST,
            Route::Subscriptions => [Method::GET, Method::POST].contains(method),
            Route::Subscription(_) => [Method::GET, Method::PATCH, Method::DELETE].contains(method),
            Route::Unknown => true,
            _ => method == Method::GET,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<Route> {
        route(&path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn paths() {
        let id = || "x@y".to_owned();
        for (path, wanted) in [
            ("/v1.0/users", Some(Route::Users)),
            ("/v1.0/users/delta", Some(Route::UsersDelta)),
            ("/v1.0/users/delta()", Some(Route::UsersDelta)),
            ("/v1.0/users/x@y", Some(Route::User(id()))),
            ("/v1.0/users('x@y')", Some(Route::User(id()))),
            ("/v1.0/users('o''neil')", Some(Route::User("o'neil".into()))),
            ("/v1.0/users/x@y/presence", Some(Route::UserPresence(id()))),
            ("/v1.0/communications/presences/x@y", Some(Route::Presence(id()))),
            ("/v1.0/communications/getPresencesByUserId", Some(Route::Bulk)),
            ("/v1.0/applications(appId='x@y')", Some(Route::Application(id()))),
            ("/v1.0/users/x@y/presence/setPresence", Some(Route::Write(id(), "setPresence".into()))),
            ("/v1.0/groups/x@y/members", Some(Route::Members(id(), false))),
            ("/v1.0/groups/x@y/transitiveMembers", Some(Route::Members(id(), true))),
            ("/v1.0/groups/x@y/owners", Some(Route::Unknown)),
            ("/v1.0/subscriptions", Some(Route::Subscriptions)),
            ("/v1.0/subscriptions/x@y", Some(Route::Subscription(id()))),
            ("/v1.0/subscriptions/x@y/reauthorize", Some(Route::Reauthorize(id()))),
            ("/v1.0/nothing", Some(Route::Unknown)),
            ("/v2.0/users", None),
            ("/", None),
        ] {
            assert_eq!(of(path), wanted, "{path}");
        }
    }
}
