//! The two queues between the library and the host: bounded, and honest about what did not fit.

use std::collections::VecDeque;

use super::{Event, Level};

/// One line for the host's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How detailed.
    pub level: Level,
    /// Which part of the library speaks.
    pub target: &'static str,
    /// One line, control characters escaped, at most [`LONGEST_MESSAGE`](super::LONGEST_MESSAGE) bytes.
    pub message: String,
}

/// Events that wait. When full, the oldest of the lowest severity goes.
#[derive(Debug, Default)]
pub(super) struct EventLane {
    waiting: VecDeque<Event>,
    lost: u64,
}

impl EventLane {
    pub(super) const CAPACITY: usize = 1024;

    pub(super) fn push(&mut self, event: Event) {
        if self.waiting.len() == Self::CAPACITY {
            self.lost += 1;
            // `min_by_key` answers the first of equals: the oldest.
            let lowest = self.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.severity());
            match lowest {
                Some((at, waiting)) if waiting.severity() <= event.severity() => drop(self.waiting.remove(at)),
                _ => return,
            }
        }
        self.waiting.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// How many were dropped since the last call.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.lost > 0)
    }
}

/// Log lines that wait. When full, new ones are dropped: the beginning of a flood tells its cause.
#[derive(Debug, Default)]
pub(super) struct LogLane {
    waiting: VecDeque<LogLine>,
    bytes: usize,
    dropped: u64,
}

impl LogLane {
    pub(super) const LINES: usize = 4096;
    pub(super) const BYTES: usize = 1 << 20;

    /// Whether another line may come; if not, it is counted as dropped. A gap stays open until the lines before it have been taken
    /// and the gap has been told: so it is told in its place, and a steady flood does not give a notice between any two lines.
    pub(super) fn admits(&mut self) -> bool {
        let room = self.dropped == 0 && self.waiting.len() < Self::LINES && self.bytes < Self::BYTES;
        self.dropped += u64::from(!room);
        room
    }

    pub(super) fn push(&mut self, line: LogLine) {
        self.bytes += line.message.len();
        self.waiting.push_back(line);
    }

    pub(super) fn pop(&mut self) -> Option<LogLine> {
        let line = self.waiting.pop_front();
        self.bytes -= line.as_ref().map_or(0, |line| line.message.len());
        line
    }

    /// How many were dropped since the last call, once the lines before the gap have been taken.
    pub(super) fn take_dropped(&mut self) -> u64 {
        if self.waiting.is_empty() { std::mem::take(&mut self.dropped) } else { 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.dropped > 0)
    }
}
