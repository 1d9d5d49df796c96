//! The switches of subscriptions and notifications.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A switch with words: the first is the default.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident, $($(#[$word_doc:meta])* $word:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $($(#[$word_doc])* $word,)+
        }
    };
}

words! {
    /// Which second subscription is one too many (409).
    ConflictRule {
        /// Any of the same user and app.
        User,
        /// One of the same user and app with the same resource text.
        Resource,
    }
}
words! {
    /// The code of that 409.
    ConflictCode {
        /// `Conflict`
        Conflict,
        /// `ObjectIdentifierInUse`
        ObjectIdentifierInUse,
        /// An empty one.
        Empty,
        /// No member `code` at all.
        Missing,
    }
}
words! {
    /// An expiry further ahead than allowed.
    LongExpiry {
        /// 400 `ExtensionError`
        Refused,
        /// Cut to the longest allowed.
        Clamped,
    }
}
words! {
    /// An expiry in the past.
    PastExpiry {
        /// 400
        Refused,
        /// Raised like every other short one.
        Raised,
    }
}
words! {
    /// A subscription to the signed-in user's own presence.
    OwnPresence {
        /// 403
        Refused,
        /// Created, but this presence is never told.
        Ignored,
        /// Told like everybody's.
        Delivered,
    }
}
words! {
    /// Which form of `$filter=id in (...)` is understood.
    FilterQuotes {
        /// Both.
        Either,
        /// `('id','id')`
        Quoted,
        /// `(id,id)`
        Unquoted,
    }
}
words! {
    /// The code of the 400 after a failed handshake.
    HandshakeCode {
        /// `ValidationError`
        ValidationError,
        /// `InvalidRequest`
        InvalidRequest,
    }
}
words! {
    /// The spelling of `@odata.type`.
    OdataType {
        /// `#microsoft.graph.presence`
        Lower,
        /// `#Microsoft.Graph.presence`
        Pascal,
    }
}
words! {
    /// The form of validation tokens.
    TokenVersion {
        /// `ver` 2.0: issuer `https://login.microsoftonline.com/{tid}/v2.0`, caller in `azp`.
        V2,
        /// `ver` 1.0: issuer `https://sts.windows.net/{tid}/`, caller in `appid`.
        V1,
        /// One, then the other.
        Alternating,
    }
}
words! {
    /// The member `validationTokens` of notifications with resource data.
    Tokens {
        /// A list of tokens.
        Sent,
        /// null, as with an app that wants assignments.
        Null,
        /// Not there.
        Missing,
    }
}

