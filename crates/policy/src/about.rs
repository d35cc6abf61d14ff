//! What policies say of one action: found once, so that a request is held only against what can matter.

use std::sync::Arc;

use crate::document::{Policy, Statement};
use crate::query::{Decision, Query};

/// The statements of some policies that speak of one action.
#[derive(Debug, Clone)]
pub struct About {
    /// Those that deny before those that allow: so the first that applies decides.
    statements: Box<[Arc<Statement>]>,
    everywhere: bool,
}

impl About {
    /// Of the action `action` of `service`, both in any letter case.
    pub fn of<'p>(policies: impl IntoIterator<Item = &'p Policy>, service: &str, action: &str) -> Self {
        let action = format!("{service}:{action}").to_ascii_lowercase();
        let all = policies.into_iter().flat_map(Policy::statements).filter(|it| it.speaks_of(&action));
        let (mut statements, allows): (Vec<_>, Vec<_>) = all.cloned().partition(|it| it.denies);
        let everywhere = statements.is_empty() && allows.iter().any(|it| it.is_unconditional());
        statements.extend(allows);
        Self { statements: statements.into(), everywhere }
    }

    /// What they say of a request for that action: any deny before any allow before silence.
    #[must_use]
    pub fn decide(&self, query: &Query<'_>) -> Decision {
        match self.statements.iter().find(|it| it.applies(query)) {
            Some(statement) if statement.denies => Decision::Denied,
            Some(_) => Decision::Allowed,
            None => Decision::Silent,
        }
    }

    /// Whether they allow the action on whatever there is, without a condition: then no resource need be looked at.
    /// `false` says nothing.
    #[must_use]
    pub fn everywhere(&self) -> bool {
        self.everywhere
    }
}
