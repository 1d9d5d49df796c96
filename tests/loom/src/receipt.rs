//! The acknowledgement of a change, under one lock as the engine keeps it.

use crate::sys::primitives::{Mutex, lock};

/// What `src/sync/delivery.rs` is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as there")]
pub enum Answer {
    Applied,
    Retry,
    Pending,
    Already,
    Gone,
}

#[path = "../../../src/sync/stamp.rs"]
#[allow(dead_code, unreachable_pub, reason = "the model uses a part of it")]
mod stamp;

#[path = "../../../src/sync/offer.rs"]
#[allow(dead_code, unreachable_pub, reason = "the model uses a part of it")]
mod offer;

pub use offer::Outcome;

/// One change that is out. Time stands still unless the model says otherwise.
#[derive(Debug)]
pub struct Receipt(Mutex<offer::Offer<u8>>);

impl Receipt {
    /// A change of which the callback is about to run.
    pub fn begun() -> Receipt {
        let mut offer = offer::Offer::default();
        offer.begin(1, || 7);
        Receipt(Mutex::new(offer))
    }

    /// The callback has returned this.
    pub fn returned(&self, answer: Answer) -> Outcome {
        lock(&self.0).returned(answer, 0, 30, 0)
    }

    /// `tps_acknowledge`.
    pub fn acknowledged(&self, answer: Answer) -> Option<Outcome> {
        lock(&self.0).acknowledged(answer, 0, 0)
    }

    /// The time for the acknowledgement is over.
    pub fn time_out(&self) -> bool {
        lock(&self.0).time_out(30, 0)
    }

    /// Offered anew, if it may be.
    pub fn again(&self) -> bool {
        let mut offer = lock(&self.0);
        let may = offer.may(1, 2_000);
        if may {
            offer.begin(1, || 8);
        }
        may
    }

    /// An answer is awaited, or the callback runs.
    pub fn is_out(&self) -> bool {
        lock(&self.0).is_out()
    }
}
