//! Dates as people and Microsoft Graph write them, UTC.

/// Days from 1970-01-01 to the first of March of year 0, and the days of 400 years: the calendar repeats itself after them.
const EPOCH_SHIFT: i64 = 719_468;
const ERA_DAYS: i64 = 146_097;
const DAY_MS: i64 = 86_400_000;

/// `2027-01-10 09:00 UTC`, from milliseconds since 1970-01-01 UTC. Seconds are dropped.
pub fn utc(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    let minutes = ms.rem_euclid(DAY_MS) / 60_000;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// `2027-01-10T09:00:00.000Z`, from milliseconds since 1970-01-01 UTC: as Microsoft Graph takes times.
pub fn timestamp(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    let of_day = ms.rem_euclid(DAY_MS);
    let (minutes, seconds, millis) = (of_day / 60_000, of_day / 1_000 % 60, of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{seconds:02}.{millis:03}Z", minutes / 60, minutes % 60)
}

/// Reads `2027-01-10` (the begin of that day, UTC) or `2027-01-10T09:00:00Z`, also with fractions of a second and with an offset such as
/// `+01:00`. Milliseconds since 1970-01-01 UTC; `None` for anything else, and for days that no month has.
pub fn parse_date(text: &str) -> Option<i64> {
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i64>().ok()).flatten()
    };
    let (date, time) = match text.find(['T', 't']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let days = days_from_civil(year, month, day);
    if parts.next().is_some() || civil(days) != (year, month, day) {
        return None;
    }
    let midnight = days * DAY_MS;
    let Some(time) = time else { return Some(midnight) };
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let offset_minutes = match zone.as_bytes()[0] {
        b'Z' | b'z' if zone.len() == 1 => 0,
        sign @ (b'+' | b'-') => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let minutes = number(hours, 2).filter(|h| *h < 24)? * 60 + number(minutes, 2).filter(|m| *m < 60)?;
            if sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2).filter(|h| *h < 24)?;
    let minute = number(parts.next()?, 2).filter(|m| *m < 60)?;
    let seconds = parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    // A leap second counts as the one before it.
    let second = number(whole, 2).filter(|s| *s <= 60)?.min(59);
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(midnight + ((hour * 60 + minute - offset_minutes) * 60 + second) * 1_000)
}

/// Year, month and day of a day counted from 1970-01-01: the days are counted from a first of March, so that a leap day ends a year.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + EPOCH_SHIFT;
    let era = shifted.div_euclid(ERA_DAYS);
    let of_era = shifted.rem_euclid(ERA_DAYS);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let year_of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    year.div_euclid(400) * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - EPOCH_SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_every_spelling() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2027-01-10", 1_799_539_200),
            ("2027-01-10T09:00:00Z", 1_799_571_600),
            ("2027-01-10t09:00:00.1234567z", 1_799_571_600),
            ("2027-01-10T10:00:00+01:00", 1_799_571_600),
            ("2027-01-10T03:30:00-05:30", 1_799_571_600),
            ("2024-02-29", 1_709_164_800),
            ("2016-12-31T23:59:60Z", 1_483_228_799),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parse_date(text), Some(seconds * 1_000), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "soon",
            "2027",
            "2027-1-10",
            "27-01-10",
            "2027-01-10 ",
            " 2027-01-10",
            "2027-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "2027-01-32",
            "10.01.2027",
            "2027-01-10T",
            "2027-01-10T09:00Z",
            "2027-01-10T09:00:00",
            "2027-01-10T24:00:00Z",
            "2027-01-10T09:60:00Z",
            "2027-01-10T09:00:61Z",
            "2027-01-10T09:00:00.Z",
            "2027-01-10T09:00:00+1:00",
            "2027-01-10T09:00:00+24:00",
            "2027-01-10T09:00:00Zz",
            "+027-01-10",
            "2027-01-1\u{0660}",
            "2027-01-10T09:00:00\u{e4}",
            "2027-01-10-01",
            "-2027-01-10",
        ] {
            assert_eq!(parse_date(text), None, "{text:?}");
        }
    }

    #[test]
    fn there_and_back() {
        for day in (-800_000..3_000_000).step_by(13) {
            let (year, month, date) = civil(day);
            assert_eq!(days_from_civil(year, month, date), day);
        }
        assert_eq!(utc(1_799_571_600_000), "2027-01-10 09:00 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00 UTC");
        for ms in [0, -1, 1_799_571_600_001, 951_782_399_999, 253_402_300_799_999] {
            assert_eq!(parse_date(&timestamp(ms)), Some(ms.div_euclid(1_000) * 1_000), "to the second");
        }
        assert_eq!(timestamp(1_799_571_601_023), "2027-01-10T09:00:01.023Z");
    }
}
