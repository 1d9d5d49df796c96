//! Looks whether a DND that the library set outlives its reason, and tells a user's history when something is wrong.

use std::time::{Duration, Instant};

use crate::table::{Head, OURS, Table, stamp};
use crate::teams::Teams;

#[derive(Debug)]
pub(crate) struct Judge {
    /// How long our DND may stand without a reason while Graph and the host answer, and while Graph does not.
    pub(crate) limit_ms: u64,
    stale_limit_ms: u64,
    pub(crate) longest_ms: u64,
    /// The story of that one, where it is worth a look.
    pub(crate) longest: String,
    /// Since when our DND stands although Teams wants none, by user.
    bad_since: Vec<Option<Instant>>,
    /// Since when each tenant has had no outage, or has had one.
    up: [(bool, Instant); 2],
    host_since: Instant,
    ready: bool,
    /// What concerns all, for histories.
    notes: Vec<(i32, String)>,
}

impl Judge {
    pub(crate) fn new(users: usize, limit_ms: u64, stale_limit_ms: u64) -> Judge {
        let now = Instant::now();
        Judge {
            limit_ms,
            stale_limit_ms,
            longest_ms: 0,
            longest: String::new(),
            bad_since: vec![None; users],
            up: [(true, now); 2],
            host_since: now,
            ready: false,
            notes: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, what: &str) {
        self.notes.push((stamp(), what.to_owned()));
    }

    pub(crate) fn is_up(&self, tenant: usize) -> bool {
        self.up[tenant].0
    }

    pub(crate) fn outage(&mut self, tenant: usize, how: &str) {
        self.up[tenant] = (false, Instant::now());
        self.note(&format!("tenant {tenant}: {how}"));
    }

    /// All faults are gone.
    pub(crate) fn all_up(&mut self) {
        for up in &mut self.up {
            if !up.0 {
                *up = (true, Instant::now());
            }
        }
        self.note("no outage any more");
    }

    pub(crate) fn look(&mut self, ready: bool, table: &Table, teams: &Teams) -> Result<(), String> {
        let now = Instant::now();
        if !ready || !self.ready {
            self.host_since = now;
        }
        self.ready = ready;
        for (user, row) in table.rows().into_iter().enumerate() {
            if row.state != OURS || row.with_us && teams.users[user].on {
                self.bad_since[user] = None;
                continue;
            }
            let (up, since) = self.up[teams.tenant_of(user)];
            let bad = *self.bad_since[user].get_or_insert(now);
            let mut began = bad.max(since).max(self.host_since);
            if let Some(owed) = row.owed_ms_ago().and_then(|ago| now.checked_sub(Duration::from_millis(ago))) {
                began = began.max(owed);
            }
            let lasts = now.duration_since(began).as_millis() as u64;
            let limit = if up { self.limit_ms } else { self.stale_limit_ms };
            if up && lasts > self.longest_ms {
                if lasts > self.limit_ms / 2 {
                    if self.longest.is_empty() {
                        table.set(Head::Ask, user as i32 + 1);
                    }
                    self.longest = self.history(user, table, teams);
                }
                self.longest_ms = lasts;
            }
            if lasts > limit {
                table.set(Head::Ask, user as i32 + 1);
                std::thread::sleep(Duration::from_secs(2));
                let history = self.history(user, table, teams);
                return Err(format!("our DND is on without a reason for {lasts} ms (Graph answers: {up})\n{history}"));
            }
        }
        Ok(())
    }

    /// What happened to a user and around him, in order.
    pub(crate) fn history(&self, user: usize, table: &Table, teams: &Teams) -> String {
        let mut lines = table.history(user);
        let first =
            lines.iter().map(|line| line.0).min().unwrap_or(0).min(teams.users[user].history.front().map_or(0, |line| line.0));
        lines.extend(teams.users[user].history.iter().cloned());
        lines.extend(self.notes.iter().filter(|note| note.0 >= first).cloned());
        lines.sort();
        let now = stamp();
        let text = lines.iter().map(|(at, what)| format!("  {:>8} ms ago  {what}\n", now.wrapping_sub(*at)));
        format!("{} (user {user}):\n{}", teams.name_of(user), text.collect::<String>())
    }
}
