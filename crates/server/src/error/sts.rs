//! What only STS knows.

use std::fmt::Display;

use super::Error;

/// A parameter with a value that cannot be taken.
pub fn bad_parameter(path: &str, value: impl Display, rule: &str, rule_zh: &str) -> Error {
    Error::new(
        "InvalidParameter.ParamError",
        format!("The value `{value}` of parameter `{path}` is not valid: {rule}."),
        format!("参数 `{path}` 的取值 `{value}` 错误：{rule_zh}。"),
    )
}

/// A key that would live too long, or not at all.
pub fn bad_duration(value: impl Display, most: u64) -> Error {
    Error::new(
        "InvalidParameter.OverTimeError",
        format!(
            "The value `{value}` of parameter `DurationSeconds` is not valid: it must be 1 to {most} for this caller."
        ),
        format!("参数 `DurationSeconds` 的取值 `{value}` 错误：该调用者的取值范围为 1 至 {most}。"),
    )
}

/// A session policy that no token has room for.
pub fn policy_too_long(length: usize, most: usize) -> Error {
    Error::new(
        "InvalidParameter.PolicyTooLong",
        format!("The parameter `Policy` has {length} bytes once it is decoded; it may have {most}."),
        format!("参数 `Policy` 解码后长度为 {length} 字节，最多 {most} 字节。"),
    )
}

/// A session policy that cannot be decoded.
pub fn policy_not_decodable() -> Error {
    Error::new(
        "InvalidParameter.StrategyFormatError",
        "The parameter `Policy` cannot be decoded: it must be a policy as JSON, and that URL-encoded.",
        "参数 `Policy` 无法解码：应为经过 URL 编码的 JSON 策略。",
    )
}

/// A session policy that is none.
pub fn policy_invalid(why: impl Display) -> Error {
    Error::new(
        "InvalidParameter.StrategyInvalid",
        format!("The parameter `Policy` is not a policy: {why}."),
        format!("参数 `Policy` 不是合法的策略：{why}。"),
    )
}

/// There is no such role, or it is another account's and that does not let the caller know of it.
pub fn role_not_found(arn: &str) -> Error {
    Error::new(
        "ResourceNotFound.RoleNotFound",
        format!("The role `{arn}` of parameter `RoleArn` does not exist, or it does not trust you."),
        format!("参数 `RoleArn` 指定的角色 `{arn}` 不存在，或未信任您。"),
    )
}

/// The role exists in the caller's account and does not trust the caller.
pub fn not_trusted(arn: &str) -> Error {
    Error::new(
        "UnauthorizedOperation",
        format!(
            "You are not authorized to perform operation (sts:AssumeRole): the trust policy of the role `{arn}` does not allow you."
        ),
        format!("您无权执行操作 (sts:AssumeRole)：角色 `{arn}` 的信任策略未允许您。"),
    )
}

/// Only a permanent key can ask for this.
pub fn temporary_key_not_allowed(action: &str) -> Error {
    Error::new(
        "FailedOperation.TempKeyNotAllowed",
        format!("{action} takes a permanent key; this request is signed with a temporary one."),
        format!("{action} 只能使用永久密钥调用，当前请求使用了临时密钥。"),
    )
}

/// A kind of MFA device that there is none of.
pub fn wrong_mfa_type(serial: &str, wanted: &str) -> Error {
    Error::new(
        "FailedOperation.MFATypeNotSupported",
        format!("The value `{serial}` of parameter `SerialNumber` is not your device: it must be `{wanted}`."),
        format!("参数 `SerialNumber` 的取值 `{serial}` 不是您的设备，应为 `{wanted}`。"),
    )
}

/// A code that no MFA device shows.
pub fn wrong_mfa_code() -> Error {
    Error::new(
        "FailedOperation.CheckMFAError",
        "The value of parameter `TokenCode` is not valid: it must be six digits.",
        "参数 `TokenCode` 的取值错误：应为 6 位数字。",
    )
}
