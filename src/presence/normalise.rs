//! From Graph's strings to a [`Presence`].
//!
//! Graph's documentation knows two generations of values, with other casings and with detail words in either field, and both fields
//! are plain nullable strings (Microsoft Graph, presence resource). So nothing here fails: what cannot be read is *no information*.

use super::{Activity, Availability, Presence, WordTable};

/// The fields of a Graph presence that count, as they came. `None` for null, missing or not of the expected type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw<'a> {
    /// `availability`
    pub availability: Option<&'a str>,
    /// `activity`
    pub activity: Option<&'a str>,
    /// `outOfOfficeSettings.isOutOfOffice`
    pub out_of_office: Option<bool>,
}

/// What one look at a person told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation<'a> {
    /// A presence to act on.
    Known {
        /// The presence.
        presence: Presence,
        /// An activity that nobody knows, beside an availability that is known.
        foreign: Option<&'a str>,
    },
    /// Nothing to act on: unknown, null, missing, or a word nobody knows. Decides nothing and does not renew the age.
    NoInformation {
        /// The word nobody knows, where that was the cause.
        foreign: Option<&'a str>,
    },
}

/// Reads one presence. Spellings go to `words`; nothing is allocated for a spelling seen before.
///
/// The availability field decides whether there is information at all; a detail word in it takes its family, and the activity refines.
pub fn normalise<'a>(raw: Raw<'a>, words: &mut WordTable) -> Observation<'a> {
    let Some(availability_text) = raw.availability.map(str::trim).filter(|text| !text.is_empty()) else {
        return Observation::NoInformation { foreign: None };
    };
    let activity_text = raw.activity.map(str::trim).unwrap_or_default();
    let activity = Activity::parse(activity_text);
    let (availability, detail) = match (Availability::parse(availability_text), Activity::parse(availability_text)) {
        (Some(base), _) => (base, activity),
        // The absence note beside another word: that word tells what the person does, the note becomes the flag.
        (None, Some(Activity::OutOfOffice)) => {
            (family(Activity::OutOfOffice, activity_text), activity.or(Some(Activity::OutOfOffice)))
        }
        // The two fields exchanged: how idle somebody is says nothing of what he does, the word beside it does.
        (None, Some(Activity::Inactive)) => {
            let base_beside = Availability::parse(activity_text).is_some();
            (family(Activity::Inactive, activity_text), activity.filter(|_| !base_beside).or(Some(Activity::Inactive)))
        }
        (None, Some(detail)) => (family(detail, activity_text), Some(detail)),
        (None, None) => {
            let unknown = availability_text.eq_ignore_ascii_case("PresenceUnknown");
            return Observation::NoInformation { foreign: (!unknown).then_some(availability_text) };
        }
    };
    let out_of_office = raw.out_of_office == Some(true) || notes_absence(availability_text, activity_text);
    let foreign = activity.is_none() && !activity_text.is_empty() && !activity_text.eq_ignore_ascii_case("PresenceUnknown");
    // AvailableIdle and BusyIdle are no activities, and an availability may stand in the activity field without being foreign.
    let foreign = foreign && Availability::parse(activity_text).is_none();
    Observation::Known {
        presence: Presence {
            availability,
            activity: detail.unwrap_or_default(),
            out_of_office,
            availability_word: words.intern(availability_text),
            activity_word: words.intern(activity_text),
        },
        foreign: foreign.then_some(activity_text),
    }
}

/// One of the two words says out of office, whatever the settings say.
pub fn notes_absence(availability: &str, activity: &str) -> bool {
    [availability, activity].into_iter().any(|text| Activity::parse(text) == Some(Activity::OutOfOffice))
}

