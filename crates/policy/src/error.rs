//! What is wrong with a policy.

/// What is wrong with a policy, where, and what would be right. Its text is meant for who wrote the policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct ParseError {
    /// The element, such as `statement[0].action[2]`; `policy` for the whole.
    pub at: String,
    /// What is wrong with it, and what would be right; for broken JSON with line and column.
    pub problem: String,
}

/// An error at this element.
pub(crate) fn wrong(at: impl Into<String>, problem: impl Into<String>) -> ParseError {
    ParseError { at: at.into(), problem: problem.into() }
}

/// What the customer wrote, short enough for a message and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
