//! So many requests a second, for each account, region and action.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use api::ActionInfo;

use super::keys::Caller;
use crate::config::RateLimit;
use crate::error::{Error, gateway};
use crate::model::region::Region;

/// What every Redis page says.
const DEFAULT: u32 = 20;

/// Actions whose page says another figure.
const DOCUMENTED: &[(&str, &str, u32)] = &[];

/// Counts the requests of the current second. Memory is bounded by what one second can bring.
pub struct Limiter {
    on: bool,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    second: i64,
    counts: HashMap<Bucket, u32>,
}

#[derive(PartialEq, Eq, Hash)]
struct Bucket {
    account: std::sync::Arc<str>,
    region: i64,
    service: &'static str,
    action: &'static str,
}

impl Limiter {
    /// A limiter that counts, or one that lets everything through.
    #[must_use]
    pub fn new(setting: RateLimit) -> Self {
        Self { on: setting == RateLimit::Documented, window: Mutex::default() }
    }

    fn count(&self, bucket: Bucket, second: i64) -> u32 {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.second != second {
            window.second = second;
            window.counts.clear();
        }
        let count = window.counts.entry(bucket).or_default();
        *count += 1;
        *count
    }
}

/// Counts this request.
///
/// # Errors
/// `RequestLimitExceeded` with both numbers in its message.
pub fn check(
    limiter: &Limiter,
    caller: &Caller,
    region: Option<&Region>,
    info: &'static ActionInfo,
    now: i64,
) -> Result<(), Error> {
    if !limiter.on {
        return Ok(());
    }
    let limit = DOCUMENTED
        .iter()
        .find(|(service, action, _)| (*service, *action) == (info.service, info.name))
        .map_or(DEFAULT, |row| row.2);
    let bucket = Bucket {
        account: caller.account.clone(),
        region: region.map_or(0, |region| region.id),
        service: info.service,
        action: info.name,
    };
    match limiter.count(bucket, now.div_euclid(1000)) {
        count if count > limit => Err(gateway::request_limit_exceeded(count, limit)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::region;

    #[test]
    fn the_twenty_first_of_a_second_is_refused_with_both_numbers() {
        let limiter = Limiter::new(RateLimit::Documented);
        let caller = Caller::user("1", "1", 1);
        let info = api::find("redis", "2018-04-12", "DescribeTaskInfo").unwrap();
        let ask = |region: &str, now| check(&limiter, &caller, region::find(region), info, now);
        for _ in 0..20 {
            ask("ap-guangzhou", 5_999).unwrap();
        }
        let refused = ask("ap-guangzhou", 5_000).unwrap_err();
        assert_eq!(refused.code, "RequestLimitExceeded");
        assert!(
            refused.message.en.contains("equals to `21` in a second")
                && refused.message.en.contains("limit `20` for a second")
        );
        ask("ap-tokyo", 5_000).unwrap();
        ask("ap-guangzhou", 6_000).unwrap();
    }
}
