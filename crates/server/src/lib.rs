//! The control plane: gateway, identity, actions, tasks, store, background loops.
//!
//! `docs/architecture.md` walks one request and one task through these files. Who may import whom: `http → auth, actions` ·
//! `actions → model, store, tasks (to enqueue)` · `tasks → model, store, engine, dataplane` · `background → store, dataplane, engine` ·
//! `admin → engine, store, levers, doctor, metrics, tasks (their world)` · `levers → all but the gateway` ·
//! `doctor → store, tasks (their world), dataplane, engine` · `metrics → store, engine` · `store → model` · `tls → model` · `model → nothing`.
//! A test reads the `use` lines and holds this.

pub mod action;
pub mod actions;
pub mod admin;
pub mod app;
pub mod auth;
pub mod background;
pub mod config;
pub mod context;
pub mod doctor;
pub mod error;
pub mod folder;
pub mod http;
pub mod ids;
pub mod levers;
pub mod metrics;
pub mod model;
pub mod service;
pub mod store;
pub mod tasks;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod work;
