//! The common codes: what the gateway answers for every service.

use std::fmt::Display;

use super::Error;

/// A required parameter is absent.
pub fn missing_parameter(name: &str) -> Error {
    Error::new(
        "MissingParameter",
        format!("The request is missing the required parameter `{name}`."),
        format!("缺少必填参数 `{name}`。"),
    )
}

/// A parameter that the action does not declare.
pub fn unknown_parameter(path: &str) -> Error {
    Error::new(
        "UnknownParameter",
        format!("The parameter `{path}` is not recognized."),
        format!("未知参数 `{path}`，该接口没有此参数。"),
    )
}

/// A parameter of the wrong wire type.
pub fn wrong_type(path: &str, wanted: &str, got: &str) -> Error {
    Error::new(
        "InvalidParameter",
        format!("The value type of parameter `{path}` is not valid: it must be {wanted}, but {got} was given."),
        format!("参数 `{path}` 的类型错误：应为 {wanted}，实际为 {got}。"),
    )
}

/// A body, query or header that cannot be read at all.
pub fn malformed(en: impl Display, zh: impl Display) -> Error {
    Error::new("InvalidParameter", en.to_string(), zh.to_string())
}

/// A compressed body.
pub fn encoded(encoding: &str) -> Error {
    malformed(
        format!("The body must not be compressed: send it without Content-Encoding (`{encoding}` was given)."),
        format!("请求体不能压缩：请去掉 Content-Encoding（当前为 `{encoding}`）。"),
    )
}

/// Plain HTTP from another machine.
pub fn https_only() -> Error {
    Error::new(
        "UnsupportedProtocol",
        "Plain HTTP is answered on the server's own machine only; use https:// on the same port.".to_owned(),
        "仅本机可使用 HTTP；请在同一端口使用 https://。".to_owned(),
    )
}

/// One parameter was given more than once.
pub fn duplicate_parameter(path: &str) -> Error {
    Error::new(
        "InvalidParameter",
        format!("The parameter `{path}` is given more than once; give it once."),
        format!("参数 `{path}` 重复，只能出现一次。"),
    )
}

/// A parameter of the right type with a value that cannot be taken.
pub fn invalid_value(path: &str, value: impl Display, rule: &str, rule_zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue",
        format!("The value `{value}` of parameter `{path}` is not valid: {rule}."),
        format!("参数 `{path}` 的取值 `{value}` 错误：{rule_zh}。"),
    )
}

/// A multipart body that is not one.
pub fn invalid_multipart(why: impl Display) -> Error {
    Error::new(
        "InvalidRequest",
        format!("The multipart/form-data body cannot be read: {why}."),
        format!("multipart/form-data 请求体解析失败：{why}。"),
    )
}

/// No such action in this service and version.
pub fn invalid_action(service: &str, version: &str, action: &str) -> Error {
    Error::new(
        "InvalidAction",
        format!("The action `{action}` does not exist in `{service}` {version}; check its spelling and `Version`."),
        format!("`{service}` {version} 中不存在接口 `{action}`，请检查拼写与 `Version`。"),
    )
}

/// The service has no such version.
pub fn no_such_version(version: &str, known: &str) -> Error {
    Error::new(
        "NoSuchVersion",
        format!("The value `{version}` of `Version` does not exist; this server knows {known}."),
        format!("`Version` 的取值 `{version}` 不存在；本服务支持 {known}。"),
    )
}

/// The service itself is not one of ours.
pub fn no_such_product(service: &str) -> Error {
    Error::new(
        "NoSuchProduct",
        format!(
            "The product `{service}` does not exist on this server; it serves redis, region, api, cvm, cam, tag and sts."
        ),
        format!("产品 `{service}` 不存在；本服务提供 redis、region、api、cvm、cam、tag 和 sts。"),
    )
}

/// The region is unknown.
pub fn unsupported_region(region: &str) -> Error {
    Error::new(
        "UnsupportedRegion",
        format!("The region `{region}` is not supported; region:DescribeRegions lists those that are."),
        format!("不支持地域 `{region}`；支持的地域见 region:DescribeRegions。"),
    )
}

/// A finance region under a domain that does not serve it, or the other way round.
pub fn wrong_finance_domain(region: &str, host: &str, wanted: &str) -> Error {
    Error::new(
        "UnsupportedRegion",
        format!("The region `{region}` is not served by the domain `{host}`: finance regions are apart. Use {wanted}."),
        format!("域名 `{host}` 不支持地域 `{region}`：金融区与非金融区相互隔离，请使用 {wanted}。"),
    )
}

/// A method other than GET and POST.
pub fn unsupported_protocol(method: &str) -> Error {
    Error::new(
        "UnsupportedProtocol",
        format!("The HTTP method `{method}` is not supported; use GET or POST."),
        format!("不支持 HTTP 方法 `{method}`，请使用 GET 或 POST。"),
    )
}

