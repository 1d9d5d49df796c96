//! The JSON Schema, made from the tables of keys. For editors and for hosts that build a form; the last word has `Config::parse`,
//! which also checks what a schema cannot say.

use serde_json::{Map, Value, json};

use super::ROOT;
use super::auth::METHODS;
use super::rules_read::RULE;
use super::secret::SECRET;
use super::table::{Absent, Key, Shape, Table};

/// `docs/config.schema.json`: JSON Schema, draft 2020-12.
pub fn json() -> String {
    let mut root = object(&ROOT, None);
    root.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    root.insert("title".to_owned(), "Configuration of teams-presence-sync".into());
    root.insert(
        "$defs".to_owned(),
        json!({ "secret": secret(), "rule": object(&RULE, None), "auth": one_of("method", METHODS) }),
    );
    let mut text = serde_json::to_string_pretty(&Value::Object(root)).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of an object. `tag` is the key whose value is this table's name.
fn object(table: &'static Table, tag: Option<&str>) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in table.keys {
        let value =
            if tag == Some(key.name) { json!({ "const": table.name, "description": key.meaning }) } else { property(key) };
        properties.insert(key.name.to_owned(), value);
    }
    let required: Vec<&str> = table.keys.iter().filter(|key| matches!(key.absent, Absent::Refused)).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("description".to_owned(), table.about.into());
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    // What a table cannot say of its keys together.
    match table.name {
        "rules" => schema.insert("not".to_owned(), json!({ "required": ["dnd_on", "list"] })),
        "a rule" => {
            schema.insert("anyOf".to_owned(), json!(["dnd", "queue", "chat"].map(|output| json!({ "required": [output] }))))
        }
        "a secret" => {
            schema.insert("minProperties".to_owned(), 1.into());
            schema.insert("maxProperties".to_owned(), 1.into())
        }
        _ => None,
    };
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = shape(&key.shape);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), key.meaning.into());
        match key.absent {
            Absent::Flag(flag) => schema.insert("default".to_owned(), flag.into()),
            Absent::Whole(number) => schema.insert("default".to_owned(), number.into()),
            Absent::Word(word) => schema.insert("default".to_owned(), word.into()),
            Absent::Refused | Absent::Means(_) => None,
        };
    }
    schema
}

fn shape(shape_: &Shape) -> Value {
    match *shape_ {
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole { min, max, .. } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Word(words) => json!({ "enum": words() }),
        // Any casing is read, which a schema cannot say; the words are named for editors that complete.
        Shape::GraphWord(words) => json!({ "type": "string", "anyOf": [{ "enum": words() }, { "minLength": 1 }] }),
        Shape::Text(_) | Shape::Path => json!({ "type": "string", "minLength": 1 }),
        Shape::Secret => json!({ "$ref": "#/$defs/secret" }),
        Shape::Object(table) if std::ptr::eq(table, &RULE) => json!({ "$ref": "#/$defs/rule" }),
        Shape::Object(table) => Value::Object(object(table, None)),
        Shape::OneOf(_, tables) if std::ptr::eq(tables, METHODS) => json!({ "$ref": "#/$defs/auth" }),
        Shape::OneOf(tag, tables) => one_of(tag, tables),
        Shape::List(element) => match element {
            Shape::GraphWord(_) => json!({ "type": "array", "minItems": 1, "items": shape(element) }),
            // An empty entry is left out with a warning.
            Shape::Text(_) => json!({ "type": "array", "items": { "type": "string" } }),
            _ => json!({ "type": "array", "items": shape(element) }),
        },
        Shape::Named(member) => {
            json!({ "type": "object", "propertyNames": { "minLength": 1 }, "additionalProperties": shape(member) })
        }
    }
}

fn one_of(tag: &str, tables: &[&'static Table]) -> Value {
    json!({ "oneOf": tables.iter().map(|table| Value::Object(object(table, Some(tag)))).collect::<Vec<_>>() })
}

fn secret() -> Value {
    json!({ "oneOf": [{ "type": "string", "minLength": 1 }, Value::Object(object(&SECRET, None))] })
}
