//! What only Redis knows: the product's own codes.

use std::fmt::Display;

use super::Error;

/// No instance of the caller's has this id in this region.
pub fn instance_not_found(id: &str) -> Error {
    Error::new(
        "ResourceNotFound.InstanceNotExists",
        format!("The instance `{id}` does not exist in this region."),
        format!("该地域下不存在实例 `{id}`。"),
    )
}

/// No task of the caller's has this id.
pub fn task_not_found(id: impl Display) -> Error {
    Error::new(
        "InvalidParameter.InvalidParameter",
        format!("The value `{id}` of parameter `TaskId` is not the id of a task of yours in this region."),
        format!("参数 `TaskId` 的取值 `{id}` 不是您在该地域的任务。"),
    )
}

/// Another task holds the instance.
pub fn instance_locked(id: &str, task: i64, status: &str) -> Error {
    Error::new(
        "ResourceUnavailable.InstanceLockedError",
        format!("The instance `{id}` is locked by its task {task} ({status}); try again when that has ended."),
        format!("实例 `{id}` 被任务 {task}（{status}）锁定，请在其结束后重试。"),
    )
}

/// The instance's status does not allow the action. `wanted` says which would.
pub fn wrong_status(id: &str, status: i64, wanted: &str, wanted_zh: &str) -> Error {
    Error::new(
        "ResourceUnavailable.InstanceStatusAbnormal",
        format!("The instance `{id}` has status {status}; the action needs {wanted}."),
        format!("实例 `{id}` 的状态为 {status}；该操作要求{wanted_zh}。"),
    )
}

/// The instance's status does not allow it to be destroyed.
pub fn wrong_destroy_status(id: &str, status: i64) -> Error {
    Error::new(
        "ResourceUnavailable.InstanceStatusError",
        format!("The instance `{id}` has status {status}; only a running one (2) can be destroyed."),
        format!("实例 `{id}` 的状态为 {status}；只有运行中（2）的实例可以销毁。"),
    )
}

/// A prepaid instance that is already isolated.
pub fn already_isolated(id: &str) -> Error {
    Error::new(
        "ResourceUnavailable.InstanceIsolated",
        format!("The instance `{id}` is already isolated."),
        format!("实例 `{id}` 已被隔离。"),
    )
}

/// The action is for the other way of paying.
pub fn wrong_billing(id: &str, en: &str, zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue.UnSupportedType",
        format!("The instance `{id}` cannot be destroyed this way: {en}."),
        format!("实例 `{id}` 不支持该操作：{zh}。"),
    )
}

/// Renewal is for subscriptions.
pub fn not_renewable(path: &str, id: &str) -> Error {
    Error::new(
        "UnsupportedOperation.IsAutoRenewError",
        format!("The parameter `{path}` cannot be set: the instance `{id}` is pay-as-you-go and is never renewed."),
        format!("无法设置参数 `{path}`：实例 `{id}` 为按量计费，不存在续费。"),
    )
}

/// The instance is protected from being destroyed.
pub fn delete_protected(id: &str) -> Error {
    Error::new(
        "UnsupportedOperation",
        format!(
            "The instance `{id}` has deletion protection on; switch it off first (ModifyInstance, modifyDeleteProtectionSwitch)."
        ),
        format!("实例 `{id}` 已开启删除保护，请先关闭（ModifyInstance，modifyDeleteProtectionSwitch）。"),
    )
}

/// No such TypeId.
pub fn invalid_type(type_id: impl Display) -> Error {
    Error::new(
        "InvalidParameterValue.InvalidInstanceTypeId",
        format!(
            "The value `{type_id}` of parameter `TypeId` is not one that can be bought; DescribeProductInfo lists them."
        ),
        format!("参数 `TypeId` 的取值 `{type_id}` 不可购买；可购买的类型见 DescribeProductInfo。"),
    )
}

/// No engine on this machine serves this TypeId.
pub fn no_engine(type_id: impl Display, wanted: &str) -> Error {
    Error::new(
        "ResourceUnavailable.NoTypeIdRedisService",
        format!(
            "No engine on this machine serves TypeId {type_id} ({wanted}); install one, or set `engines.strict = false` to take the nearest."
        ),
        format!("本机没有可用于 TypeId {type_id}（{wanted}）的引擎；请安装，或设置 `engines.strict = false`。"),
    )
}

