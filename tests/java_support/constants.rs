//! The families of numbers of the header as Java classes. Generated and committed; `make docs` writes them anew.

use std::fmt::Write as _;

/// Prefix in the header, class, what the class says of itself. A number belongs to the longest prefix that it has.
const FAMILIES: [(&str, &str, &str); 11] = [
    ("AVAILABILITY_", "Availability", "Whether a person can be reached, as Teams shows it."),
    ("ACTIVITY_", "Activity", "What a person does, as Teams shows it."),
    ("SOURCE_", "PresenceSource", "How a presence was learned."),
    ("LOG_", "LogLevel", "How much is told to {@link TeamsPresenceListener#onLog}."),
    ("SEVERITY_", "Severity", "How bad an event is."),
    ("REASON_", "Reason", "Why a change is asked for."),
    ("EVENT_", "EventCode", "Which event; docs/events.md of the library tells cause and remedy of each. Later versions add some."),
    ("DND_", "Dnd", "A do-not-disturb, of a user or for the calls of queues."),
    ("CHAT_", "ChatState", "A chat state."),
    ("HOST_DND_", "HostDnd", "How the telephone system's DND stands as a user is handed over; 0 is not said."),
    ("REPORT_", "ReportOrigin", "Who switched a DND that is reported."),
];

/// The statuses, which the header does not prefix alike.
const STATUS: (&str, &str) = ("Status", "What the library answers to a call. Later versions add some.");

/// A doc line is cut after the sentence that still fits.
const LONGEST_DOC: usize = 120;

/// One `#define TPS_NAME number` and the comment above it.
#[derive(Debug)]
pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) number: i64,
    doc: String,
}

/// All numbers of the header, in order, but the version.
pub(crate) fn read(header: &str) -> Vec<Constant> {
    let mut out = Vec::new();
    let mut doc = String::new();
    for line in header.lines() {
        let line = line.trim();
        if line == "/**" {
            doc.clear();
        } else if let Some(text) = line.strip_prefix("* ") {
            doc = format!("{doc} {text}").trim().to_owned();
        } else if let Some((name, number)) = line.strip_prefix("#define TPS_").and_then(|rest| rest.split_once(' ')) {
            let number = number.trim_matches(['(', ')']).parse();
            if let (Ok(number), false) = (number, doc.is_empty()) {
                out.push(Constant { name: name.to_owned(), number, doc: std::mem::take(&mut doc) });
            }
        }
    }
    out
}

/// The answers to changes: an enum of Java, written by hand.
pub(crate) fn answers(header: &str) -> Vec<(String, i64)> {
    let named = read(header).into_iter().filter_map(|one| Some((one.name.strip_prefix("ACK_")?.to_owned(), one.number)));
    named.collect()
}

/// File name and text of each class.
pub(crate) fn classes(header: &str) -> Vec<(String, String)> {
    let constants = read(header);
    let family = |name: &str| {
        let fitting = FAMILIES.iter().filter(|(prefix, ..)| name.starts_with(prefix));
        fitting.max_by_key(|(prefix, ..)| prefix.len()).map(|(prefix, ..)| *prefix)
    };
    let mut out = Vec::new();
    for (prefix, class, about) in FAMILIES {
        let members = constants.iter().filter(|one| family(&one.name) == Some(prefix));
        out.push(class_of(class, about, members.map(|one| (&one.name[prefix.len()..], one)).collect()));
    }
    let statuses = constants.iter().filter(|one| one.name == "OK" || one.name.starts_with("E_"));
    out.push(class_of(STATUS.0, STATUS.1, statuses.map(|one| (one.name.trim_start_matches("E_"), one)).collect()));
    out
}

fn class_of(class: &str, about: &str, members: Vec<(&str, &Constant)>) -> (String, String) {
    assert!(!members.is_empty(), "{class}: the header has none");
    let mut text = format!(
        "package org.teamspresencesync;\n\n// Generated from include/teams_presence_sync.h; `make docs` writes it anew.\n\n/** {about} */\n\
         public final class {class} {{\n    private {class}() {{\n    }}\n"
    );
    let mut cases = String::new();
    for (name, constant) in members {
        let _ = write!(
            text,
            "\n    /** {} */\n    public static final int {name} = {};\n",
            javadoc(&constant.doc),
            constant.number
        );
        let _ = writeln!(cases, "            case {name}: return \"{name}\";");
    }
    let _ = write!(
        text,
        "\n    /**\n     * The name of a number, for logs.\n     *\n     * @param number any number\n     * @return its name, or the number itself where \
         this version does not know it\n     */\n    public static String name(int number) {{\n        switch (number) {{\n{cases}            \
         default: return String.valueOf(number);\n        }}\n    }}\n}}\n"
    );
    (format!("{class}.java"), text)
}

/// The first sentences, in the words of Javadoc.
fn javadoc(doc: &str) -> String {
    let mut kept = String::new();
    for sentence in doc.split_inclusive(". ") {
        if !kept.is_empty() && kept.len() + sentence.len() > LONGEST_DOC {
            break;
        }
        kept.push_str(sentence);
    }
    let mut out = String::new();
    for (at, part) in kept.trim().split('`').enumerate() {
        let part = part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        out += &if at % 2 == 1 { format!("{{@code {part}}}") } else { part };
    }
    out
}
