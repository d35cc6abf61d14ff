//! Names and tags: which characters, how many.

use crate::error::{Error, gateway};

/// The most tags that one instance may have.
pub const MOST_TAGS: usize = 50;

/// An instance's name: 1 to 59 letters (Chinese too), digits, `-` and `_`.
///
/// # Errors
/// `InvalidParameterValue` naming `path`.
pub fn check(path: &str, name: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if (1..60).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(gateway::invalid_value(
        path,
        name.escape_debug(),
        "it must have 1 to 59 letters, digits, Chinese characters, - and _",
        "应为 1 至 59 个中文、字母、数字、- 或 _",
    ))
}

/// A tag: a key of 1 to 127 characters, a value of at most 255.
///
/// # Errors
/// `InvalidParameterValue` naming the key or the value under `path`.
pub fn check_tag(path: &str, key: &str, value: &str) -> Result<(), Error> {
    if !(1..=127).contains(&key.chars().count()) {
        return Err(gateway::invalid_value(
            &format!("{path}.TagKey"),
            key.escape_debug(),
            "it must have 1 to 127 characters",
            "长度应为 1 至 127 个字符",
        ));
    }
    if value.chars().count() > 255 {
        return Err(gateway::invalid_value(
            &format!("{path}.TagValue"),
            value.escape_debug(),
            "it must have at most 255 characters",
            "长度不能超过 255 个字符",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_documented_characters_and_length() {
        for good in ["a", "缓存-1", "A_b-9", &"x".repeat(59)] {
            check("InstanceName", good).unwrap();
        }
        for bad in ["", "a b", "a/b", "a\n", &"x".repeat(60)] {
            assert!(check("InstanceName", bad).is_err(), "{bad}");
        }
    }
}
