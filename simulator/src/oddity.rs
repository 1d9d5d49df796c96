//! Switches for what Microsoft leaves open: each gives one of the answers that a client must bear.

use serde::{Deserialize, Serialize};

use crate::notify::NotifyOddities;

/// The spelling of availability and activity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Casing {
    /// `DoNotDisturb`
    #[default]
    Pascal,
    /// `doNotDisturb`
    Camel,
}

/// Which optional fields a presence has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// All seven.
    #[default]
    Global,
    /// Without out of office, sequence number and work location.
    UsGov,
    /// Without out of office and sequence number.
    Bleu,
    /// Only id, availability and activity, as in the older documents.
    Classic,
}

/// Which fields are null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// Only those without a value.
    #[default]
    None,
    /// All optional ones.
    Optional,
    /// All but the id.
    All,
}

/// What getPresencesByUserId does with an id that nobody in the tenant has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownIds {
    /// The entry is missing.
    #[default]
    Missing,
    /// An entry with `PresenceUnknown`.
    PresenceUnknown,
    /// An entry with `Offline`.
    Offline,
    /// 404 for the whole call.
    NotFound,
}

/// What getPresencesByUserId does with an id that is no GUID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MalformedIds {
    /// 400 for the whole call.
    #[default]
    BadRequest,
    /// The entry is missing.
    Ignored,
}

/// What getPresencesByUserId does with an id that is named twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateIds {
    /// One entry.
    #[default]
    Once,
    /// An entry each time.
    Each,
}

/// Every switch, with the most plausible behaviour as default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oddities {
    /// The spelling of the two words.
    pub casing: Casing,
    /// The detail word stands in availability, the base word in activity.
    pub swapped_fields: bool,
    /// Which optional fields exist.
    pub profile: Profile,
    /// Which fields are null.
    pub nulls: Nulls,
    /// Ids of nobody.
    pub unknown_ids: UnknownIds,
    /// Ids that are no GUIDs.
    pub malformed_ids: MalformedIds,
    /// Ids named twice.
    pub duplicate_ids: DuplicateIds,
    /// A guest's presence is left out instead of answered as `PresenceUnknown`.
    pub guests_missing: bool,
    /// Any call that names one of these ids is refused with 400.
    pub poison_ids: Vec<String>,
    /// Each person comes twice in `value`: first in a call, then as he is.
    pub doubled_entries: bool,
    /// `value` in random order.
    pub shuffle: bool,
    /// A single presence comes as `{"value":[...]}`.
    pub single_wrapped: bool,
    /// Ids in upper case.
    pub wrong_case_ids: bool,
    /// The most ids that one call may name.
    pub max_ids: usize,
    /// `expires_in` as a string.
    pub expires_in_as_string: bool,
    /// The life of an access token in seconds.
    pub token_lifetime_s: i64,
    /// How often a device code may be asked about, in seconds; who asks more often hears `slow_down`, and must wait 5 s longer from then on.
    pub device_interval_s: i64,
    /// The life of a device code in seconds.
    pub device_life_s: i64,
    /// Every device code is typed at once by this user; by nobody when left out.
    pub device_sign_in: Option<String>,
    /// A refresh token is good once: its use ends it, and a second use is refused. Entra itself lets the old one live.
    pub refresh_once: bool,
    /// Entra's clock is off by this much when it checks a client assertion, in seconds.
    pub entra_clock_skew_s: i64,
    /// Wrong passwords until the account is locked.
    pub lockout_threshold: u32,
    /// How long a lockout lasts, in seconds.
    pub lockout_s: i64,
    /// `any(... eq ...)` on addresses wants `ConsistencyLevel: eventual` and `$count=true`.
    pub address_filter_needs_advanced: bool,
    /// The link to the next page of users shows none of the query's options, only its token.
    pub bare_links: bool,
    /// A page of users never holds more than this.
    pub max_page: usize,
    /// Answers compressed for those who ask.
    pub gzip: bool,
    /// HTTP/2 offered on new TLS connections.
    pub http2: bool,
    /// How long after `setPresence` and `clearPresence` readers see what they did, in milliseconds.
    pub presence_delay_ms: i64,
    /// Presence requests per app, tenant and window; 0 for no limit.
    pub presence_limit: usize,
    /// The window of `presence_limit`, in milliseconds.
    pub presence_window_ms: i64,
    /// Directory resource units per app, tenant and 10 s; 0 for no limit.
    pub directory_units: usize,
    /// Presences that are read have a sequence number.
    pub poll_sequence: bool,
    /// Subscriptions and notifications.
    pub notify: NotifyOddities,
}

impl Default for Oddities {
    fn default() -> Self {
        Self {
            casing: Casing::Pascal,
            swapped_fields: false,
            profile: Profile::Global,
            nulls: Nulls::None,
            unknown_ids: UnknownIds::Missing,
            malformed_ids: MalformedIds::BadRequest,
            duplicate_ids: DuplicateIds::Once,
            guests_missing: false,
            poison_ids: Vec::new(),
            doubled_entries: false,
            shuffle: false,
            single_wrapped: false,
            wrong_case_ids: false,
            max_ids: 650,
            expires_in_as_string: false,
            token_lifetime_s: 3599,
            device_interval_s: 5,
            device_life_s: 900,
            device_sign_in: None,
            refresh_once: false,
            entra_clock_skew_s: 0,
            lockout_threshold: 10,
            lockout_s: 60,
            address_filter_needs_advanced: false,
            bare_links: false,
            max_page: 999,
            gzip: true,
            http2: true,
            presence_delay_ms: 0,
            presence_limit: 1500,
            presence_window_ms: 30_000,
            directory_units: 0,
            poll_sequence: true,
            notify: NotifyOddities::default(),
        }
    }
}
