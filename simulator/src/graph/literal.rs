//! A value as it stands in a query.

/// A literal of the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Bool(bool),
    Null,
}
