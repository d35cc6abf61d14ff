//! Domain types and rules; no SQL, no HTTP, no clock.

pub mod change;
pub mod host;
pub mod identity;
pub mod instance;
pub mod name;
pub mod order;
pub mod password;
pub mod product;
pub mod region;
pub mod task_type;
pub mod window;
pub mod wire_time;
