//! The question: may this be done?

use std::net::IpAddr;

use crate::about::About;
use crate::document::Policy;

/// What an action works on.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// The service in lower case, such as `redis`.
    pub service: &'a str,
    /// Such as `ap-guangzhou`; empty for a service without regions.
    pub region: &'a str,
    /// The digits of the main account's uin.
    pub account: &'a str,
    /// Such as `instance/crs-xxxxxxxx`; `*` for an action that has no resource of its own.
    pub path: &'a str,
}

/// What conditions can ask for.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Where the request came from (`qcs:ip`).
    pub ip: Option<IpAddr>,
    /// Now, in milliseconds since 1970 UTC (`qcs:current_time`).
    pub now_ms: i64,
    /// Who asks (`qcs:uin`).
    pub uin: &'a str,
    /// What who takes on a role was told by the role's owner (`sts:external_id`).
    pub external_id: Option<&'a str>,
    /// The tags that the resource has, key and value (`qcs:resource_tag`).
    pub resource_tags: &'a [(String, String)],
    /// The tags that the request would set (`qcs:request_tag`).
    pub request_tags: &'a [(String, String)],
}

/// A request, as a policy sees it.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The service of the action, such as `redis`.
    pub service: &'a str,
    /// The action, such as `DescribeTaskInfo`.
    pub action: &'a str,
    /// What it works on.
    pub resource: Resource<'a>,
    /// What conditions can ask for.
    pub facts: &'a Facts<'a>,
    /// Who wants to take on a role, such as `qcs::cam::uin/100:uin/200`; looked at by trust policies only.
    pub principal: Option<&'a str>,
}

/// What policies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Some allow it and none denies it.
    Allowed,
    /// One denies it, whatever others allow.
    Denied,
    /// None speaks of it, which means no.
    Silent,
}

/// What these policies together say of a request: any deny before any allow before silence.
pub fn decide<'p>(policies: impl IntoIterator<Item = &'p Policy>, query: &Query<'_>) -> Decision {
    About::of(policies, query.service, query.action).decide(query)
}
