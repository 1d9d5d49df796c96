//! What Graph posts to our address, again and again until it is taken.

use super::graph::{Graph, Person, There};
use super::side::user_of;
use super::weather::{HOUR, Kind, MINUTE, SECOND};
use super::world::{What, World};
use crate::presence::Guid;

/// Graph sends again for so long (delivery by webhooks, 2026-04-22).
const SENT_FOR_MS: u64 = 4 * HOUR;

#[derive(Clone)]
pub(super) struct Post {
    /// Of the content, which is encrypted once.
    mark: u64,
    about: String,
    body: Vec<u8>,
    plain: Option<Vec<u8>>,
    first_at: u64,
    attempt: u32,
}

impl World {
    /// Graph sends word of it: within seconds, at the most a minute (change notifications for presence, 2026-08-15).
    pub(super) fn tell(&mut self, person: Person) {
        let (now, wall) = (self.now(), self.wall());
        let down = self.is(|kind| kind == Kind::Unavailable) && self.chance.in_hundred(50);
        if down || self.is(|kind| kind == Kind::Silent) {
            return;
        }
        let all: Vec<(Guid, There)> = self.graph.subscriptions.iter().map(|(id, there)| (*id, there.clone())).collect();
        for (id, there) in
            all.into_iter().filter(|(_, there)| there.ours && !there.unauthorized && there.users.contains(&person.id))
        {
            let late = self.chance.in_hundred(2);
            let latency = if late { self.chance.below(50 * SECOND) } else { self.chance.between(100, 8 * SECOND) };
            let plain = self.rich.then(|| Graph::presence(&person, self.graph.numbers_sent).to_string().into_bytes());
            let mark = self.chance.next();
            let body = Graph::body(id, &there, person.id, wall);
            self.at(now + latency, What::Post(Post { mark, about: user_of(person.id), body, plain, first_at: now, attempt: 1 }));
        }
    }

    pub(super) fn posted(&mut self, mut post: Post) {
        let now = self.now();
        let side = self.side.as_ref().filter(|_| !self.is(Kind::deafens));
        let taken = side.is_some_and(|side| side.post(&post.body, post.plain.as_deref(), post.mark));
        self.note(|| {
            let plain = post.plain.as_deref().map(String::from_utf8_lossy);
            format!("post of {} about {}, taken {taken}: {plain:?}", post.first_at, post.about)
        });
        if taken {
            self.graph.tally.notified += 1;
            // The answer was late, or lost.
            if self.chance.in_hundred(3) {
                let again = now + self.chance.between(SECOND, 20 * MINUTE);
                self.at(again, What::Post(Post { attempt: post.attempt + 1, ..post }));
            }
            return;
        }
        let pause = (10 * SECOND) << post.attempt.min(12);
        post.attempt += 1;
        if now + pause - post.first_at < SENT_FOR_MS {
            self.at(now + pause, What::Post(post));
        }
    }

    pub(super) fn word(&mut self, id: Guid, client_state: &str, event: &str) {
        let (body, now) = (Graph::word(id, client_state, event), self.now());
        self.at(
            now + SECOND,
            What::Post(Post { mark: 0, about: event.to_owned(), body, plain: None, first_at: now, attempt: 1 }),
        );
    }
}
