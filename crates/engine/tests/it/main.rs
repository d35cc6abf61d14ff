//! The engine from outside: the invariants of its design note, the worker, the harness.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panic")]

mod cancel;
mod crash;
mod hold;
mod invariants;
mod leases;
mod lists;
mod log;
mod operator;
mod support;
mod worker;
