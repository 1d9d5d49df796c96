//! `Retry-After` and `Date` as servers really send them.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The longest wait that a server may impose. Whoever asks for more is asked again after this time.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// Reads a `Retry-After` value: whole seconds, decimal seconds (Graph's own examples have `2.128`) or an HTTP date.
///
/// A date is measured against `now_wall_ms` (milliseconds since 1970-01-01 UTC). Negative waits are zero, long ones are cut to
/// [`MAX_RETRY_AFTER`], rubbish is `None`.
pub fn parse_retry_after(value: &str, now_wall_ms: i64) -> Option<Duration> {
    let value = value.trim();
    // Not f64's own grammar: that one also takes "inf", "nan" and exponents.
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && let Ok(seconds) = value.parse::<f64>()
    {
        return Some(Duration::from_secs_f64(seconds.clamp(0.0, MAX_RETRY_AFTER.as_secs_f64())));
    }
    let until = wall_ms(value)?;
    Some(Duration::from_millis(until.saturating_sub(now_wall_ms).max(0) as u64).min(MAX_RETRY_AFTER))
}

/// The wait that `headers` ask for. A date is measured against the server's own `Date`, where there is one: it does not depend
/// on this machine's clock.
pub(super) fn retry_after(headers: &HeaderMap, now_wall_ms: i64) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(value, date_ms(headers).unwrap_or(now_wall_ms))
}

/// The `Date` header in milliseconds since 1970-01-01 UTC.
pub(super) fn date_ms(headers: &HeaderMap) -> Option<i64> {
    wall_ms(headers.get(DATE)?.to_str().ok()?.trim())
}

fn wall_ms(value: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_348_800_000; // Sun, 22 Nov 2026 12:00:00 GMT

    #[test]
    fn every_spelling_of_a_wait() {
        let ms = |value| parse_retry_after(value, NOW).map(|wait| wait.as_millis());
        assert_eq!(ms("10"), Some(10_000));
        assert_eq!(ms(" 2.128 "), Some(2_128));
        assert_eq!(ms(".5"), Some(500));
        assert_eq!(ms("+3"), Some(3_000));
        assert_eq!(ms("0"), Some(0));
        assert_eq!(ms("-7"), Some(0));
        assert_eq!(ms("99999999999999999999999"), Some(3_600_000));
        assert_eq!(ms("Sun, 22 Nov 2026 12:00:30 GMT"), Some(30_000));
        assert_eq!(ms("Sun, 22 Nov 2026 11:00:30 GMT"), Some(0));
        assert_eq!(ms("Sun, 22 Nov 2099 12:00:30 GMT"), Some(3_600_000));
    }

    #[test]
    fn rubbish_is_no_wait() {
        for value in ["", "soon", "inf", "nan", "-inf", "1e9", "1.2.3", ".", "-", "10s", "0x10", "٣", "Sun, 99 Nov 2026"] {
            assert_eq!(parse_retry_after(value, NOW), None, "{value:?}");
        }
    }

    #[test]
    fn a_date_is_measured_against_the_servers_own_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "Sun, 22 Nov 2026 12:00:30 GMT".parse().unwrap());
        headers.insert(DATE, "Sun, 22 Nov 2026 12:00:10 GMT".parse().unwrap());
        let a_wrong_clock = NOW - 86_400_000;
        assert_eq!(retry_after(&headers, a_wrong_clock), Some(Duration::from_secs(20)));
        headers.remove(DATE);
        assert_eq!(retry_after(&headers, NOW), Some(Duration::from_secs(30)));
    }
}
