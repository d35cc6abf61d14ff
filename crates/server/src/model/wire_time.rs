//! Times as the API writes them: `YYYY-MM-DD HH:MM:SS` at a configured offset.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]");
const INSTANT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const OFFSET: &[BorrowedFormatItem<'_>] = format_description!("[offset_hour sign:mandatory]:[offset_minute]");

/// What stands where there is no time.
pub const NONE: &str = "0000-00-00 00:00:00";

/// Reads an offset such as `+08:00`.
#[must_use]
pub fn offset(text: &str) -> Option<UtcOffset> {
    UtcOffset::parse(text, OFFSET).ok()
}

/// Milliseconds since 1970 as wire text; [`NONE`] when out of range.
#[must_use]
pub fn format(millis: i64, offset: UtcOffset) -> String {
    let Some(time) = at(millis, offset).filter(|time| (0..10_000).contains(&time.year())) else {
        return NONE.to_owned();
    };
    let mut text = NONE.to_owned().into_bytes();
    let year = time.year().unsigned_abs();
    let (hour, minute, second) = time.to_hms();
    // The general formatter costs a tenth of a whole DescribeTaskInfo.
    let pairs = [
        year / 100,
        year % 100,
        u8::from(time.month()).into(),
        time.day().into(),
        hour.into(),
        minute.into(),
        second.into(),
    ];
    for (at, pair) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(pairs) {
        if let Some(place) = text.get_mut(at..at + 2) {
            place.copy_from_slice(&DIGITS[pair as usize % 100]);
        }
    }
    String::from_utf8(text).unwrap_or_else(|_| NONE.to_owned())
}

/// The two digits of each number below 100.
const DIGITS: [[u8; 2]; 100] = {
    let mut digits = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        digits[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    digits
};

/// The same for a time that may be absent.
#[must_use]
pub fn format_opt(millis: Option<i64>, offset: UtcOffset) -> String {
    millis.map_or_else(|| NONE.to_owned(), |millis| format(millis, offset))
}

/// As operators read it: UTC, RFC 3339 with milliseconds.
#[must_use]
pub fn utc(millis: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    time.ok().and_then(|time| time.format(INSTANT).ok()).unwrap_or_default()
}

/// `yyyymmdd`, with which a DealName begins.
#[must_use]
pub fn day(millis: i64, offset: UtcOffset) -> String {
    at(millis, offset).and_then(|time| time.format(DAY).ok()).unwrap_or_default()
}

/// Wire text to milliseconds since 1970.
#[must_use]
pub fn parse(text: &str, offset: UtcOffset) -> Option<i64> {
    let time = PrimitiveDateTime::parse(text, FORMAT).ok()?.assume_offset(offset);
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

/// The same day and time so many months later; the month's last day when it has no such day.
#[must_use]
pub fn add_months(millis: i64, months: i64) -> i64 {
    let Some(start) = at(millis, UtcOffset::UTC) else { return millis };
    let month = i64::from(u8::from(start.month())) - 1 + months;
    let year = i64::from(start.year()) + month.div_euclid(12);
    let moved = (|| {
        let month = time::Month::try_from(u8::try_from(month.rem_euclid(12) + 1).ok()?).ok()?;
        let year = i32::try_from(year).ok()?;
        let date = time::Date::from_calendar_date(year, month, start.day().min(month.length(year))).ok()?;
        Some(start.replace_date(date).unix_timestamp() * 1000 + millis.rem_euclid(1000))
    })();
    moved.unwrap_or(millis)
}

fn at(millis: i64, offset: UtcOffset) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok()?.checked_to_offset(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_read_milliseconds_in_utc() {
        assert_eq!(utc(1_795_485_600_123), "2026-11-24T02:00:00.123Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(utc(i64::MAX), "");
    }

    #[test]
    fn writes_and_reads_the_seed_pages_time() {
        let beijing = offset("+08:00").unwrap();
        assert_eq!(format(1_541_064_314_999, beijing), "2018-11-01 17:25:14");
        assert_eq!(parse("2018-11-01 17:25:14", beijing), Some(1_541_064_314_000));
        assert_eq!(day(1_541_064_314_000, beijing), "20181101");
    }

    #[test]
    fn months_end_on_the_last_day_that_there_is() {
        let utc = UtcOffset::UTC;
        let at = |text| parse(text, utc).unwrap();
        assert_eq!(format(add_months(at("2026-01-31 10:00:00"), 1), utc), "2026-02-28 10:00:00");
        assert_eq!(format(add_months(at("2026-11-24 10:00:00"), 14), utc), "2028-01-24 10:00:00");
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        let beijing = offset("+08:00").unwrap();
        for text in ["", "2018-11-01", "2018-13-01 00:00:00", "2018-11-01T17:25:14"] {
            assert_eq!(parse(text, beijing), None, "{text}");
        }
        assert_eq!(offset("8"), None);
        assert_eq!(format_opt(None, beijing), NONE);
        assert_eq!(format(i64::MAX, beijing), NONE);
    }
}
