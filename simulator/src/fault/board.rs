//! The faults that are switched on.

use serde::Serialize;

use super::fault::{EndpointClass, Fault, FaultAction};
use crate::clock::Millis;
use crate::random::Random;

/// One fault that is switched on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Active {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) fault: Fault,
    pub(crate) struck: u64,
    #[serde(skip)]
    seen: u64,
    #[serde(skip)]
    since: Millis,
}

/// What a request meets.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    /// All delays together, in milliseconds.
    pub(crate) delay_ms: u64,
    /// The first fault that is not a delay.
    pub(crate) action: Option<FaultAction>,
    /// The fault that keeps the answer back.
    pub(crate) held_by: Option<u64>,
}

/// Where a request goes, as far as faults ask.
pub(crate) struct Target<'a> {
    pub(crate) endpoint: EndpointClass,
    pub(crate) tenant: Option<&'a crate::tenant::Tenant>,
    pub(crate) method: &'a str,
    pub(crate) path_and_query: &'a str,
}

#[derive(Debug, Default)]
pub(crate) struct FaultBoard {
    active: Vec<Active>,
    last_id: u64,
}

impl FaultBoard {
    /// Switches a fault on and answers its number.
    pub(crate) fn add(&mut self, fault: Fault, now: Millis) -> u64 {
        self.last_id += 1;
        self.active.push(Active { id: self.last_id, fault, struck: 0, seen: 0, since: now });
        self.last_id
    }

    /// Switches one fault off, or all.
    pub(crate) fn clear(&mut self, id: Option<u64>) {
        self.active.retain(|a| id.is_some_and(|id| a.id != id));
    }

    pub(crate) fn active(&self) -> &[Active] {
        &self.active
    }

    /// Whether answers that this fault keeps back are still kept.
    pub(crate) fn holds(&self, id: u64, now: Millis) -> bool {
        self.active.iter().any(|a| a.id == id && a.fault.duration_ms.is_none_or(|d| now - a.since < d))
    }

    /// What strikes this request.
    pub(crate) fn strike(&mut self, target: &Target<'_>, random: &mut Random, now: Millis) -> Struck {
        let mut struck = Struck::default();
        if self.active.is_empty() {
            return struck;
        }
        self.active.retain(|a| a.fault.duration_ms.is_none_or(|d| now - a.since < d));
        for active in &mut self.active {
            let fault = &active.fault;
            let delay = matches!(fault.action, FaultAction::Delay { .. });
            // One fault at a time: a second one waits for a request of its own.
            let spent = fault.count.is_some_and(|most| active.struck >= most);
            if spent || !delay && struck.action.is_some() || !applies(fault, target) {
                continue;
            }
            active.seen += 1;
            if active.seen <= fault.skip || fault.probability.is_some_and(|p| !random.chance(p)) {
                continue;
            }
            active.struck += 1;
            match &fault.action {
                FaultAction::Delay { ms } => struck.delay_ms += ms,
                FaultAction::Hold => (struck.action, struck.held_by) = (Some(FaultAction::Hold), Some(active.id)),
                action => struck.action = Some(action.clone()),
            }
        }
        // One that holds answers does so until it is switched off.
        self.active.retain(|a| a.fault.action == FaultAction::Hold || a.fault.count.is_none_or(|most| a.struck < most));
        struck
    }
}

