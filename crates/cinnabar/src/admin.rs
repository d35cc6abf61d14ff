//! A client of the operator's side: JSON over HTTP with the token of the data folder.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::admin::access::Access;
use server::admin::problem;
use ureq::Agent;
use ureq::http::StatusCode;

use crate::connection::Data;
use crate::error::Error;
use crate::output;

/// How long one request may take; a consistency check looks at every process.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The flags of a command that asks the operator's side.
#[derive(Args)]
pub(crate) struct Side {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

impl Side {
    /// A client of the server whose operator's side is asked; nothing is sent yet.
    pub(crate) fn admin(&self) -> Result<Admin, Error> {
        Admin::of(&self.data)
    }

    /// Shows an answer as JSON, just as it came, or as `show` does.
    pub(crate) fn show<T: DeserializeOwned>(
        &self,
        admin: &Admin,
        answer: &Answer,
        show: impl FnOnce(T),
    ) -> Result<ExitCode, Error> {
        if self.json {
            output::json(&answer.text);
        } else {
            show(admin.read(answer)?);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks one server's operator's side.
pub(crate) struct Admin {
    agent: Agent,
    access: Access,
}

/// What was answered, just as it came.
pub(crate) struct Answer {
    status: StatusCode,
    pub(crate) text: String,
}

impl Admin {
    /// A client of the server that works in this folder; nothing is sent yet.
    pub(crate) fn of(data: &Data) -> Result<Self, Error> {
        let folder = data.folder();
        let access = Access::read(folder).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::NoAdmin(folder.to_owned()),
            _ => Error::Io(format!("cannot read admin.json in {}", folder.display()), error),
        })?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .build()
            .into();
        Ok(Self { agent, access })
    }

    /// Asks for something.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, Error> {
        let request = self.agent.get(self.url(path)).header("Authorization", self.bearer());
        self.answer(request.call())
    }

    /// Has something done.
    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        let body = serde_json::to_string(body).map_err(|error| Error::Usage(error.to_string()))?;
        let request = self.agent.post(self.url(path)).header("Authorization", self.bearer());
        self.answer(request.header("Content-Type", "application/json").send(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.access.endpoint)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.access.token.expose())
    }

    fn answer(&self, sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, Error> {
        let endpoint = || self.access.endpoint.clone();
        let mut answer = sent.map_err(|cause| Error::Unreachable { endpoint: endpoint(), cause: Box::new(cause) })?;
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|cause| Error::Unreachable { endpoint: endpoint(), cause: Box::new(cause) })?;
        let answer = Answer { status: answer.status(), text };
        if answer.status.is_success() {
            return Ok(answer);
        }
        match serde_json::from_str::<problem::Body>(&answer.text) {
            Ok(problem::Body { error }) if answer.status == StatusCode::UNAUTHORIZED => {
                Err(Error::Token { endpoint: endpoint(), what: error.message })
            }
            Ok(problem::Body { error }) if error.code == "no_such_route" => {
                Err(Error::NoRoute { endpoint: endpoint() })
            }
            Ok(problem::Body { error }) => Err(Error::Refused(error.message)),
            Err(_) => Err(Error::NotTheAdmin { endpoint: endpoint(), what: answer.status.to_string() }),
        }
    }

    /// The answer as what it should be.
    pub(crate) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Error> {
        serde_json::from_str(&answer.text)
            .map_err(|error| Error::NotTheAdmin { endpoint: self.access.endpoint.clone(), what: error.to_string() })
    }
}
