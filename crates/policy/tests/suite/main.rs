//! What policies mean, against examples and against a slow, plain reading of the same rules.

#![cfg(test)]

mod common;
mod conditions;
mod evaluation;
mod everywhere;
mod properties;
mod reference;
mod refusals;
mod speed;
