//! What each event means and what to do about it: one file for each hundred of numbers.
//!
//! `docs/events.md` is made from this. Sentences name things by what the administrator sees in the Entra admin center or in the
//! telephone system, never by names of this source.

pub(super) mod directory;
pub(super) mod graph;
pub(super) mod host;
pub(super) mod internal;
pub(super) mod publish;
pub(super) mod scope;
pub(super) mod sign_in;
pub(super) mod source;
pub(super) mod state;
pub(super) mod way;

use super::entry::{Field, Holds, always, maybe};

/// The server that did not answer usefully.
const HOST: Field = always("host", Holds::Text, "name of the server, with the port where it is not 443");
/// How far a request came.
const STAGE: Field = always(
    "stage",
    Holds::Text,
    "how far the request came: `dns`, `proxy`, `connect`, `tls`, `request` (sent, no complete answer in time), `status` (an answer \
     that asks to come back later), `body` (an answer that cannot be read)",
);
const STATUS: Field = maybe("status", Holds::Number, "HTTP status, where there was one");
const DETAIL: Field = always("detail", Holds::Foreign, "the words of the server or of the system");
const NEXT_TRY: Field = always("next_try_at_ms", Holds::Moment, "when it is tried again by itself");
const REQUEST_ID: Field = maybe("request_id", Holds::Foreign, "Microsoft's id of the request, to quote to their support");
/// What an outage was told as, for the event that ends it.
const ENDS: Field = maybe("ends", Holds::Texts, "names of the events of this outage: all of them are over");
const OUTPUT: Field = always("output", Holds::Text, "`dnd`, `queue` (its do-not-disturb) or `chat`");
