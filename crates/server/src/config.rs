//! One struct of settings: the embedded `default.toml`, then the file, then the environment, then the command line.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use api::Secret;
use ipnet::IpNet;
use serde::Deserialize;
use toml::{Table, Value};

use crate::model::host::{self, Role};

/// The embedded defaults; also the documentation of every setting.
pub const DEFAULTS: &str = include_str!("default.toml");

/// All settings. Their meaning stands in `default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub threads: usize,
    pub role: Role,
    pub host: Host,
    pub insecure_listen: bool,
    pub trusted_proxies: Vec<IpNet>,
    pub rate_limit: RateLimit,
    pub time_offset: String,
    pub tls: Tls,
    pub connections: Connections,
    pub database: Database,
    pub regions: Regions,
    pub network: Network,
    pub ports: Ports,
    pub engines: Engines,
    pub tasks: Tasks,
    pub limits: Limits,
    pub isolation: Isolation,
    pub background: Background,
    pub levers: Levers,
    pub admin: Admin,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Host {
    pub name: String,
    pub instances: PathBuf,
    pub heartbeat: u64,
    pub dead_after: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Database {
    pub url: Secret,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Tls {
    pub enabled: bool,
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Connections {
    pub max: usize,
    pub per_address: usize,
    pub idle: u64,
    pub body: u64,
}

/// Whether requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateLimit {
    /// As each action's page says.
    Documented,
    /// Not at all.
    Off,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Regions {
    pub default: String,
    pub domains: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Network {
    pub addresses: Vec<IpAddr>,
    pub strict: bool,
    pub vpcs: Vec<String>,
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub templates: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Ports {
    pub first: u16,
    pub last: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Engines {
    pub candidates: Vec<String>,
    pub strict: bool,
    pub start_timeout: u64,
    pub stop_grace: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Tasks {
    pub workers: usize,
    pub deadline: u64,
    pub undo_deadline: u64,
    pub lease: u64,
    pub cache: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Limits {
    pub instances: i64,
    pub goods: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Isolation {
    pub postpaid: i64,
    pub prepaid: i64,
    pub to_delete_after: i64,
    pub tombstone: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Background {
    pub observe: u64,
    pub expire: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Levers {
    pub enabled: bool,
    pub seed: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each setting")]
pub struct Admin {
    pub listen: AdminListen,
    pub exposed: bool,
}

/// Where the operator's side listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum AdminListen {
    /// On its usual port, or on a free one where that is taken.
    Auto,
    /// There.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl FromStr for AdminListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            address => address.parse().map(Self::At).map_err(|_| format!("`{text}` must be ADDR:PORT, auto or off")),
        }
    }
}

impl TryFrom<String> for AdminListen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A configuration that cannot be used; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// The defaults, overlaid by `file` and by the variables that `environment` knows.
    ///
    /// # Errors
    /// An unreadable file, an unknown setting, a value of the wrong type.
    pub fn load(file: Option<&Path>, environment: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut table = parse(DEFAULTS, "default.toml")?;
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError(format!("cannot read the configuration {}: {error}", path.display())))?;
            overlay(&mut table, parse(&text, &path.display().to_string())?)?;
        }
        override_from(&mut table, "CINNABAR", &environment)?;
        let config: Self = Value::Table(table)
            .try_into()
            .map_err(|error| ConfigError(format!("the configuration is not valid: {error}")))?;
        config.checked()
    }

    /// Itself, if its settings go together; to be asked again by who changes some.
    ///
    /// # Errors
    /// What does not, and what would.
    pub fn checked(self) -> Result<Self, ConfigError> {
        let complain = |text: &str| Err(ConfigError(format!("the configuration is not valid: {text}")));
        if self.network.addresses.is_empty() {
            return complain("network.addresses needs at least one address");
        }
        if self.ports.first < 1024 || self.ports.first > self.ports.last {
            return complain("ports.first must be at least 1024 and not above ports.last");
        }
        if self.tasks.workers == 0 {
            return complain("tasks.workers must be at least 1");
        }
        if !self.host.name.is_empty() && !host::is_name(&self.host.name) {
            return complain("host.name must be 1 to 64 letters, digits, dots, dashes and underscores");
        }
        if self.host.heartbeat == 0 || self.host.dead_after < self.host.heartbeat.saturating_mul(2) {
            return complain("host.heartbeat must be at least 1, and host.dead_after at least twice as much");
        }
        if self.connections.max == 0 || self.connections.idle == 0 || self.connections.body == 0 {
            return complain("connections.max, connections.idle and connections.body must be at least 1");
        }
        if let Some(name) = self.tls.names.iter().find(|name| !is_host(name)) {
            return complain(&format!("tls.names: `{name}` is neither a host name nor an address"));
        }
        if self.tasks.lease < 3 {
            return complain("tasks.lease must be at least 3");
        }
        if !self.levers.enabled && !self.levers.seed.is_empty() {
            return complain("levers.seed needs levers.enabled; start with --test-levers");
        }
        if crate::model::region::find(&self.regions.default).is_none() {
            return complain("regions.default is not a known region");
        }
        if crate::model::wire_time::offset(&self.time_offset).is_none() {
            return complain("time_offset must look like +08:00");
        }
        Ok(self)
    }
}

/// A host name without a wildcard, or an address.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.parse::<IpAddr>().is_ok() || name.split('.').all(is_label)
}

/// An error names the line and does not show it: it may hold a password.
fn parse(text: &str, name: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        ConfigError(format!("{name}, line {}: {}", before.matches('\n').count() + 1, error.message()))
    })
}

/// Tables are merged; anything else is replaced.
fn overlay(base: &mut Table, over: Table) -> Result<(), ConfigError> {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(table)) => overlay(inner, table)?,
            // The later check would show the value, which may hold a password.
            (Some(Value::Table(_)), _) => {
                return Err(ConfigError(format!("the configuration is not valid: `{key}` must be a table, [{key}]")));
            }
            (_, value) => drop(base.insert(key, value)),
        }
    }
    Ok(())
}

