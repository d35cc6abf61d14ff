//! How many requests a second there may be: of a caller for an action, of a main account, of an address, of this server.
//!
//! Counted by the seconds of the clock, as the cloud's messages speak of them: exactly, also when many arrive at once, since there is
//! one lock and nothing is kept but counts. Where several servers share a database each allows its share ([`Limiter::share`]).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use api::ActionInfo;

use super::keys::Caller;
use crate::config::{RateLimit, Rates};
use crate::error::{Error, rate};
use crate::model::region::Region;

/// What every Redis page says.
const DEFAULT: u32 = 20;

/// Actions whose page says another figure.
const DOCUMENTED: &[(&str, &str, u32)] = &[];

/// So many counts are kept in one second; whoever comes after that is counted together.
const REMEMBERED: usize = 65_536;

/// Counts the requests of the current second.
pub struct Limiter {
    rates: Option<Rates>,
    servers: AtomicU32,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    second: i64,
    counts: HashMap<Bucket, u32>,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Bucket {
    /// One user, one action, one region.
    Caller { uin: Arc<str>, region: i64, line: usize },
    /// One main account with all its users, one action, one region.
    Account { account: Arc<str>, region: i64, line: usize },
    /// One main account, whatever it asks and wherever.
    Everywhere { account: Arc<str> },
    /// One address, whatever it asks.
    Address(IpAddr),
    /// One address, of whose requests the signature was not believed.
    Failed(IpAddr),
    /// All.
    Server,
    /// What there is no room for.
    Rest,
}

impl Limiter {
    /// A limiter that counts, or one that lets everything through.
    #[must_use]
    pub fn new(setting: RateLimit, rates: &Rates) -> Self {
        let rates = (setting == RateLimit::Documented).then(|| rates.clone());
        Self { rates, servers: AtomicU32::new(1), window: Mutex::default() }
    }

    /// Tells how many servers answer for the same accounts: each allows that part of every limit, but one request at least.
    pub fn share(&self, servers: usize) {
        self.servers.store(u32::try_from(servers).unwrap_or(u32::MAX).max(1), Ordering::Relaxed);
    }

    /// Counts a request before anything of it is believed.
    ///
    /// # Errors
    /// `RequestLimitExceeded` for all together; `RequestLimitExceeded.IPLimitExceeded` for its address, also when too many requests
    /// of this address were not believed in this second.
    pub fn arrived(&self, from: IpAddr, now: i64) -> Result<(), Error> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let address = network(from);
        let mut window = self.window(now);
        let failed = window.counts.get(&Bucket::Failed(address)).copied().unwrap_or(0);
        if rates.failures > 0 && failed >= self.part(rates.failures) {
            return Err(rate::too_many_failures(rates.failures));
        }
        self.hold(&mut window, Bucket::Server, rates.server, rate::server)?;
        self.hold(&mut window, Bucket::Address(address), rates.address, rate::address)
    }

    /// Counts a request of which the signature was not believed.
    pub fn failed(&self, from: IpAddr, now: i64) {
        if self.rates.as_ref().is_some_and(|rates| rates.failures > 0) {
            self.window(now).count(Bucket::Failed(network(from)));
        }
    }

    /// Counts a request of a caller who is known by now.
    ///
    /// # Errors
    /// `RequestLimitExceeded` of the caller for the action, `….UinLimitExceeded` of its main account for the action, and
    /// `….GlobalRegionUinLimitExceeded` of its main account for everything. Each has both numbers in its message.
    pub fn asked(
        &self,
        caller: &Caller,
        region: Option<&Region>,
        info: &'static ActionInfo,
        now: i64,
    ) -> Result<(), Error> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let (region, line) = (region.map_or(0, |region| region.id), info.line);
        let account = || Arc::clone(&caller.account);
        let mut window = self.window(now);
        let one = Bucket::Caller { uin: Arc::clone(&caller.uin), region, line };
        self.hold(&mut window, one, documented(info), rate::action)?;
        let all = Bucket::Account { account: account(), region, line };
        self.hold(&mut window, all, rates.account, rate::account)?;
        self.hold(&mut window, Bucket::Everywhere { account: account() }, rates.account_everywhere, rate::everywhere)
    }

    /// Counts one more, which must not be above the limit; 0: there is none.
    fn hold(
        &self,
        window: &mut Window,
        bucket: Bucket,
        limit: u32,
        refuse: fn(u32, u32) -> Error,
    ) -> Result<(), Error> {
        if limit == 0 {
            return Ok(());
        }
        let limit = self.part(limit);
        match window.count(bucket) {
            count if count > limit => Err(refuse(count, limit)),
            _ => Ok(()),
        }
    }

    /// This server's part of a limit.
    fn part(&self, limit: u32) -> u32 {
        limit.div_ceil(self.servers.load(Ordering::Relaxed))
    }

    fn window(&self, now: i64) -> std::sync::MutexGuard<'_, Window> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.div_euclid(1000);
        if window.second != second {
            window.second = second;
            window.counts.clear();
        }
        window
    }
}