/// More bytes than the method and the signature allow.
pub fn too_large(limit: usize) -> Error {
    Error::new(
        "RequestSizeLimitExceeded",
        format!(
            "The request is larger than the {limit} bytes that its method and signature allow: a JSON or multipart POST may have 10 MB, a form POST 1 MB, a GET 32 KB."
        ),
        format!(
            "请求超过该方法与签名允许的 {limit} 字节：JSON 或 multipart 的 POST 为 10 MB，表单 POST 为 1 MB，GET 为 32 KB。"
        ),
    )
}

/// The signature headers or parameters cannot be read.
pub fn invalid_authorization(why: impl Display) -> Error {
    Error::new(
        "AuthFailure.InvalidAuthorization",
        format!("The `Authorization` header is not valid: {why}."),
        format!("请求头部的 `Authorization` 不符合规范：{why}。"),
    )
}

/// Nobody has this SecretId, or it is disabled.
pub fn secret_id_not_found() -> Error {
    Error::new(
        "AuthFailure.SecretIdNotFound",
        "The SecretId is not found or is disabled; `cinnabar env` prints the one of this server.",
        "SecretId 不存在或已被禁用；`cinnabar env` 会显示本服务的密钥。",
    )
}

/// The digest does not match.
pub fn signature_failure() -> Error {
    Error::new(
        "AuthFailure.SignatureFailure",
        "The provided credentials could not be validated: the signature does not match the request; check the SecretKey and what was signed.",
        "签名错误：签名与请求内容不符，请检查 SecretKey 与签名内容。",
    )
}

/// The request is too old or too new.
pub fn signature_expired(timestamp: i64, now: i64) -> Error {
    Error::new(
        "AuthFailure.SignatureExpire",
        format!(
            "The signature expired: the timestamp {timestamp} and the server's time {now} differ by more than 300 seconds."
        ),
        format!("签名过期：Timestamp {timestamp} 与服务器时间 {now} 相差超过 300 秒。"),
    )
}

/// The token is not there, or is not that of the key.
pub fn token_failure(why: &str, why_zh: &str) -> Error {
    Error::new("AuthFailure.TokenFailure", format!("The token is not valid: {why}."), format!("Token 错误：{why_zh}。"))
}

/// Too many requests in this second. Clients read both numbers out of the message.
pub fn request_limit_exceeded(count: u32, limit: u32) -> Error {
    Error::new(
        "RequestLimitExceeded",
        format!(
            "Your current request times equals to `{count}` in a second, which exceeds the frequency limit `{limit}` for a second. Please reduce the frequency of calls."
        ),
        format!("您当前每秒请求 `{count}` 次，超过了每秒频率上限 `{limit}` 次，请稍后重试。"),
    )
}

/// Too many requests are signed by keys that nobody has; this one's was not looked for.
pub fn too_many_strangers(limit: u32) -> Error {
    Error::new(
        "RequestLimitExceeded",
        format!(
            "More than `{limit}` requests in a second name a SecretId that does not exist. Please try again later."
        ),
        format!("每秒有超过 `{limit}` 个请求使用不存在的 SecretId，请稍后重试。"),
    )
}

/// The action exists in the API, but not here yet.
pub fn not_there_yet(action: &str) -> Error {
    Error::new(
        "UnsupportedOperation",
        format!("The action `{action}` is not there yet; docs/limits.md lists what is."),
        format!("接口 `{action}` 尚未实现，详见 docs/limits.md。"),
    )
}

/// A parameter's feature exists in the API, but not here.
pub fn unsupported_parameter(path: &str, en: &str, zh: &str) -> Error {
    Error::new(
        "UnsupportedOperation",
        format!("The parameter `{path}` asks for something that is not there yet: {en}."),
        format!("参数 `{path}` 所需的功能尚未实现：{zh}。"),
    )
}

/// A dry run that would have succeeded.
pub fn dry_run() -> Error {
    Error::new(
        "DryRunOperation",
        "The request would have succeeded, but the parameter `DryRun` was used, so nothing was done.",
        "请求校验通过；由于使用了 `DryRun` 参数，未执行任何操作。",
    )
}

/// The shared database does not answer. The code is that of any fault of ours: the reference has no other.
pub fn database_away(detail: impl Display) -> Error {
    Error::new(
        "InternalError",
        "An internal error occurred: the database is away; nothing was changed. Try again in a few seconds.",
        "内部错误：数据库暂不可用，未做任何更改。请稍后重试。",
    )
    .with_detail(detail)
}

/// The shared database went away while it was told of a change.
pub fn in_doubt(detail: impl Display) -> Error {
    Error::new(
        "InternalError",
        "An internal error occurred: the database went away meanwhile, and it is not known whether the request was carried out. Look before you repeat it.",
        "内部错误：数据库在处理期间不可用，无法确定请求是否已执行。重试前请先查询确认。",
    )
    .with_detail(detail)
}

/// Our own fault. The client learns nothing of the inside; the log does.
pub fn internal(detail: impl Display) -> Error {
    Error::new(
        "InternalError",
        "An internal error occurred; nothing was changed. The server's log has the cause under this RequestId.",
        "内部错误，未做任何更改；原因见服务端日志中的此 RequestId。",
    )
    .with_detail(detail)
}
