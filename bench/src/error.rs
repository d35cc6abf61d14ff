//! Why there is no figure.

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system refused something.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The state could not be seeded.
    #[error("the database: {0}")]
    Database(#[from] db::Error),
    /// Something answered what it should not.
    #[error("{0}")]
    Unexpected(String),
}

impl Error {
    /// For `map_err`: says what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io(what.into(), error)
    }
}
