//! Step 8: who the users are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::line::{Line, MOST_IDS, Step};
use super::trouble;
use crate::config::Config;
use crate::directory::matching::Verdict;
use crate::directory::{look_up_once, search_once};
use crate::event::{Event, Kind, Severity};
use crate::graph::users::{Profile, User};
use crate::graph::{Class, GraphClient, GraphError};
use crate::presence::Guid;
use crate::sync::{Engine, Outputs, Settings, Unmatched, UserInput, Which};

/// An unknown rule set is told once for each user who has one.
const MOST_NOTICES: usize = 20;
/// Ids in the sentence; the facts have more.
const MOST_EXAMPLES: usize = 5;
const NOTICED: &str = "Correct the list of users as the message says.";
/// Nobody is called.
const NOBODY: Outputs = Outputs { dnd: false, chat: false, presence: false, queue: false };

/// Who was found.
#[derive(Default)]
pub(super) struct Found {
    /// Accounts, each once, with the first user who stands for it.
    pub(super) accounts: Vec<(Guid, Arc<str>)>,
}

/// Why somebody was not found.
struct Cause {
    /// Of [`crate::sync::MatchKind::as_str`].
    word: &'static str,
    /// In the facts.
    fact: &'static str,
    /// In the message.
    words: &'static str,
    remedy: &'static str,
}

const CAUSES: [Cause; 7] = [
    Cause {
        word: "unknown",
        fact: "unmatched",
        words: "an address that nobody has",
        remedy: "Compare the address with mail, user principal name and proxy addresses of the person in Entra and correct it on one side, or give \
                 the user's object id.",
    },
    Cause {
        word: "ambiguous",
        fact: "ambiguous",
        words: "an address that several accounts have",
        remedy: "Give the object id of the account that is meant, or take the address from the others.",
    },
    Cause {
        word: "guest",
        fact: "guests",
        words: "only a guest account",
        remedy: "A guest's presence is in the tenant he comes from and cannot be read here: give the address of an account of this tenant, or none.",
    },
    Cause {
        word: "disabled",
        fact: "disabled",
        words: "only a disabled account",
        remedy: "Enable the account (Entra admin center > Users > the account > Account status), or take its address and object id from the \
                 user.",
    },
    Cause {
        word: "no_such_object",
        fact: "no_such_object",
        words: "an object id that does not exist",
        remedy: "Copy the object id anew from Entra admin center > Users > the person: an account that was deleted and made again has another.",
    },
    Cause {
        word: "invalid",
        fact: "invalid",
        words: "a malformed address or object id",
        remedy: "Correct the address (name@domain) or the object id (a GUID).",
    },
    Cause {
        word: "pending",
        fact: "not_searched",
        words: "not searched",
        remedy: "Run the check again: the search was not finished for these users.",
    },
];

pub(super) async fn resolve(config: &Config, client: &GraphClient, users: Vec<UserInput>) -> (Found, Line) {
    if users.is_empty() {
        return (Found::default(), Line::skipped(Step::Users, "not tried: no users were given"));
    }
    let total = users.len() as u64;
    // The same engine that an instance has: who would be served there is found here.
    let engine = Mutex::new(Engine::new(Settings::new(config, NOBODY), true, 1));
    let notices = {
        let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        engine.set_users(users, client.clock().now());
        engine.take_notices()
    };
    let searched = search(client, &engine).await;
    let engine = engine.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Duplicates, unknown rule sets, seats: in the words of the events that an instance would send.
    let notices: Vec<String> = notices
        .iter()
        .filter(|event| event.severity() != Severity::Info || is_double(event))
        .map(|event| event.message.clone())
        .take(MOST_NOTICES)
        .collect();
    let line = match &searched {
        Ok(_) => judge(&engine, total, &notices),
        Err(error) => trouble::failed(Step::Users, error),
    };
    let profile = searched.ok().map(|profile| if profile == Profile::Whole { "whole" } else { "basic" });
    (found(&engine), facts(line, &engine, total, notices).fact_some("profile", profile))
}

