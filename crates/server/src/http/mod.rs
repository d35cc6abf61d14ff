//! HTTP in, HTTP out: what travels, and nothing of what it means.

pub mod answer;
pub mod compress;
pub mod connect;
pub mod connection;
pub mod crowd;
pub mod dispatch;
pub mod domain;
pub mod envelope;
pub mod flat;
pub mod h2;
pub mod heads;
pub mod json;
pub mod listener;
pub mod multipart;
pub mod proxies;
pub mod received;
pub mod shape;
