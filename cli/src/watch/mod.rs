//! `tps watch`: what would be set, as it happens.

mod row;
mod table;

use std::collections::VecDeque;
use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use teams_presence_sync::event::Event;

use crate::arguments;
use crate::end::{End, Failure, GOOD, Outcome};
use crate::screen::{Screen, plain};
use crate::session::{Session, is_trouble};
use crate::settings::Memory;
use crate::{settings, users};
use row::Row;
use table::Table;

/// How often a terminal is drawn anew, and changes are looked for; with very many users less often, so that looking takes a fifth of a
/// processor at most.
const LOOK: Duration = Duration::from_millis(500);
/// Events shown below the table.
const NOTICES: usize = 3;

pub(crate) fn run(options: &arguments::Watch) -> Outcome {
    let own = settings::own(&options.config.config, Memory::None)?;
    let users = users::read(&options.users)?;
    if users.is_empty() {
        return Err(Failure::Words("nobody to watch: give --users FILE or --user ID=EMAIL".to_owned()));
    }
    let mut rows: Vec<Row> = Vec::with_capacity(users.len());
    for user in &users {
        if !rows.iter().any(|row| row.user_id == user.user_id.as_ref()) {
            rows.push(Row::new(&user.user_id));
        }
    }
    let screen = Screen::of_stdout();
    let drawn = screen.terminal && !options.json;
    let mut end = End::prepare()?;
    let session = Session::start(&own.json, users)?;
    let until = options.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
    let mut out = std::io::stdout().lock();
    if !drawn && !options.json {
        writeln!(out, "# tps watch: dry, nothing is set in any telephone system")?;
        writeln!(out, "# {}", Row::heading())?;
        out.flush()?;
    }
    let mut notices: VecDeque<String> = VecDeque::new();
    let mut progress = String::new();
    let mut table = Table::new(screen, options.rows as usize);
    loop {
        let now = Instant::now();
        let events: Vec<Event> = session.events().into_iter().filter(is_trouble).collect();
        for event in &events {
            if options.json {
                writeln!(out, "{}", event_json(event))?;
            } else if !drawn {
                writeln!(out, "# {} {}", plain(&event.message), plain(&event.remedy))?;
            }
            notices.push_back(plain(&event.message));
            while notices.len() > NOTICES {
                notices.pop_front();
            }
        }
        for row in &mut rows {
            let Some(all) = session.explain(&row.user_id) else { continue };
            if row.update(&all, now) && !drawn {
                writeln!(out, "{}", if options.json { row.json().to_string() } else { row.line() })?;
            }
        }
        let stats = session.stats();
        let new = resolving(&stats);
        if drawn {
            out.write_all(table.draw(&rows, &header(&stats, &new), notices.iter()).as_bytes())?;
        } else if !options.json && new != progress {
            writeln!(out, "# {new}")?;
        }
        out.flush()?;
        progress = new;
        let over = |until: Instant| Instant::now() >= until;
        if end.asked_within(LOOK.max(now.elapsed() * 4)) || until.is_some_and(over) {
            break;
        }
    }
    session.stop()?;
    Ok(GOOD)
}

/// How far the search in the directory has come.
fn resolving(stats: &Value) -> String {
    let count = |name: &str| stats["users"][name].as_u64().unwrap_or(0);
    let (total, pending, matched) = (count("total"), count("pending"), count("matched"));
    let searched = total - pending.min(total);
    if pending > 0 {
        let trouble = stats["sign_in"]["error"].as_str().map(|error| format!("; {}", plain(error))).unwrap_or_default();
        return format!("resolving users: {searched} of {total}{trouble}");
    }
    let lost = total.saturating_sub(matched);
    if lost > 0 { format!("{matched} of {total} users found, {lost} not") } else { format!("all {total} users found") }
}

fn header(stats: &Value, progress: &str) -> String {
    let quiet = stats["presence"]["quiet_ms"].as_u64().unwrap_or(0);
    let requests = stats["budget"]["presence_used"].as_u64().unwrap_or(0);
    format!(
        "tps watch (dry: nothing is set)   {progress}   last answer {} ago   {requests} presence requests in 30 s",
        crate::explain::age(quiet)
    )
}

fn event_json(event: &Event) -> Value {
    serde_json::json!({
        "type": "event", "code": event.kind.code(), "at_ms": event.at_ms, "user_id": event.user_id.as_deref(),
        "message": event.message, "remedy": event.remedy,
    })
}
