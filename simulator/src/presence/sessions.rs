//! Several sessions of one user and the state that the world sees: preferred state first, then DoNotDisturb > Busy > Available > Away.

use crate::clock::Millis;

/// The state that an application set with `setPresence`.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) session_id: u128,
    pub(crate) availability: &'static str,
    pub(crate) activity: &'static str,
    pub(crate) set_at: Millis,
    pub(crate) expires: Millis,
    /// The world sees it from then on.
    pub(crate) shows_at: Millis,
    /// Cleared, or replaced by another state: the world sees it until then.
    pub(crate) gone_at: Option<Millis>,
}

/// The state that somebody chose by hand.
#[derive(Debug, Clone)]
pub(crate) struct Preferred {
    pub(crate) availability: &'static str,
    pub(crate) activity: &'static str,
    pub(crate) expires: Millis,
}

const FADE: Millis = 5 * 60_000;

impl Session {
    /// Whether nobody will see it any more.
    pub(crate) fn is_over(&self, now: Millis) -> bool {
        now >= self.expires || self.gone_at.is_some_and(|at| now >= at)
    }

    /// The moments at which the session may look different from the moment before.
    pub(crate) fn turns(&self) -> [Millis; 5] {
        [self.shows_at, self.set_at + FADE, self.set_at + 2 * FADE, self.expires, self.gone_at.unwrap_or(self.expires)]
    }

    /// The session's state at `now`; `None` before it shows and once it is over. Only `Available` fades.
    pub(crate) fn at(&self, now: Millis) -> Option<(&'static str, &'static str)> {
        if now < self.shows_at || self.is_over(now) {
            return None;
        }
        if self.availability != "Available" {
            return Some((self.availability, self.activity));
        }
        Some(match now - self.set_at {
            age if age >= 2 * FADE => ("Away", "Away"),
            age if age >= FADE => ("Available", "AvailableInactive"),
            _ => (self.availability, self.activity),
        })
    }
}

/// Higher wins; 0 means that there is no session behind it.
fn rank(availability: &str) -> u8 {
    match availability {
        "DoNotDisturb" => 5,
        "Busy" | "BusyIdle" => 4,
        "Available" | "AvailableIdle" => 3,
        "Offline" => 0,
        "Away" | "BeRightBack" => 1,
        // A word that nobody knows must come through: it ranks above Away.
        _ => 2,
    }
}

/// What the world sees. `client` is the state of the user's Teams clients taken together.
pub(crate) fn aggregate<'a>(
    client: (&'a str, &'a str),
    sessions: &[Session],
    preferred: Option<&Preferred>,
    now: Millis,
) -> (&'a str, &'a str) {
    let mut best = client;
    let mut any = rank(client.0) > 0;
    for state in sessions.iter().filter_map(|s| s.at(now)) {
        if !any || rank(state.0) > rank(best.0) {
            best = state;
        }
        any = true;
    }
    if let Some(chosen) = preferred.filter(|p| now < p.expires) {
        return if any { (chosen.availability, chosen.activity) } else { ("Offline", "Offline") };
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(availability: &'static str, activity: &'static str) -> Session {
        Session { session_id: 1, availability, activity, set_at: 0, expires: 3_600_000, shows_at: 0, gone_at: None }
    }

    #[test]
    fn precedence() {
        let call = session("Busy", "InACall");
        let table = [
            (("Offline", "Offline"), vec![], ("Offline", "Offline")),
            (("Offline", "Offline"), vec![session("Away", "Away")], ("Away", "Away")),
            (("Available", "Available"), vec![call.clone()], ("Busy", "InACall")),
            (("DoNotDisturb", "Focusing"), vec![call.clone()], ("DoNotDisturb", "Focusing")),
            (("Away", "Away"), vec![session("Available", "Available")], ("Available", "Available")),
            (("Busy", "InAMeeting"), vec![session("DoNotDisturb", "Presenting"), call.clone()], ("DoNotDisturb", "Presenting")),
            (("NewWord", "NewWord"), vec![], ("NewWord", "NewWord")),
        ];
        for (client, sessions, seen) in table {
            assert_eq!(aggregate(client, &sessions, None, 1000), seen, "{client:?} {sessions:?}");
        }
    }

    #[test]
    fn preferred_wins_but_needs_a_session() {
        let chosen = Preferred { availability: "BeRightBack", activity: "BeRightBack", expires: 10_000 };
        assert_eq!(aggregate(("Busy", "InACall"), &[], Some(&chosen), 0), ("BeRightBack", "BeRightBack"));
        assert_eq!(aggregate(("Offline", "Offline"), &[], Some(&chosen), 0), ("Offline", "Offline"));
        assert_eq!(
            aggregate(("Offline", "Offline"), &[session("Away", "Away")], Some(&chosen), 0),
            ("BeRightBack", "BeRightBack")
        );
        assert_eq!(aggregate(("Busy", "InACall"), &[], Some(&chosen), 10_000), ("Busy", "InACall"));
    }

    #[test]
    fn available_fades_and_sessions_expire() {
        let available = session("Available", "Available");
        assert_eq!(available.at(299_999), Some(("Available", "Available")));
        assert_eq!(available.at(300_000), Some(("Available", "AvailableInactive")));
        assert_eq!(available.at(600_000), Some(("Away", "Away")));
        assert_eq!(available.at(3_600_000), None);
        assert_eq!(session("Busy", "InACall").at(3_599_999), Some(("Busy", "InACall")));
        assert_eq!(aggregate(("Offline", "Offline"), &[session("Busy", "InACall")], None, 3_600_000), ("Offline", "Offline"));
    }
}
