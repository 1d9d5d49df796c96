//! Sign-in to Microsoft Entra: one file per grant, the token cache, the catalogue of Entra's errors.
//!
//! A [`TokenKeeper`] belongs to one instance. It fetches a token once however many ask, renews it ahead, never hammers with a refused
//! credential, and reports what an administrator must know as events, once per change.

pub mod aadsts;
mod answer;
mod certificate;
mod chance;
mod client_secret;
mod consequence;
mod core;
mod credential;
mod device_code;
mod dialog;
mod error;
mod exchange;
mod flight;
mod grant;
mod keeper;
mod ledger;
mod leftover;
mod lookout;
mod managed;
mod outcome;
mod password;
mod person;
mod recall;
mod refresh;
mod refusal;
mod refusals;
mod rotation;
mod schedule;
mod settings;
mod ticket;
mod token;
mod told;
mod watch;
mod watch_graph;
mod workload;
mod writing;

#[cfg(test)]
mod tests;

pub use error::SignInError;
pub use keeper::{NoPerson, Parts, SignInState, TokenKeeper};
pub use leftover::forget_accounts;
pub use person::{Phase, Prompt};
pub use refresh::remembers_person;
pub use settings::{Method, Next, Settings, Succession};
pub use token::{AccessToken, Claims};
pub use watch::{Expiry, ExpirySource};
pub use watch_graph::AppCredential;
