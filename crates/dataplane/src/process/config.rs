//! What an operator can choose.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Configuration of a [`super::ProcessPlane`]. Only `root` has no default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessConfig {
    /// The folder of all nodes; created when missing. One plane at a time may use it.
    pub root: PathBuf,
    /// Engines in order of preference: paths, or names that are looked up in `PATH`.
    #[serde(default = "default_engines")]
    pub engines: Vec<String>,
    /// How long a node may take from its start to its first answer, including the loading of its data; milliseconds in files.
    #[serde(default = "default_start_timeout", rename = "start_timeout_ms", with = "millis")]
    pub start_timeout: Duration,
    /// How long a node may take to save and end before it is killed; milliseconds in files.
    #[serde(default = "default_stop_grace", rename = "stop_grace_ms", with = "millis")]
    pub stop_grace: Duration,
    /// How long a node may take to answer a control command; milliseconds in files.
    #[serde(default = "default_call_timeout", rename = "call_timeout_ms", with = "millis")]
    pub call_timeout: Duration,
}

impl ProcessConfig {
    /// The defaults, with this root.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            engines: default_engines(),
            start_timeout: default_start_timeout(),
            stop_grace: default_stop_grace(),
            call_timeout: default_call_timeout(),
        }
    }
}

fn default_engines() -> Vec<String> {
    ["redis-server", "valkey-server"].map(str::to_owned).to_vec()
}

fn default_start_timeout() -> Duration {
    Duration::from_secs(30)
}

fn default_stop_grace() -> Duration {
    Duration::from_secs(10)
}

fn default_call_timeout() -> Duration {
    Duration::from_secs(5)
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_is_needed() {
        let config: ProcessConfig = serde_json::from_str(r#"{"root": "/srv/nodes"}"#).unwrap();
        assert_eq!(config, ProcessConfig::new("/srv/nodes"));
        let text = serde_json::to_string(&config).unwrap();
        assert!(text.contains(r#""stop_grace_ms":10000"#), "{text}");
        assert_eq!(serde_json::from_str::<ProcessConfig>(&text).unwrap(), config);
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        assert!(serde_json::from_str::<ProcessConfig>(r#"{"root": "/srv", "start_timeout": 3}"#).is_err());
    }
}
