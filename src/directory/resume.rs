//! Going on where an earlier run stopped: what it knew serves at once, and the changes since are asked for instead of everybody.

use super::follow::Directory;
use super::memory::Bookmark;
use super::search::FEW;
use super::state::{DAILY, Job, State};
use super::turns::Turns;
use crate::event::Level;
use crate::sync::{Resolution, Which};

impl Directory {
    /// Looks for those who wait to be searched in what is known from before. That holds as long as changes are followed; without them it serves
    /// until the first round of everybody, which then comes at once.
    pub(super) fn take_up(&self, state: &mut State) {
        if !self.memory.is_read() || !self.desk.with(|engine, _| engine.is_enabled() && engine.has_pending()) {
            return;
        }
        if !state.listed && !std::mem::replace(&mut state.resumed, true) {
            self.resume(state);
        }
        if state.listed && state.bookmark.is_none() {
            return;
        }
        let pending = self.desk.with(|engine, _| engine.addresses(Which::Pending));
        let known = self.memory.recall(&pending);
        if known.is_empty() {
            return;
        }
        let mut turns = Turns::default();
        for portion in known.chunks(FEW) {
            self.desk.with(|engine, now| {
                for (address, found) in portion {
                    let resolution = Resolution::Matched { object: found.object, by: found.by };
                    engine.resolve(address, &resolution, now).into_iter().for_each(|turn| turns.add(turn));
                }
            });
        }
        self.desk.with_roster(|_, _| ());
        self.desk.reporter().log(Level::Debug, "directory", format_args!("{} addresses are known from before", known.len()));
        // Else the report tells of them.
        if !state.report {
            self.tell(&turns, false);
        }
    }

    fn resume(&self, state: &mut State) {
        let Some(bookmark) = self.memory.bookmark() else { return };
        let now = self.client.clock().now();
        let age = u64::try_from(now.wall_ms.saturating_sub(bookmark.listed_at_ms)).unwrap_or(0);
        state.everybody_at = now.mono_ms.saturating_add(DAILY.saturating_sub(age));
        state.changes_at = now.mono_ms;
        state.bookmark = Some(bookmark);
    }

    /// Writes down what a job has learned; the bookmark last, so that what is stored is never older than it.
    pub(super) fn write_down(&self, state: &mut State, job: Job, done: bool) {
        let lessons = std::mem::take(&mut state.lessons);
        if !self.memory.keeps() {
            return;
        }
        // A round of nobody says nothing of those who come later.
        let all = done && job == Job::Everybody && !lessons.is_empty();
        state.listed |= all;
        self.memory.learn(&lessons, all);
        // Before the first round it is not known whether what is stored is still good.
        if state.listed || state.resumed {
            self.memory.keep(state.bookmark.as_ref());
        }
    }

    /// A place in the list of changes, of which everything before was read now.
    pub(super) fn marked(&self, link: crate::graph::Link) -> Bookmark {
        Bookmark { link, listed_at_ms: self.client.clock().now().wall_ms }
    }
}
