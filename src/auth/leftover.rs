//! What is remembered of accounts that nobody asks for any more.

use super::recall::PLACES;
use super::refresh;
use crate::store::{Notes, Shelf};

/// Strikes out refresh tokens and refusals of all further accounts but those that `keep` knows, in the notes of an instance: nobody would ever
/// use them again, but whoever reads the file could.
pub fn forget_accounts(notes: &Notes, keep: impl Fn(&str) -> bool) {
    for name in notes.names(Shelf::SignIn) {
        let Some((account, note)) = name.split_once('/') else { continue };
        // Only ours: others may remember something of an account, too.
        if (note == refresh::NAME || PLACES.contains(&note)) && !keep(account) {
            drop(notes.put(Shelf::SignIn, &name, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_others_stays() {
        let notes = Notes::in_memory();
        let put = |account: Option<&str>, name: &str| drop(notes.of(account).put(Shelf::SignIn, name, Some(b"x")));
        for account in [None, Some("North"), Some("south")] {
            ["refresh_token", "refused_credential", "something"].iter().for_each(|name| put(account, name));
        }
        forget_accounts(&notes, |account| account.eq_ignore_ascii_case("NORTH"));
        let mut left = notes.names(Shelf::SignIn);
        left.sort();
        let expected =
            ["north/refresh_token", "north/refused_credential", "north/something", "refresh_token", "refused_credential"];
        assert_eq!(left, [&expected[..], &["something", "south/something"]].concat());
    }
}
