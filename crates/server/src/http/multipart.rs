//! A `multipart/form-data` body: each part one flattened parameter.

use super::flat::Pairs;
use super::received::Received;
use crate::error::{Error, gateway};

/// Reads the parts. Redis has no binary parameter, so each must be text.
///
/// # Errors
/// `InvalidRequest` when it is not what it says to be, `InvalidParameter` for a repeated name.
pub async fn parse(received: &Received) -> Result<Pairs, Error> {
    let content_type = received.header(&hyper::header::CONTENT_TYPE).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(gateway::invalid_multipart)?;
    let body = received.body.clone();
    let stream = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut pairs = Pairs::new();
    while let Some(part) = parts.next_field().await.map_err(gateway::invalid_multipart)? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(gateway::invalid_multipart)?;
        let value = String::from_utf8(bytes.to_vec())
            .map_err(|_| gateway::invalid_multipart(format_args!("the part `{name}` is not valid UTF-8")))?;
        if pairs.iter().any(|(other, _)| *other == name) {
            return Err(gateway::duplicate_parameter(&name));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}
