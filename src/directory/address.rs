//! Addresses as keys.

/// The longest sign-in name or address that Entra knows (64 + `@` + 48), in characters. Longer ones need not be asked for, and with a
/// prefix they would pass the 120 characters that Graph allows for a value in a filter.
pub(super) const LONGEST: usize = 113;
/// What Graph allows for a value in a filter, counted with doubled quotes to be on the safe side.
const LONGEST_VALUE: usize = 120;

/// The form in which addresses are compared: Entra's comparisons ignore case.
pub(super) fn key(address: &str) -> String {
    // Letter by letter, as the roster compares: `str::to_lowercase` looks at neighbours for the Greek sigma.
    address.trim().chars().flat_map(char::to_lowercase).collect()
}

/// Whether it is worth asking for: something on both sides of an `@`, of a length that Entra knows, without control characters.
pub fn askable(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let (length, quotes) =
        address.chars().fold((0, 0), |(length, quotes), letter| (length + 1, quotes + usize::from(letter == '\'')));
    !local.is_empty()
        && !domain.is_empty()
        && length <= LONGEST
        && "smtp:".len() + length + quotes <= LONGEST_VALUE
        && !address.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_asking_for() {
        for good in ["a@b", "o'brien+x#y@ex.example", "müller@ex.example", "ann_x.example#EXT#@t.example", "a b@c", "a@b@c"] {
            assert!(askable(good), "{good}");
        }
        let long = format!("{}@b", "x".repeat(112));
        assert!(askable(&long[1..]));
        let quotes = format!("{}@b", "'".repeat(60));
        for bad in ["", "x", "@", "a@", "@b", "a\n@b", "a\0@b", &long, &quotes] {
            assert!(!askable(bad), "{bad}");
        }
    }

    #[test]
    fn keys_ignore_case() {
        assert_eq!(key(" Ann@X.Example"), key("ann@x.EXAMPLE"));
        assert_eq!(key("MÜLLER@x"), key("müller@x"));
    }
}
