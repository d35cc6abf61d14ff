//! The real binary, started as a user starts it.

#![cfg(test)]

mod call;
mod chaos;
#[path = "../../../db/tests/postgres/cluster.rs"]
mod cluster;
mod env;
mod harness;
mod identity;
mod lever;
mod matrix;
mod nodes;
mod operate;
mod outage;
mod refusals;
mod serve;
mod shared_state;
mod task;