/// The base state of a detail word that stood in the availability field. `beside` is the other field: an absence or idle note takes the
/// base from there if it names one.
fn family(detail: Activity, beside: &str) -> Availability {
    match detail {
        Activity::InACall | Activity::InAConferenceCall | Activity::InAMeeting => Availability::Busy,
        Activity::Presenting | Activity::Focusing | Activity::UrgentInterruptionsOnly => Availability::DoNotDisturb,
        Activity::OutOfOffice => match (Availability::parse(beside), Activity::parse(beside)) {
            (Some(base), _) => base,
            (None, Some(other)) if other != Activity::OutOfOffice => family(other, ""),
            _ => Availability::Away,
        },
        Activity::OffWork => Availability::Offline,
        Activity::Inactive => match (Availability::parse(beside), Activity::parse(beside)) {
            (Some(base), _) => base,
            (None, Some(other)) if !matches!(other, Activity::Inactive | Activity::OutOfOffice) => family(other, ""),
            _ => Availability::Available,
        },
        // The rest are base words and never reach this point; read them as what they say.
        base => Availability::parse(base.as_str()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Activity as C;
    use Availability as A;

    fn read(availability: Option<&str>, activity: Option<&str>) -> Option<(A, C, bool)> {
        let raw = Raw { availability, activity, out_of_office: None };
        match normalise(raw, &mut WordTable::default()) {
            Observation::Known { presence, .. } => Some((presence.availability, presence.activity, presence.out_of_office)),
            Observation::NoInformation { .. } => None,
        }
    }

    #[test]
    fn every_documented_pair() {
        let table = [
            ("Available", "Available", A::Available, C::Available, false),
            ("Available", "OutOfOffice", A::Available, C::OutOfOffice, true),
            ("AvailableIdle", "Inactive", A::Available, C::Inactive, false),
            ("Available", "AvailableInactive", A::Available, C::Inactive, false),
            ("Busy", "Busy", A::Busy, C::Busy, false),
            ("BusyIdle", "Inactive", A::Busy, C::Inactive, false),
            ("Busy", "InACall", A::Busy, C::InACall, false),
            ("busy", "inAConferenceCall", A::Busy, C::InAConferenceCall, false),
            ("Busy", "InAMeeting", A::Busy, C::InAMeeting, false),
            ("DoNotDisturb", "DoNotDisturb", A::DoNotDisturb, C::DoNotDisturb, false),
            ("DoNotDisturb", "Presenting", A::DoNotDisturb, C::Presenting, false),
            ("doNotDisturb", "focusing", A::DoNotDisturb, C::Focusing, false),
            ("DoNotDisturb", "UrgentInterruptionsOnly", A::DoNotDisturb, C::UrgentInterruptionsOnly, false),
            ("Away", "Away", A::Away, C::Away, false),
            ("Away", "BeRightBack", A::Away, C::BeRightBack, false),
            ("BeRightBack", "BeRightBack", A::BeRightBack, C::BeRightBack, false),
            ("Offline", "OffWork", A::Offline, C::OffWork, false),
            ("Offline", "Offline", A::Offline, C::Offline, false),
            ("OutOfOffice", "OutOfOffice", A::Away, C::OutOfOffice, true),
            ("Away", "OutOfOffice", A::Away, C::OutOfOffice, true),
        ];
        for (availability, activity, base, detail, out) in table {
            assert_eq!(read(Some(availability), Some(activity)), Some((base, detail, out)), "{availability}/{activity}");
        }
    }

    #[test]
    fn detail_words_in_the_availability_field() {
        assert_eq!(read(Some("inACall"), Some("busy")), Some((A::Busy, C::InACall, false)));
        assert_eq!(read(Some("Presenting"), None), Some((A::DoNotDisturb, C::Presenting, false)));
        assert_eq!(read(Some("focusing"), Some("doNotDisturb")), Some((A::DoNotDisturb, C::Focusing, false)));
        assert_eq!(read(Some("OutOfOffice"), None), Some((A::Away, C::OutOfOffice, true)));
        assert_eq!(read(Some("OutOfOffice"), Some("Available")), Some((A::Available, C::Available, true)));
        assert_eq!(read(Some("OutOfOffice"), Some("InACall")), Some((A::Busy, C::InACall, true)));
    }

    #[test]
    fn an_idle_word_in_the_availability_field_hides_nobody() {
        assert_eq!(read(Some("Inactive"), Some("BusyIdle")), Some((A::Busy, C::Inactive, false)));
        assert_eq!(read(Some("Inactive"), Some("Busy")), Some((A::Busy, C::Inactive, false)));
        assert_eq!(read(Some("inactive"), Some("doNotDisturb")), Some((A::DoNotDisturb, C::Inactive, false)));
        assert_eq!(read(Some("Inactive"), Some("InACall")), Some((A::Busy, C::InACall, false)));
        assert_eq!(read(Some("Inactive"), Some("AvailableIdle")), Some((A::Available, C::Inactive, false)));
        assert_eq!(read(Some("AvailableInactive"), Some("Inactive")), Some((A::Available, C::Inactive, false)));
        assert_eq!(read(Some("Inactive"), Some("OutOfOffice")), Some((A::Available, C::OutOfOffice, true)));
        assert_eq!(read(Some("Inactive"), None), Some((A::Available, C::Inactive, false)));
    }

    #[test]
    fn no_information() {
        for (availability, activity) in [
            (None, None),
            (None, Some("Available")),
            (Some(""), Some("Busy")),
            (Some("PresenceUnknown"), Some("PresenceUnknown")),
            (Some("presenceUnknown"), Some("Available")),
            (Some("InHolography"), Some("Busy")),
        ] {
            assert_eq!(read(availability, activity), None, "{availability:?}/{activity:?}");
        }
    }

    #[test]
    fn foreign_words_are_named() {
        let mut words = WordTable::default();
        let raw = Raw { availability: Some("InHolography"), activity: Some("Busy"), out_of_office: None };
        assert_eq!(normalise(raw, &mut words), Observation::NoInformation { foreign: Some("InHolography") });
        let raw = Raw { availability: Some("Busy"), activity: Some("InHolography"), out_of_office: None };
        let Observation::Known { presence, foreign } = normalise(raw, &mut words) else { panic!("known") };
        assert_eq!((presence.availability, presence.activity, foreign), (A::Busy, C::Unknown, Some("InHolography")));
        assert_eq!(&**words.text(presence.activity_word), "InHolography");
    }

    #[test]
    fn the_out_of_office_flag_counts_beside_any_state() {
        let raw = Raw { availability: Some("Busy"), activity: Some("InACall"), out_of_office: Some(true) };
        let Observation::Known { presence, .. } = normalise(raw, &mut WordTable::default()) else { panic!("known") };
        assert!(presence.out_of_office && presence.activity == C::InACall);
    }
}
