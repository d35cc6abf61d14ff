//! Too many requests in a second. Clients read both numbers out of the messages.

use super::Error;

/// One caller's for one action.
#[must_use]
pub fn action(count: u32, limit: u32) -> Error {
    exceeded("RequestLimitExceeded", ("", ""), count, limit)
}

/// One main account's for one action, with those of all its users.
#[must_use]
pub fn account(count: u32, limit: u32) -> Error {
    let of = (" (of all users of the main account, for this action)", "（主账号下所有用户调用此接口的总数）");
    exceeded("RequestLimitExceeded.UinLimitExceeded", of, count, limit)
}

/// One main account's for everything in all regions.
#[must_use]
pub fn everywhere(count: u32, limit: u32) -> Error {
    let of = (" (of the main account, all actions and regions together)", "（主账号在所有地域调用所有接口的总数）");
    exceeded("RequestLimitExceeded.GlobalRegionUinLimitExceeded", of, count, limit)
}

/// One address's.
#[must_use]
pub fn address(count: u32, limit: u32) -> Error {
    let of = (" (from your address, for all actions)", "（来自您的 IP 地址的请求总数）");
    exceeded("RequestLimitExceeded.IPLimitExceeded", of, count, limit)
}

/// All that this server gets.
#[must_use]
pub fn server(count: u32, limit: u32) -> Error {
    exceeded("RequestLimitExceeded", (" (of all clients of this server)", "（本服务器的请求总数）"), count, limit)
}

/// One address's whose signatures were not believed; what follows in the same second is not looked at.
#[must_use]
pub fn too_many_failures(limit: u32) -> Error {
    Error::new(
        "RequestLimitExceeded.IPLimitExceeded",
        format!(
            "`{limit}` requests of your address could not be authenticated in this second; correct the key or the signature and try again later."
        ),
        format!("本秒内来自您的 IP 地址的 `{limit}` 个请求鉴权失败，请检查密钥与签名后重试。"),
    )
}

fn exceeded(code: &'static str, of: (&str, &str), count: u32, limit: u32) -> Error {
    let (of, of_zh) = of;
    Error::new(
        code,
        format!(
            "Your current request times equals to `{count}` in a second, which exceeds the frequency limit `{limit}` for a second{of}. Please reduce the frequency of calls."
        ),
        format!("您当前每秒请求 `{count}` 次，超过了每秒频率上限 `{limit}` 次{of_zh}，请稍后重试。"),
    )
}
