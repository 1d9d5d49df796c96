//! What is known of the notes about refused credentials, since the start.

/// Where a note may stand. There are two because there may be two credentials; whose note it is, its hash tells and not its place, because a
/// credential may move from `auth.next` to `auth` between two starts.
pub(super) const PLACES: [&str; 2] = ["refused_credential", "refused_next_credential"];

/// What has been done with the notes since the start.
#[derive(Default)]
pub(super) struct Recall {
    /// The credentials that they were compared with, the latest last.
    looked: Vec<[u8; 32]>,
    /// Whose refusal stands at each place, as far as that is known.
    pub(super) holds: [Option<[u8; 32]>; PLACES.len()],
}

/// The notes are compared with no more credentials than this before one may be compared again.
const LOOKED: usize = 8;

impl Recall {
    /// Whether this credential has yet to be compared; it will have been.
    pub(super) fn look(&mut self, fingerprint: [u8; 32]) -> bool {
        if self.looked.contains(&fingerprint) {
            return false;
        }
        if self.looked.len() >= LOOKED {
            self.looked.remove(0);
        }
        self.looked.push(fingerprint);
        true
    }
}
