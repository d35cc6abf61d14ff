//! Whom a role trusts.

use crate::error::{ParseError, shown, wrong};
use crate::json::Json;
use crate::pattern::Pattern;

/// Whom a statement of a trust policy trusts.
#[derive(Debug)]
pub(crate) enum Principal {
    /// Everybody of an account, whose prefix this is: `qcs::cam::uin/N:root`.
    Account(String),
    /// Who fits: `qcs::cam::uin/N:uin/M`.
    Named(Pattern),
}

impl Principal {
    /// Whether it is this one, such as `qcs::cam::uin/100:uin/200`.
    pub(crate) fn covers(&self, who: &str) -> bool {
        match self {
            Self::Account(prefix) => who.starts_with(prefix.as_str()),
            Self::Named(pattern) => pattern.matches(who),
        }
    }
}

/// The principals of a statement.
pub(crate) fn parse(json: &Json, at: &str) -> Result<Vec<Principal>, ParseError> {
    let mut found = Vec::new();
    for (kind, names) in json.members(at)? {
        let at = format!("{at}.{kind}");
        for (at, item) in names.items(&at)? {
            let text = item.text(&at)?;
            found.push(match kind.as_str() {
                "qcs" => user(text, &at)?,
                "service" | "federated" if !text.is_empty() && !text.contains('*') => {
                    Principal::Named(Pattern::new(text))
                }
                "service" | "federated" => return Err(wrong(at, "must be a name without a wildcard")),
                _ => return Err(wrong(at, "is not known; write `qcs`, `service` or `federated`")),
            });
        }
    }
    match found.is_empty() {
        true => Err(wrong(at, "trusts nobody; write {\"qcs\": \"qcs::cam::uin/ACCOUNT:root\"}")),
        false => Ok(found),
    }
}

/// The account must be named: a role that trusts every account is a slip.
fn user(text: &str, at: &str) -> Result<Principal, ParseError> {
    let right = "write `qcs::cam::uin/ACCOUNT:root` or `qcs::cam::uin/ACCOUNT:uin/USER`";
    let parts = text.strip_prefix("qcs::cam::uin/").and_then(|rest| rest.split_once(':'));
    let Some((account, who)) = parts.filter(|(account, who)| {
        !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit()) && !who.is_empty()
    }) else {
        return Err(wrong(at, format!("{} is not a principal; {right}", shown(text))));
    };
    Ok(match who {
        "root" => Principal::Account(format!("qcs::cam::uin/{account}:")),
        _ => Principal::Named(Pattern::new(text)),
    })
}
