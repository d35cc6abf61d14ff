//! What only CAM knows. What cannot be taken as it is has STS's code [`super::sts::bad_parameter`], which is CAM's too.

use std::fmt::Display;

use super::Error;

pub use super::sts::bad_parameter;

/// A user's name that cannot be one.
pub fn bad_user_name(name: &str, rule: &str, rule_zh: &str) -> Error {
    bad_name("InvalidParameter.UserNameIllegal", "Name", name, rule, rule_zh)
}

/// A policy's name that cannot be one.
pub fn bad_policy_name(name: &str, rule: &str, rule_zh: &str) -> Error {
    bad_name("InvalidParameter.PolicyNameError", "PolicyName", name, rule, rule_zh)
}

/// A role's name that cannot be one.
pub fn bad_role_name(name: &str, rule: &str, rule_zh: &str) -> Error {
    bad_name("InvalidParameter.RoleNameError", "RoleName", name, rule, rule_zh)
}

fn bad_name(code: &'static str, path: &str, name: &str, rule: &str, rule_zh: &str) -> Error {
    let name = name.escape_debug();
    Error::new(
        code,
        format!("The value `{name}` of parameter `{path}` is not valid: {rule}."),
        format!("参数 `{path}` 的取值 `{name}` 错误：{rule_zh}。"),
    )
}

/// Another user of the account has this name.
pub fn user_name_in_use(name: &str) -> Error {
    Error::new(
        "InvalidParameter.SubUserNameInUse",
        format!("A user `{name}` exists already; choose another `Name`."),
        format!("子用户 `{name}` 已存在，请更换 `Name`。"),
    )
}

/// Another policy of the account, or a preset, has this name.
pub fn policy_name_in_use(name: &str) -> Error {
    Error::new(
        "FailedOperation.PolicyNameInUse",
        format!("A policy `{name}` exists already; choose another `PolicyName`, or change it with UpdatePolicy."),
        format!("策略 `{name}` 已存在，请更换 `PolicyName` 或使用 UpdatePolicy 修改。"),
    )
}

/// Another role of the account has this name.
pub fn role_name_in_use(name: &str) -> Error {
    Error::new(
        "InvalidParameter.RoleNameInUse",
        format!("A role `{name}` exists already; choose another `RoleName`."),
        format!("角色 `{name}` 已存在，请更换 `RoleName`。"),
    )
}

/// No such user in the account.
pub fn user_not_found(path: &str, user: impl Display) -> Error {
    Error::new(
        "ResourceNotFound.UserNotExist",
        format!("The user `{user}` of parameter `{path}` does not exist; ListUsers lists those that do."),
        format!("参数 `{path}` 指定的子用户 `{user}` 不存在，可用 ListUsers 查询。"),
    )
}

/// No such policy in the account, and no such preset.
pub fn policy_not_found(path: &str, policy: impl Display) -> Error {
    Error::new(
        "ResourceNotFound.PolicyIdNotFound",
        format!("The policy `{policy}` of parameter `{path}` does not exist; ListPolicies lists those that do."),
        format!("参数 `{path}` 指定的策略 `{policy}` 不存在，可用 ListPolicies 查询。"),
    )
}

/// No such role in the account.
pub fn role_not_found(path: &str, role: impl Display) -> Error {
    Error::new(
        "InvalidParameter.RoleNotExist",
        format!("The role `{role}` of parameter `{path}` does not exist; DescribeRoleList lists those that do."),
        format!("参数 `{path}` 指定的角色 `{role}` 不存在，可用 DescribeRoleList 查询。"),
    )
}

/// No such access key in the account.
pub fn key_not_found(path: &str, secret_id: &str) -> Error {
    let id = secret_id.escape_debug();
    Error::new(
        "ResourceNotFound.SecretNotExist",
        format!("The access key `{id}` of parameter `{path}` does not exist; ListAccessKeys lists those that do."),
        format!("参数 `{path}` 指定的密钥 `{id}` 不存在，可用 ListAccessKeys 查询。"),
    )
}

/// The access key is another user's of the account.
pub fn key_of_another(secret_id: &str, uin: &str) -> Error {
    Error::new(
        "OperationDenied.UinNotMatch",
        format!("The access key `{secret_id}` is not one of the user {uin}; name its holder in `TargetUin`."),
        format!("密钥 `{secret_id}` 不属于用户 {uin}，请在 `TargetUin` 中指定其所属用户。"),
    )
}

/// Keys of the main account are its own matter.
pub fn root_key_denied() -> Error {
    Error::new(
        "OperationDenied.SubUin",
        "Only the main account itself can do this with its own access keys.",
        "子用户或临时密钥不能操作主账号的密钥。",
    )
}

/// As many keys as a user may have.
pub fn too_many_keys(most: usize) -> Error {
    Error::new(
        "OperationDenied.AccessKeyOverLimit",
        format!("The user has {most} access keys, which is the most; delete one first."),
        format!("每个用户最多 {most} 个访问密钥，请先删除一个。"),
    )
}

/// A user with keys is not removed unasked.
pub fn user_has_keys(name: &str, count: usize) -> Error {
    Error::new(
        "OperationDenied.HaveKeys",
        format!("The user `{name}` has {count} access keys; delete them first, or give `Force` 1."),
        format!("子用户 `{name}` 仍有 {count} 个密钥，请先删除密钥，或将 `Force` 设为 1。"),
    )
}

