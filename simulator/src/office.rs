//! A day of a small office in a minute.

use crate::action::Action;
use crate::default::DOMAIN;
use crate::presence::PresenceSpec;
use crate::script::{Line, Script};

/// Seconds, person, availability, activity. What is not said of somebody at the start is Offline.
const DAY: &[(f64, &str, &str, &str)] = &[
    // Morning: they arrive one by one.
    (0.0, "hugo", "Offline", "OffWork"),
    (1.0, "ann", "Available", "Available"),
    (2.0, "ben", "Available", "Available"),
    (3.0, "cleo", "Away", "Away"),
    (3.5, "gina", "Available", "Available"),
    (4.0, "dev", "Available", "Available"),
    (5.0, "eva", "BeRightBack", "BeRightBack"),
    (6.0, "cleo", "Available", "Available"),
    (7.0, "finn", "Available", "Available"),
    // First calls.
    (8.0, "ann", "Busy", "InACall"),
    (9.0, "eva", "Available", "Available"),
    (11.0, "ben", "DoNotDisturb", "Focusing"),
    (13.0, "ann", "Available", "Available"),
    // The team meeting: three of them talk, Dev presents.
    (15.0, "cleo", "Busy", "InAMeeting"),
    (15.1, "dev", "Busy", "InAMeeting"),
    (15.2, "eva", "Busy", "InAMeeting"),
    (16.5, "cleo", "Busy", "InAConferenceCall"),
    (16.6, "dev", "DoNotDisturb", "Presenting"),
    (16.7, "eva", "Busy", "InAConferenceCall"),
    (19.0, "finn", "Busy", "InACall"),
    (21.0, "gina", "DoNotDisturb", "DoNotDisturb"),
    (23.0, "ben", "Available", "Available"),
    (24.0, "dev", "Available", "Available"),
    (24.2, "cleo", "Available", "Available"),
    (24.4, "eva", "Available", "Available"),
    (26.0, "finn", "Available", "Available"),
    (27.0, "gina", "Available", "Available"),
    // Lunch.
    (29.0, "ann", "BeRightBack", "BeRightBack"),
    (29.5, "ben", "Away", "Away"),
    (30.0, "cleo", "AvailableIdle", "Inactive"),
    (30.5, "dev", "Away", "Away"),
    (31.0, "eva", "Busy", "InACall"),
    (33.0, "eva", "BeRightBack", "BeRightBack"),
    (35.0, "ann", "Available", "Available"),
    (36.0, "ben", "Available", "Available"),
    (36.5, "cleo", "Available", "Available"),
    (37.0, "dev", "Available", "Available"),
    (38.0, "eva", "Available", "Available"),
    // Afternoon.
    (39.0, "finn", "Busy", "Busy"),
    (40.0, "ann", "Busy", "InAConferenceCall"),
    (40.2, "gina", "Busy", "InAConferenceCall"),
    (42.0, "ben", "Busy", "InACall"),
    (43.0, "dev", "DoNotDisturb", "UrgentInterruptionsOnly"),
    (45.0, "ben", "Available", "Available"),
    (46.0, "ann", "Available", "Available"),
    (46.5, "gina", "Available", "Available"),
    (47.0, "cleo", "Busy", "InACall"),
    (49.0, "dev", "Available", "Available"),
    (50.0, "cleo", "Available", "Available"),
    (51.0, "finn", "Available", "Available"),
    // Evening: they leave.
    (53.0, "ann", "Offline", "Offline"),
    (54.0, "ben", "Offline", "Offline"),
    (55.0, "dev", "Busy", "InACall"),
    (56.0, "eva", "Offline", "OffWork"),
    (57.0, "finn", "Offline", "Offline"),
    (57.5, "cleo", "Offline", "Offline"),
    (58.0, "dev", "Available", "Available"),
    (59.0, "dev", "Offline", "Offline"),
    (60.0, "gina", "Offline", "Offline"),
];

/// The day of the eight people of `contoso.test`, one minute long.
pub fn office_day() -> Script {
    let line = |seconds: f64, person: &str, presence: PresenceSpec| Line {
        // Never negative, and far below the limit.
        at_ms: (seconds * 1000.0) as u64,
        action: Action::Presence { tenant: None, user: format!("{person}@{DOMAIN}"), presence },
    };
    let offline = PresenceSpec::new("Offline", "Offline");
    let mut lines = vec![Line { at_ms: 0, action: Action::AllPresences { tenant: None, presence: offline } }];
    lines.extend(
        DAY.iter().map(|&(at, person, availability, activity)| line(at, person, PresenceSpec::new(availability, activity))),
    );
    // Hugo is on holiday, and Teams says so.
    let away = PresenceSpec {
        out_of_office: Some(true),
        out_of_office_message: Some("Back on Monday".to_owned()),
        ..PresenceSpec::new("Away", "OutOfOffice")
    };
    lines.push(line(10.0, "hugo", away));
    Script::new(lines)
}
