//! The real binary, started as a user starts it.

#![cfg(test)]

mod call;
mod chaos;
mod env;
mod harness;
mod matrix;
mod refusals;
mod serve;
mod task;
