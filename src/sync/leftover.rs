//! What a crashed process may have left in Teams: a session that shows a call of the host's, until it ends by itself. Nothing on disk tells of
//! it, and nobody's presence says whose session it is. The host does: when it reports that a user is in no call, of whom this process was
//! never told that he is in one.
//!
//! Before the user was seen, what comes is taken for the shadow of that call, as after any call's end. If he was seen in a call already,
//! what that decided stands, for it may as well be a call of Teams. In both cases the session is cleared; where there is none, Graph says
//! so. All this only so long after a start as such a session can last: later the report means nothing.

use super::call_log::Line;
use super::calls::is_call;
use super::engine::{Engine, Phase};
use super::roster::Slot;
use super::sessions::{Session, Stands};
use crate::presence::Guid;

impl Engine {
    /// A report that a user is in no call, who is in none. True if what Teams shows of him is to be looked at more closely.
    pub(super) fn mind_leftover(&mut self, slot: Slot, now: u64) -> bool {
        let lasts = self.settings.publish_ms.filter(|_| !self.settings.dry_run);
        let ended = |lasts: u64| self.phase == Phase::Running && now >= self.started_at.saturating_add(lasts);
        if lasts.is_none_or(ended) || self.calls.lines.contains_key(&slot) {
            return false;
        }
        let Some(user) = self.roster.get(slot) else { return false };
        let (object, fresh, presence) = (user.object, user.fresh, user.presence);
        if !fresh {
            self.calls.lines.insert(slot, Line { ended: Some(now), leftover: true, ..Line::new(now) });
            return true;
        }
        if presence.is_some_and(|presence| is_call(&presence)) {
            self.clear_leftover(object, now);
        }
        false
    }

    /// A call is shown that is none of this process, nor of Teams as far as the host knows.
    pub(super) fn clear_leftover(&mut self, object: Guid, now: u64) {
        let Some(lasts) = self.settings.publish_ms.filter(|_| object != Guid(0)) else { return };
        let stands = Stands::Perhaps { until: now.saturating_add(lasts) };
        let session = Session { stands, out: None, not_before: 0, failures: 0, at: None };
        self.sessions.sessions.entry(object).or_insert(session);
        self.look_at_session(object, now);
    }
}
