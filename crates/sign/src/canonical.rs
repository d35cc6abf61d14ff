//! The two texts of TC3: the canonical request, and the string to sign that holds its hash.

use ring::digest;

/// The value of `X-TC-Content-SHA256` that leaves the body unsigned: this text is hashed in its place.
///
/// Any other value of that header has no meaning; some clients put the real hash there.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// How header values enter the canonical request, after trimming.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// What the official SDKs do.
    AsSent,
    /// What the published rule says.
    LowerCase,
}

/// The parts of the canonical request that are the same in every reading of it.
pub(crate) struct CanonicalRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) query: &'a str,
    /// Lower-case names in the order of `signed_headers`. The value of `host` is not used: it is an argument.
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    pub(crate) signed_headers: &'a str,
    pub(crate) body_hash: [u8; 64],
}

impl CanonicalRequest<'_> {
    /// Writes the canonical request over what is in `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, uri: &str, host: &str, values: Values) {
        out.clear();
        for line in [self.method, uri, self.query] {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        for (name, value) in self.headers {
            let value = if *name == "host" { host.as_bytes() } else { value };
            write_header(out, name, value, values);
        }
        out.push(b'\n');
        out.extend_from_slice(self.signed_headers.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(&self.body_hash);
    }

    /// About how many bytes [`write`](Self::write) produces.
    pub(crate) fn len(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        128 + self.query.len() + self.signed_headers.len() + headers
    }

    /// Whether lower-casing would change any header value. The host does not count: its candidates see to their case.
    pub(crate) fn has_upper_case(&self) -> bool {
        let upper = |value: &[u8]| value.iter().any(u8::is_ascii_uppercase);
        self.headers.iter().any(|(name, value)| *name != "host" && upper(value))
    }
}

fn write_header(out: &mut Vec<u8>, name: &str, value: &[u8], values: Values) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let start = out.len();
    out.extend_from_slice(value.trim_ascii());
    if values == Values::LowerCase && name != "host" {
        out[start..].make_ascii_lowercase();
    }
    out.push(b'\n');
}

/// The query as it is signed: the raw one of a GET, nothing for other methods.
pub(crate) fn signed_query<'a>(method: &str, query: &'a str) -> &'a str {
    if method == "GET" { query } else { "" }
}

/// The string to sign; all but its last line is fixed for one request.
pub(crate) struct StringToSign {
    text: Vec<u8>,
    fixed: usize,
}

impl StringToSign {
    pub(crate) fn new(timestamp: &str, date: &str, service: &str) -> Self {
        let mut text = Vec::with_capacity(192);
        for part in ["TC3-HMAC-SHA256\n", timestamp, "\n", date, "/", service, "/tc3_request\n"] {
            text.extend_from_slice(part.as_bytes());
        }
        let fixed = text.len();
        Self { text, fixed }
    }

    /// The whole string for this canonical request.
    pub(crate) fn of(&mut self, canonical_request: &[u8]) -> &[u8] {
        self.text.truncate(self.fixed);
        self.text.extend_from_slice(&sha256_hex(canonical_request));
        &self.text
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> [u8; 64] {
    lower_hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// 32 bytes as 64 hexadecimal digits, on the stack; by a table, as the digits of a signature are read.
pub(crate) fn lower_hex(bytes: &[u8]) -> [u8; 64] {
    let mut text = [b'0'; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = DIGITS[usize::from(*byte)];
    }
    text
}

/// The two digits of each byte.
const DIGITS: [[u8; 2]; 256] = {
    let (mut digits, mut byte) = ([[0; 2]; 256], 0);
    while byte < 256 {
        digits[byte] = [b"0123456789abcdef"[byte >> 4], b"0123456789abcdef"[byte & 15]];
        byte += 1;
    }
    digits
};
