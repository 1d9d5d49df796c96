//! How the process of the library begins and ends, in order or not.

use super::acts::{DiskMood, Kind};
use super::faults::Fault;
use super::link::{Link, office};
use super::world::{Facts, Held, World, moment};
use crate::sync::tests::keep::Disk;

impl World {
    /// A new process: its engine, with what the file says.
    pub(super) fn process(facts: &Facts, fault: Option<Fault>) -> Link {
        let usable = facts.disk_mood != DiskMood::Broken;
        let disk =
            (facts.host.kind != Kind::Marks).then(|| if usable { facts.disk.found(false) } else { Disk::default().found(false) });
        let mut link = Link::new(office(facts.host.kind, facts.seat, fault), disk, fault, moment(facts.now));
        if !usable {
            link.disk_lost(moment(facts.now));
        }
        link
    }

    pub(super) fn begin(&mut self) {
        let now = self.moment();
        let early = self.facts.host.kind == Kind::Silent;
        if early && self.facts.mapped {
            self.put();
        }
        self.link.start(now);
        if !early && self.facts.mapped {
            self.put();
        }
        if !self.facts.mapped && matches!(self.facts.host.kind, Kind::Names | Kind::Led) {
            // All whom this host has.
            self.link.set_nobody(now);
        }
        self.facts.next_poll = self.facts.now;
    }

    pub(super) fn crash(&mut self, written: bool) -> Held {
        if let Some((commit, _)) = self.facts.flight.take()
            && written
        {
            self.facts.disk.write(commit);
        }
        let waiting = self.link.unkept();
        self.after_crash(waiting)?;
        self.facts.now += 1_000;
        self.facts.host.job = None;
        self.facts.host.reports.clear();
        self.facts.host.trap = None;
        self.facts.enabled = true;
        self.facts.running = true;
        self.link = World::process(&self.facts, self.fault);
        self.facts.book.new_process(self.facts.now);
        self.begin();
        Ok(())
    }

    pub(super) fn stop(&mut self) -> Held {
        if !self.facts.running {
            return Ok(());
        }
        let now = self.moment();
        self.facts.book.stopping = true;
        self.link.begin_stop(now);
        self.drive()?;
        if !self.facts.book.stopping {
            // The process ended in the midst of it.
            return Ok(());
        }
        if self.link.awaits_answers() {
            self.link.give_up_answers(now);
            self.facts.book.gave_up(&mut self.facts.host);
            self.drive()?;
        }
        if self.facts.book.stopping {
            self.link.stopped(now);
            self.facts.running = false;
            self.facts.book.stopped(self.facts.now);
            // Nobody would hear of it.
            self.facts.host.job = self.facts.host.job.filter(|job| job.done.is_some());
            self.facts.host.trap = None;
        }
        Ok(())
    }

    pub(super) fn start(&mut self) {
        if self.facts.running {
            return;
        }
        self.facts.running = true;
        let now = self.moment();
        if self.has_disk() && self.facts.disk_mood == DiskMood::Prompt {
            self.link.reopen(self.facts.disk.found(true), now);
        }
        self.facts.book.started(self.facts.now);
        self.link.start(now);
        self.facts.next_poll = self.facts.now;
    }
}
