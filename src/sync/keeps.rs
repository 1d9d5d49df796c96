//! What of one user is on disk.

/// What is kept of one user: facts of his direct DND, and above them the same of the queue's.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Keeps(u8);

/// The facts of one DND.
const FACTS: u8 = 7;
/// How far above those of the direct DND the queue's stand.
const QUEUE: u32 = 3;

impl Keeps {
    /// Nothing: the user has no record.
    pub const NOTHING: Keeps = Keeps(0);
    /// This library switched his DND on.
    pub const OWNED: Keeps = Keeps(1);
    /// It asked for that, and the answer is not known.
    pub const INTENDED: Keeps = Keeps(2);
    /// A person switched ours off, and it is left alone.
    pub const OVERRIDDEN: Keeps = Keeps(4);

    /// Reads what [`bits`](Self::bits) wrote. `None` for bits that this version does not know.
    pub fn from_bits(bits: u8) -> Option<Keeps> {
        (bits & !(FACTS | FACTS << QUEUE) == 0).then_some(Keeps(bits))
    }

    /// The form for the disk.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// All that `other` says is said here too.
    pub fn has(self, other: Keeps) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of the direct DND.
    #[must_use]
    pub fn direct(self) -> Keeps {
        Keeps(self.0 & FACTS)
    }

    /// Those of the queue's, as one DND's.
    #[must_use]
    pub fn queue(self) -> Keeps {
        Keeps(self.0 >> QUEUE)
    }

    /// These of the direct DND, and those of the queue's.
    #[must_use]
    pub fn with_queue(self, queue: Keeps) -> Keeps {
        Keeps(self.0 & FACTS | (queue.0 & FACTS) << QUEUE)
    }

    /// The DND may stand at the host because of us.
    pub(super) fn claims(self) -> bool {
        self.0 & (Keeps::OWNED.0 | Keeps::INTENDED.0) != 0
    }

    /// What both say.
    #[must_use]
    pub fn and(self, other: Keeps) -> Keeps {
        Keeps(self.0 | other.0)
    }

    /// The words for reports, of one DND.
    pub fn words(self) -> Vec<&'static str> {
        let all = [(Keeps::OWNED, "owned"), (Keeps::INTENDED, "intended"), (Keeps::OVERRIDDEN, "overridden")];
        all.into_iter().filter(|(one, _)| self.has(*one)).map(|(_, word)| word).collect()
    }
}

impl std::fmt::Debug for Keeps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let queue = self.queue().words().into_iter().map(|word| format!("queue_{word}"));
        let all: Vec<String> = self.direct().words().into_iter().map(str::to_owned).chain(queue).collect();
        f.write_str(&all.join("+"))
    }
}
