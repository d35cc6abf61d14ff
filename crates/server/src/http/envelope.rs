//! What every request says before its parameters: which action, where, in which language, signed by whom.
//!
//! The two ways of signing put it in two places: TC3 in headers, v1 among the parameters.

use std::borrow::Cow;

use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use serde_json::{Map, Value};
use sign::{Authorization, ParseError};

use super::flat::{self, Pairs};
use super::received::Received;
use super::shape::Notation;
use super::{json, multipart};
use crate::error::{Error, Language, gateway};

/// The media type of flattened parameters in a body.
pub const FORM: &str = "application/x-www-form-urlencoded";

const ACTION: HeaderName = HeaderName::from_static("x-tc-action");
const VERSION: HeaderName = HeaderName::from_static("x-tc-version");
const REGION: HeaderName = HeaderName::from_static("x-tc-region");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-tc-timestamp");
const TOKEN: HeaderName = HeaderName::from_static("x-tc-token");
const LANGUAGE: HeaderName = HeaderName::from_static("x-tc-language");

/// The parameters that every v1 request may carry beside its own.
const COMMON: [&str; 11] = [
    "Action",
    "Version",
    "Region",
    "Timestamp",
    "Nonce",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "Token",
    "Language",
    "RequestClient",
];

/// The common part of a request, and its parameters still unchecked.
pub struct Envelope<'r> {
    /// The action, or empty.
    pub action: Cow<'r, str>,
    /// The version, or empty.
    pub version: Cow<'r, str>,
    /// The region, or empty.
    pub region: Cow<'r, str>,
    /// Unix seconds as sent.
    pub timestamp: Cow<'r, str>,
    /// The token of a temporary key, or empty.
    pub token: Cow<'r, str>,
    /// The claimed signature.
    pub signature: Signature<'r>,
    /// The action's own parameters.
    pub params: Map<String, Value>,
    /// How those were written.
    pub notation: Notation,
}

/// Who claims to have signed, and how.
pub enum Signature<'r> {
    /// Nobody.
    Absent,
    /// The `Authorization` header, or why it is none.
    Tc3(Result<Authorization<'r>, ParseError>),
    /// The parameters of the v1 signature, and all that it covers.
    V1 {
        /// Whose key.
        secret_id: String,
        /// `HmacSHA1` (also when absent) or `HmacSHA256`.
        method: String,
        /// Base64.
        signature: String,
        /// All decoded parameters as sent.
        pairs: Pairs,
    },
}

/// The language that the client asked for, as far as that can be told before anything else is read.
#[must_use]
pub fn language(received: &Received) -> Language {
    if let Some(header) = received.header(&LANGUAGE) {
        return Language::parse(header);
    }
    if received.header(&ACTION).is_some() {
        return Language::default();
    }
    let query = || received.parts.uri.query().and_then(|query| find_language(query.as_bytes()));
    let form = || find_language(&received.body).filter(|_| received.is(FORM));
    query().or_else(form).unwrap_or_default()
}

fn find_language(text: &[u8]) -> Option<Language> {
    form_urlencoded::parse(text).find(|(name, _)| name == "Language").map(|(_, value)| Language::parse(&value))
}

/// Reads the envelope.
///
/// # Errors
/// `InvalidParameter` or `InvalidRequest` for what cannot be read, `MissingParameter` for an absent action or version.
pub async fn read(received: &Received) -> Result<Envelope<'_>, Error> {
    refuse_repeated_headers(received)?;
    let envelope = if [AUTHORIZATION, ACTION].iter().any(|name| received.parts.headers.contains_key(name)) {
        from_headers(received).await?
    } else {
        from_pairs(pairs(received)?)?
    };
    for (name, value) in [("Action", &envelope.action), ("Version", &envelope.version)] {
        if value.is_empty() {
            return Err(gateway::missing_parameter(name));
        }
    }
    Ok(envelope)
}