fn applies(fault: &Fault, target: &Target<'_>) -> bool {
    let endpoint = match fault.endpoint {
        // An Entra error makes sense nowhere else.
        EndpointClass::Any if matches!(fault.action, FaultAction::Aadsts { .. }) => target.endpoint == EndpointClass::Token,
        // Nor does a spoilt notification, and no answer is spoilt where there is none.
        EndpointClass::Any if matches!(fault.action, FaultAction::Tamper { .. }) => {
            target.endpoint == EndpointClass::Notifications
        }
        EndpointClass::Any => target.endpoint != EndpointClass::Notifications,
        wanted => wanted == target.endpoint,
    };
    endpoint
        && fault.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(target.method))
        && fault.tenant.as_ref().is_none_or(|name| target.tenant.is_some_and(|t| t.is_named(name)))
        && fault.path_contains.as_ref().is_none_or(|text| target.path_and_query.contains(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn strikes(fault: Fault, endpoint: EndpointClass, path: &str) -> Vec<bool> {
        let mut world = World::new().expect("a world");
        world.faults.add(fault, 0);
        let target = Target { endpoint, tenant: None, method: "GET", path_and_query: path };
        (0..5).map(|n| world.faults.strike(&target, &mut world.random, n * 100).action.is_some()).collect()
    }

    #[test]
    fn scope_skip_count_and_duration() {
        let fault = || Fault::status(EndpointClass::Users, 503);
        assert_eq!(strikes(fault(), EndpointClass::Users, "/"), [true; 5]);
        assert_eq!(strikes(fault(), EndpointClass::Delta, "/"), [false; 5]);
        let skipping = Fault { skip: 1, ..fault().times(2) };
        assert_eq!(strikes(skipping, EndpointClass::Users, "/"), [false, true, true, false, false]);
        let brief = Fault { duration_ms: Some(250), ..fault() };
        assert_eq!(strikes(brief, EndpointClass::Users, "/"), [true, true, true, false, false]);
        let here = Fault { path_contains: Some("delta".into()), ..Fault::status(EndpointClass::Any, 503) };
        assert_eq!(strikes(here.clone(), EndpointClass::Delta, "/v1.0/users/delta"), [true; 5]);
        assert_eq!(strikes(here, EndpointClass::Users, "/v1.0/users"), [false; 5]);
        assert_eq!(strikes(fault().in_tenant("contoso.test"), EndpointClass::Users, "/"), [false; 5]);
        let get = Fault { method: Some("get".into()), ..fault() };
        assert_eq!(strikes(get.clone(), EndpointClass::Users, "/"), [true; 5]);
        assert_eq!(strikes(Fault { method: Some("PATCH".into()), ..get }, EndpointClass::Users, "/"), [false; 5]);
        assert_eq!(strikes(Fault::status(EndpointClass::Any, 503), EndpointClass::Notifications, "/"), [false; 5]);
        let silent = Fault { endpoint: EndpointClass::Any, ..Fault::tamper(crate::notify::Tamper::Silent) };
        assert_eq!(strikes(silent.clone(), EndpointClass::Notifications, "/"), [true; 5]);
        assert_eq!(strikes(silent, EndpointClass::Users, "/"), [false; 5]);
        assert_eq!(strikes(Fault { probability: Some(0.0), ..fault() }, EndpointClass::Users, "/"), [false; 5]);
        assert_eq!(strikes(Fault { probability: Some(1.0), ..fault() }, EndpointClass::Users, "/"), [true; 5]);
        assert_eq!(
            strikes(Fault { endpoint: EndpointClass::Any, ..Fault::aadsts(90006) }, EndpointClass::Users, "/"),
            [false; 5]
        );
    }

    #[test]
    fn the_control_api_reads_faults() {
        let fault: Fault = serde_json::from_str(
            r#"{"endpoint":"presences","count":3,"action":{"kind":"status","status":429,"retry_after":{"decimal":2.128},"body":"html"}}"#,
        )
        .expect("a fault");
        assert_eq!(fault.count, Some(3));
        for how in [r#""silent""#, r#"{"duplicate":{"times":2}}"#, r#"{"wrong_client_state":{}}"#] {
            let text = format!(r#"{{"endpoint":"notifications","action":{{"kind":"tamper","how":{how}}}}}"#);
            assert!(serde_json::from_str::<Fault>(&text).is_ok(), "{how}");
        }
        assert!(serde_json::from_str::<Fault>(r#"{"action":{"kind":"tamper","how":{"duplicate":{"typo":2}}}}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"action":{"kind":"hang","typo":1}}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"action":{"kind":"hang"},"typo":1}"#).is_err());
    }
}
