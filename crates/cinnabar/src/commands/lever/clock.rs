//! `cinnabar lever clock`: the date, moved forward.

use std::process::ExitCode;

use clap::Args;
use server::admin::levers::{Date, Leap};

use super::Side;
use crate::error::Error;

/// Move the date forward: isolations end that would have ended by then
///
/// For example: cinnabar lever clock 2h30m. Only a reset brings the true date back.
#[derive(Args)]
pub(crate) struct Clock {
    /// How far: numbers with d, h, m, s or ms
    #[arg(value_name = "TIME", value_parser = millis)]
    forward: i64,
    #[command(flatten)]
    side: Side,
}

impl Clock {
    pub(super) fn run(self) -> Result<ExitCode, Error> {
        let leap = Leap { forward_ms: self.forward };
        self.side.post("/levers/clock", &leap, |date: &Date| {
            format!("the date is {}, {} s ahead of the true one", date.now, date.leapt_ms / 1000)
        })
    }
}

const UNITS: [(&str, i64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// `2h30m` in milliseconds.
fn millis(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no time; write it like 2h30m, 3d or 500ms");
    let mut rest = text;
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let part = digits.parse::<i64>().ok().and_then(|number| number.checked_mul(*factor));
        sum = part.and_then(|part| sum.checked_add(part)).ok_or_else(wrong)?;
        rest = after;
    }
    if sum > 0 { Ok(sum) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn times_are_sums_of_units() {
        assert_eq!(millis("2h30m"), Ok(9_000_000));
        assert_eq!(millis("1d1s5ms"), Ok(86_401_005));
        for wrong in ["", "5", "h", "5x", "-1h", "1h5", "0s", "9999999999999999d", "1 h"] {
            assert!(millis(wrong).unwrap_err().contains("2h30m"), "{wrong}");
        }
    }
}
