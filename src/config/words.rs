//! The words that a key chooses from.

use super::json::quote;
use crate::event::Level;

/// A fixed set of words in the configuration.
pub(super) trait Word: Copy + Sized + 'static {
    /// All of them.
    const ALL: &'static [Self];
    /// As it is written.
    fn as_str(self) -> &'static str;
    /// Why a word that one might expect is not among them; follows the list of those that are.
    fn refusal(_word: &str) -> Option<&'static str> {
        None
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)+ } $(refuses $refusal:expr)?;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// The word of the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl crate::config::words::Word for $name {
            const ALL: &'static [$name] = &[$($name::$variant,)+];
            fn as_str(self) -> &'static str { $name::as_str(self) }
            $(fn refusal(word: &str) -> Option<&'static str> { ($refusal)(word) })?
        }
    )+ };
}
pub(super) use words;

words! {
    /// What the library is asked to do.
    Mode {
        /// Follow presence; call back for do-not-disturb and chat state.
        PresenceSync "presence_sync",
    } refuses |word: &str| {
        let word = word.to_ascii_lowercase();
        (word.contains("full") || word.contains("integration"))
            .then_some("a client inside Teams (\"full integration\") is another product's job; this library follows presence")
    };
}

impl Word for Level {
    const ALL: &'static [Level] = Level::ALL;
    fn as_str(self) -> &'static str {
        Level::as_str(self)
    }
}

/// A name of the administrator's choice: of an instance, of an account.
pub(super) fn name(text: &str) -> Result<String, String> {
    let fits =
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not a name of 1 to 64 letters, digits, dots, dashes and underscores", quote(text)))
}
