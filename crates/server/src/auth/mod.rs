//! Who is asking, how often, and may they.

pub mod authenticate;
pub mod authorise;
pub mod grants;
pub mod identity;
pub mod keys;
pub mod rate_limit;
pub mod session;
pub mod stranger;
pub mod target;
pub mod token;
