//! The envelope out: `{"Response":{…,"RequestId":"…"}}`, HTTP 200 for errors too, and exactly `application/json`.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

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

/// Wraps an error.
#[must_use]
pub fn failure(error: &Error, language: Language, request_id: RequestId) -> Answer {
    let inner = json!({"Error": {"Code": error.code, "Message": error.message.get(language)}, "RequestId": request_id.to_string()});
    body(json!({ "Response": inner }).to_string().into_bytes(), false)
}

fn body(bytes: Vec<u8>, takes_gzip: bool) -> Answer {
    let mut answer = Response::new(Full::default());
    compress::body(&mut answer, bytes, takes_gzip);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
