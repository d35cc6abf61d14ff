//! Managed Redis.
fn main() {}
