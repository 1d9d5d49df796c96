//! Reading `rules`.

use std::collections::BTreeMap;

use super::cloud::Cloud;
use super::dnd::LONGEST_HOLD;
use super::error::Findings;
use super::json::Json;
use super::reader::{Place, Reader, elements};
use super::rules::{ChatRule, DndRule, DndTable, Pattern, Rule, RuleSet, Rules, When};
use super::table::{Absent, Key, Reload, Shape, Table};
use crate::presence::{Activity, Availability};

const AVAILABILITY: Shape = Shape::GraphWord(|| Availability::ALL.iter().map(|word| word.as_str()).collect());
const ACTIVITY: Shape = Shape::GraphWord(|| Activity::ALL.iter().map(|word| word.as_str()).collect());
const PATTERN: Shape =
    Shape::Text("a state such as \"DoNotDisturb\", or an availability and an activity such as \"Busy/InACall\"");

pub(super) static RULES: Table = Table {
    name: "rules",
    about: "What is made of presence. Without this object: do-not-disturb while Teams shows do not disturb (also presenting and focusing) or \
            a call, and the chat state follows. Rules decide first, for each output the first one that matches and names it; \
            what no rule decides, the tables below decide. So a list needs no rules for switching off.",
    keys: &[
        Key {
            name: "dnd_on",
            shape: Shape::List(&PATTERN),
            absent: Absent::Means("`[\"DoNotDisturb\", \"Busy/InACall\", \"Busy/InAConferenceCall\"]`"),
            reload: Reload::Yes,
            meaning: "The short way: the states that mean do-not-disturb; all others mean off. `A` holds in either field, `A/B` means this \
                      availability with this activity. Not together with `list`. The table it makes also follows the lists of `sets`.",
        },
        Key {
            name: "list",
            shape: Shape::List(&Shape::Object(&RULE)),
            absent: Absent::Means("no rules, only the tables"),
            reload: Reload::Yes,
            meaning: "The long way: rules in order. Not together with `dnd_on`.",
        },
        Key {
            name: "sets",
            shape: Shape::Named(&Shape::List(&Shape::Object(&RULE))),
            absent: Absent::Means("none"),
            reload: Reload::Yes,
            meaning: "Further lists by name, for users who are handed over with that name as their rule set. Such a list stands instead of \
                      `list`, not beside it.",
        },
    ],
};

pub(super) static RULE: Table = Table {
    name: "a rule",
    about: "One rule. It names at least one of `dnd`, `queue` and `chat`.",
    keys: &[
        Key {
            name: "when",
            shape: Shape::Object(&WHEN),
            absent: Absent::Means("always"),
            reload: Reload::Inside,
            meaning: "The condition.",
        },
        Key {
            name: "dnd",
            shape: Shape::word::<DndRule>(),
            absent: Absent::Means("left to the rules after it"),
            reload: Reload::Yes,
            meaning: "Do-not-disturb: `on`, `off`, or `keep` as it is.",
        },
        Key {
            name: "queue",
            shape: Shape::word::<DndRule>(),
            absent: Absent::Means("left to the rules after it"),
            reload: Reload::Yes,
            meaning: "Do-not-disturb for the calls that a queue hands out (`on_queue_dnd`), apart from `dnd`: `on`, `off`, or `keep` as it is. \
                      Where no rule of a list names it, nothing is said of it; where one does, what no rule decides means `off`.",
        },
        Key {
            name: "chat",
            shape: Shape::word::<ChatRule>(),
            absent: Absent::Means("left to the rules after it"),
            reload: Reload::Yes,
            meaning: "The chat state. `release`: the telephone system's own logic applies. `keep`: as it is.",
        },
        Key {
            name: "hold_on_ms",
            shape: Shape::ms(0, LONGEST_HOLD),
            absent: Absent::Means("`dnd.hold_on_ms`"),
            reload: Reload::Yes,
            meaning: "How long \"on\" by this rule must have stood, of `dnd` and of `queue`.",
        },
        Key {
            name: "hold_off_ms",
            shape: Shape::ms(0, LONGEST_HOLD),
            absent: Absent::Means("`dnd.hold_off_ms`"),
            reload: Reload::Yes,
            meaning: "How long \"off\" by this rule must have stood, of `dnd` and of `queue`.",
        },
    ],
};

