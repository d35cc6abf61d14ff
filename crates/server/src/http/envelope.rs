//! What every request says before its parameters: which action, where, in which language, signed by whom.
//!
//! The two ways of signing put it in two places: TC3 in headers, v1 among the parameters.

use std::borrow::Cow;

use hyper::Method;
use serde_json::{Map, Value};
use sign::{Authorization, ParseError};

use super::flat::{self, Pairs};
use super::heads::{Heads, text};
use super::received::Received;
use super::shape::Notation;
use super::{json, multipart};
use crate::error::{Error, Language, gateway};

/// The media type of flattened parameters in a body.
pub const FORM: &str = "application/x-www-form-urlencoded";

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

impl Signature<'_> {
    /// The key that is named, believed or not; empty when none is.
    #[must_use]
    pub fn secret_id(&self) -> &str {
        match self {
            Self::Tc3(Ok(authorization)) => authorization.secret_id,
            Self::V1 { secret_id, .. } => secret_id,
            Self::Absent | Self::Tc3(Err(_)) => "",
        }
    }
}

/// The language that the client asked for, as far as that can be told before anything else is read.
#[must_use]
pub fn language(heads: &Heads<'_>) -> Language {
    if let Some(header) = text(heads.language) {
        return Language::parse(header);
    }
    if heads.action.is_some() {
        return Language::default();
    }
    let received = heads.received;
    let query = || received.head.uri().query().and_then(|query| find_language(query.as_bytes()));
    let form = || find_language(&received.body).filter(|_| heads.is(FORM));
    query().or_else(form).unwrap_or_default()
}

fn find_language(text: &[u8]) -> Option<Language> {
    form_urlencoded::parse(text).find(|(name, _)| name == "Language").map(|(_, value)| Language::parse(&value))
}

/// Reads the envelope.
///
/// # Errors
/// `InvalidParameter` or `InvalidRequest` for what cannot be read, `MissingParameter` for an absent action or version.
pub async fn read<'r>(heads: &Heads<'r>) -> Result<Envelope<'r>, Error> {
    heads.refuse_repeated()?;
    heads.refuse_encoded()?;
    let envelope = if heads.authorization.is_some() || heads.action.is_some() {
        from_headers(heads).await?
    } else {
        from_pairs(pairs(heads)?)?
    };
    for (name, value) in [("Action", &envelope.action), ("Version", &envelope.version)] {
        if value.is_empty() {
            return Err(gateway::missing_parameter(name));
        }
    }
    Ok(envelope)
}

async fn from_headers<'r>(heads: &Heads<'r>) -> Result<Envelope<'r>, Error> {
    let or_empty = |value| Cow::Borrowed(text(value).unwrap_or_default());
    let (params, notation) = tc3_params(heads).await?;
    let authorization = text(heads.authorization).map(Authorization::parse);
    Ok(Envelope {
        action: or_empty(heads.action),
        version: or_empty(heads.version),
        region: or_empty(heads.region),
        timestamp: or_empty(heads.timestamp),
        token: or_empty(heads.token),
        signature: authorization.map_or(Signature::Absent, Signature::Tc3),
        params,
        notation,
    })
}

async fn tc3_params(heads: &Heads<'_>) -> Result<(Map<String, Value>, Notation), Error> {
    let received = heads.received;
    if received.head.method() == Method::GET {
        let query = received.head.uri().query().unwrap_or_default();
        return Ok((flat::unflatten(flat::decode(query.as_bytes())?)?, Notation::Text));
    }
    refuse_query(received)?;
    if heads.is("application/json") || heads.is("application/octet-stream") {
        return Ok((json::parse(&received.body)?, Notation::Json));
    }
    if heads.is("multipart/form-data") {
        return Ok((multipart::parse(heads).await?, Notation::Text));
    }
    Err(content_type(heads.media_type(), "application/json or multipart/form-data"))
}

/// The signature of a POST does not cover its query string, so nothing in it may count.
fn refuse_query(received: &Received<'_>) -> Result<(), Error> {
    match received.head.uri().query() {
        None | Some("") => Ok(()),
        Some(_) => Err(gateway::malformed(
            "A POST takes its parameters from its body; its query string is not signed and must be empty.",
            "POST 请求的参数应放在请求体中；查询字符串不参与签名，必须为空。",
        )),
    }
}

/// All parameters of a v1 request: of the query string or of the form.
fn pairs(heads: &Heads<'_>) -> Result<Pairs, Error> {
    let received = heads.received;
    if received.head.method() == Method::GET {
        return flat::decode(received.head.uri().query().unwrap_or_default().as_bytes());
    }
    refuse_query(received)?;
    match heads.media_type().to_ascii_lowercase().as_str() {
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
