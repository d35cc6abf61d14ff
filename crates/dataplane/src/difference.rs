//! In what a running node is not what it should be.

use crate::{NodeSpec, Observed, Role};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What: `port`, `role`, `maxmemory`, `maxclients`, `address`, `engine` or `access`.
    pub what: &'static str,
    /// What it is; never a secret.
    pub is: String,
    /// What it should be.
    pub should: String,
}

impl Difference {
    pub(crate) fn new(what: &'static str, is: impl Into<String>, should: impl Into<String>) -> Self {
        Self { what, is: is.into(), should: should.into() }
    }
}

/// What a look at a running node shows to differ.
pub(crate) fn of_observed(spec: &NodeSpec, observed: &Observed) -> Vec<Difference> {
    let mut differences = Vec::new();
    if observed.port != Some(spec.port) {
        differences.push(Difference::new("port", shown(observed.port), spec.port.to_string()));
    }
    if observed.role != Some(spec.role) {
        let is = observed.role.map_or_else(|| "unknown".to_owned(), role);
        differences.push(Difference::new("role", is, role(spec.role)));
    }
    if observed.max_memory != spec.max_memory {
        differences.push(Difference::new("maxmemory", observed.max_memory.to_string(), spec.max_memory.to_string()));
    }
    differences
}

pub(crate) fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| value.to_string())
}

fn role(role: Role) -> String {
    match role {
        Role::Master => "master".to_owned(),
        Role::Replica { of } => format!("replica of {of}"),
    }
}
