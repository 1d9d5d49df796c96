//! From the text of an answer to rows, in one pass and without copies.
//!
//! Whatever one person's entry holds, the others count: where the quick pass stumbles, a careful one takes every entry and every field by
//! itself (a lone surrogate in a word, a number beyond all ranges), and only what cannot be read is left out.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::presence::Guid;

/// One person of the answer.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) id: Guid,
    pub(super) availability: Span,
    pub(super) activity: Span,
    pub(super) out_of_office: Option<bool>,
    pub(super) sequence: Span,
}

/// A word in the body, or behind it in the decoded words.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Span {
    const NONE: Span = Span { start: u32::MAX, len: 0 };
}

/// What an answer held.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Words that had escapes, decoded; they follow the body in the numbering of [`Span`].
    pub(super) decoded: String,
    /// Entries that name nobody.
    pub(super) strange: usize,
    /// There was a list.
    pub(super) list: bool,
    /// Room to find who is named twice.
    places: Vec<u32>,
}

impl Rows {
    /// Forgets the answer before, keeping its memory.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.decoded.clear();
        (self.strange, self.list) = (0, false);
    }

    /// Reads an answer shorter than 2 GiB. After an error nothing of it is left.
    pub(super) fn read(&mut self, body: &str) -> serde_json::Result<()> {
        self.pass(body, false).or_else(|_| self.pass(body, true)).inspect_err(|_| self.clear())?;
        self.last_wins();
        Ok(())
    }

    /// Who is named twice counts once, as the last entry has it: what an earlier one says may be over, and must not act on the way.
    fn last_wins(&mut self) {
        // Ids are asked for in ascending order, and an answer keeps to that as a rule: then a comparison each is all that this costs.
        if self.rows.is_sorted_by(|one, next| one.id < next.id) {
            return;
        }
        let Rows { rows, places, .. } = self;
        places.clear();
        places.extend(0..rows.len() as u32);
        places.sort_unstable_by_key(|at| (rows[*at as usize].id, *at));
        let mut kept = 0;
        for at in 0..places.len() {
            if places.get(at + 1).is_some_and(|next| rows[*next as usize].id == rows[places[at] as usize].id) {
                places[kept] = places[at];
                kept += 1;
            }
        }
        places.truncate(kept);
        if places.is_empty() {
            return;
        }
        places.sort_unstable();
        let (mut at, mut overtaken) = (0, places.iter().peekable());
        rows.retain(|_| {
            let stays = overtaken.next_if(|place| **place == at).is_none();
            at += 1;
            stays
        });
    }

    fn pass(&mut self, body: &str, careful: bool) -> serde_json::Result<()> {
        self.clear();
        let mut reader = Reader { body, rows: self, careful };
        // From text: checked once as a whole, not again value by value.
        let mut deserializer = serde_json::Deserializer::from_str(body);
        Place { reader: &mut reader, level: Level::Top }.deserialize(&mut deserializer)?;
        deserializer.end()
    }
}

struct Reader<'r, 'de> {
    body: &'de str,
    rows: &'r mut Rows,
    careful: bool,
}