/// Looks each setting's path up in the environment, and reads it as the type that it has in the table.
fn override_from(
    table: &mut Table,
    prefix: &str,
    environment: &impl Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    for (key, value) in table.iter_mut() {
        let name = format!("{prefix}_{}", key.to_uppercase());
        match value {
            Value::Table(inner) => override_from(inner, &name, environment)?,
            value => {
                if let Some(text) = environment(&name) {
                    *value = typed(value, &text)
                        .ok_or_else(|| ConfigError(format!("{name}: `{text}` must be a {}", value.type_str())))?;
                }
            }
        }
    }
    Ok(())
}

fn typed(like: &Value, text: &str) -> Option<Value> {
    match like {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Some(parts.map(|part| Value::String(part.to_owned())).collect::<Vec<_>>().into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::load(None, |_| None).unwrap();
        assert_eq!(config.listen.port(), 8250);
        assert_eq!(config.rate_limit, RateLimit::Documented);
    }

    #[test]
    fn the_environment_overrides_by_path_and_type() {
        let config = Config::load(None, |name| match name {
            "CINNABAR_TASKS_WORKERS" => Some("2".to_owned()),
            "CINNABAR_NETWORK_ADDRESSES" => Some("127.0.0.2, 127.0.0.3".to_owned()),
            _ => None,
        });
        let config = config.unwrap();
        assert_eq!(config.tasks.workers, 2);
        assert_eq!(config.network.addresses.len(), 2);
        let wrong = Config::load(None, |name| (name == "CINNABAR_TASKS_WORKERS").then(|| "two".to_owned()));
        assert!(wrong.unwrap_err().to_string().contains("CINNABAR_TASKS_WORKERS"));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, "[tasks]\nwrokers = 2\n").unwrap();
        let refused = Config::load(Some(&file), |_| None).unwrap_err().to_string();
        assert!(refused.contains("wrokers"), "{refused}");
    }

    #[test]
    fn a_seed_needs_the_levers() {
        let load = |enabled: &'static str| {
            Config::load(None, move |name| match name {
                "CINNABAR_LEVERS_SEED" => Some("seed.toml".to_owned()),
                "CINNABAR_LEVERS_ENABLED" => Some(enabled.to_owned()),
                _ => None,
            })
        };
        assert!(load("false").unwrap_err().to_string().contains("--test-levers"));
        assert!(load("true").unwrap().levers.enabled);
        assert!(!Config::load(None, |_| None).unwrap().levers.enabled);
    }

    #[test]
    fn the_databases_url_is_never_shown() {
        let url = |name: &str| (name == "CINNABAR_DATABASE_URL").then(|| "postgres://u:pw-1@h/d".to_owned());
        let config = Config::load(None, url).unwrap();
        assert_eq!(config.database.url.expose(), "postgres://u:pw-1@h/d");
        assert!(!format!("{config:?}").contains("pw-1"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        for wrong in
            ["\n[database]\nurl = \"postgres://u:pw-1@h/d\n", "[database]\nurl = [\"pw-1\"]\n", "database = \"pw-1\"\n"]
        {
            std::fs::write(&file, wrong).unwrap();
            let refused = Config::load(Some(&file), |_| None).unwrap_err().to_string();
            assert!(!refused.contains("pw-1"), "{refused}");
        }
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, "rate_limit = \"off\"\n[tasks]\nworkers = 1\n").unwrap();
        let config = Config::load(Some(&file), |_| None).unwrap();
        assert_eq!((config.rate_limit, config.tasks.workers), (RateLimit::Off, 1));
        assert_eq!(config.tasks.deadline, 300);
    }
}
