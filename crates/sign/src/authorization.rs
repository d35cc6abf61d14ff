//! The `Authorization` header of TC3, read before the key is known.

use crate::error::ParseError;

/// Real clients sign two or three headers; the bound keeps a hostile list cheap.
const MAX_SIGNED_HEADERS: usize = 32;
const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The longest service that is taken: that of a host name, which some clients put there.
const MAX_SERVICE_BYTES: usize = 253;

/// What an `Authorization` header claims; nothing of it is proven before [`verify_tc3`](crate::verify_tc3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Who claims to have signed.
    pub secret_id: &'a str,
    /// `YYYY-MM-DD` as sent; not yet compared with the timestamp.
    pub date: &'a str,
    /// The service as the client understands it: `redis`, or a piece of its endpoint such as `127` or `localhost:8080`.
    pub service: &'a str,
    /// Lower-case header names joined by `;`, ascending, `content-type` and `host` among them.
    pub signed_headers: &'a str,
    pub(crate) signature: [u8; 32],
}

impl<'a> Authorization<'a> {
    /// Reads `TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: the parts in any order, spaces around the
    /// commas as they come.
    ///
    /// # Errors
    ///
    /// [`ParseError`] names the part that is wrong; [`ParseError::Skip`] for a header that is `SKIP`.
    pub fn parse(header: &'a str) -> Result<Self, ParseError> {
        let header = header.trim_ascii();
        if header == "SKIP" {
            return Err(ParseError::Skip);
        }
        let (algorithm, rest) = split(header, b' ').unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err(ParseError::Algorithm(algorithm.into()));
        }
        let [credential, signed_headers, signature] = parts(rest)?;
        let (secret_id, date, service) = scope(credential).ok_or_else(|| ParseError::Credential(credential.into()))?;
        check_signed_headers(signed_headers)?;
        let signature = lower_hex(signature).ok_or(ParseError::Signature)?;
        Ok(Self { secret_id, date, service, signed_headers, signature })
    }
}

/// The values of the three parts, each of which must be there once.
fn parts(rest: &str) -> Result<[&str; 3], ParseError> {
    const NAMES: [&str; 3] = ["Credential", "SignedHeaders", "Signature"];
    let mut values = [None; 3];
    let mut left = Some(rest);
    while let Some(list) = left {
        let (part, more) = split(list, b',').map_or((list, None), |(part, more)| (part, Some(more)));
        left = more;
        let part = part.trim_ascii();
        let unknown = || ParseError::UnknownPart(part.into());
        let (name, value) = split(part, b'=').ok_or_else(unknown)?;
        let index = NAMES.iter().position(|n| *n == name).ok_or_else(unknown)?;
        if values[index].replace(value).is_some() {
            return Err(ParseError::Repeated(NAMES[index]));
        }
    }
    let value = |i: usize| values[i].ok_or(ParseError::Missing(NAMES[i]));
    Ok([value(0)?, value(1)?, value(2)?])
}

/// The texts before and after the first `at`. The standard library looks for a `char`, which takes ten times as long.
fn split(text: &str, at: u8) -> Option<(&str, &str)> {
    memchr::memchr(at, text.as_bytes()).map(|place| (&text[..place], &text[place + 1..]))
}

/// Secret id, date and service; from the right, because only the secret id is of a form that we do not know.
fn scope(credential: &str) -> Option<(&str, &str, &str)> {
    let rest = credential.strip_suffix("/tc3_request")?;
    let (rest, service) = rest.rsplit_once('/')?;
    let (secret_id, date) = rest.rsplit_once('/')?;
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    let fits = visible(secret_id) && visible(service) && service.len() <= MAX_SERVICE_BYTES && is_date(date);
    fits.then_some((secret_id, date, service))
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
}

fn check_signed_headers(list: &str) -> Result<(), ParseError> {
    // What the official SDKs sign.
    if matches!(list, "content-type;host" | "content-type;host;x-tc-action") {
        return Ok(());
    }
    let (mut content_type, mut host, mut previous) = (false, false, "");
    for (count, name) in list.split(';').enumerate() {
        if count == MAX_SIGNED_HEADERS {
            return Err(ParseError::TooManyHeaders(MAX_SIGNED_HEADERS));
        }
        if !is_header_name(name) {
            return Err(ParseError::HeaderName(name.into()));
        }
        if name <= previous {
            return Err(ParseError::HeaderOrder(name.into()));
        }
        content_type |= name == "content-type";
        host |= name == "host";
        previous = name;
    }
    match (content_type, host) {
        (true, true) => Ok(()),
        (false, _) => Err(ParseError::UnsignedHeader("content-type")),
        (true, false) => Err(ParseError::UnsignedHeader("host")),
    }
}

fn is_header_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    !name.is_empty() && name.bytes().all(fits)
}

/// 64 lower-case digits. By a table: the general decoder takes as long as one of the three hashes of a request.
fn lower_hex(signature: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = signature.as_bytes().try_into().ok()?;
    let (mut bytes, mut seen) = ([0; 32], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| VALUES[usize::from(digit)]);
        seen |= high | low;
        *byte = (high << 4) | low;
    }
    (seen < 16).then_some(bytes)
}

/// What each lower-case hexadecimal digit stands for; all bits set for any other byte.
const VALUES: [u8; 256] = {
    let (mut values, mut value) = ([u8::MAX; 256], 0);
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    values
};
