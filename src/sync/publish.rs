//! What of the host's calls stands in Teams: for each person *desired* (in a call) against *acknowledged* (the session that Graph has taken).
//!
//! Level-triggered as everything here: whatever changes — a report, a user, a setting, time, an answer — the person is looked at anew, and if
//! the two differ, one request is due. A session is refreshed while the call lasts, and ends by itself where nobody clears it.

use super::engine::{Engine, Phase};
use super::publication::{Act, Publication, Published};
use super::sessions::{Session, Stands};
use super::user::Standing;
use crate::presence::Guid;
use crate::time::Moment;

impl Engine {
    /// Shall this person be shown in a call?
    fn is_to_publish(&self, object: Guid, now: u64) -> bool {
        let served = |user: &super::user::User| self.standing(user) == Standing::Served;
        self.settings.publish_ms.is_some()
            && !self.settings.dry_run
            && self.phase == Phase::Running
            && self.open_calls(object, now).any(|slot| self.roster.get(slot).is_some_and(served))
    }

    /// Is publishing switched on?
    pub fn publishes(&self) -> bool {
        self.settings.publish_ms.is_some()
    }

    /// Something about a person may have changed: sets when there is something to ask for.
    pub(super) fn look_at_session(&mut self, object: Guid, now: u64) {
        if object == Guid(0) {
            return;
        }
        let desired = self.is_to_publish(object, now);
        let sessions = &mut self.sessions;
        if desired {
            let none = Session { stands: Stands::Nothing, out: None, not_before: 0, failures: 0, at: None };
            sessions.sessions.entry(object).or_insert(none);
        }
        let Some(session) = sessions.sessions.get(&object).copied() else { return };
        if session.out.is_some() {
            return sessions.place(object, None);
        }
        let due = match (desired, session.stands) {
            (true, Stands::Session { refresh_at, .. }) => refresh_at,
            (true, _) => now,
            // It has ended by itself, or never began.
            (false, stands) if stands.until() <= now => return sessions.remove(object),
            // Clearing what ends by itself before that is no use.
            (false, stands) => return sessions.place(object, Some(session.not_before.max(now).min(stands.until()))),
        };
        sessions.place(object, Some(due.max(session.not_before)));
    }

    /// The same for everybody who is in a call or published: settings, phase or switch changed.
    pub(super) fn look_at_sessions(&mut self, now: Moment) {
        let mut objects: Vec<Guid> = self.sessions.sessions.keys().copied().collect();
        objects.extend(self.objects_in_call());
        objects.sort_unstable();
        objects.dedup();
        for object in objects {
            self.look_at_session(object, now.mono_ms);
        }
    }

    /// The next request that is due, if there is one. Its end is to be told by [`published`](Self::published).
    pub fn next_publication(&mut self, now: Moment) -> Option<Publication> {
        let at = now.mono_ms;
        while let Some((due, object)) = self.sessions.due.first().copied()
            && due.max(self.sessions.not_before) <= at
        {
            self.look_at_session(object, at);
            let desired = self.is_to_publish(object, at);
            let Some(session) = self.sessions.sessions.get(&object).filter(|session| session.at.is_some_and(|due| due <= at))
            else {
                continue;
            };
            let refreshes = !matches!(session.stands, Stands::Session { refresh_at, .. } if refresh_at > at);
            let act = match (desired, self.settings.publish_ms) {
                (true, Some(expiration_ms)) if refreshes => Act::Set { expiration_ms },
                (true, _) => continue,
                (false, _) => Act::Clear,
            };
            if matches!(act, Act::Set { .. }) {
                self.mark_published(object, true);
            }
            let sessions = &mut self.sessions;
            sessions.serial += 1;
            let serial = sessions.serial;
            sessions.place(object, None);
            if let Some(session) = sessions.sessions.get_mut(&object) {
                session.out = Some((serial, act));
            }
            return Some(Publication { object, act, serial });
        }
        None
    }

