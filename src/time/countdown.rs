//! When to say that something ends: some days before, at the end, and daily after it.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// Days before the end at which it is told.
const POINTS: [i64; 5] = [30, 15, 7, 3, 1];

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing is to be said.
    Nothing,
    /// The end is near or past.
    Ending,
    /// It was said, and the end is far again or not known any more.
    Over,
}

/// Remembers what was said of an end. Pure: time is an argument.
#[derive(Debug, Default)]
pub struct Countdown {
    told: Option<Told>,
}

#[derive(Debug)]
struct Told {
    ends_at_ms: i64,
    /// How many points have passed; every day after the end is one more.
    points: i64,
}

impl Countdown {
    /// What is to be said now; it counts as said. Both times are milliseconds since 1970-01-01 UTC.
    pub fn look(&mut self, ends_at_ms: Option<i64>, now_wall_ms: i64) -> Due {
        let ending = ends_at_ms.map(|at| (at, points_passed(at - now_wall_ms))).filter(|(_, points)| *points > 0);
        let Some((ends_at_ms, points)) = ending else {
            return if self.told.take().is_some() { Due::Over } else { Due::Nothing };
        };
        if self.told.as_ref().is_some_and(|told| told.ends_at_ms == ends_at_ms && told.points >= points) {
            return Due::Nothing;
        }
        self.told = Some(Told { ends_at_ms, points });
        Due::Ending
    }
}

/// Milliseconds until something may be due, at most a day.
pub fn next_look_ms(ends_at_ms: Option<i64>, now_wall_ms: i64) -> u64 {
    let Some(ends_at_ms) = ends_at_ms else { return DAY_MS as u64 };
    let left = ends_at_ms - now_wall_ms;
    let next_point = POINTS.iter().map(|days| left - days * DAY_MS).chain([left]).filter(|wait| *wait > 0).min();
    let wait = next_point.unwrap_or_else(|| DAY_MS - (-left).rem_euclid(DAY_MS));
    wait.clamp(1, DAY_MS) as u64
}

/// Whole days left; 0 on the last day, negative after the end.
pub fn days_left(ends_at_ms: i64, now_wall_ms: i64) -> i64 {
    (ends_at_ms - now_wall_ms).div_euclid(DAY_MS)
}

/// How many points have passed with so much time left: one for each of [`POINTS`], one for the end, and one for each day after it.
fn points_passed(left_ms: i64) -> i64 {
    let before = POINTS.iter().filter(|days| left_ms <= **days * DAY_MS).count() as i64;
    if left_ms > 0 { before } else { before + 1 + (-left_ms) / DAY_MS }
}
