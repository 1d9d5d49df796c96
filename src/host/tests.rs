//! The three modes over a feed made by hand.

mod fake;
mod modes;
mod outlet;
mod stop;
