//! The password rule, the same for every action that takes one.

use crate::error::{Error, product};
use crate::model::instance::Access;

/// The symbols that count as a class.
const SYMBOLS: &str = "()`~!@#$%^&*-+=_|{}[]:;<>,.?/";

/// 8 to 64 characters, not beginning with `/`, of at least two of the classes lower case, upper case, digit, symbol.
///
/// # Errors
/// `PasswordRuleError` that says which rule is broken. The password itself is never part of it.
pub fn check(path: &str, password: &str) -> Result<(), Error> {
    let refuse = |rule, zh| Err(product::password_rule(path, rule, zh));
    if !(8..=64).contains(&password.chars().count()) {
        return refuse("it must have 8 to 64 characters", "长度应为 8 至 64 个字符");
    }
    if password.starts_with('/') {
        return refuse("it must not begin with /", "不能以 / 开头");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || SYMBOLS.contains(c);
    if !password.chars().all(allowed) {
        return refuse(
            "it may have letters, digits and ()`~!@#$%^&*-+=_|{}[]:;<>,.?/ only",
            "只能包含字母、数字和 ()`~!@#$%^&*-+=_|{}[]:;<>,.?/",
        );
    }
    if classes(password) < 2 {
        return refuse(
            "it must have at least two of lower case, upper case, digits and symbols",
            "至少包含小写字母、大写字母、数字和符号中的两种",
        );
    }
    Ok(())
}

fn classes(password: &str) -> usize {
    let has = |class: fn(char) -> bool| usize::from(password.chars().any(class));
    has(|c| c.is_ascii_lowercase())
        + has(|c| c.is_ascii_uppercase())
        + has(|c| c.is_ascii_digit())
        + has(|c| SYMBOLS.contains(c))
}

/// The access that is asked for: a password, or none where that is asked for and the instance is in a VPC. An empty
/// password is an absent one.
///
/// # Errors
/// `PasswordRuleError`, `PasswordEmpty` or `PasswordFreeDenied`.
pub fn asked(password: Option<&str>, no_auth: Option<bool>, vpc_id: &str) -> Result<Access, Error> {
    match (no_auth == Some(true), password.filter(|password| !password.is_empty())) {
        (false, Some(given)) => check("Password", given).map(|()| access(given)),
        (false, None) => Err(product::password_empty(
            "Password",
            "give one, or set `NoAuth` to true",
            "请设置密码，或将 `NoAuth` 设为 true",
        )),
        (true, Some(_)) => Err(product::password_free_denied(
            "a `Password` is given too; give one of the two",
            "同时设置了 `Password`，二者只能选一",
        )),
        (true, None) if vpc_id.is_empty() => Err(product::password_free_denied(
            "password-free access needs a VPC (`VpcId`)",
            "免密访问仅支持 VPC（`VpcId`）",
        )),
        (true, None) => Ok(Access::Free),
    }
}

/// What is kept of a password.
#[must_use]
pub fn access(password: &str) -> Access {
    Access::Sha256(hex::encode(ring::digest::digest(&ring::digest::SHA256, password.as_bytes())))
}

/// Is it the one? Digests are compared, so that the time taken says nothing of the password.
#[must_use]
pub fn opens(access: &Access, password: &str) -> bool {
    self::access(password) == *access
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_told_and_the_password_is_not() {
        for (bad, rule) in [
            ("Ab1", "8 to 64"),
            ("/abcdefg1", "begin"),
            ("abcdefgh", "two of"),
            ("Pässword1", "only"),
            (&"aB".repeat(33), "8 to 64"),
        ] {
            let error = check("Password", bad).unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue.PasswordRuleError");
            assert!(error.message.en.contains(rule) && !error.message.en.contains(bad), "{bad}: {}", error.message.en);
        }
        for good in ["abcdefg1", "ABCDEFG!", "Passw0rd", &"aB".repeat(32)] {
            check("Password", good).unwrap();
        }
    }

    #[test]
    fn only_the_right_password_opens() {
        let access = access("Passw0rd");
        assert!(opens(&access, "Passw0rd") && !opens(&access, "passw0rd") && !opens(&Access::Free, "Passw0rd"));
    }
}
