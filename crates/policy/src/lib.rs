//! What a CAM policy says of a request: parsing and deciding, without a store, a clock or HTTP.
//!
//! # The grammar
//!
//! A policy is JSON, version `2.0`: a list of statements, each with `effect`, `action`, `resource` (or `principal`, in
//! what a role trusts) and perhaps `condition`. Where a list may stand, one value may. [`Policy::parse`] refuses
//! whatever it would not honour (an unknown element, operator or key, an element given twice): a policy that is stored
//! means what it says, and a `deny` never fails to bite because of a slip of the pen.
//!
//! # Deciding
//!
//! [`decide`]: any `deny` that applies wins, else any `allow`, else nothing was said. A statement applies when one of
//! its actions, one of its resources, all its conditions and, in a trust policy, one of its principals match.
//!
//! # Cost
//!
//! Policies come from customers. A text is at most [`MAX_CHARS`] long; a pattern matches in time linear in pattern and text;
//! parsing compiles: actions without a wildcard are looked up in a sorted list. Who decides often about the same policies keeps
//! an [`About`] for each action, in which actions are not looked at any more.
//!
//! ```
//! use policy::{Decision, Facts, Policy, Purpose, Query, Resource, decide};
//!
//! let text = r#"{"version": "2.0", "statement": {"effect": "allow", "action": "name/redis:Describe*",
//!     "resource": "qcs::redis:ap-guangzhou:uin/100:instance/*"}}"#;
//! let policy = Policy::parse(text, Purpose::Identity)?;
//! let facts = Facts { ip: None, now_ms: 0, uin: "200", external_id: None, resource_tags: &[], request_tags: &[] };
//! let resource = Resource { service: "redis", region: "ap-guangzhou", account: "100", path: "instance/crs-1" };
//! let query = Query { service: "redis", action: "DescribeTaskInfo", resource, facts: &facts, principal: None };
//! assert_eq!(decide([&policy], &query), Decision::Allowed);
//! # Ok::<(), policy::ParseError>(())
//! ```

mod about;
mod action;
mod compare;
mod condition;
mod document;
mod error;
mod json;
mod key;
mod pattern;
mod presets;
mod principal;
mod query;
mod resource;

pub use about::About;
pub use document::{MAX_CHARS, Policy, Purpose};
pub use error::ParseError;
pub use presets::{PRESETS, Preset};
pub use query::{Decision, Facts, Query, Resource, decide};