/// Asks for every address and every object id, and tells the engine.
async fn search(client: &GraphClient, engine: &Mutex<Engine>) -> Result<Profile, GraphError> {
    let lock = || engine.lock().unwrap_or_else(PoisonError::into_inner);
    let (addresses, named) = {
        let engine = lock();
        (engine.addresses(Which::All), engine.named_ids())
    };
    let now = client.clock().now();
    let mut profile = Profile::Whole;
    if !addresses.is_empty() {
        let settle = |verdicts: Vec<Verdict>| {
            let mut engine = lock();
            for verdict in verdicts {
                engine.resolve(&verdict.address, &verdict.resolution, now);
            }
        };
        profile = search_once(client, &addresses, settle).await?;
    }
    if named.is_empty() {
        return Ok(profile);
    }
    let known: HashMap<Guid, User> = match look_up_once(client, profile, &named).await {
        Ok(users) => users.into_iter().map(|user| (user.id, user)).collect(),
        // As in an instance: the host knows better than a directory that may not be asked.
        Err(error) if matches!(error.class, Class::Forbidden(_) | Class::BadRequest | Class::NotFound) => return Ok(profile),
        Err(error) => return Err(error),
    };
    let mut engine = lock();
    for id in named {
        let trouble = match known.get(&id) {
            None => Some(Unmatched::Gone),
            Some(user) if user.enabled == Some(false) => Some(Unmatched::Disabled),
            Some(_) => None,
        };
        engine.check_named(id, trouble, now);
    }
    Ok(profile)
}

fn found(engine: &Engine) -> Found {
    let mut found = Found::default();
    let mut seen: HashSet<Guid> = HashSet::new();
    for object in engine.matched_ids(None) {
        if seen.insert(object)
            && let Some(user_id) = engine.users_of(object).into_iter().next()
        {
            found.accounts.push((object, user_id));
        }
    }
    found
}

fn judge(engine: &Engine, total: u64, notices: &[String]) -> Line {
    let counts = engine.match_counts();
    let count = |word: &str| counts.get(word).copied().unwrap_or(0);
    let (matched, without_address) = (count("matched"), count("no_address"));
    let mut message = format!("{matched} of {total} found");
    if without_address > 0 {
        message.push_str(&format!("; without an address: {without_address}"));
    }
    let opted_out = count("opted_out");
    if opted_out > 0 {
        message.push_str(&format!("; on the opt-out list and not asked for: {opted_out}"));
    }
    let mut remedies: Vec<&str> = Vec::new();
    for Cause { word, words, remedy, .. } in &CAUSES {
        let (users, examples) = (count(word), engine.match_examples(word, MOST_EXAMPLES));
        if users > 0 {
            let more = if users > examples.len() as u64 { ", …" } else { "" };
            message.push_str(&format!("; {words}: {users} ({}{more})", examples.join(", ")));
            remedies.push(remedy);
        }
    }
    for notice in notices {
        message.push_str("; ");
        message.push_str(notice);
    }
    if !notices.is_empty() {
        remedies.push(NOTICED);
    }
    let remedy = remedies.join(" ");
    if matched == 0 && without_address + opted_out < total {
        Line::failed(Step::Users, message).remedy(remedy)
    } else if !remedy.is_empty() {
        Line::warning(Step::Users, message).remedy(remedy)
    } else {
        Line::ok(Step::Users, message)
    }
}

fn facts(line: Line, engine: &Engine, total: u64, notices: Vec<String>) -> Line {
    let counts = engine.match_counts();
    let count = |word: &str| counts.get(word).copied().unwrap_or(0);
    let mut line = line.fact("users", total).fact("matched", count("matched")).fact("without_address", count("no_address"));
    if count("opted_out") > 0 {
        line = line.fact("opted_out", count("opted_out"));
    }
    for Cause { word, fact, .. } in &CAUSES {
        line = line.fact(fact, count(word));
        if count(word) > 0 {
            line = line.fact(&format!("{fact}_users"), engine.match_examples(word, MOST_IDS));
        }
    }
    line.fact_some("notices", Some(notices).filter(|notices| !notices.is_empty()))
}

/// Malformed addresses and missing ones are counted by their own words already.
fn is_double(event: &Event) -> bool {
    let fields = serde_json::from_str::<Value>(&event.json).ok();
    event.kind == Kind::UserInvalid && fields.is_some_and(|fields| fields["cause"] == "duplicate_user_id")
}
