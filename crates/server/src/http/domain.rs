//! The finance rule: which domain serves which region.
//!
//! Under a configured root domain, `redis.ROOT` and `redis.REGION.ROOT` serve the ordinary regions, and
//! `redis.FINANCE-REGION.ROOT` just that finance region. Any other Host (an IP address, localhost, a name of the user's
//! own) serves all.

use crate::error::{Error, gateway};
use crate::model::region::{self, Region};

/// Checks that `host`, as sent, serves `region`.
///
/// # Errors
/// `UnsupportedRegion` that names the domain to use.
pub fn check(host: &str, service: &str, region: Option<&'static Region>, roots: &[String]) -> Result<(), Error> {
    let Some(region) = region.filter(|_| !is_address(host)) else { return Ok(()) };
    let Some((name, root)) = roots.iter().find_map(|root| under_root(host, root)) else { return Ok(()) };
    let served = name.split('.').filter_map(region::find).find(|region| region.is_finance());
    if served == region.is_finance().then_some(region) {
        return Ok(());
    }
    let wanted =
        if region.is_finance() { format!("`{service}.{}.{root}`", region.name) } else { format!("`{service}.{root}`") };
    Err(gateway::wrong_finance_domain(region.name, name_of(host), &wanted))
}

/// An IPv4 address, the commonest Host, is under no root domain: its last label is a number.
fn is_address(host: &str) -> bool {
    name_of(host).rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What stands before the root domain, if the host is under it.
fn under_root<'h, 'r>(host: &'h str, root: &'r str) -> Option<(&'h str, &'r str)> {
    name_of(host).strip_suffix(root)?.strip_suffix('.').map(|name| (name, root))
}

/// Some clients put a scheme into their Host.
#[must_use]
pub fn without_scheme(host: &str) -> &str {
    // An ordinary host has no slash; to look for one byte is ten times cheaper than to look for three.
    let scheme = host.contains('/').then(|| host.split_once("://")).flatten();
    scheme.map_or(host, |(_, rest)| rest)
}

/// The host without scheme and port.
fn name_of(host: &str) -> &str {
    let host = without_scheme(host);
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(host: &str, name: &str) -> bool {
        let roots = ["tencentcloudapi.com".to_owned(), "tc.example".to_owned()];
        check(host, "redis", region::find(name), &roots).is_ok()
    }

    #[test]
    fn a_finance_region_needs_its_own_domain() {
        assert!(served("redis.ap-shanghai-fsi.tencentcloudapi.com", "ap-shanghai-fsi"));
        assert!(served("http://redis.ap-shanghai-fsi.tc.example:8250", "ap-shanghai-fsi"));
        assert!(!served("redis.tencentcloudapi.com", "ap-shanghai-fsi"));
        assert!(!served("redis.ap-shenzhen-fsi.tencentcloudapi.com", "ap-shanghai-fsi"));
        assert!(!served("redis.ap-guangzhou.tencentcloudapi.com", "ap-shanghai-fsi"));
    }

    #[test]
    fn a_finance_domain_serves_only_its_region() {
        assert!(!served("redis.ap-shanghai-fsi.tencentcloudapi.com", "ap-guangzhou"));
        assert!(served("redis.ap-shanghai.tencentcloudapi.com", "ap-guangzhou"));
        assert!(served("redis.tencentcloudapi.com", "ap-guangzhou"));
    }

    #[test]
    fn a_bare_address_serves_all_and_the_refusal_names_the_domain() {
        for host in ["127.0.0.1:8250", "localhost", "http://127.0.0.1:8250", "[::1]:8250", "my.own.name", ""] {
            assert!(served(host, "ap-shanghai-fsi") && served(host, "ap-tokyo"), "{host}");
        }
        let roots = ["tencentcloudapi.com".to_owned()];
        let refused = check("redis.tencentcloudapi.com", "redis", region::find("ap-shanghai-fsi"), &roots);
        assert!(refused.unwrap_err().message.en.contains("`redis.ap-shanghai-fsi.tencentcloudapi.com`"));
    }
}