/// The memory size is not one that is sold.
pub fn invalid_mem_size(size: impl Display, rule: &str, rule_zh: &str) -> Error {
    Error::new(
        "LimitExceeded.InvalidMemSize",
        format!("The value `{size}` of parameter `MemSize` (MB) is not valid: {rule}."),
        format!("参数 `MemSize`（MB）的取值 `{size}` 错误：{rule_zh}。"),
    )
}

/// Too many or too few at once.
pub fn goods_num(count: impl Display, max: i64) -> Error {
    Error::new(
        "LimitExceeded.InvalidParameterGoodsNumNotInRange",
        format!("The value `{count}` of parameter `GoodsNum` is not valid: it must be from 1 to {max}."),
        format!("参数 `GoodsNum` 的取值 `{count}` 错误：应为 1 至 {max}。"),
    )
}

/// A period that is longer than the longest sold.
pub fn period_too_long(period: impl Display) -> Error {
    Error::new(
        "LimitExceeded.PeriodExceedMaxLimit",
        format!("The value `{period}` of parameter `Period` (months) is not valid: it must be 1 to 12, 24 or 36."),
        format!("参数 `Period`（月）的取值 `{period}` 错误：应为 1 至 12、24 或 36。"),
    )
}

/// A period that is shorter than the shortest sold.
pub fn period_too_short(period: impl Display) -> Error {
    Error { code: "LimitExceeded.PeriodLessThanMinLimit", ..period_too_long(period) }
}

/// The account's quota of instances is used up.
pub fn quota_exceeded(have: i64, quota: i64) -> Error {
    Error::new(
        "LimitExceeded",
        format!("The account has {have} instances and may have {quota} (setting `limits.instances`)."),
        format!("该账号已有 {have} 个实例，上限为 {quota}（配置项 `limits.instances`）。"),
    )
}

/// No port is free for another node.
pub fn no_free_port() -> Error {
    Error::new(
        "ResourceInsufficient",
        "No port is left for another node; widen `ports.first` to `ports.last`.",
        "没有可分配的端口；请扩大 `ports.first` 至 `ports.last` 的范围。",
    )
}

/// No host is there that could take an instance.
pub fn no_host() -> Error {
    Error::new(
        "ResourceInsufficient",
        "No host is there to place an instance on: start `cinnabar serve` with `--role worker` or `all`, and try again.",
        "当前没有可用的主机放置实例；请先以 `--role worker` 或 `all` 启动 `cinnabar serve` 再重试。",
    )
}

/// A password that breaks the rules. `path` names the parameter.
pub fn password_rule(path: &str, rule: &str, rule_zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue.PasswordRuleError",
        format!("The value of parameter `{path}` breaks the password rule: {rule}."),
        format!("参数 `{path}` 不符合密码规则：{rule_zh}。"),
    )
}

/// A password is needed and absent.
pub fn password_empty(path: &str, en: &str, zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue.PasswordEmpty",
        format!("The parameter `{path}` is empty: {en}."),
        format!("参数 `{path}` 为空：{zh}。"),
    )
}

/// The given password is not the instance's.
pub fn password_wrong(path: &str) -> Error {
    Error::new(
        "InvalidParameterValue.PasswordError",
        format!("The value of parameter `{path}` is not the instance's password."),
        format!("参数 `{path}` 与实例密码不符。"),
    )
}

/// Password-free access together with a password, or where it is not allowed.
pub fn password_free_denied(en: &str, zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue.PasswordFreeDenied",
        format!("The parameter `NoAuth` cannot be true: {en}."),
        format!("参数 `NoAuth` 不能为 true：{zh}。"),
    )
}

/// A strict setting is on and the network is not known.
pub fn unknown_network(code: &'static str, path: &str, id: &str) -> Error {
    Error::new(
        code,
        format!(
            "The value `{id}` of parameter `{path}` is not known to this server (setting `network.strict` lists what is)."
        ),
        format!("参数 `{path}` 的取值 `{id}` 在本服务中不存在（见配置项 `network.strict`）。"),
    )
}

/// A shard, replica or size combination that is not sold.
pub fn spec_not_sold(path: &str, value: impl Display, rule: &str, rule_zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue.SpecNotExist",
        format!("The value `{value}` of parameter `{path}` is not sold: {rule}."),
        format!("参数 `{path}` 的取值 `{value}` 不可购买：{rule_zh}。"),
    )
}
