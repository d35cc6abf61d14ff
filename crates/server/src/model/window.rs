//! The maintenance window: a time of day, not beyond midnight, of one of the documented lengths.

use crate::error::{Error, gateway};

/// The lengths that a window can have, minutes.
const LENGTHS: &[i64] = &[30, 60, 90, 120, 180];

/// Checks a window from `start` to `end`, both `HH:mm`.
///
/// # Errors
/// `InvalidParameterValue` naming `StartTime` or `EndTime`.
pub fn check(start: &str, end: &str) -> Result<(), Error> {
    let (from, to) = (minutes("StartTime", start)?, minutes("EndTime", end)?);
    if to <= from {
        return Err(gateway::invalid_value(
            "EndTime",
            end,
            &format!("it must be after StartTime ({start}), on the same day"),
            &format!("应晚于 StartTime（{start}），且在同一天内"),
        ));
    }
    if LENGTHS.contains(&(to - from)) {
        return Ok(());
    }
    Err(gateway::invalid_value(
        "EndTime",
        end,
        &format!(
            "the window would last {} minutes, it must last 30 minutes, 1 hour, 1.5 hours, 2 hours or 3 hours",
            to - from
        ),
        &format!("时间窗长度为 {} 分钟，应为 30 分钟、1 小时、1.5 小时、2 小时或 3 小时", to - from),
    ))
}

/// Minutes since midnight.
fn minutes(path: &str, text: &str) -> Result<i64, Error> {
    let two_digits = |part: &str, limit: i64| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>().ok().filter(|value| digits && *value < limit)
    };
    let parsed = text.split_once(':').and_then(|(hour, minute)| Some((two_digits(hour, 24)?, two_digits(minute, 60)?)));
    parsed.map(|(hour, minute)| hour * 60 + minute).ok_or_else(|| {
        gateway::invalid_value(
            path,
            text.escape_debug(),
            "it must be HH:mm from 00:00 to 23:59",
            "应为 HH:mm，范围 00:00 至 23:59",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_lengths_and_no_other() {
        for (start, end) in
            [("03:00", "06:00"), ("00:00", "00:30"), ("22:59", "23:59"), ("10:15", "11:45"), ("01:00", "03:00")]
        {
            check(start, end).unwrap();
        }
        for (start, end, path) in [
            ("03:00", "05:30", "EndTime"),
            ("03:00", "03:00", "EndTime"),
            ("23:00", "00:00", "EndTime"),
            ("3:00", "06:00", "StartTime"),
            ("24:00", "24:30", "StartTime"),
            ("03:00", "04:60", "EndTime"),
            ("03:00", "+4:00", "EndTime"),
            ("", "04:00", "StartTime"),
        ] {
            let error = check(start, end).unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue");
            assert!(error.message.en.contains(&format!("`{path}`")), "{start}-{end}: {}", error.message.en);
        }
    }
}
