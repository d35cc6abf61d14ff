//! The wire contract: every action's request and response type and the action table, generated from the committed facts in `api/*.json`.
//!
//! One module a service (`redis`, `region`, …) holds a struct for every object, and in `actions` a marker type for every
//! action. A marker implements [`Call`], which ties the action's types to its line in the table ([`ActionInfo`]):
//!
//! ```
//! use api::{Call, redis};
//! use api::redis::actions::DescribeTaskInfo;
//!
//! fn handle(request: <DescribeTaskInfo as Call>::Request) -> <DescribeTaskInfo as Call>::Response {
//!     redis::DescribeTaskInfoResponse { instance_id: format!("crs-{}", request.task_id), ..Default::default() }
//! }
//!
//! let action = api::find("redis", "2018-04-12", "DescribeTaskInfo").ok_or("no such action")?;
//! assert_eq!(action.name, DescribeTaskInfo::INFO.name);
//! assert!(action.request.field("TaskId").is_some_and(|field| field.required));
//! assert_eq!(handle(redis::DescribeTaskInfoRequest { task_id: 7 }).instance_id, "crs-7");
//! # Ok::<(), &str>(())
//! ```
//!
//! # The two forms
//!
//! *Requests:* a required field has a plain type; any other is an `Option`, where absent and `null` are the same and an
//! empty list is not the same as no list. `None` is left out when written. A required field that is missing is an error
//! of the parser, which names it; the shape check against [`Shape`] comes first and gives the client's message.
//!
//! *Responses:* every field is always written. A field has a plain type, whose `Default` is the typed zero that clients
//! rely on; only a nullable field is an `Option`, written as `null`. `RequestId` is in the shapes and not in the structs:
//! the envelope adds it.
//!
//! *Both:* an object that is nested in both directions and comes out differently has two structs: `redis::RedisNodeInfo`
//! for responses and `redis::RedisNodeInfoInput` for requests, with `From` the second to the first. The others have one.
//!
//! Passwords, secret keys and tokens are a [`Secret`], which `Debug` never shows.

pub mod secret;
pub mod shape;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::LazyLock;

use ahash::RandomState;
pub use secret::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
pub use shape::{ActionInfo, Field, Shape, Type};

include!(concat!(env!("OUT_DIR"), "/services.rs"));

/// An action of the contract: its types and its line in the table. Implemented by the generated markers alone.
pub trait Call {
    /// The parameters.
    type Request: Debug + Serialize + DeserializeOwned + Send + 'static;
    /// The answer, without `RequestId`.
    type Response: Debug + Serialize + DeserializeOwned + Send + 'static;
    /// The line in the table, the very one that [`find`] gives.
    const INFO: &'static ActionInfo;
}

/// Something to do for each action's marker; see [`visit`].
pub trait Visitor {
    /// Called once an action.
    fn visit<C: Call>(&mut self);
}

/// Every action of every service, in the order of service, version and name.
pub fn actions() -> &'static [ActionInfo] {
    &ACTIONS
}

/// The services with their versions, in the order of their names.
pub fn services() -> &'static [(&'static str, &'static str)] {
    SERVICES
}

/// The action, or `None` if the contract does not have it. Names are compared exactly, as the cloud does.
pub fn find(service: &str, version: &str, action: &str) -> Option<&'static ActionInfo> {
    type Table = HashMap<(&'static str, &'static str, &'static str), &'static ActionInfo, RandomState>;
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| ACTIONS.iter().map(|info| ((info.service, info.version, info.name), info)).collect());
    TABLE.get(&(service, version, action)).copied()
}