/// Every switch of subscriptions and notifications, with the most plausible behaviour as default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyOddities {
    /// Which second subscription is one too many.
    pub conflict: ConflictRule,
    /// The code of that refusal.
    pub conflict_code: ConflictCode,
    /// An expiry too far ahead.
    pub long_expiry: LongExpiry,
    /// An expiry in the past.
    pub past_expiry: PastExpiry,
    /// An expiry nearer than this is raised to it, in minutes.
    pub min_life_min: i64,
    /// No subscription lives longer than this, in minutes.
    pub max_life_min: i64,
    /// PATCH is refused with 400: the subscription cannot be renewed.
    pub patch_refused: bool,
    /// The signed-in user's own presence.
    pub own_presence: OwnPresence,
    /// Ids of nobody in the tenant are refused with 404 instead of accepted without effect.
    pub unknown_users_refused: bool,
    /// The forms of the filter.
    pub filter_quotes: FilterQuotes,
    /// The most users of one subscription.
    pub max_users: usize,
    /// Subscriptions of a tenant; beyond it 403.
    pub quota: usize,
    /// Plain HTTP is refused as Graph does, also on loopback.
    pub https_only: bool,
    /// Host names (or `host:port`) that stand for a loopback address: `{"pbx.example.com": "127.0.0.1:8085"}`.
    pub hosts: BTreeMap<String, String>,
    /// Answers hold the client state; null otherwise, as in older documents.
    pub client_state_echoed: bool,
    /// The most subscriptions on a page.
    pub page: usize,
    /// The first page of a list is empty and has a link.
    pub empty_first_page: bool,
    /// Graph's limits on requests about subscriptions.
    pub limits: bool,

    /// How long an endpoint may take for the handshake, in milliseconds of real time.
    pub handshake_timeout_ms: u64,
    /// The code of a failed handshake.
    pub handshake_code: HandshakeCode,
    /// The token holds every character that must be encoded.
    pub tricky_handshake: bool,

    /// From a change to its notification, in milliseconds.
    pub latency_ms: i64,
    /// How long changes are gathered for one request, in milliseconds.
    pub batch_ms: i64,
    /// The most items of one request.
    pub batch_max: usize,
    /// First attempts to one URL at the same time; more than 1 gives up their order.
    pub parallel: usize,
    /// How long an endpoint may take for the first attempt, in milliseconds of real time.
    pub first_timeout_ms: u64,
    /// The same for further attempts.
    pub retry_timeout_ms: u64,
    /// The pause before the second attempt, in milliseconds; it doubles with every further one.
    pub retry_ms: i64,
    /// Nothing is tried longer than this, in milliseconds.
    pub retry_for_ms: i64,
    /// Slow endpoints are served late, very slow ones not at all.
    pub endpoint_rules: bool,
    /// No endpoint is judged by fewer answers than this.
    pub endpoint_rule_answers: usize,
    /// Only availability and activity make a notification, not a status message or a work location.
    pub words_only: bool,

    /// The resource data has a sequence number.
    pub rich_sequence: bool,
    /// The resource data has all properties instead of id, availability and activity.
    pub rich_all: bool,
    /// `resource` of an item is the subscription's whole filter, encoded, instead of the user's.
    pub filter_resource: bool,
    /// `resourceData` has an id.
    pub resource_data_id: bool,
    /// The spelling of `@odata.type`.
    pub odata_type: OdataType,
    /// `subscriptionExpirationDateTime` ends with a Z.
    pub expiration_z: bool,
    /// Items have an `organizationId`.
    pub organization_id: bool,
    /// Items have an `id` of their own.
    pub notification_id: bool,
    /// `Updated` instead of `updated`.
    pub pascal_change_type: bool,
    /// The form of validation tokens.
    pub token_version: TokenVersion,
    /// Whether there are any.
    pub tokens: Tokens,
    /// Basic notifications have validation tokens, too.
    pub tokens_with_basic: bool,

    /// `reauthorizationRequired` comes this long before token or subscription end, in milliseconds.
    pub reauthorize_lead_ms: i64,
    /// And again after this, until it is heeded, in milliseconds; 0 for once.
    pub reauthorize_every_ms: i64,
}

impl Default for NotifyOddities {
    fn default() -> Self {
        Self {
            conflict: ConflictRule::User,
            conflict_code: ConflictCode::Conflict,
            long_expiry: LongExpiry::Refused,
            past_expiry: PastExpiry::Refused,
            min_life_min: 45,
            max_life_min: 60,
            patch_refused: false,
            own_presence: OwnPresence::Refused,
            unknown_users_refused: false,
            filter_quotes: FilterQuotes::Either,
            max_users: 650,
            quota: 10_000,
            https_only: false,
            hosts: BTreeMap::new(),
            client_state_echoed: true,
            page: 100,
            empty_first_page: false,
            limits: true,
            handshake_timeout_ms: 10_000,
            handshake_code: HandshakeCode::ValidationError,
            tricky_handshake: false,
            latency_ms: 10,
            batch_ms: 0,
            batch_max: 100,
            parallel: 1,
            first_timeout_ms: 3_000,
            retry_timeout_ms: 10_000,
            retry_ms: 5_000,
            retry_for_ms: 4 * 3_600_000,
            endpoint_rules: true,
            endpoint_rule_answers: 10,
            words_only: false,
            rich_sequence: false,
            rich_all: false,
            filter_resource: false,
            resource_data_id: true,
            odata_type: OdataType::Lower,
            expiration_z: true,
            organization_id: true,
            notification_id: false,
            pascal_change_type: false,
            token_version: TokenVersion::V2,
            tokens: Tokens::Sent,
            tokens_with_basic: false,
            reauthorize_lead_ms: 15 * 60_000,
            reauthorize_every_ms: 15 * 60_000,
        }
    }
}
