//! What administrators were told last, so that only a change is told.

/// What was last told of the seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    #[default]
    Enough,
    Near,
    Exceeded {
        left_out: u64,
    },
}
