//! The time rules: how old a signature may be, and which date belongs to a timestamp.

use time::OffsetDateTime;

use crate::error::VerifyError;

/// How far a request's timestamp may be from the server's time, in seconds, either way, inclusive.
pub const MAX_SKEW_SECONDS: u64 = 300;

/// Reads `timestamp` (unix seconds) and refuses it outside the window around `now`.
pub(crate) fn check(timestamp: &str, now: i64) -> Result<i64, VerifyError> {
    let seconds = parse(timestamp).ok_or_else(|| VerifyError::TimestampFormat(timestamp.into()))?;
    if seconds.abs_diff(now) > MAX_SKEW_SECONDS {
        return Err(VerifyError::Expired { timestamp: seconds, now });
    }
    Ok(seconds)
}

/// Digits only: the number parser would also take a sign.
fn parse(timestamp: &str) -> Option<i64> {
    let digits = timestamp.bytes().all(|b| b.is_ascii_digit());
    if digits { timestamp.parse().ok() } else { None }
}

/// Refuses a credential `date` that is not the UTC date of `timestamp`.
pub(crate) fn check_date(date: &str, timestamp: i64) -> Result<(), VerifyError> {
    match utc_date(timestamp) {
        Some(expected) if expected == date.as_bytes() => Ok(()),
        _ => Err(VerifyError::DateMismatch { date: date.into(), timestamp }),
    }
}

/// `YYYY-MM-DD` of `timestamp` in UTC; none outside the years 0 to 9999.
pub(crate) fn utc_date(timestamp: i64) -> Option<[u8; 10]> {
    let (year, month, day) = OffsetDateTime::from_unix_timestamp(timestamp).ok()?.to_calendar_date();
    let year = u16::try_from(year).ok()?;
    let [y1, y2] = two_digits(u8::try_from(year / 100).ok()?);
    let [y3, y4] = two_digits(u8::try_from(year % 100).ok()?);
    let [m1, m2] = two_digits(u8::from(month));
    let [d1, d2] = two_digits(day);
    Some([y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
}

fn two_digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_utc() {
        for (timestamp, date) in [
            (0, "1970-01-01"),
            (1_551_113_065, "2019-02-25"),
            (1_582_934_399, "2020-02-28"),
            (1_582_934_400, "2020-02-29"),
            (1_704_067_199, "2023-12-31"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(utc_date(timestamp).as_ref().map(|d| d.as_slice()), Some(date.as_bytes()));
        }
        assert_eq!(utc_date(253_402_300_800), None);
        assert_eq!(utc_date(i64::MIN), None);
    }

    #[test]
    fn the_window_is_300_seconds_either_way() {
        for timestamp in ["700", "1000", "1300"] {
            assert!(check(timestamp, 1000).is_ok(), "{timestamp}");
        }
        for (text, timestamp) in [("699", 699), ("1301", 1301), ("9223372036854775807", i64::MAX)] {
            assert_eq!(check(text, 1000), Err(VerifyError::Expired { timestamp, now: 1000 }));
        }
        assert_eq!(check("0", i64::MIN), Err(VerifyError::Expired { timestamp: 0, now: i64::MIN }));
    }

    #[test]
    fn a_timestamp_is_digits_only() {
        for text in ["", "+1000", "-1", " 1000", "1000.0", "1e3", "9223372036854775808", "１０００"] {
            assert_eq!(check(text, 1000), Err(VerifyError::TimestampFormat(text.into())));
        }
    }
}
