//! Why a request is refused, in words for its sender, and under which public error code.

use thiserror::Error;

use crate::window::MAX_SKEW_SECONDS;

/// Why an `Authorization` header could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The client asked to skip the signature.
    #[error("`Authorization: SKIP` is not allowed for this action; sign the request with TC3-HMAC-SHA256")]
    Skip,
    /// The header does not begin with the one known algorithm.
    #[error("Authorization must begin with `TC3-HMAC-SHA256 `, but its algorithm is `{0}`")]
    Algorithm(String),
    /// A part between commas is not one of the three known ones.
    #[error("Authorization has the unknown part `{0}`; it takes Credential=, SignedHeaders= and Signature=")]
    UnknownPart(String),
    /// One of the three parts is there twice.
    #[error("Authorization has `{0}` twice")]
    Repeated(&'static str),
    /// One of the three parts is not there.
    #[error("Authorization has no `{0}=`")]
    Missing(&'static str),
    /// The credential is not of its form.
    #[error("Credential must be SECRETID/YYYY-MM-DD/SERVICE/tc3_request, but is `{0}`")]
    Credential(String),
    /// A name in SignedHeaders is empty or not lower-case.
    #[error("SignedHeaders takes lower-case header names joined by `;`, but has `{0}`")]
    HeaderName(String),
    /// The names in SignedHeaders do not ascend.
    #[error("SignedHeaders must be in ascending order without repetition, but has `{0}` too late")]
    HeaderOrder(String),
    /// There are more names in SignedHeaders than any client signs.
    #[error("SignedHeaders takes at most {0} names")]
    TooManyHeaders(usize),
    /// `content-type` or `host` is not among SignedHeaders.
    #[error("SignedHeaders must contain `{0}`")]
    UnsignedHeader(&'static str),
    /// The signature is not 64 lower-case hexadecimal digits.
    #[error("Signature must be 64 lower-case hexadecimal digits")]
    Signature,
}

impl ParseError {
    /// The public error code: always `AuthFailure.InvalidAuthorization`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "AuthFailure.InvalidAuthorization"
    }
}

/// Why a request that names its signer was not signed by it, or not now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The timestamp is not a number of seconds.
    #[error("Timestamp must be unix seconds in decimal digits, but is `{0}`")]
    TimestampFormat(String),
    /// The timestamp is too far from the server's time.
    #[error("Timestamp {timestamp} is more than {MAX_SKEW_SECONDS} seconds from the server's time {now}")]
    Expired {
        /// Unix seconds of the request.
        timestamp: i64,
        /// Unix seconds of the server.
        now: i64,
    },
    /// The date of the credential is not that of the timestamp.
    #[error("the date `{date}` in Credential must be the UTC date of Timestamp {timestamp}")]
    DateMismatch {
        /// The date as sent.
        date: String,
        /// Unix seconds of the request.
        timestamp: i64,
    },
    /// A header named in SignedHeaders was not sent.
    #[error("SignedHeaders names `{0}`, but the request has no such header")]
    HeaderAbsent(String),
    /// A v1 signature is not base64.
    #[error("Signature must be the base64 of an HMAC; encode `+`, `/` and `=` when it travels in a URL")]
    SignatureFormat,
    /// The signature is not the one of this request and key.
    #[error("the signature does not match; check the secret key and the text that was signed")]
    Mismatch,
}

impl VerifyError {
    /// The public error code: `AuthFailure.SignatureExpire` for [`VerifyError::Expired`], else
    /// `AuthFailure.SignatureFailure`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "AuthFailure.SignatureExpire",
            _ => "AuthFailure.SignatureFailure",
        }
    }
}