pub(super) static WHEN: Table = Table {
    name: "when",
    about: "The condition of a rule: all of its keys must hold, of a list any one word. Words are read in any casing; AvailableIdle and \
            BusyIdle mean Available and Busy.",
    keys: &[
        Key {
            name: "availability",
            shape: Shape::List(&AVAILABILITY),
            absent: Absent::Means("any"),
            reload: Reload::Yes,
            meaning: "The base state.",
        },
        Key {
            name: "activity",
            shape: Shape::List(&ACTIVITY),
            absent: Absent::Means("any"),
            reload: Reload::Yes,
            meaning: "The detail. `OutOfOffice` also holds by the out-of-office flag.",
        },
        Key {
            name: "out_of_office",
            shape: Shape::Flag,
            absent: Absent::Means("either"),
            reload: Reload::Yes,
            meaning: "The out-of-office flag. The clouds us_gov and us_gov_dod do not send it, which gives a warning.",
        },
    ],
};

impl Rules {
    pub(super) fn read(reader: &Reader<'_>, cloud: Cloud) -> Rules {
        if reader.has("dnd_on") && reader.has("list") {
            reader.problem("list", "stands beside dnd_on; use one of them: dnd_on is short for a list");
        }
        let findings = reader.findings();
        let dnd_table = reader.list("dnd_on").map_or_else(DndTable::default, |patterns| {
            DndTable(
                patterns.iter().filter_map(|place| read_word(place, findings, Pattern::parse, || PATTERN.allowed())).collect(),
            )
        });
        let rules = reader.list("list").map_or_else(Vec::new, |list| read_rules(&list, cloud, findings));
        let mut sets = BTreeMap::new();
        for (name, place) in reader.named("sets") {
            if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
                findings.problem(&place.path, "is not a name of 1 to 256 bytes without control characters");
            }
            let rules = elements(&place, findings).map_or_else(Vec::new, |list| read_rules(&list, cloud, findings));
            sets.insert(name.to_owned(), RuleSet { rules, dnd_table: dnd_table.clone() });
        }
        Rules { default: RuleSet { rules, dnd_table }, sets }
    }
}

fn read_rules(list: &[Place<'_>], cloud: Cloud, findings: &Findings) -> Vec<Rule> {
    list.iter().map(|place| Rule::read(&Reader::at(&RULE, place, findings), place, cloud)).collect()
}

impl Rule {
    fn read(reader: &Reader<'_>, place: &Place<'_>, cloud: Cloud) -> Rule {
        if matches!(place.json, Json::Object(_)) && !["dnd", "queue", "chat"].iter().any(|output| reader.has(output)) {
            reader.findings().problem(&place.path, "names neither dnd nor queue nor chat, so it decides nothing");
        }
        Rule {
            when: When::read(&reader.object("when"), cloud),
            dnd: reader.word_if("dnd"),
            queue: reader.word_if("queue"),
            chat: reader.word_if("chat"),
            hold_on_ms: reader.whole_if("hold_on_ms"),
            hold_off_ms: reader.whole_if("hold_off_ms"),
        }
    }
}

impl When {
    fn read(reader: &Reader<'_>, cloud: Cloud) -> When {
        if reader.has("out_of_office") && !cloud.tells_out_of_office() {
            reader.warning("out_of_office", format!("the cloud {} does not tell who is out of office", cloud.as_str()));
        }
        When {
            availability: read_words(reader, "availability", Availability::parse, |text| {
                let detail = Activity::parse(text).is_some();
                format!("{}{}", AVAILABILITY.allowed(), if detail { " (it is a word of activity)" } else { "" })
            }),
            activity: read_words(reader, "activity", Activity::parse, |_| ACTIVITY.allowed()),
            out_of_office: reader.has("out_of_office").then(|| reader.flag("out_of_office")),
        }
    }
}

fn read_words<T>(reader: &Reader<'_>, name: &str, parse: impl Fn(&str) -> Option<T>, allowed: impl Fn(&str) -> String) -> Vec<T> {
    let Some(list) = reader.list(name) else { return Vec::new() };
    if list.is_empty() {
        reader.problem(name, "is empty, so the rule would never apply; leave the key out to mean any");
    }
    let text = |place: &Place<'_>| match place.json {
        Json::Text(text) => text.to_string(),
        _ => String::new(),
    };
    list.iter().filter_map(|place| read_word(place, reader.findings(), &parse, || allowed(&text(place)))).collect()
}

/// One word of a list.
fn read_word<T>(
    place: &Place<'_>,
    findings: &Findings,
    parse: impl Fn(&str) -> Option<T>,
    allowed: impl Fn() -> String,
) -> Option<T> {
    let found = match place.json {
        Json::Text(text) => parse(text),
        _ => None,
    };
    if found.is_none() {
        findings.problem(&place.path, format!("{} is not {}", place.json.show(true), allowed()));
    }
    found
}
