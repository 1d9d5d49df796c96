//! The domain's words: what Graph says of a person, and what a telephone system makes of it.

mod guid;
mod normalise;
#[allow(clippy::module_inception, reason = "the module is about presence, the file about one person's")]
mod presence;
mod words;

pub use guid::{Guid, GuidText, NotAGuid};
pub use normalise::{Observation, Raw, normalise, notes_absence};
pub use presence::Presence;
pub(crate) use words::cut;
pub use words::{Activity, Availability, Chat, Dnd, Word, WordTable};
