//! A signed call over HTTP, as any other client makes it.

use std::time::{Duration, UNIX_EPOCH};

use api::{Call, Secret};
use serde::Deserialize;
use serde_json::value::RawValue;
use sign::{Tc3Request, sign_tc3};
use ureq::Agent;

use crate::error::Error;

/// How long one call may take; all of the API's answers are quick, since tasks do the long work.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// Calls one server as one user.
pub(crate) struct Client {
    agent: Agent,
    endpoint: String,
    host: String,
    secret_id: String,
    secret_key: Secret,
    region: String,
    language: Option<String>,
}

/// What an action answered.
pub(crate) struct Reply {
    /// The inner Response, just as it came.
    pub(crate) text: String,
    /// The error in it, if it is one.
    pub(crate) error: Option<ApiError>,
}

/// The error of a Response.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ApiError {
    code: String,
    message: String,
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api { code: error.code, message: error.message }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Response", borrow)]
    response: &'a RawValue,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "Error")]
    error: Option<ApiError>,
}

impl Client {
    /// A client of `http://HOST[:PORT]`; nothing is sent yet.
    pub(crate) fn new(
        endpoint: &str,
        secret_id: String,
        secret_key: Secret,
        region: String,
        language: Option<String>,
    ) -> Result<Self, Error> {
        let endpoint = endpoint.trim_end_matches('/');
        let host = endpoint.strip_prefix("http://").filter(|host| !host.is_empty() && !host.contains('/'));
        let Some(host) = host.map(str::to_owned) else {
            return Err(Error::Usage(format!("the endpoint `{endpoint}` must look like http://127.0.0.1:8250")));
        };
        // The server is asked directly, whatever proxy the environment names for others.
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .build()
            .into();
        Ok(Self { agent, endpoint: endpoint.to_owned(), host, secret_id, secret_key, region, language })
    }

    /// A typed call; an error of the API is an error here.
    pub(crate) fn call<C: Call>(&self, request: &C::Request) -> Result<C::Response, Error> {
        let body = serde_json::to_string(request).map_err(|error| Error::Usage(error.to_string()))?;
        let reply = self.send(C::INFO.service, C::INFO.version, C::INFO.name, &body)?;
        match reply.error {
            Some(error) => Err(error.into()),
            None => serde_json::from_str(&reply.text).map_err(|error| self.not_the_api(error)),
        }
    }

    /// Signs a JSON body and sends it.
    pub(crate) fn send(&self, service: &str, version: &str, action: &str, body: &str) -> Result<Reply, Error> {
        let timestamp = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let authorization = sign_tc3(&Tc3Request {
            method: "POST",
            uri: "/",
            query: "",
            headers: &[("content-type", CONTENT_TYPE), ("host", &self.host)],
            body: body.as_bytes(),
            timestamp: timestamp.try_into().unwrap_or(i64::MAX),
            service,
            secret_id: &self.secret_id,
            secret_key: self.secret_key.expose(),
        });
        let mut request = self
            .agent
            .post(format!("{}/", self.endpoint))
            .header("Host", &self.host)
            .header("Content-Type", CONTENT_TYPE)
            .header("Authorization", authorization)
            .header("X-TC-Action", action)
            .header("X-TC-Version", version)
            .header("X-TC-Timestamp", timestamp.to_string())
            .header("X-TC-Region", &self.region)
            .header("X-TC-RequestClient", concat!("cinnabar_", env!("CARGO_PKG_VERSION")));
        if let Some(language) = &self.language {
            request = request.header("X-TC-Language", language);
        }
        let text = request.send(body).and_then(|mut answer| answer.body_mut().read_to_string());
        self.reply(&text.map_err(|error| self.unreachable(error))?)
    }

    fn reply(&self, text: &str) -> Result<Reply, Error> {
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| self.not_the_api(error))?;
        let text = envelope.response.get().to_owned();
        let inner: Inner = serde_json::from_str(&text).map_err(|error| self.not_the_api(error))?;
        Ok(Reply { text, error: inner.error })
    }

    fn unreachable(&self, cause: ureq::Error) -> Error {
        match cause {
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => Error::Usage(format!(
                "the request to {} cannot be made ({cause}); look at the endpoint, the region and the language",
                self.endpoint
            )),
            cause => Error::Unreachable { endpoint: self.endpoint.clone(), cause: Box::new(cause) },
        }
    }

    fn not_the_api(&self, what: serde_json::Error) -> Error {
        Error::NotTheApi { endpoint: self.endpoint.clone(), what: what.to_string() }
    }
}