/// As many users as an account may have.
pub fn too_many_users(most: i64) -> Error {
    Error::new(
        "InvalidParameter.SubUserFull",
        format!("The account has {most} users, which is the most."),
        format!("子用户数量已达上限 {most}。"),
    )
}

/// As many policies as an account may have.
pub fn too_many_policies(most: i64) -> Error {
    Error::new(
        "FailedOperation.PolicyFull",
        format!("The account has {most} policies of its own, which is the most."),
        format!("自定义策略数量已达上限 {most}。"),
    )
}

/// As many roles as an account may have.
pub fn too_many_roles(most: i64) -> Error {
    Error::new(
        "InvalidParameter.RoleFull",
        format!("The account has {most} roles, which is the most."),
        format!("角色数量已达上限 {most}。"),
    )
}

/// As many policies as a user or a role may have.
pub fn too_many_attachments(most: usize) -> Error {
    Error::new(
        "InvalidParameter.AttachmentFull",
        format!("{most} policies are attached to it, which is the most."),
        format!("关联的策略数量已达上限 {most}。"),
    )
}

/// A preset is as it is.
pub fn preset(path: &str, policy: impl Display) -> Error {
    bad_parameter(path, policy, "it is a preset policy, which cannot be changed or deleted", "预设策略不能修改或删除")
}

/// More tags than a policy or a role may have.
pub fn too_many_tags(count: usize, most: usize) -> Error {
    Error::new(
        "InvalidParameter.TagLimitExceeded",
        format!("The parameter `Tags` has {count} tags; it may have {most}."),
        format!("参数 `Tags` 有 {count} 个标签，上限为 {most} 个。"),
    )
}

/// A tag that cannot be one.
pub fn bad_tag(path: &str, value: &str, rule: &str, rule_zh: &str) -> Error {
    bad_name("InvalidParameter.TagParamError", path, value, rule, rule_zh)
}

/// A scope of policies that there is none of.
pub fn bad_scope(scope: &str) -> Error {
    bad_name("InvalidParameter.ScopeError", "Scope", scope, "it must be All, QCS or Local", "可选值为 All, QCS, Local")
}

/// A description that is too long.
pub fn description_too_long(length: usize, most: usize) -> Error {
    Error::new(
        "InvalidParameter.DescriptionLengthOverlimit",
        format!("The parameter `Description` has {length} bytes; it may have {most}."),
        format!("参数 `Description` 长度为 {length} 字节，上限为 {most} 字节。"),
    )
}

/// A policy that is too long.
pub fn document_too_long(length: usize, most: usize) -> Error {
    Error::new(
        "InvalidParameter.PolicyDocumentLengthOverLimit",
        format!("The parameter `PolicyDocument` has {length} characters; it may have {most}."),
        format!("参数 `PolicyDocument` 长度为 {length} 个字符，上限为 {most} 个。"),
    )
}

/// The code for what is wrong with each element of a policy.
const ELEMENTS: [(&str, &str); 7] = [
    ("version", "InvalidParameter.VersionError"),
    ("effect", "InvalidParameter.EffectError"),
    ("action", "InvalidParameter.ActionError"),
    ("resource", "InvalidParameter.ResourceError"),
    ("condition", "InvalidParameter.ConditionError"),
    ("principal", "InvalidParameter.PrincipalError"),
    ("statement", "InvalidParameter.StatementError"),
];

/// A text that is not a policy.
pub fn bad_document(error: &policy::ParseError) -> Error {
    // The innermost element has its own code.
    let named = |name: &str| error.at.split('.').any(|part| part.split('[').next() == Some(name));
    let code =
        ELEMENTS.iter().find(|(name, _)| named(name)).map_or("InvalidParameter.PolicyDocumentError", |(_, code)| code);
    Error::new(
        code,
        format!("The parameter `PolicyDocument` is not a policy: {error}."),
        format!("参数 `PolicyDocument` 不是合法的策略：{error}。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{Policy, Purpose};

    #[test]
    fn each_element_of_a_policy_has_its_code() {
        let statement = r#"{"effect":"allow","action":"*","resource":"*"}"#;
        for (text, code) in [
            ("x".to_owned(), "InvalidParameter.PolicyDocumentError"),
            (format!(r#"{{"version":"1.0","statement":[{statement}]}}"#), "InvalidParameter.VersionError"),
            (r#"{"version":"2.0","statement":[]}"#.to_owned(), "InvalidParameter.StatementError"),
            (r#"{"version":"2.0","statement":[{"effect":"maybe","action":"*","resource":"*"}]}"#.to_owned(), "InvalidParameter.EffectError"),
            (r#"{"version":"2.0","statement":[{"effect":"deny","action":["a:b:c:d"],"resource":"*"}]}"#.to_owned(), "InvalidParameter.ActionError"),
            (r#"{"version":"2.0","statement":[{"effect":"deny","action":"*","resource":"nowhere"}]}"#.to_owned(), "InvalidParameter.ResourceError"),
            (r#"{"version":"2.0","statement":[{"effect":"deny","action":"*","resource":"*","condition":{"ip_is":{}}}]}"#.to_owned(), "InvalidParameter.ConditionError"),
        ] {
            let error = Policy::parse(&text, Purpose::Identity).unwrap_err();
            assert_eq!(bad_document(&error).code, code, "{text}: {error}");
        }
    }
}
