//! What all actions share that give out a temporary key: how long it lives, what narrows it down, how it is answered.

use api::sts::Credentials;
use policy::{Policy, Purpose};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::App;
use crate::auth::session::{Grant, Who};
use crate::context::Context;
use crate::error::{Error, gateway, sts};
use crate::ids;

/// The longest session policy, in bytes: a token carries it in a header.
const LONGEST_POLICY: usize = 4096;

/// A key that was given out.
pub(super) struct Issued {
    pub(super) credentials: Credentials,
    /// Unix seconds.
    pub(super) expired_time: i64,
    /// The same as `2026-11-24T02:00:00Z`.
    pub(super) expiration: String,
}

/// Whose things a new key reaches.
pub(super) struct Reach<'a> {
    pub(super) account: &'a str,
    pub(super) app_id: i64,
}

/// Makes a temporary key that the caller asked for.
///
/// # Errors
/// `InternalError`, which does not happen.
pub(super) fn issue(
    app: &App,
    context: &Context,
    reach: &Reach<'_>,
    (who, policy): (Who, String),
    seconds: i64,
) -> Result<Issued, Error> {
    // Whole seconds, as it is told.
    let expired_time = app.clock.now_ms() / 1000 + seconds;
    let grant = Grant {
        secret_id: ids::temporary_secret_id(),
        secret_key: ids::secret_key().into(),
        account: reach.account.to_owned(),
        uin: context.caller.uin.to_string(),
        app_id: reach.app_id,
        who,
        policy,
        expires: expired_time * 1000,
    };
    let token = app.tokens.seal(&grant)?;
    let expiration = OffsetDateTime::from_unix_timestamp(expired_time).map_err(gateway::internal)?;
    Ok(Issued {
        credentials: Credentials {
            token: token.into(),
            tmp_secret_id: grant.secret_id,
            tmp_secret_key: grant.secret_key,
        },
        expired_time,
        expiration: expiration.format(&Rfc3339).map_err(gateway::internal)?,
    })
}

/// How many seconds a key is to live: what was asked for, if it is from 1 to `most`.
///
/// # Errors
/// `InvalidParameter.OverTimeError`.
pub(super) fn duration(asked: Option<u64>, default: u64, most: u64) -> Result<i64, Error> {
    let seconds = asked.unwrap_or(default);
    let fits = (1..=most).contains(&seconds);
    i64::try_from(seconds).ok().filter(|_| fits).ok_or_else(|| sts::bad_duration(seconds, most))
}

/// A session policy as JSON, out of its parameter: that is URL-encoded, and plain JSON is taken too.
///
/// # Errors
/// `InvalidParameter.StrategyFormatError`, `.PolicyTooLong` and `.StrategyInvalid`.
pub(super) fn policy(given: &str) -> Result<String, Error> {
    let text = if given.trim_start().starts_with('{') { given.to_owned() } else { decode(given)? };
    if text.len() > LONGEST_POLICY {
        return Err(sts::policy_too_long(text.len(), LONGEST_POLICY));
    }
    Policy::parse(&text, Purpose::Identity).map_err(sts::policy_invalid)?;
    Ok(text)
}

fn decode(given: &str) -> Result<String, Error> {
    let pair = format!("policy={given}");
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((_, text)), None) if text.trim_start().starts_with('{') => Ok(text.into_owned()),
        _ => Err(sts::policy_not_decodable()),
    }
}

/// The name of a session or of a federated user: 2 to 128 (or fewer) letters, digits and `=,.@_-`.
///
/// # Errors
/// `InvalidParameter.ParamError`.
pub(super) fn check_name(path: &str, name: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<(), Error> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if lengths.contains(&name.len()) && name.bytes().all(known) {
        return Ok(());
    }
    let (least, most) = lengths.into_inner();
    let rule = format!("it must be {least} to {most} letters, digits or +=,.@_-");
    let rule_zh = format!("应为 {least} 至 {most} 个字母、数字或 +=,.@_-");
    Err(sts::bad_parameter(path, name.escape_debug(), &rule, &rule_zh))
}

/// What `SerialNumber` and `TokenCode` must look like. There are no devices here, so the code itself proves nothing: a session
/// can do no more than the key that asks for it.
///
/// # Errors
/// `FailedOperation.MFATypeNotSupported` and `.CheckMFAError`.
pub(super) fn check_device(context: &Context, serial: &str, code: &str) -> Result<(), Error> {
    let wanted = format!("qcs::cam:uin/{}::mfa/softToken", context.account());
    if serial != wanted {
        return Err(sts::wrong_mfa_type(&serial.escape_debug().to_string(), &wanted));
    }
    let fits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(sts::wrong_mfa_code()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_taken_plain_and_encoded() {
        let plain = r#"{"version": "2.0", "statement": {"effect": "allow", "action": "*", "resource": "*"}}"#;
        let every_byte: String = plain.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let as_forms_do: String = form_urlencoded::byte_serialize(plain.as_bytes()).collect();
        for given in [plain, &every_byte, &as_forms_do] {
            assert_eq!(policy(given).unwrap(), plain);
        }
        for given in ["", "x", "%7", "[]", "%7B%7D&x=%7B%7D"] {
            assert_eq!(policy(given).unwrap_err().code, "InvalidParameter.StrategyFormatError", "{given}");
        }
        let long = format!("{{{}}}", " ".repeat(LONGEST_POLICY));
        assert_eq!(policy(&long).unwrap_err().code, "InvalidParameter.PolicyTooLong");
    }

    #[test]
    fn a_key_lives_from_one_second_to_the_most() {
        assert_eq!((duration(None, 7, 9).unwrap(), duration(Some(9), 7, 9).unwrap()), (7, 9));
        for wrong in [0, 10, u64::MAX] {
            let error = duration(Some(wrong), 7, 9).unwrap_err();
            assert!(error.code == "InvalidParameter.OverTimeError" && error.message.en.contains("1 to 9"), "{error}");
        }
    }

    #[test]
    fn names_are_of_few_characters() {
        check_name("Name", "a.B@1", 2..=128).unwrap();
        for wrong in ["", "a", "a b", "ä1", &"x".repeat(129)] {
            let error = check_name("Name", wrong, 2..=128).unwrap_err();
            assert!(error.message.en.contains("`Name`"), "{error}");
        }
    }
}
