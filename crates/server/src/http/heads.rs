//! The headers that count, found in one pass: to look each of them up by its name costs as much as two hashes of the body.

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

use super::compress;
use super::received::Received;
use crate::error::{Error, gateway};

/// A received request with the headers that count; of each the first, if there are several.
pub struct Heads<'r> {
    /// The request.
    pub received: &'r Received<'r>,
    /// Where the client believes to be.
    pub host: Option<&'r HeaderValue>,
    /// What the body is.
    pub content_type: Option<&'r HeaderValue>,
    /// The TC3 signature.
    pub authorization: Option<&'r HeaderValue>,
    /// `X-TC-Action`.
    pub action: Option<&'r HeaderValue>,
    /// `X-TC-Version`.
    pub version: Option<&'r HeaderValue>,
    /// `X-TC-Region`.
    pub region: Option<&'r HeaderValue>,
    /// `X-TC-Timestamp`.
    pub timestamp: Option<&'r HeaderValue>,
    /// `X-TC-Token`.
    pub token: Option<&'r HeaderValue>,
    /// `X-TC-Language`.
    pub language: Option<&'r HeaderValue>,
    /// `X-TC-Content-SHA256`.
    pub content_sha256: Option<&'r HeaderValue>,
    /// What the body is compressed with, which must be nothing.
    pub content_encoding: Option<&'r HeaderValue>,
    /// Whether the answer may be compressed.
    pub takes_gzip: bool,
    is_chunked: bool,
    repeated: Option<&'r HeaderName>,
}

impl<'r> Heads<'r> {
    /// Goes through the request's headers.
    #[must_use]
    pub fn of(received: &'r Received<'_>) -> Self {
        let mut heads = Self {
            received,
            host: None,
            content_type: None,
            authorization: None,
            action: None,
            version: None,
            region: None,
            timestamp: None,
            token: None,
            language: None,
            content_sha256: None,
            content_encoding: None,
            takes_gzip: false,
            is_chunked: false,
            repeated: None,
        };
        for (name, value) in received.head.headers() {
            heads.put(name, value);
        }
        heads
    }

    fn put(&mut self, name: &'r HeaderName, value: &'r HeaderValue) {
        match name.as_str() {
            // These may come in several lines.
            "accept-encoding" => return self.takes_gzip |= compress::takes_gzip(value.as_bytes()),
            "transfer-encoding" => return self.is_chunked = true,
            _ => {}
        }
        let Some(place) = self.place(name) else { return };
        if place.is_none() {
            *place = Some(value);
        } else {
            self.repeated = Some(name);
        }
    }

    fn place(&mut self, name: &HeaderName) -> Option<&mut Option<&'r HeaderValue>> {
        Some(match name.as_str() {
            "host" => &mut self.host,
            "content-type" => &mut self.content_type,
            "authorization" => &mut self.authorization,
            "x-tc-action" => &mut self.action,
            "x-tc-version" => &mut self.version,
            "x-tc-region" => &mut self.region,
            "x-tc-timestamp" => &mut self.timestamp,
            "x-tc-token" => &mut self.token,
            "x-tc-language" => &mut self.language,
            "x-tc-content-sha256" => &mut self.content_sha256,
            "content-encoding" => &mut self.content_encoding,
            _ => return None,
        })
    }

    /// Of a header that counts there must be one: which of two was signed and which is meant cannot be known.
    ///
    /// # Errors
    /// `InvalidParameter` naming the header that is there twice.
    pub fn refuse_repeated(&self) -> Result<(), Error> {
        self.repeated.map_or(Ok(()), |name| Err(gateway::duplicate_parameter(name.as_str())))
    }

    /// A body is read as it is: what a compressed one would become cannot be known before.
    ///
    /// # Errors
    /// `InvalidParameter` naming the encoding.
    pub fn refuse_encoded(&self) -> Result<(), Error> {
        match self.content_encoding {
            Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
                Err(gateway::encoded(&String::from_utf8_lossy(encoding.as_bytes())))
            }
            _ => Ok(()),
        }
    }

    /// Whether another server on the way may have seen another end of this request: a body in chunks, which no client of
    /// the API sends, has two ways to tell its length, and a GET has no body.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.is_chunked || (self.received.head.method() == Method::GET && !self.received.body.is_empty())
    }

    /// A header's raw value by its lower-case name, whichever it is.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'r [u8]> {
        let value = match name {
            // What every client signs, and what every request is asked for.
            "host" if self.host.is_none() => return self.authority().map(str::as_bytes),
            "host" => self.host,
            "content-type" => self.content_type,
            "x-tc-action" => self.action,
            "x-tc-content-sha256" => self.content_sha256,
            name => self.received.head.headers().get(name),
        };
        value.map(HeaderValue::as_bytes)
    }

    /// The Host as sent, which clients sign; an absolute target's authority when there is none.
    #[must_use]
    pub fn host(&self) -> &'r str {
        text(self.host).unwrap_or_else(|| self.authority().unwrap_or_default())
    }

    /// The host of an absolute target, and of every request by HTTP/2, which has no Host.
    fn authority(&self) -> Option<&'r str> {
        self.received.head.uri().authority().map(|authority| authority.as_str())
    }

    /// The content type without its parameters.
    #[must_use]
    pub fn media_type(&self) -> &'r str {
        text(self.content_type).unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// Whether that is the content type, in any letter case.
    #[must_use]
    pub fn is(&self, media_type: &str) -> bool {
        self.media_type().eq_ignore_ascii_case(media_type)
    }
}

/// A header's value, when it is there and is text.
#[must_use]
pub fn text(value: Option<&HeaderValue>) -> Option<&str> {
    // As `to_str`, which looks at each byte on its own.
    value.and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).filter(|text| text.is_ascii())
}
