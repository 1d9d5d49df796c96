//! The simulator's clock: real time plus an offset that tests advance. Also the few date formats on the wire.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// Real time plus an offset. Shared by every part of one simulator.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// The simulated time.
    pub(crate) fn now(&self) -> Millis {
        wall_now() + self.offset_ms.load(Ordering::Relaxed)
    }

    /// Moves the simulated time; negative values turn it back.
    pub(crate) fn advance(&self, ms: i64) {
        self.offset_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

/// The real time, untouched by the offset.
pub(crate) fn wall_now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// The date of an HTTP header (`Date`, `Retry-After`).
pub(crate) fn http_date(ms: Millis) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

fn civil(ms: Millis) -> (i64, i64, i64, i64, i64, i64) {
    let secs = ms.div_euclid(1000);
    let (days, rest) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    // Days since 0000-03-01, so that the leap day is the last of its year.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, day, rest / 3600, rest / 60 % 60, rest % 60)
}

/// `2026-11-22T10:17:06Z`
pub(crate) fn iso(ms: Millis) -> String {
    let (y, mo, d, h, mi, s) = civil(ms);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
}

/// `2026-11-22T10:17:06`, the form in Graph's `innerError`.
pub(crate) fn iso_bare(ms: Millis) -> String {
    let mut text = iso(ms);
    text.pop();
    text
}

/// `2026-11-22 10:17:06Z`, the form in Entra's errors.
pub(crate) fn entra_stamp(ms: Millis) -> String {
    iso(ms).replace('T', " ")
}

/// `2026-11-22T10:17:06.1230000Z`, the form in subscriptions.
pub(crate) fn iso_fraction(ms: Millis) -> String {
    format!("{}.{:03}0000Z", iso_bare(ms), ms.rem_euclid(1000))
}

/// Days since 1970 of a date that exists.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let y = year - i64::from(month <= 2);
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let mp = (month + 9) % 12;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + (153 * mp + 2) / 5 + day - 1;
    Some(era * 146_097 + doe - 719_468)
}

/// A date and time with `Z` or an offset, as OData writes it: `2026-11-22T10:17:06.1230000Z`.
pub(crate) fn parse_iso(text: &str) -> Option<Millis> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !text.is_ascii() || bytes.len() < 20 || marks.iter().any(|&(at, mark)| bytes[at] != mark) {
        return None;
    }
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = &text[19..];
    let mut fraction = 0;
    if let Some(tail) = rest.strip_prefix('.') {
        let length = tail.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=12).contains(&length) {
            return None;
        }
        fraction = format!("{:0<3}", &tail[..length])[..3].parse().ok()?;
        rest = &tail[length..];
    }
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let at = text.len() - 6;
            let minutes = number(at + 1, at + 3)? * 60 + number(at + 4, at + 6)?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    let day = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    Some((((day * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + fraction)
}

/// An ISO-8601 duration of days, hours, minutes and seconds (`PT1H`, `P1DT30M`), in milliseconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('P')?;
    let (mut total, mut in_time, mut parts) = (0i64, false, 0);
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('T') {
            if in_time {
                return None;
            }
            in_time = true;
            rest = tail;
            continue;
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = match (rest.as_bytes()[digits], in_time) {
            (b'D', false) => 86_400_000,
            (b'H', true) => 3_600_000,
            (b'M', true) => 60_000,
            (b'S', true) => 1000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        parts += 1;
        rest = &rest[digits + 1..];
    }
    (parts > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_forms_of_the_wire() {
        assert_eq!(iso(1_795_342_626_000), "2026-11-22T10:17:06Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(iso_bare(0), "1970-01-01T00:00:00");
        assert_eq!(entra_stamp(0), "1970-01-01 00:00:00Z");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn dates_are_read_strictly() {
        for (text, ms) in [
            ("2026-11-22T10:17:06Z", 1_795_342_626_000),
            ("2026-11-22T10:17:06.1230000Z", 1_795_342_626_123),
            ("2026-11-22T10:17:06.5Z", 1_795_342_626_500),
            ("2026-11-22T11:17:06+01:00", 1_795_342_626_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("1970-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(parse_iso(text), Some(ms), "{text}");
        }
        assert_eq!(iso_fraction(1_795_342_626_123), "2026-11-22T10:17:06.1230000Z");
        for text in [
            "",
            "2026-11-22T10:17:06",
            "2026-11-22 10:17:06Z",
            "2026-02-30T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:17:06.Z",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, ms) in [("PT5M", 300_000), ("PT4H", 14_400_000), ("PT1H30M", 5_400_000), ("P1D", 86_400_000), ("PT5S", 5000)] {
            assert_eq!(parse_duration(text), Some(ms), "{text}");
        }
        for text in ["", "P", "PT", "5M", "PT5", "P5M", "PTM", "PT1H T", "PT99999999999999999999H"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_clock_moves() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(3_600_000);
        assert!(clock.now() - before >= 3_600_000);
    }
}
