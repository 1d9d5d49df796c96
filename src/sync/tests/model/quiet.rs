//! How a life ends when nothing disturbs it any more: acknowledged equals desired, nothing of ours is left without a reason, and the library takes
//! part again.

use super::acts::{Act, DiskMood, Finish, Mood, Pause, Teams};
use super::host::Setter;
use super::world::{Held, World};
use crate::presence::Dnd;
use crate::sync::Keeps;

fn ensure(holds: bool, text: &str) -> Held {
    if holds { Ok(()) } else { Err(text.to_owned()) }
}

impl World {
    /// Graph, host and disk answer from now on, and nobody presses anything.
    pub(super) fn becomes_quiet(mut self) -> Held {
        let calm = [
            Act::Graph(true),
            Act::Mood(Mood::Does),
            Act::Disk(DiskMood::Prompt),
            Act::Finish(Finish::Done),
            Act::Start,
            Act::Pass(Pause::Minute),
            Act::Pass(Pause::Minute),
        ];
        self.facts.host.trap = None;
        calm.into_iter().try_for_each(|act| self.act(act))?;
        self.is_settled()?;
        let free = [Act::Teams(Teams::Free), Act::Pass(Pause::Minute), Act::Pass(Pause::Minute)];
        free.into_iter().try_for_each(|act| self.act(act))?;
        self.is_settled()?;
        let unnamed = !self.facts.mapped && self.link.belief().is_none();
        ensure(unnamed || self.facts.host.on != Some(Setter::Us), "9: everybody is free, and our DND is on")?;
        if let Some(belief) = self.link.belief().filter(|belief| !belief.gone) {
            ensure(!belief.claims, "9: everybody is free, and something counts as ours")?;
            ensure(!belief.overridden || !self.served(), "8: an override that does not end")?;
            ensure(!self.served() || self.kept() == Keeps::NOTHING, "the file remembers what is over")?;
        }
        let on = self.facts.host.on.is_some();
        self.act(Act::Teams(Teams::Call))?;
        let joined = self.facts.host.on == Some(Setter::Us) || on || self.facts.book.blurred || !self.served();
        ensure(joined, "9: the next call does not switch DND on")?;
        if self.is_led() && self.served() && !self.facts.book.blurred {
            // Desired has changed since anybody pressed: whoever switched it on, it goes off.
            [Act::Teams(Teams::Free), Act::Pass(Pause::Minute)].into_iter().try_for_each(|act| self.act(act))?;
            ensure(self.facts.host.on.is_none(), "9: Teams leads, and DND stays on")?;
        }
        Ok(())
    }

    fn is_settled(&mut self) -> Held {
        let now = self.moment();
        ensure(self.link.offer(now).is_none() && !self.link.awaits_answers(), "9: there is no end of offers")?;
        let Some(belief) = self.link.belief().filter(|belief| !belief.gone) else { return Ok(()) };
        if !self.served() {
            ensure(self.facts.host.on != Some(Setter::Us), "17: our DND is on at a user who is not served")?;
            return ensure(!belief.chat_told, "18: a user who is not served has a chat state of ours");
        }
        let free = self.facts.book.overridden.is_none() && !belief.overridden;
        if self.facts.teams == Teams::Call && free && !self.is_led() {
            ensure(belief.desired == Some(Dnd::On) && belief.acknowledged == Some(Dnd::On), "9: on is not acknowledged")?;
            ensure(self.facts.host.on.is_some() || self.facts.book.blurred, "9: on is acknowledged, and it is off")?;
        }
        if self.facts.teams == Teams::Free {
            ensure(belief.desired == Some(Dnd::Off), "9: off is not desired")?;
        }
        Ok(())
    }
}
