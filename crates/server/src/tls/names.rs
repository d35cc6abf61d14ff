//! Which names are this server's, and which of them share a certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::region;

/// The names under which this server answers.
#[derive(Debug, Clone)]
pub struct Names {
    /// The root domains of the API.
    roots: Vec<String>,
    /// Host names of its own, in lower case.
    hosts: Vec<String>,
    /// Its addresses.
    addresses: Vec<IpAddr>,
}

/// Names that one certificate is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Group {
    /// All names right below this domain: a root, or a region of it.
    Under(String),
    /// The server's own names and addresses.
    Own,
}

impl Names {
    /// The root domains `roots`, the further names or addresses `more`, and where it listens. Loopback always belongs to it.
    #[must_use]
    pub fn new(roots: &[String], more: &[String], listen: IpAddr) -> Self {
        let mut names = Self {
            roots: roots.to_vec(),
            hosts: vec!["localhost".to_owned()],
            addresses: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        };
        if !listen.is_unspecified() && !names.addresses.contains(&listen) {
            names.addresses.push(listen);
        }
        for name in more {
            match name.parse() {
                Ok(address) => names.addresses.push(address),
                Err(_) => names.hosts.push(name.to_ascii_lowercase()),
            }
        }
        names
    }

    /// Whose certificate answers to `name`.
    ///
    /// Only a root and the regions of a root count, so that there are few certificates whatever clients ask for.
    #[must_use]
    pub fn group(&self, name: &str) -> Group {
        let name = name.to_ascii_lowercase();
        let Some((_, parent)) = name.split_once('.') else { return Group::Own };
        let is_region = |root: &String| {
            parent.strip_suffix(root.as_str()).and_then(|rest| rest.strip_suffix('.')).and_then(region::find).is_some()
        };
        let is_ours = self.roots.iter().any(|root| root == parent || is_region(root));
        if is_ours { Group::Under(parent.to_owned()) } else { Group::Own }
    }

    /// Whether `host` is a name of the API or one of the names in the settings; what a CONNECT may ask for.
    #[must_use]
    pub fn is_served(&self, host: &str) -> bool {
        let is_address = host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| self.addresses.contains(&ip));
        is_address || self.hosts.contains(&host.to_ascii_lowercase()) || self.group(host) != Group::Own
    }

    /// The names of a group as they stand in its certificate, addresses among them.
    #[must_use]
    pub fn of(&self, group: &Group) -> Vec<String> {
        match group {
            Group::Under(domain) => vec![domain.clone(), format!("*.{domain}")],
            Group::Own => self.hosts.iter().cloned().chain(self.addresses.iter().map(IpAddr::to_string)).collect(),
        }
    }

    /// The domains to which all these names belong.
    #[must_use]
    pub fn domains(&self) -> Vec<String> {
        self.roots.iter().chain(&self.hosts).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let roots = ["tencentcloudapi.com".to_owned(), "intl.tencentcloudapi.com".to_owned()];
        Names::new(&roots, &["Redis.Example.org".to_owned(), "10.0.0.5".to_owned()], "127.0.0.1".parse().unwrap())
    }

    #[test]
    fn a_name_below_a_root_or_its_region_shares_a_certificate_with_its_neighbours() {
        let under = |domain: &str| Group::Under(domain.to_owned());
        assert_eq!(names().group("redis.tencentcloudapi.com"), under("tencentcloudapi.com"));
        assert_eq!(names().group("TAG.intl.TencentCloudAPI.com"), under("intl.tencentcloudapi.com"));
        assert_eq!(
            names().group("redis.ap-shanghai-fsi.tencentcloudapi.com"),
            under("ap-shanghai-fsi.tencentcloudapi.com")
        );
        for other in [
            "redis.ap-atlantis.tencentcloudapi.com",
            "a.b.c.tencentcloudapi.com",
            "xtencentcloudapi.com",
            "x.org",
            "localhost",
        ] {
            assert_eq!(names().group(other), Group::Own, "{other}");
        }
    }

    #[test]
    fn a_connect_may_ask_for_these_names_and_for_no_others() {
        for ours in [
            "redis.tencentcloudapi.com",
            "sts.ap-tokyo.tencentcloudapi.com",
            "redis.example.ORG",
            "localhost",
            "10.0.0.5",
            "[::1]",
        ] {
            assert!(names().is_served(ours), "{ours}");
        }
        for other in ["example.org", "tencentcloudapi.com.evil.org", "a.b.tencentcloudapi.com", "10.0.0.6", "", "."] {
            assert!(!names().is_served(other), "{other}");
        }
    }
}
