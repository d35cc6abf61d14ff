//! The server from outside: one test binary, a file a family.

#![cfg(test)]

mod client;
mod harness;

mod access;
mod admin;
mod bad_input;
mod contract;
mod corpus;
mod docs;
mod doctor;
mod gateway;
mod hardening;
mod health;
mod http2;
mod levers;
mod levers_admin;
mod levers_requests;
mod levers_reset;
mod statuses;
mod stories;
mod structure;
mod tls;
mod upgrade;
