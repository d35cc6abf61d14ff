//! The envelope out: `{"Response":{…,"RequestId":"…"}}`, HTTP 200 for errors too, and exactly `application/json`.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use super::compress;
use crate::action::Opened;
use crate::error::{Error, Language};
use crate::ids::RequestId;

/// A whole answer.
pub type Answer = Response<Full<Bytes>>;

/// Closes what a handler answered; compressed if it is long and the client takes that.
#[must_use]
pub fn success(answer: Opened, request_id: RequestId, takes_gzip: bool) -> Answer {
    body(answer.close(request_id), takes_gzip)
}

/// What stands in the place of a response.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal<'e> {
    error: Cause<'e>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Cause<'e> {
    code: &'static str,
    message: &'e str,
}

/// Wraps an error.
#[must_use]
pub fn failure(error: &Error, language: Language, request_id: RequestId) -> Answer {
    let error = Cause { code: error.code, message: error.message.get(language) };
    // Two texts can be written in any case.
    let bytes = Opened::write(&Refusal { error }).map(|opened| opened.close(request_id));
    body(bytes.unwrap_or_default(), false)
}

fn body(bytes: Vec<u8>, takes_gzip: bool) -> Answer {
    let mut answer = Response::new(Full::default());
    compress::body(&mut answer, bytes, takes_gzip);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
