//! What sign-in remembers between two requests: device codes that wait, and refresh tokens.

use std::collections::HashMap;

use crate::clock::Millis;

/// What a delegated request asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delegated {
    pub(super) audience: String,
    pub(super) scopes: Vec<String>,
    pub(super) offline: bool,
    pub(super) openid: bool,
}

/// A refresh token that was given out.
#[derive(Debug)]
pub(super) struct RefreshToken {
    pub(super) tenant: u128,
    pub(super) app: u128,
    pub(super) user: u128,
    pub(super) scopes: Vec<String>,
    pub(super) audience: String,
    pub(super) issued: Millis,
}

/// The refresh tokens that were given out.
pub(super) type RefreshTokens = HashMap<String, RefreshToken>;

/// What became of a code.
#[derive(Debug)]
pub(super) enum Status {
    Pending,
    Approved(u32),
    Declined,
    Used,
}

/// A code that was given out.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) user_code: String,
    pub(super) tenant: usize,
    pub(super) app: usize,
    pub(super) asked: Delegated,
    pub(super) expires: Millis,
    pub(super) interval: Millis,
    /// When it was last asked about.
    pub(super) polled: Option<Millis>,
    pub(super) status: Status,
}

/// Device codes that wait, and refresh tokens.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    pub(super) pending: HashMap<String, Pending>,
    pub(super) refresh: RefreshTokens,
}

impl Devices {
    /// The codes that wait for somebody to sign in.
    pub(crate) fn waiting(&self) -> Vec<&str> {
        self.pending.values().filter(|p| matches!(p.status, Status::Pending)).map(|p| p.user_code.as_str()).collect()
    }
}
