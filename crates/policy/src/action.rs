//! Actions of a statement: `name/redis:DescribeTaskInfo`, `redis:Describe*`, `*`.

use crate::error::{ParseError, shown, wrong};
use crate::json::Json;
use crate::pattern::Pattern;

/// The actions of a statement. Letter case does not count: who writes `redis:clearinstance` means that action.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    /// `service:action` in lower case, sorted.
    exact: Vec<Box<str>>,
    wild: Vec<Pattern>,
}

impl Actions {
    pub(crate) fn parse(json: &Json, at: &str) -> Result<Self, ParseError> {
        let mut actions = Self::default();
        for (at, item) in json.items(at)? {
            let text = bare(item.text(&at)?, &at)?;
            let pattern = Pattern::new(&text);
            if pattern.is_wild() {
                actions.wild.push(pattern);
            } else {
                actions.exact.push(text.into());
            }
        }
        actions.exact.sort_unstable();
        actions.exact.dedup();
        Ok(actions)
    }

    /// Whether this action, `service:action` in lower case, is one of them.
    pub(crate) fn contain(&self, action: &str) -> bool {
        self.exact.binary_search_by(|exact| (**exact).cmp(action)).is_ok()
            || self.wild.iter().any(|pattern| pattern.matches(action))
    }
}

/// `service:action` in lower case.
fn bare(text: &str, at: &str) -> Result<String, ParseError> {
    let right = "write `redis:DescribeTaskInfo`, `name/redis:DescribeTaskInfo`, `redis:Describe*`, `redis:*` or `*`";
    if text.starts_with("permid/") {
        return Err(wrong(
            at,
            format!("{} is a numbered set of actions, which are not known here; {right}", shown(text)),
        ));
    }
    let bare = text.strip_prefix("name/").unwrap_or(text);
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || ['_', '-', '*'].contains(&c))
    };
    let named = bare.split_once(':').is_some_and(|(service, action)| is_word(service) && is_word(action));
    if bare != "*" && !named {
        return Err(wrong(at, format!("{} is not an action; {right}", shown(text))));
    }
    Ok(bare.to_ascii_lowercase())
}
