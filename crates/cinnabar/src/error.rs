//! Why a command ends badly. Each text is one line that says what to do; clap answers wrong usage itself, with status 2.

use std::path::PathBuf;
use std::process::ExitCode;

use server::config::ConfigError;
use server::service::StartError;

/// Any command's error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration file, the environment or a flag.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The runtime, the signals, an output file: the machine said no.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// An argument or a variable that clap cannot judge.
    #[error("{0}")]
    Usage(String),
    /// No key pair to sign with.
    #[error(
        "there are no credentials in {0} ({1}); name the server's folder with --data, or set CINNABAR_SECRET_ID and CINNABAR_SECRET_KEY"
    )]
    NoCredentials(PathBuf, std::io::Error),
    /// Nobody answers there.
    #[error("cannot reach {endpoint}: {cause}; is `cinnabar serve` running there?")]
    Unreachable {
        /// Where the request went.
        endpoint: String,
        /// What the client library says.
        cause: Box<ureq::Error>,
    },
    /// Something answers there, but not this API.
    #[error("{endpoint} does not speak the API ({what}); is it the address of a `cinnabar serve`?")]
    NotTheApi {
        /// Where the request went.
        endpoint: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// No server answers operators in that folder.
    #[error(
        "there is no admin.json in {0}: name the folder of a running `cinnabar serve` with --data (and let that one not run with --admin off)"
    )]
    NoAdmin(PathBuf),
    /// The operator's side has another token.
    #[error("{endpoint} refuses the token of admin.json ({what}); is another server listening there?")]
    Token {
        /// Where the request went.
        endpoint: String,
        /// What it said.
        what: String,
    },
    /// Something answers there, but not the operator's side.
    #[error("{endpoint} is not the operator's side of a server ({what}); is admin.json out of date?")]
    NotTheAdmin {
        /// Where the request went.
        endpoint: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The operator's side has no such route.
    #[error("{endpoint} has no such route; is it an older server, or one without levers?")]
    NoRoute {
        /// Where the request went.
        endpoint: String,
    },
    /// The server runs without levers.
    #[error("the test levers of {endpoint} are off; start the server with `cinnabar serve --test-levers`")]
    LeversOff {
        /// Where the request went.
        endpoint: String,
    },
    /// The operator's side refused.
    #[error("{0}")]
    Refused(String),
    /// The API refused.
    #[error("{code}: {message}")]
    Api {
        /// For example `InvalidParameterValue`.
        code: String,
        /// The reason in words.
        message: String,
    },
    /// A task took longer than its waiter would.
    #[error("task {id} is still {status} after {seconds} s; wait on with `cinnabar task wait {id}`")]
    Timeout {
        /// The task.
        id: u64,
        /// Its last status.
        status: String,
        /// How long was waited.
        seconds: u64,
    },
    /// Another error, in a command that promises a status of its own for it.
    #[error("{0}")]
    Unknown(Box<Error>),
}

impl Error {
    /// 2 for wrong usage; 3 for a task whose end is not known (1 and 2 tell its end there); otherwise 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => 2,
            Self::Timeout { .. } | Self::Unknown(_) => 3,
            _ => 1,
        }
        .into()
    }

    /// For mapping an error of the machine.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        |error| Self::Io(what.into(), error)
    }
}
