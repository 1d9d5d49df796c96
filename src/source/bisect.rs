//! Finding the ids that make Graph refuse a batch. Pure.

use std::ops::Range;

/// Requests that may be refused before any part is answered: then it is not an id that is wrong.
const REFUSED_WITHOUT_GOOD: u32 = 40;
/// Requests for one batch. What is undecided then is left for the next sweep.
const MOST_ASKED: u32 = 200;

/// Divides a refused batch until each refused id stands alone. Begins after the whole was refused.
#[derive(Debug)]
pub(super) struct Bisect {
    todo: Vec<Range<usize>>,
    alone: Vec<usize>,
    asked: u32,
    good: u32,
}

/// How a division ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// These stand alone and are refused.
    Ids(Vec<usize>),
    /// Everything is refused: the ids are not the cause.
    Everything,
}

impl Bisect {
    /// For a refused batch of `len` ids.
    pub(super) fn new(len: usize) -> Bisect {
        let mut bisect = Bisect { todo: Vec::new(), alone: Vec::new(), asked: 0, good: 0 };
        bisect.divide(0..len);
        bisect
    }

    fn divide(&mut self, range: Range<usize>) {
        match range.len() {
            0 => {}
            1 => self.alone.push(range.start),
            len => {
                let middle = range.start + len / 2;
                self.todo.push(middle..range.end);
                self.todo.push(range.start..middle);
            }
        }
    }

    /// The part to ask for next.
    pub(super) fn next(&mut self) -> Option<Range<usize>> {
        if self.asked >= MOST_ASKED || self.good == 0 && self.asked >= REFUSED_WITHOUT_GOOD {
            return None;
        }
        self.asked += 1;
        self.todo.pop()
    }

    /// This part was answered.
    pub(super) fn good(&mut self) {
        self.good += 1;
    }

    /// This part was refused.
    pub(super) fn refused(&mut self, part: Range<usize>) {
        self.divide(part);
    }

    /// What was found.
    pub(super) fn found(self, len: usize) -> Found {
        if self.good == 0 && len > 1 { Found::Everything } else { Found::Ids(self.alone) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn run(len: usize, bad: &BTreeSet<usize>) -> (Found, u32) {
        let mut bisect = Bisect::new(len);
        let mut asked = 1;
        while let Some(part) = bisect.next() {
            asked += 1;
            match bad.range(part.clone()).next() {
                Some(_) => bisect.refused(part),
                None => bisect.good(),
            }
        }
        (bisect.found(len), asked)
    }

    #[test]
    fn one_bad_id_of_650_costs_about_twenty_requests() {
        for at in [0, 1, 324, 325, 649] {
            let (found, asked) = run(650, &BTreeSet::from([at]));
            assert_eq!(found, Found::Ids(vec![at]));
            assert!(asked <= 22, "{asked}");
        }
    }

    #[test]
    fn a_refusal_of_everything_is_recognised() {
        let (found, asked) = run(650, &(0..650).collect());
        assert_eq!(found, Found::Everything);
        assert!(asked <= 41, "{asked}");
        assert_eq!(run(2, &BTreeSet::from([0, 1])).0, Found::Everything);
        assert_eq!(run(1, &BTreeSet::from([0])).0, Found::Ids(vec![0]), "alone is alone");
    }

    proptest! {
        #[test]
        fn exactly_the_bad_ones(len in 2..650usize, seeds in prop::collection::vec(any::<prop::sample::Index>(), 1..6)) {
            let bad: BTreeSet<usize> = seeds.iter().map(|seed| seed.index(len)).collect();
            let (found, asked) = run(len, &bad);
            prop_assert!(asked <= 201);
            if bad.len() == len {
                prop_assert_eq!(found, Found::Everything);
            } else {
                prop_assert_eq!(found, Found::Ids(bad.into_iter().collect()));
            }
        }
    }
}
