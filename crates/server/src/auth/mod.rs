//! Who is asking, and how often.

pub mod authenticate;
pub mod keys;
pub mod rate_limit;
pub mod session;
pub mod stranger;
pub mod token;
