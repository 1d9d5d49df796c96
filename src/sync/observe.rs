//! What comes from Graph.

use super::Source;
use super::engine::{Engine, Phase};
use super::roster::Slot;
use super::user::MatchKind;
use crate::event::{Event, Kind};
use crate::presence::{Guid, Observation, Raw, normalise, notes_absence};
use crate::time::Moment;

/// Unknown words told per start; more would be a broken server, not news.
const WORDS_TOLD: usize = 64;
/// People looked up at once: more than a processor fetches from memory at a time.
const LOOK_UPS: usize = 16;

impl Engine {
    /// One presence of an answer. Costs a look-up and a comparison where nothing changed, and allocates nothing. True if it is another than
    /// the one known before.
    pub fn observe(&mut self, object: Guid, raw: Raw<'_>, source: Source, now: Moment) -> bool {
        if self.phase != Phase::Running {
            // An answer that was under way when the stop came.
            return false;
        }
        match self.roster.first_by_object(object) {
            None => false,
            Some((slot, false)) => self.observe_one(slot, raw, source, now),
            Some((_, true)) => {
                let twins: Vec<Slot> = self.roster.by_object(object).collect();
                twins.into_iter().fold(false, |changed, slot| self.observe_one(slot, raw, source, now) | changed)
            }
        }
    }

    /// Every presence of an answer, as [`observe`](Self::observe) takes one. With many users the time goes into fetching them from memory,
    /// so some are looked up at once before the first of them is compared. `changed` gets those of whom something else was known before.
    pub fn observe_all<'a>(
        &mut self,
        answer: impl IntoIterator<Item = (Guid, Raw<'a>)>,
        source: Source,
        now: Moment,
        mut changed: impl FnMut(Guid),
    ) {
        if self.phase != Phase::Running {
            return;
        }
        let mut answer = answer.into_iter().fuse();
        loop {
            let some: [Option<(Guid, Raw<'a>)>; LOOK_UPS] = std::array::from_fn(|_| answer.next());
            let places = some.map(|one| self.roster.first_by_object(one?.0));
            for ((object, raw), place) in some.into_iter().map_while(|one| one).zip(places) {
                let news = match place {
                    None => false,
                    // Who goes meanwhile leaves his place empty.
                    Some((slot, false)) => self.observe_one(slot, raw, source, now),
                    Some((_, true)) => self.observe(object, raw, source, now),
                };
                if news {
                    changed(object);
                }
            }
            if some[LOOK_UPS - 1].is_none() {
                return;
            }
        }
    }

    fn observe_one(&mut self, slot: Slot, raw: Raw<'_>, source: Source, now: Moment) -> bool {
        let Some(user) = self.roster.get_mut(slot) else { return false };
        if let Some(known) = user.presence
            && user.fresh
            && !user.stale
            && raw.availability == Some(&**self.words.text(known.availability_word))
            && raw.activity.unwrap_or_default() == &**self.words.text(known.activity_word)
            && known.out_of_office
                == (raw.out_of_office == Some(true)
                    || known.out_of_office
                        && notes_absence(raw.availability.unwrap_or_default(), raw.activity.unwrap_or_default()))
        {
            let informed_until = std::mem::replace(&mut user.seen_at, now.mono_ms);
            user.source = source;
            if self.calls.marks(slot) {
                self.confirm_presence(slot, &known, informed_until, now);
            }
            return false;
        }
        if user.matching == MatchKind::OptedOut || user.leaving.is_some() {
            // An answer that was under way when he was removed or put on the list, or one for a twin: nothing of him is kept or told.
            return false;
        }
        let (presence, foreign) = match normalise(raw, &mut self.words) {
            Observation::Known { presence, foreign } => (presence, foreign.map(|word| ("activity", word))),
            Observation::NoInformation { foreign } => {
                self.aside.silent(slot, raw.availability, user.seen_at, now.mono_ms);
                if let Some(word) = foreign {
                    self.tell_word("availability", word, now);
                }
                return false;
            }
        };
        self.aside.spoke(slot);
        let informed_until = std::mem::replace(&mut user.seen_at, now.mono_ms);
        user.source = source;
        let changed = user.presence.is_some_and(|known| known != presence);
        user.news = !user.fresh || user.presence != Some(presence);
        let before = user.presence.filter(|_| user.fresh && !user.stale);
        user.fresh = true;
        user.stale = false;
        user.presence = Some(presence);
        if let Some((field, word)) = foreign {
            self.tell_word(field, word, now);
        }
        let informed_until = self.note_presence(slot, before, &presence, informed_until, now);
        self.evaluate(slot, informed_until, now);
        changed
    }

    /// An answer came, whatever was in it: the source is not quiet.
    pub fn good_answer(&mut self, now: Moment) {
        let silent = now.mono_ms.saturating_sub(self.last_good);
        self.last_good = now.mono_ms;
        self.note_good(now);
        if std::mem::take(&mut self.quiet) {
            self.stale_told = false;
            self.notice(Event::new(Kind::SourceRecovered).with("quiet_ms", silent), now);
        }
    }

    fn tell_word(&mut self, field: &'static str, word: &str, now: Moment) {
        let key = format!("{field} {}", word.chars().take(64).collect::<String>());
        if self.told_words.len() < WORDS_TOLD && self.told_words.insert(key.into()) {
            self.notice(Event::new(Kind::UnknownWord).with("field", field).with("word", word), now);
        }
    }
}
