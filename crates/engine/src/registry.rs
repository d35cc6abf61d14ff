//! Which kinds of task there are.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Status, Step, Task};

/// What a kind does in the transaction that gives a task its final status.
pub type Ended = Box<dyn Fn(&db::Tx<'_>, &Task, Status) -> Result<(), db::Error> + Send + Sync>;

/// A kind of task: its steps in their order, and what frames them.
pub struct Kind {
    /// Its name: stored with each task, never changed.
    pub name: &'static str,
    /// Its steps; at least one.
    pub steps: Vec<Box<dyn Step>>,
    /// How long the steps may take, from the first claim on; after it the running step counts as failed.
    pub deadline: Duration,
    /// Commits with the final status, whichever it is; the task it is given has that status, its message and its end.
    ///
    /// It should not fail. Where it does for `succeed`, the last step counts as failed; for `failed`, the last undo is
    /// tried again until its deadline; for `error`, the status is written without it.
    pub ended: Ended,
}

impl Kind {
    pub(crate) fn step_names(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().map(|step| step.name())
    }

    /// The step of this index, which came from [`replay`](crate::replay) over the very names of these steps.
    pub(crate) fn step(&self, index: usize) -> &dyn Step {
        self.steps[index].as_ref()
    }
}

/// Why a kind was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RegistryError {
    /// Two kinds have this name.
    #[error("there are two task kinds named `{0}`")]
    DuplicateKind(&'static str),
    /// The kind has no steps.
    #[error("the task kind `{0}` has no steps")]
    NoSteps(&'static str),
    /// Two steps of one kind have one name.
    #[error("the task kind `{kind}` has two steps named `{step}`")]
    DuplicateStep {
        /// The kind's name.
        kind: &'static str,
        /// The name that is there twice.
        step: &'static str,
    },
}

/// All kinds of task, by their names.
#[derive(Default)]
pub struct Registry {
    kinds: HashMap<&'static str, Arc<Kind>>,
}

impl Registry {
    /// A registry without kinds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    ///
    /// # Errors
    /// When its name is taken, it has no steps, or two of one name.
    #[expect(clippy::should_implement_trait, reason = "one adds a kind to a registry; nobody reads it as a sum")]
    pub fn add(mut self, kind: Kind) -> Result<Self, RegistryError> {
        if kind.steps.is_empty() {
            return Err(RegistryError::NoSteps(kind.name));
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(step) = kind.step_names().find(|name| !seen.insert(*name)) {
            return Err(RegistryError::DuplicateStep { kind: kind.name, step });
        }
        let name = kind.name;
        match self.kinds.insert(name, Arc::new(kind)) {
            None => Ok(self),
            Some(_) => Err(RegistryError::DuplicateKind(name)),
        }
    }

    /// The names of all kinds, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.kinds.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// All kinds, in no order.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values().map(AsRef::as_ref)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Kind>> {
        self.kinds.get(name)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::{Outcome, StepContext};

    struct Named(&'static str);

    #[async_trait]
    impl Step for Named {
        fn name(&self) -> &'static str {
            self.0
        }
        async fn run(&self, _: &StepContext) -> Outcome {
            Outcome::Done(serde_json::Value::Null)
        }
    }

    fn kind(name: &'static str, steps: &[&'static str]) -> Kind {
        let steps = steps.iter().map(|name| Box::new(Named(name)) as Box<dyn Step>).collect();
        Kind { name, steps, deadline: Duration::from_secs(1), ended: Box::new(|_, _, _| Ok(())) }
    }

    #[test]
    fn kinds_are_found_by_name() {
        let registry = Registry::new().add(kind("b", &["x"])).unwrap().add(kind("a", &["x", "y"])).unwrap();
        assert_eq!(registry.names(), ["a", "b"]);
        assert!(registry.get("a").is_some() && registry.get("c").is_none());
    }

    #[test]
    fn duplicates_and_empty_kinds_are_refused() {
        let registry = || Registry::new().add(kind("a", &["x"])).unwrap();
        assert_eq!(registry().add(kind("a", &["y"])).err(), Some(RegistryError::DuplicateKind("a")));
        assert_eq!(registry().add(kind("b", &[])).err(), Some(RegistryError::NoSteps("b")));
        let twice = registry().add(kind("b", &["x", "y", "x"])).err();
        assert_eq!(twice, Some(RegistryError::DuplicateStep { kind: "b", step: "x" }));
    }
}
