//! An ON that is remembered before it goes out.

/// The intent to switch on, where a disk remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Intent {
    /// There is none.
    #[default]
    None,
    /// To be written.
    Asked,
    /// Being written.
    Flying,
    /// Written: ON may go out, or is out.
    Kept,
}
