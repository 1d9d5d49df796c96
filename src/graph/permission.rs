//! Which permission a call needs, and what a token lacks.
//!
//! From the permissions reference of Microsoft Graph (2026-08). A token request succeeds even when nothing was granted: the token then
//! simply has no roles, and Graph answers 403 (Microsoft identity platform, client credentials flow).

use std::fmt;

use crate::auth::Claims;
use crate::event::Endpoint;

/// What a permission is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Reading other people's presence.
    Presence,
    /// Reading users: object id, mail, sign-in name.
    Users,
    /// Reading users whole (other addresses, guest or member, enabled or not) and following their changes.
    WholeUsers,
    /// Writing people's presence.
    Publish,
}

impl Need {
    /// What this kind of request needs.
    pub fn of(endpoint: Endpoint) -> Need {
        match endpoint {
            // A subscription is to presence, and needs what reading it needs.
            Endpoint::Presences | Endpoint::Subscriptions => Need::Presence,
            Endpoint::Sessions => Need::Publish,
            Endpoint::Delta => Need::WholeUsers,
            Endpoint::Users | Endpoint::Token | Endpoint::Other => Need::Users,
        }
    }

    /// `presence`, `directory` or `publishing`, as events name it.
    pub fn area(self) -> &'static str {
        match self {
            Need::Presence => "presence",
            Need::Users | Need::WholeUsers => "directory",
            Need::Publish => "publishing",
        }
    }

    /// The permissions that do, the least one first.
    pub fn accepted(self, app_only: bool) -> &'static [&'static str] {
        match (self, app_only) {
            (Need::Presence, true) => &["Presence.Read.All", "Presence.ReadWrite.All"],
            // Delegated Presence.ReadWrite is about the signed-in person's own presence only.
            (Need::Presence, false) => &["Presence.Read.All"],
            // Only the app itself can write other people's presence; a person's sign-in is refused with the configuration.
            (Need::Publish, _) => &["Presence.ReadWrite.All"],
            (Need::Users, _) => {
                &["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
            }
            (Need::WholeUsers, _) => &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"],
        }
    }

    /// The least permission that does.
    pub fn least(self) -> &'static str {
        self.accepted(true)[0]
    }

    /// Whether a token with these claims may do it, as far as the token tells.
    pub fn met_by(self, claims: &Claims) -> bool {
        self.accepted(claims.app_only).iter().any(|permission| claims.has(permission))
    }
}

/// Whether the claims were readable at all. An access token is opaque by contract; today's are JWTs.
pub fn readable(claims: &Claims) -> bool {
    claims.tenant_id.is_some() || claims.app_id.is_some() || !claims.roles.is_empty() || !claims.scopes.is_empty()
}

/// What the token carries beyond what this library uses. What comes with every sign-in of a person is not counted, nor what publishing
/// needs where that is switched on.
pub fn excess(claims: &Claims, publishes: bool) -> Vec<String> {
    const USED: &[&str] = &["Presence.Read.All", "User.Read.All", "User.ReadBasic.All", "Application.Read.All"];
    const USUAL: &[&str] = &["openid", "profile", "email", "offline_access", "User.Read", "Presence.Read"];
    let held = if claims.app_only { &claims.roles } else { &claims.scopes };
    let writing = if publishes { Need::Publish.accepted(true) } else { &[] };
    let needed = |name: &&String| USED.iter().chain(USUAL).chain(writing).any(|known| known.eq_ignore_ascii_case(name));
    held.iter().filter(|name| !needed(name)).cloned().collect()
}

/// Why Graph may have answered 403.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What was asked for.
    pub need: Need,
    /// The kind of sign-in.
    pub app_only: bool,
    /// What the token carries.
    pub granted: Vec<String>,
    /// What is wrong, as far as the token tells.
    pub finding: Finding,
}

/// What the token tells about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// None of the permissions that would do is in the token.
    Missing,
    /// The token carries the permission, and Graph refuses all the same.
    RefusedThough,
    /// The token cannot be read, so a missing permission is the likeliest cause, no more.
    Unclear,
}

impl Diagnosis {
    /// Looks at the token that was refused.
    pub fn of(need: Need, claims: &Claims) -> Diagnosis {
        let finding = if need.met_by(claims) {
            Finding::RefusedThough
        } else if readable(claims) {
            Finding::Missing
        } else {
            Finding::Unclear
        };
        let granted = if claims.app_only { &claims.roles } else { &claims.scopes };
        Diagnosis { need, app_only: claims.app_only, granted: granted.clone(), finding }
    }

    /// `application` or `delegated`, as the Entra admin center names the two kinds.
    pub fn kind(&self) -> &'static str {
        if self.app_only { "application" } else { "delegated" }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, least) = (self.kind(), self.need.least());
        match self.finding {
            Finding::Missing => write!(f, "the {kind} permission {least} is not in the token"),
            Finding::Unclear => {
                write!(f, "the {kind} permission {least} is probably not granted (the token cannot be looked into)")
            }
            Finding::RefusedThough => write!(
                f,
                "the token carries the {kind} permission, and Graph refuses all the same: look for a Conditional Access or application \
                 policy, a missing Teams licence, or a consent given in another tenant"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(roles: &[&str], scopes: &[&str], app_only: bool) -> Claims {
        let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        Claims {
            roles: owned(roles),
            scopes: owned(scopes),
            app_only,
            tenant_id: Some("t".to_owned()),
            app_id: None,
            object_id: None,
        }
    }

    #[test]
    fn the_least_permission_is_named() {
        let none = Diagnosis::of(Need::Presence, &claims(&[], &[], true));
        assert_eq!((none.finding, none.kind(), none.need.least()), (Finding::Missing, "application", "Presence.Read.All"));
        assert!(none.to_string().contains("Presence.Read.All"));
        assert_eq!(Need::Users.least(), "User.ReadBasic.All");
        assert_eq!(Need::WholeUsers.least(), "User.Read.All");
        for need in [Need::Presence, Need::Users, Need::WholeUsers] {
            assert_eq!(need.accepted(false)[0], need.least());
        }
    }

    #[test]
    fn application_and_delegated_differ() {
        assert!(Need::Presence.met_by(&claims(&["Presence.ReadWrite.All"], &[], true)));
        assert!(!Need::Presence.met_by(&claims(&[], &["Presence.ReadWrite", "Presence.Read"], false)));
        assert!(Need::Presence.met_by(&claims(&[], &["Presence.Read.All"], false)));
        assert!(!Need::WholeUsers.met_by(&claims(&["User.ReadBasic.All"], &[], true)));
        assert!(Need::Users.met_by(&claims(&["Directory.Read.All"], &[], true)));
    }

    #[test]
    fn what_is_not_used_is_named() {
        let claims =
            claims(&["Presence.Read.All", "user.read.all", "Directory.ReadWrite.All", "Presence.ReadWrite.All"], &[], true);
        assert_eq!(excess(&claims, false), ["Directory.ReadWrite.All", "Presence.ReadWrite.All"]);
        assert_eq!(excess(&claims, true), ["Directory.ReadWrite.All"]);
    }

    #[test]
    fn a_refusal_despite_the_permission_is_told_apart() {
        let there = Diagnosis::of(Need::Presence, &claims(&["Presence.Read.All"], &[], true));
        assert_eq!(there.finding, Finding::RefusedThough);
        assert!(there.to_string().contains("policy"));
        let opaque = Claims { roles: vec![], scopes: vec![], app_only: true, tenant_id: None, app_id: None, object_id: None };
        assert_eq!(Diagnosis::of(Need::Users, &opaque).finding, Finding::Unclear);
    }
}
