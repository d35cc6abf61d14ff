//! Who asked, when a proxy asked for them: `X-Forwarded-For`, believed from trusted networks alone.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks whose word is taken.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// These.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether what this address says of others is believed.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// The client behind `peer`: going back from the nearest proxy, the first that is not trusted, so that what a client writes into
    /// the header itself does not count. Where the header stops making sense, the last one who did. Port 0 when it is not told.
    #[must_use]
    pub fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if self.0.is_empty() || !self.trust(peer.ip()) {
            return peer;
        }
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let steps = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut nearest = peer;
        for step in steps {
            let Some(client) = std::str::from_utf8(step).ok().and_then(|text| address(text.trim())) else { break };
            nearest = client;
            if !self.trust(client.ip()) {
                break;
            }
        }
        nearest
    }
}

/// With a port or without.
fn address(text: &str) -> Option<SocketAddr> {
    let alone = || text.trim_matches(['[', ']']).parse().map(|ip| SocketAddr::new(ip, 0));
    text.parse().or_else(|_| alone()).ok().map(canonical)
}

/// An IPv4 address is one, also when it comes over a socket for both.
#[must_use]
pub fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_have_added_counts() {
        assert_eq!(client("10.0.0.1:5", &[b"203.0.113.9"]), "203.0.113.9:0");
        assert_eq!(client("10.0.0.1:5", &[b"203.0.113.9:77"]), "203.0.113.9:77");
        assert_eq!(client("10.0.0.1:5", &[b"6.6.6.6, 203.0.113.9, 10.0.0.2"]), "203.0.113.9:0");
        assert_eq!(client("10.0.0.1:5", &[b"6.6.6.6", b"203.0.113.9", b"10.0.0.2"]), "203.0.113.9:0");
        assert_eq!(client("[fd00::1]:5", &[b"[2001:db8::1]:9"]), "[2001:db8::1]:9");
        assert_eq!(client("10.0.0.1:5", &[b"::ffff:203.0.113.9"]), "203.0.113.9:0");
        assert_eq!(client("10.0.0.1:5", &[b"10.0.0.3"]), "10.0.0.3:0");
        assert_eq!(client("203.0.113.1:5", &[b"6.6.6.6"]), "203.0.113.1:5");
    }

    #[test]
    fn what_makes_no_sense_ends_the_way_back() {
        assert_eq!(client("10.0.0.1:5", &[]), "10.0.0.1:5");
        for garbage in [&b"unknown"[..], b"", b"\xff\xfe", b"1.2.3", b"127.0.0.1 evil", b"203.0.113.9, _hidden"] {
            assert_eq!(client("10.0.0.1:5", &[garbage]), "10.0.0.1:5", "{garbage:?}");
        }
        assert_eq!(client("10.0.0.1:5", &[b"203.0.113.9, x, 10.0.0.2"]), "10.0.0.2:0");
    }
}
