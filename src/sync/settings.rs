//! The part of the configuration that the heart needs.

use std::collections::BTreeMap;

use super::dnd::DndPolicy;
use super::terms::Holds;
use crate::config::{self, Config, RuleSet};

/// Which callbacks the host has. A change without one is delivered all the same and counts as applied; presence is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// `on_dnd` is set.
    pub dnd: bool,
    /// `on_chat_state` is set.
    pub chat: bool,
    /// `on_presence` is set.
    pub presence: bool,
    /// `on_queue_dnd` is set. Without it nothing is decided, owned or kept of the queue.
    pub queue: bool,
}

/// What the heart needs to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) outputs: Outputs,
    pub(super) policy: DndPolicy,
    pub(super) holds: Holds,
    /// `[0]` is the default set.
    pub(super) rule_sets: Vec<RuleSet>,
    /// Which of them speak of the queue.
    pub(super) queue_sets: Vec<bool>,
    pub(super) rule_set_names: BTreeMap<String, u16>,
    pub(super) stale_after_ms: u64,
    pub(super) stale_release: bool,
    pub(super) on_stop: config::OnStop,
    pub(super) seats: Option<u64>,
    pub(super) nobody_over_limit: bool,
    pub(super) poll_interval_ms: u64,
    pub(super) opt_out: config::OptOut,
    /// Decide and tell, but set nothing.
    pub(super) dry_run: bool,
    /// Calls are published for this long at a time; `None`: not.
    pub(super) publish_ms: Option<u64>,
}

impl Settings {
    /// Takes what is needed from a checked configuration.
    pub fn new(config: &Config, outputs: Outputs) -> Settings {
        let mut rule_sets = vec![config.rules.default.clone()];
        let mut rule_set_names = BTreeMap::new();
        for (name, set) in &config.rules.sets {
            rule_set_names.insert(name.clone(), rule_sets.len() as u16);
            rule_sets.push(set.clone());
        }
        Settings {
            outputs,
            policy: DndPolicy {
                force: config.dnd.ownership == config::Ownership::Force,
                echo_ms: config.dnd.echo_ms,
                ack_timeout_ms: config.dispatch.ack_timeout_ms,
            },
            holds: Holds { on_ms: config.dnd.hold_on_ms, off_ms: config.dnd.hold_off_ms },
            queue_sets: rule_sets.iter().map(RuleSet::names_queue).collect(),
            rule_sets,
            rule_set_names,
            stale_after_ms: config.stale.after_ms,
            stale_release: config.stale.policy == config::StalePolicy::Release,
            on_stop: config.dnd.on_stop,
            seats: config.seats.limit.map(u64::from),
            nobody_over_limit: config.seats.over_limit == config::OverLimit::None,
            poll_interval_ms: config.source.longest_interval_ms(),
            opt_out: config.opt_out.clone(),
            dry_run: config.dry_run,
            publish_ms: config.publish.calls.then_some(config.publish.expiration_ms),
        }
    }
}