/// Of a header that counts there must be one: which of two was signed and which is meant cannot be known.
fn refuse_repeated_headers(received: &Received) -> Result<(), Error> {
    let headers = &received.parts.headers;
    // One look at the number of values is enough for the ordinary request.
    if headers.len() == headers.keys_len() {
        return Ok(());
    }
    let count = [HOST, CONTENT_TYPE, AUTHORIZATION, ACTION, VERSION, REGION, TIMESTAMP, TOKEN, LANGUAGE];
    match count.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        Some(name) => Err(gateway::duplicate_parameter(name.as_str())),
        None => Ok(()),
    }
}

async fn from_headers(received: &Received) -> Result<Envelope<'_>, Error> {
    let text = |name: &HeaderName| Cow::Borrowed(received.header(name).unwrap_or_default());
    let (params, notation) = tc3_params(received).await?;
    let authorization = received.header(&AUTHORIZATION).map(Authorization::parse);
    Ok(Envelope {
        action: text(&ACTION),
        version: text(&VERSION),
        region: text(&REGION),
        timestamp: text(&TIMESTAMP),
        token: text(&TOKEN),
        signature: authorization.map_or(Signature::Absent, Signature::Tc3),
        params,
        notation,
    })
}

async fn tc3_params(received: &Received) -> Result<(Map<String, Value>, Notation), Error> {
    if received.parts.method == Method::GET {
        let query = received.parts.uri.query().unwrap_or_default();
        return Ok((flat::unflatten(flat::decode(query.as_bytes())?)?, Notation::Text));
    }
    refuse_query(received)?;
    if received.is("application/json") || received.is("application/octet-stream") {
        return Ok((json::parse(&received.body)?, Notation::Json));
    }
    if received.is("multipart/form-data") {
        return Ok((multipart::parse(received).await?, Notation::Text));
    }
    Err(content_type(received.media_type(), "application/json or multipart/form-data"))
}

/// The signature of a POST does not cover its query string, so nothing in it may count.
fn refuse_query(received: &Received) -> Result<(), Error> {
    match received.parts.uri.query() {
        None | Some("") => Ok(()),
        Some(_) => Err(gateway::malformed(
            "A POST takes its parameters from its body; its query string is not signed and must be empty.",
            "POST 请求的参数应放在请求体中；查询字符串不参与签名，必须为空。",
        )),
    }
}

/// All parameters of a v1 request: of the query string or of the form.
fn pairs(received: &Received) -> Result<Pairs, Error> {
    if received.parts.method == Method::GET {
        return flat::decode(received.parts.uri.query().unwrap_or_default().as_bytes());
    }
    refuse_query(received)?;
    match received.media_type().to_ascii_lowercase().as_str() {
        FORM => flat::decode(&received.body),
        // Without any of the TC3 headers nothing says which action a JSON body is for.
        "application/json" => Err(gateway::missing_parameter("Action")),
        other => {
            Err(content_type(other, "application/json with the X-TC-* headers, or application/x-www-form-urlencoded"))
        }
    }
}

fn content_type(given: &str, wanted: &str) -> Error {
    gateway::malformed(
        format!("The Content-Type `{given}` cannot be read here; use {wanted}."),
        format!("不支持 Content-Type `{given}`，请使用 {wanted}。"),
    )
}

fn from_pairs(pairs: Pairs) -> Result<Envelope<'static>, Error> {
    let find =
        |name: &str| pairs.iter().find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.clone());
    let own = pairs.iter().filter(|(name, _)| !COMMON.contains(&name.as_str())).cloned();
    let params = flat::unflatten(own)?;
    let signature = match find("Signature") {
        signature if signature.is_empty() => Signature::Absent,
        signature => Signature::V1 {
            secret_id: find("SecretId"),
            method: find("SignatureMethod"),
            signature,
            pairs: pairs.clone(),
        },
    };
    let text = |name: &str| Cow::Owned(find(name));
    Ok(Envelope {
        action: text("Action"),
        version: text("Version"),
        region: text("Region"),
        timestamp: text("Timestamp"),
        token: text("Token"),
        signature,
        params,
        notation: Notation::Text,
    })
}
