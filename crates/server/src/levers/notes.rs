//! What happened to a task or a request by plan, and when.

use db::{Error, Tx};
use serde::{Deserialize, Serialize};

use super::read;
use crate::store::lever;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// When, milliseconds since 1970.
    pub(super) at: i64,
    /// What.
    pub(super) text: String,
}

/// The notes of a use that has just begun.
pub(super) fn first(text: &str, at: i64) -> String {
    serde_json::json!([Note { at, text: text.to_owned() }]).to_string()
}

/// Adds a line, unless the last one says the same: a step that is held is begun again and again.
pub(super) fn add(tx: &Tx<'_>, use_id: i64, text: &str, at: i64) -> Result<(), Error> {
    let Some(stored) = lever::notes(tx, use_id)? else { return Ok(()) };
    let mut notes: Vec<Note> = read(&stored)?;
    if notes.last().is_some_and(|last| last.text == text) {
        return Ok(());
    }
    notes.push(Note { at, text: text.to_owned() });
    lever::set_notes(tx, use_id, &serde_json::json!(notes).to_string())
}