impl Window {
    fn count(&mut self, bucket: Bucket) -> u32 {
        let known = self.counts.len() < REMEMBERED || self.counts.contains_key(&bucket);
        let count = self.counts.entry(if known { bucket } else { Bucket::Rest }).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

fn documented(info: &ActionInfo) -> u32 {
    let named = |row: &&(&str, &str, u32)| (row.0, row.1) == (info.service, info.name);
    DOCUMENTED.iter().find(named).map_or(DEFAULT, |row| row.2)
}

/// What is counted as one address: whoever has one of IPv6 has 2⁶⁴ of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::region;

    const ALL: Rates = Rates { account: 30, account_everywhere: 70, address: 50, failures: 5, server: 90 };

    fn limiter() -> Limiter {
        Limiter::new(RateLimit::Documented, &ALL)
    }

    fn ask(limiter: &Limiter, uin: &str, action: &str, now: i64) -> Result<(), Error> {
        let caller = Caller::user("1", uin, 1);
        let info = api::find("redis", "2018-04-12", action).unwrap();
        limiter.asked(&caller, region::find("ap-guangzhou"), info, now)
    }

    /// How many of so many are let through, and with which code the next is refused.
    fn passed(count: usize, mut one: impl FnMut(usize) -> Result<(), Error>) -> (usize, &'static str) {
        let refused: Vec<_> = (0..count).filter_map(|number| one(number).err()).collect();
        (count - refused.len(), refused.first().map_or("", |error| error.code))
    }

    #[test]
    fn the_twenty_first_of_a_second_is_refused_with_both_numbers() {
        let limiter = limiter();
        for _ in 0..20 {
            ask(&limiter, "1", "DescribeTaskInfo", 5_999).unwrap();
        }
        let refused = ask(&limiter, "1", "DescribeTaskInfo", 5_000).unwrap_err();
        assert_eq!(refused.code, "RequestLimitExceeded");
        assert!(
            refused.message.en.contains("equals to `21` in a second")
                && refused.message.en.contains("limit `20` for a second")
        );
        ask(&limiter, "1", "DescribeTaskList", 5_000).unwrap();
        ask(&limiter, "1", "DescribeTaskInfo", 6_000).unwrap();
    }

    #[test]
    fn users_have_limits_of_their_own_and_one_together() {
        let limiter = limiter();
        let two = |number: usize| ask(&limiter, ["2", "3"][number % 2], "DescribeTaskInfo", 5_000);
        assert_eq!(passed(40, two), (30, "RequestLimitExceeded.UinLimitExceeded"));
    }

    #[test]
    fn an_account_has_a_limit_for_everything() {
        let limiter = limiter();
        let actions: Vec<_> =
            api::actions().iter().filter(|info| info.service == "redis").map(|info| info.name).collect();
        let all = passed(100, |number| ask(&limiter, "1", actions[number], 5_000));
        assert_eq!(all, (70, "RequestLimitExceeded.GlobalRegionUinLimitExceeded"));
    }

    #[test]
    fn an_address_has_a_limit_and_a_v6_network_counts_as_one() {
        let limiter = limiter();
        let from = |number: usize| format!("2001:db8::{number:x}").parse().unwrap();
        let one = passed(60, |number| limiter.arrived(from(number), 5_000));
        assert_eq!(one, (50, "RequestLimitExceeded.IPLimitExceeded"));
        let others = passed(60, |number| limiter.arrived(format!("192.0.2.{number}").parse().unwrap(), 5_000));
        assert_eq!(others, (30, "RequestLimitExceeded"), "what was refused counts too: 60 of 90 were there already");
    }

    #[test]
    fn whoever_guesses_keys_is_not_looked_at_for_the_rest_of_the_second() {
        let (limiter, from) = (limiter(), "192.0.2.1".parse().unwrap());
        let guess = |_| limiter.arrived(from, 5_000).inspect(|()| limiter.failed(from, 5_000));
        assert_eq!(passed(10, guess), (5, "RequestLimitExceeded.IPLimitExceeded"));
        limiter.arrived("192.0.2.2".parse().unwrap(), 5_000).unwrap();
        limiter.arrived(from, 6_000).unwrap();
    }

    #[test]
    fn servers_share_a_limit() {
        let limiter = limiter();
        limiter.share(3);
        assert_eq!(passed(20, |_| ask(&limiter, "1", "DescribeTaskInfo", 5_000)).0, 7);
        limiter.share(0);
        assert_eq!(passed(30, |_| ask(&limiter, "1", "DescribeTaskInfo", 6_000)).0, 20);
        limiter.share(1_000);
        assert_eq!(passed(30, |_| ask(&limiter, "1", "DescribeTaskInfo", 7_000)).0, 1);
    }

    #[test]
    fn it_is_exact_when_all_come_at_once() {
        let limiter = Arc::new(limiter());
        let crowd = (0..8).map(|_| {
            let limiter = Arc::clone(&limiter);
            std::thread::spawn(move || {
                (0..50).filter(|_| ask(&limiter, "1", "DescribeTaskInfo", 5_000).is_ok()).count()
            })
        });
        let crowd: Vec<_> = crowd.collect();
        assert_eq!(crowd.into_iter().map(|one| one.join().unwrap()).sum::<usize>(), 20);
    }

    #[test]
    fn however_many_addresses_come_little_is_kept() {
        let limiter = Limiter::new(RateLimit::Documented, &Rates { server: 0, ..ALL });
        let from = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        let all = passed(REMEMBERED + 100, |number| limiter.arrived(from(number), 5_000));
        assert_eq!(all, (REMEMBERED + 50, "RequestLimitExceeded.IPLimitExceeded"));
        assert!(limiter.window(5_000).counts.len() <= REMEMBERED + 1);
    }

    #[test]
    fn switched_off_it_counts_nothing() {
        let limiter = Limiter::new(RateLimit::Off, &ALL);
        let from = "192.0.2.1".parse().unwrap();
        let free = passed(1_000, |_| {
            limiter.arrived(from, 5_000).and_then(|()| ask(&limiter, "1", "DescribeTaskInfo", 5_000))
        });
        assert_eq!((free.0, limiter.window(5_000).counts.len()), (1_000, 0));
    }
}
