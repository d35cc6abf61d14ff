//! The envelope out: `{"Response":{…,"RequestId":"…"}}`, HTTP 200 for errors too, and exactly `application/json`.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use crate::error::{Error, Language};

/// A whole answer.
pub type Answer = Response<Full<Bytes>>;

/// Wraps what a handler answered: a JSON object.
#[must_use]
pub fn success(object: &[u8], request_id: &str) -> Answer {
    let members = object.strip_suffix(b"}").unwrap_or(object);
    let comma: &[u8] = if members == b"{" { b"" } else { b"," };
    let parts: [&[u8]; 6] = [b"{\"Response\":", members, comma, b"\"RequestId\":\"", request_id.as_bytes(), b"\"}}"];
    body(parts.concat())
}

/// Wraps an error.
#[must_use]
pub fn failure(error: &Error, language: Language, request_id: &str) -> Answer {
    let inner = json!({"Error": {"Code": error.code, "Message": error.message.get(language)}, "RequestId": request_id});
    body(json!({ "Response": inner }).to_string().into_bytes())
}

fn body(bytes: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(bytes)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
