//! HTTP in, HTTP out: what travels, and nothing of what it means.

pub mod answer;
pub mod dispatch;
pub mod domain;
pub mod envelope;
pub mod flat;
pub mod heads;
pub mod json;
pub mod listener;
pub mod multipart;
pub mod received;
pub mod shape;
