//! gzip of long answers, for clients that take it.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};

use super::answer::Answer;

/// A shorter body fits into a packet or two, and nothing is won.
const LEAST: usize = 2 << 10;

/// Whether an `Accept-Encoding` takes gzip.
#[must_use]
pub fn takes_gzip(header: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(header) else { return false };
    text.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        is_gzip && !is_refused
    })
}

/// The answer around this body: compressed when that is worth while.
pub fn body(answer: &mut Answer, bytes: Vec<u8>, takes_gzip: bool) {
    let packed = if takes_gzip && bytes.len() >= LEAST { pack(&bytes) } else { None };
    if let Some(packed) = packed {
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        *answer.body_mut() = Full::new(Bytes::from(packed));
    } else {
        *answer.body_mut() = Full::new(Bytes::from(bytes));
    }
}

/// Writing into memory does not fail; if it did, the answer would go out as it is.
fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::takes_gzip;

    #[test]
    fn gzip_is_taken_when_it_is_offered_and_not_refused() {
        for yes in ["gzip", "gzip, deflate", "deflate,GZIP;q=0.5", "br;q=1, gzip; q=0.1"] {
            assert!(takes_gzip(yes.as_bytes()), "{yes}");
        }
        for no in ["", "identity", "gzip;q=0", "gzip; q=0.000", "deflate", "xgzip", "*"] {
            assert!(!takes_gzip(no.as_bytes()), "{no}");
        }
    }
}
