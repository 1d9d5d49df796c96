//! What a content holds once it is decrypted.

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Value, json};
use teams_presence_sync::presence::{Guid, Raw};
use teams_presence_sync::source::notify::Told;

use super::tree;

/// A presence made of parts, each of which may be odd.
#[derive(Arbitrary, Debug)]
pub struct Presence {
    id: Id,
    availability: Field,
    activity: Field,
    sequence: Field,
    out_of_office: OutOfOffice,
    message: Option<String>,
    others: u8,
    listed: bool,
}

#[derive(Arbitrary, Debug)]
enum Id {
    Lower(u128),
    Upper(u128),
    Spaced(u128),
    Cut(u128, u8),
    Text(String),
    Missing,
    Null,
}

/// A member that should be a text.
#[derive(Arbitrary, Debug)]
enum Field {
    Text(String),
    Busy,
    InACall,
    Long(u16),
    Missing,
    Null,
    Number(i64),
    Truth(bool),
    Deep(u8),
}

#[derive(Arbitrary, Debug)]
enum OutOfOffice {
    Said(bool),
    Missing,
    Null,
    Text(String),
    OfText(String),
    List,
}

/// Any text, and one built from the same bytes.
pub fn run(data: &[u8]) -> bool {
    check(data);
    Presence::arbitrary_take_rest(Unstructured::new(data)).is_ok_and(|presence| presence.check())
}

/// Whatever is told stands in the text.
pub fn check(plain: &[u8]) {
    let Ok(told) = Told::read(plain.to_vec()) else { return };
    assert!(told.sequence().is_none_or(|sequence| !sequence.is_empty() && sequence.len() <= 128));
    let text = String::from_utf8_lossy(plain);
    let Some(tree) = tree::read(&text) else { return };
    // A list as such, a list or a person under `value`, or the person as such. Of two entries for one person the last counts.
    let list = tree.as_array().or(tree["value"].as_array()).map_or(&[][..], Vec::as_slice);
    let places = list.iter().chain([&tree["value"], &tree]);
    let person = places.rev().find(|person| id_of(person) == Some(told.id())).unwrap_or_else(|| panic!("{text}"));
    let raw = told.raw();
    assert_eq!((raw.availability, raw.activity), (person["availability"].as_str(), person["activity"].as_str()), "{text}");
    assert_eq!(raw.out_of_office, person["outOfOfficeSettings"]["isOutOfOffice"].as_bool(), "{text}");
    assert!(told.sequence().is_none_or(|sequence| tree["sequenceNumber"].as_str() == Some(sequence)), "{text}");
}

fn id_of(person: &Value) -> Option<Guid> {
    person["id"].as_str().and_then(|id| id.trim().parse().ok())
}

impl Field {
    fn value(&self) -> Option<Value> {
        match self {
            Field::Text(text) => Some(json!(text)),
            Field::Busy => Some(json!("Busy")),
            Field::InACall => Some(json!("InACall")),
            Field::Long(length) => Some(json!("9".repeat(usize::from(*length)))),
            Field::Missing => None,
            Field::Null => Some(Value::Null),
            Field::Number(number) => Some(json!(number)),
            Field::Truth(truth) => Some(json!(truth)),
            Field::Deep(levels) => Some((0..levels % 100).fold(json!(1), |inner, _| json!([inner]))),
        }
    }
}

impl Presence {
    /// The JSON of it.
    pub fn text(&self) -> Vec<u8> {
        self.json().to_string().into_bytes()
    }

    fn json(&self) -> Value {
        let mut json = json!({ "@odata.type": "#microsoft.graph.presence", "statusMessage": { "message": self.message } });
        let id = match &self.id {
            Id::Lower(id) => Some(json!(Guid(*id).to_string())),
            Id::Upper(id) => Some(json!(Guid(*id).to_string().to_uppercase())),
            Id::Spaced(id) => Some(json!(format!(" {}\n", Guid(*id)))),
            Id::Cut(id, at) => Some(json!(Guid(*id).to_string()[..usize::from(*at) % 36])),
            Id::Text(text) => Some(json!(text)),
            Id::Missing => None,
            Id::Null => Some(Value::Null),
        };
        let out_of_office = match &self.out_of_office {
            OutOfOffice::Said(truth) => Some(json!({ "message": "[[[{", "isOutOfOffice": truth })),
            OutOfOffice::Missing => None,
            OutOfOffice::Null => Some(Value::Null),
            OutOfOffice::Text(text) => Some(json!(text)),
            OutOfOffice::OfText(text) => Some(json!({ "isOutOfOffice": text })),
            OutOfOffice::List => Some(json!([true])),
        };
        let fields = [
            ("id", id),
            ("availability", self.availability.value()),
            ("activity", self.activity.value()),
            ("sequenceNumber", self.sequence.value()),
            ("outOfOfficeSettings", out_of_office),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                json[name] = value;
            }
        }
        if self.listed {
            let others = (0..self.others % 3).map(|other| json!({ "id": Guid(u128::from(other) + 1).to_string() }));
            json = json!({ "value": std::iter::once(json).chain(others).collect::<Vec<Value>>() });
        }
        json
    }

    fn check(&self) -> bool {
        let text = self.text();
        check(&text);
        let told = Told::read(text);
        let id = match &self.id {
            Id::Lower(id) | Id::Upper(id) | Id::Spaced(id) => Some(Guid(*id)),
            Id::Text(text) => text.trim().parse().ok(),
            Id::Cut(..) | Id::Missing | Id::Null => None,
        };
        // In a list beside others it is not one person's presence.
        let others = if self.listed { self.others % 3 } else { 0 };
        let same = id.is_some_and(|id| id.0 >= 1 && id.0 <= u128::from(others));
        let people = u8::from(id.is_some()) + others - u8::from(same);
        let Ok(told) = told else {
            assert_ne!(people, 1, "{self:?}");
            return false;
        };
        assert_eq!(people, 1, "{self:?}");
        if others > 0 {
            return true;
        }
        assert_eq!(Some(told.id()), id);
        let (availability, activity) = (self.availability.value(), self.activity.value());
        let said = match &self.out_of_office {
            OutOfOffice::Said(truth) => Some(*truth),
            _ => None,
        };
        let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let (availability, activity) = (text(&availability), text(&activity));
        let raw = Raw { availability: availability.as_deref(), activity: activity.as_deref(), out_of_office: said };
        assert_eq!(told.raw(), raw);
        let sequence = text(&self.sequence.value()).filter(|text| !self.listed && !text.is_empty() && text.len() <= 128);
        assert_eq!(told.sequence(), sequence.as_deref());
        true
    }
}