impl<'de> Reader<'_, 'de> {
    fn value<A: MapAccess<'de>>(&self, map: &mut A) -> Result<Plain<'de>, A::Error> {
        if self.careful {
            let raw = map.next_value::<&RawValue>()?;
            Ok(serde_json::from_str(raw.get()).unwrap_or_default())
        } else {
            map.next_value()
        }
    }

    fn word<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<Span, A::Error> {
        Ok(match self.value(map)? {
            // Words are kept as distances from the first byte of the body.
            Plain::Text(word) => {
                Span { start: (word.as_ptr() as usize).wrapping_sub(self.body.as_ptr() as usize) as u32, len: word.len() as u32 }
            }
            Plain::Decoded(word) => {
                let start = (self.body.len() + self.rows.decoded.len()) as u32;
                self.rows.decoded.push_str(&word);
                Span { start, len: word.len() as u32 }
            }
            Plain::Truth(_) | Plain::Settings(_) | Plain::Other => Span::NONE,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The whole answer: an object with `value`, or a single presence.
    Top,
    /// What stands under `value`.
    Value,
    /// An element of the list.
    Entry,
}

/// The answer, its list, or a presence.
struct Place<'p, 'r, 'de> {
    reader: &'p mut Reader<'r, 'de>,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Place<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.reader.careful && self.level == Level::Entry {
            let raw = <&RawValue>::deserialize(deserializer)?.get();
            let Place { reader, level } = self;
            let place = Place { reader: &mut *reader, level };
            if serde_json::Deserializer::from_str(raw).deserialize_any(place).is_err() {
                reader.rows.strange += 1;
            }
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("presences")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.level == Level::Entry {
            self.reader.rows.strange += 1;
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        self.reader.rows.list = true;
        while seq.next_element_seed(Place { reader: self.reader, level: Level::Entry })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut row = None;
        let (mut availability, mut activity, mut out_of_office, mut sequence) = (Span::NONE, Span::NONE, None, Span::NONE);
        let mut is_list = false;
        while let Some(field) = map.next_key::<Field>()? {
            match field {
                Field::Id => row = self.reader.value(&mut map)?.guid(),
                Field::Availability => availability = self.reader.word(&mut map)?,
                Field::Activity => activity = self.reader.word(&mut map)?,
                Field::SequenceNumber => sequence = self.reader.word(&mut map)?,
                Field::OutOfOfficeSettings => out_of_office = self.reader.value(&mut map)?.out_of_office(),
                Field::Value if self.level == Level::Top => {
                    is_list = true;
                    map.next_value_seed(Place { reader: &mut *self.reader, level: Level::Value })?;
                }
                Field::Value | Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match row {
            Some(id) => self.reader.rows.rows.push(Row { id, availability, activity, out_of_office, sequence }),
            None if is_list => {}
            None => self.reader.rows.strange += 1,
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.reader.rows.strange += 1;
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.visit_unit()
    }
}

enum Field {
    Id,
    Availability,
    Activity,
    OutOfOfficeSettings,
    SequenceNumber,
    Value,
    Other,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
                Ok(match name {
                    "id" => Field::Id,
                    "availability" => Field::Availability,
                    "activity" => Field::Activity,
                    "outOfOfficeSettings" => Field::OutOfOfficeSettings,
                    "sequenceNumber" => Field::SequenceNumber,
                    "value" => Field::Value,
                    _ => Field::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Names)
    }
}

/// A value of any type, as far as any of our fields can use it.
#[derive(Default)]
enum Plain<'de> {
    Text(&'de str),
    /// A text that had escapes.
    Decoded(String),
    Truth(bool),
    /// An object, and its `isOutOfOffice` if that is a truth value. The message beside it is not looked at.
    Settings(Option<bool>),
    #[default]
    Other,
}

impl Plain<'_> {
    fn guid(&self) -> Option<Guid> {
        let text = match self {
            Plain::Text(text) => text,
            Plain::Decoded(text) => text.as_str(),
            Plain::Truth(_) | Plain::Settings(_) | Plain::Other => return None,
        };
        text.parse().or_else(|_| text.trim().parse()).ok()
    }

    fn out_of_office(&self) -> Option<bool> {
        if let Plain::Settings(truth) = self { *truth } else { None }
    }
}

impl<'de> Deserialize<'de> for Plain<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain<'de>, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Plain<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Plain<'de>, E> {
                Ok(Plain::Text(text))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Plain<'de>, E> {
                Ok(Plain::Decoded(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Plain<'de>, E> {
                Ok(Plain::Truth(truth))
            }

            fn visit_unit<E: Error>(self) -> Result<Plain<'de>, E> {
                Ok(Plain::Other)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Plain<'de>, E> {
                Ok(Plain::Other)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Plain<'de>, E> {
                Ok(Plain::Other)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Plain<'de>, E> {
                Ok(Plain::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Plain<'de>, A::Error> {
                IgnoredAny.visit_seq(seq).map(|_| Plain::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain<'de>, A::Error> {
                let mut found = None;
                while let Some(IsFlag(flag)) = map.next_key()? {
                    if flag {
                        found = match map.next_value()? {
                            Plain::Truth(truth) => Some(truth),
                            _ => None,
                        };
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Plain::Settings(found))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Whether a member's name is `isOutOfOffice`.
struct IsFlag(bool);

impl<'de> Deserialize<'de> for IsFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IsFlag, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = IsFlag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<IsFlag, E> {
                Ok(IsFlag(name == "isOutOfOffice"))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}
