//! Users, policies and roles: what they may be called, how many there may be.

use std::fmt::Display;

use policy::{MAX_CHARS, Policy, Purpose};

use crate::error::{Error, cam};

/// The most users of an account.
pub const MOST_USERS: i64 = 1000;
/// The most access keys of a user.
pub const MOST_KEYS: usize = 2;
/// The most policies that an account may have made.
pub const MOST_POLICIES: i64 = 1500;
/// The most roles of an account.
pub const MOST_ROLES: i64 = 1000;
/// The most policies that may be attached to one user or role.
pub const MOST_ATTACHED: usize = 200;
/// The most tags of a policy or a role.
pub const MOST_TAGS: usize = 50;
/// The longest that temporary keys of a role may live, in seconds.
pub const LONGEST_SESSION: i64 = 43_200;
/// How long they may live unless the role says otherwise, in seconds.
pub const USUAL_SESSION: i64 = 7200;
/// The most bytes of a description.
const MOST_DESCRIPTION: usize = 300;

fn is_name(name: &str, most: usize) -> bool {
    (1..=most).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte))
}

const NAME: &str = "it must have 1 to 128 letters, digits and +=,.@_-";
const NAME_ZH: &str = "应为 1 至 128 个字母、数字或 +=,.@_-";

/// A user's name: 1 to 64 letters, digits and `+=,.@_-`.
///
/// # Errors
/// `InvalidParameter.UserNameIllegal`.
pub fn check_user_name(name: &str) -> Result<(), Error> {
    let (rule, rule_zh) = ("it must have 1 to 64 letters, digits and +=,.@_-", "应为 1 至 64 个字母、数字或 +=,.@_-");
    if is_name(name, 64) { Ok(()) } else { Err(cam::bad_user_name(name, rule, rule_zh)) }
}

/// A policy's name: 1 to 128 letters, digits and `+=,.@_-`.
///
/// # Errors
/// `InvalidParameter.PolicyNameError`.
pub fn check_policy_name(name: &str) -> Result<(), Error> {
    if is_name(name, 128) { Ok(()) } else { Err(cam::bad_policy_name(name, NAME, NAME_ZH)) }
}

/// A role's name: as a policy's.
///
/// # Errors
/// `InvalidParameter.RoleNameError`.
pub fn check_role_name(name: &str) -> Result<(), Error> {
    if is_name(name, 128) { Ok(()) } else { Err(cam::bad_role_name(name, NAME, NAME_ZH)) }
}

/// A description of at most 300 bytes.
///
/// # Errors
/// `InvalidParameter.DescriptionLengthOverlimit`.
pub fn check_description(text: &str) -> Result<(), Error> {
    let length = text.len();
    if length <= MOST_DESCRIPTION { Ok(()) } else { Err(cam::description_too_long(length, MOST_DESCRIPTION)) }
}

/// A text about a user, of at most `most` characters, none of them a control character.
///
/// # Errors
/// `InvalidParameter.ParamError`.
pub fn check_text(path: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.chars().count() <= most && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let rule = format!("it must have at most {most} characters and no control characters");
    let rule_zh = format!("最多 {most} 个字符，且不能包含控制字符");
    Err(cam::bad_parameter(path, text.escape_debug(), &rule, &rule_zh))
}

/// What an access key is for: at most 1024 letters, digits and `_+=,.@:/-`.
///
/// # Errors
/// `InvalidParameter.ParamError`.
pub fn check_key_description(text: &str) -> Result<(), Error> {
    let known = |c: char| c.is_alphanumeric() || "_+=,.@:/-".contains(c);
    if text.chars().count() <= 1024 && text.chars().all(known) {
        return Ok(());
    }
    let rule = "it must have at most 1024 letters, digits and _+=,.@:/-";
    Err(cam::bad_parameter("Description", text.escape_debug(), rule, "最多 1024 个字母、数字或 _+=,.@:/-"))
}

/// A policy's text.
///
/// # Errors
/// `InvalidParameter.PolicyDocumentLengthOverLimit`, or the code of the element that is wrong.
pub fn check_document(text: &str, purpose: Purpose) -> Result<(), Error> {
    let length = text.chars().count();
    if length > MAX_CHARS {
        return Err(cam::document_too_long(length, MAX_CHARS));
    }
    Policy::parse(text, purpose).map(drop).map_err(|error| cam::bad_document(&error))
}

