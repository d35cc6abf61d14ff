//! What PostgreSQL's errors mean here.

use std::error::Error as _;

use tokio_postgres::error::{DbError, Severity};

use crate::Error;

/// An error, and whether the session can go on after it.
pub(super) struct Fault {
    pub(super) error: Error,
    pub(super) fatal: bool,
}

/// Reads an error of the library.
pub(super) fn read(error: &tokio_postgres::Error) -> Fault {
    match error.as_db_error() {
        Some(said) => {
            let fatal = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
            Fault { error: meaning(said, fatal), fatal }
        }
        // The library itself: the connection is lost, or what came is not the protocol.
        None => Fault { error: Error::Unavailable(words(error)), fatal: true },
    }
}

fn meaning(said: &DbError, fatal: bool) -> Error {
    let code = said.code().code();
    let text = format!("{} ({code})", said.message());
    match code.get(..2) {
        Some("23") => Error::Conflict(text),
        // Connections, resources, an operator's hand, a lock that was not to be had, a server that only reads (25006).
        Some("08" | "53" | "57" | "58") => Error::Unavailable(text),
        _ if fatal || matches!(code, "55P03" | "25006") => Error::Unavailable(text),
        _ => Error::Database(text),
    }
}

/// The error with its causes; the library's texts hold neither statements nor values.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
