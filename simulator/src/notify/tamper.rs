//! What goes wrong with a notification on its way.

use serde::{Deserialize, Serialize};

/// What goes wrong with one notification. It is the `how` of a fault of kind `tamper`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tamper {
    /// It is never sent, and the subscription lives on.
    Silent,
    /// It comes again.
    Duplicate {
        /// How often it comes again.
        times: u32,
        /// The pause in between, in milliseconds; without one they stand in the same request.
        #[serde(default)]
        gap_ms: i64,
    },
    /// It comes after the next one to the same URL, or after this time at the latest.
    AfterNext {
        /// In milliseconds.
        #[serde(default = "a_second")]
        ms: i64,
    },
    /// Another client state, or null.
    WrongClientState {
        /// The client state; null when left out.
        #[serde(default)]
        value: Option<String>,
    },
    /// `tenantId` is another tenant's.
    OtherTenant,
    /// `subscriptionId` is nobody's.
    UnknownSubscription,
    /// The signature of the encrypted data does not fit.
    WrongHmac,
    /// The data was encrypted for a certificate of this name that nobody knows.
    WrongCertificateId {
        /// The name.
        #[serde(default = "unknown")]
        id: String,
    },
    /// The symmetric key was encrypted for another certificate.
    WrongKey,
    /// The data decrypts to something that is no JSON.
    WrongPlaintext,
    /// No id of the user in `resourceData`; `resource` is the whole filter.
    NoUserId,
    /// `validationTokens` is null.
    TokensNull,
    /// `validationTokens` is not there.
    TokensMissing,
    /// `validationTokens` is an empty list.
    TokensEmpty,
    /// `validationTokens` holds texts that are no tokens.
    TokensGarbage,
    /// The token has expired.
    TokenExpired,
    /// The token is for another app.
    TokenAudience,
    /// The token is of another tenant.
    TokenIssuer,
    /// Another app than Graph's asked for the token.
    TokenCaller,
    /// The token is signed with a key that no key set names.
    TokenStranger,
    /// The token says that it needs no signature, and has none.
    TokenUnsigned,
    /// Items of other tenants stand in the same request.
    Foreign {
        /// How many.
        count: u32,
    },
    /// The body is no JSON.
    NotJson,
    /// The body ends in the middle.
    CutBody,
}

fn a_second() -> i64 {
    1_000
}

fn unknown() -> String {
    "no-such-certificate".to_owned()
}
