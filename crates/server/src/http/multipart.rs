//! A `multipart/form-data` body: each part one flattened parameter, or, when it says so, a JSON value.

use multer::{Field, Multipart, parse_boundary};
use serde_json::{Map, Value};

use super::flat::{self, Pairs};
use super::heads::{Heads, text};
use crate::error::{Error, gateway};

/// The most parts.
const PARTS: usize = 1000;

/// Reads the parts. Redis has no binary parameter, so each must be text.
///
/// # Errors
/// `InvalidRequest` when it is not what it says to be, `InvalidParameter` for a repeated name or a part that is no JSON.
pub async fn parse(heads: &Heads<'_>) -> Result<Map<String, Value>, Error> {
    let content_type = text(heads.content_type).unwrap_or_default();
    let boundary = parse_boundary(content_type).map_err(gateway::invalid_multipart)?;
    let body = heads.received.body.clone();
    let stream = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = Multipart::new(stream, boundary);
    let (mut texts, mut values) = (Pairs::new(), Map::new());
    while let Some(part) = parts.next_field().await.map_err(gateway::invalid_multipart)? {
        if values.len() + texts.len() >= PARTS {
            return Err(flat::too_many(PARTS));
        }
        let is_json = part.content_type().is_some_and(|media| media.essence_str() == "application/json");
        let (name, text) = read(part).await?;
        if values.contains_key(&name) || texts.iter().any(|(other, _)| *other == name) {
            return Err(gateway::duplicate_parameter(&name));
        }
        if is_json {
            values.insert(name, super::json::value(text.as_bytes())?);
        } else {
            texts.push((name, text));
        }
    }
    let mut params = flat::unflatten(texts)?;
    params.extend(values);
    Ok(params)
}

async fn read(part: Field<'_>) -> Result<(String, String), Error> {
    let name = part.name().unwrap_or_default().to_owned();
    let bytes = part.bytes().await.map_err(gateway::invalid_multipart)?;
    let text = String::from_utf8(bytes.to_vec());
    let text = text.map_err(|_| gateway::invalid_multipart(format_args!("the part `{name}` is not valid UTF-8")))?;
    Ok((name, text))
}
