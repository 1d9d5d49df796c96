//! The broken set-ups, by chapter of the page.

mod account;
mod application;
mod configuration;
mod graph;
mod network;
mod state;
mod users;

use crate::printed::Expected;
use crate::rig::Rig;

/// One thing that is broken.
pub(crate) struct Case {
    /// As an administrator would put it.
    pub(crate) symptom: &'static str,
    /// What was broken.
    pub(crate) broken: &'static str,
    /// Breaks it.
    pub(crate) break_it: fn(&mut Rig),
    /// The diagnosis: every step that is neither well nor left out.
    pub(crate) expected: Vec<Expected>,
    /// What to do. Whether a reload takes it over is said by the page, see `reload`.
    pub(crate) repair: &'static str,
    /// Keys of the configuration that are changed by it.
    pub(crate) changes: &'static [&'static str],
}

pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    pub(crate) cases: Vec<Case>,
}

pub(crate) fn chapters() -> Vec<Chapter> {
    let chapter = |title, cases| Chapter { title, cases };
    vec![
        chapter("The configuration is refused", configuration::cases()),
        chapter("A secret or certificate cannot be used", configuration::credentials()),
        chapter("Microsoft is not reached", network::cases()),
        chapter("The clock", network::clock()),
        chapter("Sign-in of the application is refused", application::cases()),
        chapter("Sign-in of an account is refused", account::cases()),
        chapter("Permissions", application::permissions()),
        chapter("People are not found", users::cases()),
        chapter("Graph does not answer as it should", graph::cases()),
        chapter("The state directory", state::cases()),
    ]
}