    /// How a request ended. `sent_at`: when it was handed out, on the monotonic clock.
    pub fn published(&mut self, publication: &Publication, outcome: Published, sent_at: u64, now: Moment) {
        let (object, at) = (publication.object, now.mono_ms);
        let Some(session) = self.sessions.sessions.get_mut(&object) else { return };
        if session.out != Some((publication.serial, publication.act)) {
            return;
        }
        session.out = None;
        match (outcome, publication.act) {
            (Published::Done, Act::Set { expiration_ms }) => {
                let refresh_at = sent_at.saturating_add(expiration_ms / 3 * 2);
                session.stands = Stands::Session { refresh_at, until: at.saturating_add(expiration_ms) };
            }
            (Published::Done, Act::Clear) => session.stands = Stands::Nothing,
            (Published::Failed { perhaps: true, .. }, Act::Set { expiration_ms }) => {
                let until = at.saturating_add(expiration_ms).max(session.stands.until());
                session.stands = Stands::Perhaps { until };
            }
            (Published::Failed { .. }, _) => {}
        }
        let refused = session.stands == Stands::Nothing && outcome != Published::Done;
        match outcome {
            Published::Done => {
                (session.failures, session.not_before) = (0, 0);
                (self.sessions.failures, self.sessions.not_before) = (0, 0);
            }
            Published::Failed { pause_ms, everybody, .. } => {
                session.failures = session.failures.saturating_add(1);
                let again = at.saturating_add(pause_ms);
                if everybody {
                    self.sessions.failures = self.sessions.failures.saturating_add(1);
                    self.sessions.not_before = self.sessions.not_before.max(again);
                } else {
                    session.not_before = again;
                }
            }
        }
        if refused {
            self.mark_published(object, false);
        }
        self.look_at_session(object, at);
    }

    /// Failures in a row so far, of everybody and of this person.
    pub fn publication_failures(&self, object: Guid) -> (u32, u32) {
        (self.sessions.failures, self.sessions.sessions.get(&object).map_or(0, |session| session.failures))
    }

    /// When the next request is due; `None`: only an outside event can make one due.
    pub fn publication_due(&self) -> Option<u64> {
        self.sessions.due.first().map(|(due, _)| (*due).max(self.sessions.not_before))
    }

    /// Nobody will tell how the requests under way ended: each may have been carried out.
    pub fn abandon_publications(&mut self, now: Moment) {
        let out: Vec<Guid> =
            self.sessions.sessions.iter().filter(|(_, session)| session.out.is_some()).map(|(object, _)| *object).collect();
        for object in out {
            if let Some(session) = self.sessions.sessions.get_mut(&object)
                && let Some((_, Act::Set { expiration_ms })) = session.out.take()
            {
                let until = now.mono_ms.saturating_add(expiration_ms).max(session.stands.until());
                session.stands = Stands::Perhaps { until };
            }
            self.look_at_session(object, now.mono_ms);
        }
    }

    /// The sign-in or the permission may be another one: what waits is tried at once.
    pub fn hurry_publications(&mut self) {
        (self.sessions.not_before, self.sessions.failures) = (0, 0);
    }

    /// How many persons are shown in a call, or may be, and when the last of these sessions ends by itself (wall clock).
    pub fn publications(&self, now: Moment) -> (usize, i64) {
        let sessions = self.sessions.sessions.values();
        let stands: Vec<u64> = sessions
            .filter_map(|session| match (session.stands.until(), session.out) {
                (until, _) if until > now.mono_ms => Some(until),
                (_, Some((_, Act::Set { expiration_ms }))) => Some(now.mono_ms.saturating_add(expiration_ms)),
                _ => None,
            })
            .collect();
        (stands.len(), stands.iter().max().map_or(0, |until| now.wall_at(*until)))
    }

    /// Is this person shown in a call by us, as far as known?
    pub(super) fn is_published(&self, object: Guid, now: u64) -> bool {
        self.sessions
            .sessions
            .get(&object)
            .is_some_and(|session| matches!(session.stands, Stands::Session { until, .. } if until > now))
    }
}
