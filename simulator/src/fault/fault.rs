//! One fault, as it is asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::notify::Tamper;

/// The kinds of endpoint that faults and counters tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointClass {
    /// Every endpoint but the control API.
    #[default]
    Any,
    /// `/{tenant}/oauth2/v2.0/token` and `/devicecode`.
    Token,
    /// Discovery document and signing keys.
    Discovery,
    /// `/users` and `/users/{id}`.
    Users,
    /// `/users/delta`.
    Delta,
    /// Reading presence, one user or many.
    Presences,
    /// Writing presence.
    PresenceWrites,
    /// `/organization`.
    Organization,
    /// `/groups/{id}/members` and `/groups/{id}/transitiveMembers`.
    Groups,
    /// `/applications`.
    Applications,
    /// `/$batch`.
    Batch,
    /// `/subscriptions` and everything below.
    Subscriptions,
    /// What the simulator sends to notification URLs. Only `tamper` and `delay` strike here, and only where it is named.
    Notifications,
    /// Anything else.
    Other,
}

impl fmt::Display for EndpointClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EndpointClass::Any => "any",
            EndpointClass::Token => "token",
            EndpointClass::Discovery => "discovery",
            EndpointClass::Users => "users",
            EndpointClass::Delta => "delta",
            EndpointClass::Presences => "presences",
            EndpointClass::PresenceWrites => "presence_writes",
            EndpointClass::Organization => "organization",
            EndpointClass::Groups => "groups",
            EndpointClass::Applications => "applications",
            EndpointClass::Batch => "batch",
            EndpointClass::Subscriptions => "subscriptions",
            EndpointClass::Notifications => "notifications",
            EndpointClass::Other => "other",
        })
    }
}

/// The `Retry-After` header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `Retry-After: 2`
    Seconds(u64),
    /// `Retry-After: 2.128`
    Decimal(f64),
    /// An HTTP date this many seconds ahead of the simulator's clock.
    DateIn(i64),
    /// This text, whatever it is.
    Raw(String),
}

/// The body that comes with an injected status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultBody {
    /// An error in the form of Graph or Entra.
    #[default]
    Json,
    /// A gateway's HTML page.
    Html,
    /// Nothing.
    Empty,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultAction {
    /// Another status instead of the answer.
    Status {
        /// 100 is not possible, everything from 200 is.
        status: u16,
        /// Absent: no header.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
        /// The form of the body.
        #[serde(default)]
        body: FaultBody,
        /// The error's `code`; the usual one of the status when left out.
        #[serde(default)]
        code: Option<String>,
    },
    /// The right answer, late.
    Delay {
        /// How late, in milliseconds.
        ms: u64,
    },
    /// The right answer as it is now, kept back until the fault is switched off or its time is over. After `count` answers others pass.
    Hold,
    /// Status 200 and a body that never ends.
    EndlessBody {
        /// The pause between two pieces, in milliseconds.
        #[serde(default = "hundred")]
        interval_ms: u64,
        /// The bytes of one piece.
        #[serde(default = "one")]
        piece: usize,
    },
    /// The right answer with its true length announced, of which only a part comes before the connection closes.
    Truncated,
    /// The connection is reset before anything is answered.
    ResetBefore,
    /// The connection is reset in the middle of the right answer.
    ResetMid,
    /// Status 200 and a body that is no JSON.
    NotJson {
        /// The content type that is claimed.
        #[serde(default = "html")]
        content_type: String,
        /// The body.
        #[serde(default = "login_page")]
        body: String,
    },
    /// 401 `InvalidAuthenticationToken`.
    InvalidToken,
    /// 401 with a claims challenge of continuous access evaluation.
    ClaimsChallenge,
    /// 403 with this code, which may be empty.
    Forbidden {
        /// The error's `code`.
        #[serde(default)]
        code: String,
    },
    /// The request is read and never answered.
    Hang,
    /// An error of Entra by its number. On token endpoints only.
    Aadsts {
        /// The number, such as 7000215.
        code: u32,
        /// The OAuth error; the usual one of the number when left out.
        #[serde(default)]
        error: Option<String>,
        /// The `suberror`.
        #[serde(default)]
        suberror: Option<String>,
    },
    /// A notification goes wrong on its way to the subscriber.
    Tamper {
        /// How.
        how: Tamper,
    },
}

/// `deny_unknown_fields` says nothing about kinds without members: a `count` in the wrong place would be overlooked.
fn strict<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<FaultAction, D::Error> {
    const BARE: [&str; 7] = ["truncated", "reset_before", "reset_mid", "invalid_token", "claims_challenge", "hang", "hold"];
    let value = serde_json::Value::deserialize(deserializer)?;
    if let Some(members) = value.as_object()
        && members.get("kind").and_then(|k| k.as_str()).is_some_and(|k| BARE.contains(&k))
        && let Some(name) = members.keys().find(|name| *name != "kind")
    {
        return Err(serde::de::Error::custom(format!("action: unknown field `{name}`")));
    }
    serde_json::from_value(value).map_err(serde::de::Error::custom)
}

fn hundred() -> u64 {
    100
}

fn one() -> usize {
    1
}

fn html() -> String {
    "text/html; charset=utf-8".to_owned()
}

fn login_page() -> String {
    "<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>Accept the terms</body></html>".to_owned()
}

/// A fault and its scope. Without count and duration it stands until it is cleared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where it strikes.
    #[serde(default)]
    pub endpoint: EndpointClass,
    /// Only in this tenant (id or domain): by the path on token endpoints, by the token's `tid` on Graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only with this HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only where the path and query contain this text. For notifications: URL, subscription id and user id, with blanks between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Let this many requests pass first.
    #[serde(default)]
    pub skip: u64,
    /// Strike this often, then end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// End after this time on the simulator's clock, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Strike with this probability, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What happens.
    #[serde(deserialize_with = "strict")]
    pub action: FaultAction,
}

impl Fault {
    /// A fault at every request to `endpoint` until it is cleared.
    pub fn new(endpoint: EndpointClass, action: FaultAction) -> Self {
        Self {
            endpoint,
            tenant: None,
            method: None,
            path_contains: None,
            skip: 0,
            count: None,
            duration_ms: None,
            probability: None,
            action,
        }
    }

    /// A bare status with a JSON body and no `Retry-After`.
    pub fn status(endpoint: EndpointClass, status: u16) -> Self {
        Self::new(endpoint, FaultAction::Status { status, retry_after: None, body: FaultBody::Json, code: None })
    }

    /// An Entra error on the token endpoint.
    pub fn aadsts(code: u32) -> Self {
        Self::new(EndpointClass::Token, FaultAction::Aadsts { code, error: None, suberror: None })
    }

    /// Every notification goes wrong like this.
    pub fn tamper(how: Tamper) -> Self {
        Self::new(EndpointClass::Notifications, FaultAction::Tamper { how })
    }

    /// Strike this often only.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Strike in this tenant only.
    #[must_use]
    pub fn in_tenant(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.to_owned());
        self
    }
}
