//! `INFO` → [`Observed`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::control::Control;
use crate::{Error, NodeState, Observed, Role};

/// What a running node said of itself, by field name.
pub(crate) struct Info(HashMap<String, String>);

impl Info {
    /// Asks the node.
    pub(crate) async fn ask(control: &mut Control) -> Result<Self, Error> {
        let text: String = control.query("INFO", &redis::cmd("INFO")).await?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let fields = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        Self(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    fn number<T: std::str::FromStr>(&self, field: &str) -> Option<T> {
        self.text(field)?.parse().ok()
    }

    pub(crate) fn loading(&self) -> bool {
        self.text("loading") == Some("1")
    }

    /// Bytes of answered writes that are not in the AOF yet. `appendfsync everysec` holds them back, for up to two
    /// seconds, while an earlier sync is under way.
    pub(crate) fn unwritten(&self) -> u64 {
        self.number("aof_buffer_length").unwrap_or(0)
    }

    /// The path by which the engine was called.
    pub(crate) fn executable(&self) -> Option<PathBuf> {
        self.text("executable").map(PathBuf::from)
    }

    fn role(&self) -> Option<Role> {
        match self.text("role")? {
            "master" => Some(Role::Master),
            _ => {
                let ip = self.text("master_host")?.parse().ok()?;
                Some(Role::Replica { of: SocketAddr::new(ip, self.number("master_port")?) })
            }
        }
    }

    /// Keys of all databases: the sum of the `db0:keys=3,expires=0,…` lines.
    fn keys(&self) -> u64 {
        let databases = self.0.iter().filter(|(name, _)| name.starts_with("db"));
        databases.filter_map(|(_, value)| value.strip_prefix("keys=")?.split(',').next()?.parse::<u64>().ok()).sum()
    }

    pub(crate) fn observed(&self) -> Observed {
        let version = self.text("valkey_version").or_else(|| self.text("redis_version"));
        Observed {
            state: NodeState::Running,
            pid: self.number("process_id"),
            run_id: self.text("run_id").map(str::to_owned),
            version: version.and_then(|text| text.parse().ok()),
            role: self.role(),
            master_link_up: self.text("master_link_status") == Some("up"),
            connected_replicas: self.number("connected_slaves").unwrap_or(0),
            port: self.number("tcp_port"),
            used_memory: self.number("used_memory").unwrap_or(0),
            max_memory: self.number("maxmemory").unwrap_or(0),
            max_clients: self.number("maxclients"),
            keys: self.keys(),
            connected_clients: self.number::<u32>("connected_clients").unwrap_or(0).saturating_sub(1),
            loading: self.loading(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    const REPLICA: &str = "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\nprocess_id:77\r\nrun_id:abc\r\n\
        tcp_port:7001\r\nexecutable:/usr/bin/valkey-server\r\n# Clients\r\nconnected_clients:3\r\nmaxclients:100\r\n\
        used_memory:1000\r\nmaxmemory:2000\r\nloading:0\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:7000\r\n\
        master_link_status:up\r\n# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=0\r\ndb9:keys=4,expires=0,avg_ttl=0\r\n";

    #[test]
    fn a_replica_is_read() {
        let info = Info::parse(REPLICA);
        let observed = info.observed();
        assert_eq!(observed.role, Some(Role::Replica { of: "10.0.0.1:7000".parse().unwrap() }));
        assert_eq!(
            observed.version,
            Some(Version::new(8, 0, 1)),
            "valkey's own version, not the one it is compatible with"
        );
        assert_eq!((observed.pid, observed.port, observed.keys), (Some(77), Some(7001), 7));
        assert_eq!((observed.connected_clients, observed.max_clients), (2, Some(100)));
        assert!(observed.master_link_up && !observed.loading);
        assert_eq!(info.executable(), Some(PathBuf::from("/usr/bin/valkey-server")));
    }

    #[test]
    fn missing_fields_are_no_panic() {
        let observed = Info::parse("role:master\r\nloading:1\r\n").observed();
        assert_eq!((observed.role, observed.loading, observed.pid), (Some(Role::Master), true, None));
    }
}
