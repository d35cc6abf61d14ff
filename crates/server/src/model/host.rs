//! Hosts and the processes that serve.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::Deserialize;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers requests.
    Api,
    /// Runs tasks and looks after the instances of its host.
    Worker,
    /// Both.
    All,
}

impl Role {
    /// The word that is stored and given.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::All => "all",
        }
    }

    /// The role that a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Api, Self::Worker, Self::All].into_iter().find(|role| role.as_str() == word)
    }

    /// Whether it answers requests.
    #[must_use]
    pub const fn answers(self) -> bool {
        matches!(self, Self::Api | Self::All)
    }

    /// Whether it runs tasks.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Worker | Self::All)
    }
}

/// A process that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its own for each start.
    pub id: String,
    /// The host that it is on.
    pub host: String,
    /// What it does.
    pub role: Role,
    /// `ADDR:PORT` where it answers requests; empty when it does not.
    pub address: String,
    /// When it was last there.
    pub seen_at: i64,
}

/// Who this process is among those that share the store.
#[derive(Debug)]
pub struct Hosting {
    /// What the others see of it.
    pub process: Process,
    /// Whether there may be others.
    pub shared: bool,
    /// After so many milliseconds without a sign of life a process counts as gone.
    pub dead_after: i64,
    /// Until when it does the rounds on its host.
    keeps_until: AtomicI64,
}

impl Hosting {
    /// This process.
    #[must_use]
    pub fn new(process: Process, shared: bool, dead_after: i64) -> Self {
        Self { process, shared, dead_after, keeps_until: AtomicI64::new(0) }
    }

    /// Whether this process looks after its host at the moment: one of each host does.
    #[must_use]
    pub fn keeps(&self, now: i64) -> bool {
        !self.shared || now < self.keeps_until.load(Ordering::SeqCst)
    }

    /// It does until then.
    pub fn keep_until(&self, until: i64) {
        self.keeps_until.store(until, Ordering::SeqCst);
    }

    /// Who was seen at this time or later is there.
    #[must_use]
    pub fn alive_since(&self, now: i64) -> i64 {
        now.saturating_sub(self.dead_after)
    }
}

/// How much a host has to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Its name.
    pub host: String,
    /// How many nodes it has.
    pub nodes: i64,
}

/// A host that tasks wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub host: String,
    /// How many tasks wait.
    pub tasks: i64,
    /// Whether it was ever seen.
    pub known: bool,
}

impl Waiting {
    /// Why the tasks wait, for whoever asks how one stands.
    #[must_use]
    pub fn why(&self) -> String {
        let host = &self.host;
        if self.known {
            format!("waiting for the host `{host}`: no worker of it is there at the moment")
        } else {
            format!("waiting for the host `{host}`, which has never been seen: start a worker with --host-name {host}")
        }
    }
}

/// Shares so many instances of `nodes` nodes each out: each goes to the host that has the fewest then.
#[must_use]
pub fn spread(mut loads: Vec<Load>, instances: usize, nodes: i64) -> Vec<String> {
    let mut places = Vec::with_capacity(instances);
    while places.len() < instances {
        let Some(least) = loads.iter_mut().min_by(|a, b| (a.nodes, &a.host).cmp(&(b.nodes, &b.host))) else { break };
        least.nodes = least.nodes.saturating_add(nodes);
        places.push(least.host.clone());
    }
    places
}

/// Whether a name can be a host's: 1 to 64 letters, digits, dots, dashes and underscores.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(nodes: &[i64]) -> Vec<Load> {
        ["a", "b", "c"]
            .iter()
            .zip(nodes)
            .map(|(host, nodes)| Load { host: (*host).to_owned(), nodes: *nodes })
            .collect()
    }

    #[test]
    fn each_goes_to_the_host_with_the_fewest_nodes_then() {
        assert_eq!(spread(loads(&[3, 0, 4]), 4, 2), ["b", "b", "a", "b"]);
        assert_eq!(spread(loads(&[0, 0, 0]), 4, 2), ["a", "b", "c", "a"]);
        assert!(spread(loads(&[]), 4, 2).is_empty());
    }

    #[test]
    fn roles_are_read_back_and_say_what_they_do() {
        for (role, answers, works) in [(Role::Api, true, false), (Role::Worker, false, true), (Role::All, true, true)] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!((role.answers(), role.works()), (answers, works));
        }
        assert_eq!(Role::parse("boss"), None);
    }

    #[test]
    fn names_are_plain() {
        assert!(is_name("db-1.rack_2"));
        assert!(!is_name("") && !is_name("a b") && !is_name("a/b") && !is_name(&"x".repeat(65)));
    }
}