/// How long temporary keys of a role may live: what was asked for in seconds, 0 and nothing being the usual time.
///
/// # Errors
/// `InvalidParameter.ParamError`.
pub fn session_duration(asked: Option<u64>) -> Result<i64, Error> {
    let Some(asked) = asked.filter(|seconds| *seconds > 0) else { return Ok(USUAL_SESSION) };
    let seconds = i64::try_from(asked).ok().filter(|seconds| *seconds <= LONGEST_SESSION);
    seconds.ok_or_else(|| out_of_range("SessionDuration", asked, 0, LONGEST_SESSION))
}

/// A number that is not from `low` to `high`.
pub fn out_of_range(path: &str, value: impl Display, low: i64, high: i64) -> Error {
    let (rule, rule_zh) = (format!("it must be from {low} to {high}"), format!("应为 {low} 至 {high}"));
    cam::bad_parameter(path, value, &rule, &rule_zh)
}

/// Tags: at most 50, each with a key of 1 to 127 characters that no other has, and a value of at most 255.
///
/// # Errors
/// `InvalidParameter.TagLimitExceeded` and `.TagParamError`.
pub fn check_tags(tags: &[(String, String)]) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return Err(cam::too_many_tags(tags.len(), MOST_TAGS));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        if !(1..=127).contains(&key.chars().count()) {
            let path = format!("Tags.{index}.Key");
            return Err(cam::bad_tag(&path, key, "it must have 1 to 127 characters", "长度应为 1 至 127 个字符"));
        }
        if value.chars().count() > 255 {
            let path = format!("Tags.{index}.Value");
            return Err(cam::bad_tag(&path, value, "it must have at most 255 characters", "长度不能超过 255 个字符"));
        }
        if tags.iter().take(index).any(|(other, _)| other == key) {
            return Err(cam::bad_tag(&format!("Tags.{index}.Key"), key, "it is given twice", "重复"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_few_characters() {
        check_user_name("ops.team@example").unwrap();
        check_policy_name(&"x".repeat(128)).unwrap();
        for bad in ["", "a b", "a/b", "名", &"x".repeat(65)] {
            assert_eq!(check_user_name(bad).unwrap_err().code, "InvalidParameter.UserNameIllegal", "{bad}");
        }
        assert_eq!(check_policy_name(&"x".repeat(129)).unwrap_err().code, "InvalidParameter.PolicyNameError");
        assert_eq!(check_role_name("a:b").unwrap_err().code, "InvalidParameter.RoleNameError");
    }

    #[test]
    fn sessions_of_a_role_have_an_end() {
        assert_eq!((session_duration(None).unwrap(), session_duration(Some(0)).unwrap()), (7200, 7200));
        assert_eq!(session_duration(Some(43_200)).unwrap(), 43_200);
        assert!(session_duration(Some(43_201)).is_err() && session_duration(Some(u64::MAX)).is_err());
    }

    #[test]
    fn tags_are_few_and_differ() {
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        check_tags(&[tag("a", ""), tag("b", "x")]).unwrap();
        for bad in [vec![tag("", "x")], vec![tag("a", "1"), tag("a", "2")], vec![tag("a", &"x".repeat(256))]] {
            assert_eq!(check_tags(&bad).unwrap_err().code, "InvalidParameter.TagParamError");
        }
        let many: Vec<_> = (0..51).map(|key| tag(&key.to_string(), "")).collect();
        assert_eq!(check_tags(&many).unwrap_err().code, "InvalidParameter.TagLimitExceeded");
    }

    #[test]
    fn texts_have_a_length() {
        assert!(check_text("Remark", "a\nb", 10).is_err() && check_text("Remark", "abc", 2).is_err());
        assert!(check_description(&"x".repeat(301)).is_err() && check_key_description("a b").is_err());
        check_key_description("a_b:/-").unwrap();
        let long = " ".repeat(MAX_CHARS + 1);
        let error = check_document(&long, Purpose::Identity).unwrap_err();
        assert_eq!(error.code, "InvalidParameter.PolicyDocumentLengthOverLimit");
    }
}
