//! How a request is signed, for both ends: TC3-HMAC-SHA256 and the v1 HmacSHA1/HmacSHA256.
//!
//! Pure functions over text and bytes: no clock, no IO, no HTTP types. Time is an argument in unix seconds.
//!
//! # TC3
//!
//! The client calls [`sign_tc3`]. The server works in two phases, because it must look the key up in between:
//!
//! 1. [`Authorization::parse`] reads the header and says who claims to have signed, for which date and service.
//! 2. [`SigningKey::derive`] makes the key of that secret, date and service (worth caching: it costs as much as a
//!    whole verification), and [`verify_tc3`] compares.
//!
//! # v1
//!
//! [`sign_v1`] and [`verify_v1`] work on the decoded parameters, in which everything travels, the signature too.
//!
//! # What clients sign in practice
//!
//! The official clients do not agree on what the signed text contains, so the server tries the known readings in turn,
//! the ordinary one first:
//!
//! * **Host** ([`host::candidates`]): as received; without scheme; without port; lower-cased; the public and configured
//!   names. A client behind an API gateway signs the public name and sends another Host.
//! * **Header values**: as sent (every official SDK), then lower-cased (the published rule).
//! * **URI**: the path of the request, then `/`.
//! * **v1 keys**: as sent, then with `_` replaced by `.` (the Python SDK and older ones).
//!
//! What follows from it: a change of letter case alone in a signed header value may pass, because the published rule
//! does not sign the case; and the Host header is bound only as far as the candidates given are. Whoever wants it strict
//! passes one candidate. The path is not bound (`/` is always tried). Everything else that is signed is bound to the bit (`tests/suite/bits.rs`).
//!
//! The number of readings is bounded by count and by bytes hashed, so that a flood of bad signatures stays cheap; the
//! body is hashed once. The ordinary request costs two hashes, one HMAC and three small buffers.
//!
//! # Example
//!
//! ```
//! use sign::{Authorization, ReceivedRequest, SigningKey, Tc3Request, host, sign_tc3, verify_tc3};
//!
//! let headers = [("content-type", "application/json"), ("host", "127.0.0.1:8250")];
//! let authorization = sign_tc3(&Tc3Request {
//!     method: "POST",
//!     uri: "/",
//!     query: "",
//!     headers: &headers,
//!     body: b"{}",
//!     timestamp: 1_551_113_065,
//!     service: "redis",
//!     secret_id: "id",
//!     secret_key: "secret",
//! });
//!
//! // The other end: the claim first, then the key of the one who makes it.
//! let claim = Authorization::parse(&authorization)?;
//! assert_eq!((claim.secret_id, claim.date, claim.service), ("id", "2019-02-25", "redis"));
//! let key = SigningKey::derive("secret", claim.date, claim.service);
//! let request = ReceivedRequest {
//!     method: "POST",
//!     path: "/",
//!     query: "",
//!     headers: &|name| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_bytes()),
//!     body: b"{}",
//!     timestamp: "1551113065",
//! };
//! let hosts = host::candidates("127.0.0.1:8250", "redis", "ap-guangzhou", &[]);
//! verify_tc3(&claim, &key, &request, hosts, 1_551_113_100)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the caller must know
//!
//! * A POST's query string is not signed, and the path is bound by few clients: read neither.
//! * Headers that are not in SignedHeaders are not signed; only `content-type` and `host` must be.
//! * `X-TC-Content-SHA256: UNSIGNED-PAYLOAD` leaves the body unsigned, as the client asked.
//! * v1 joins keys and values without escaping, and a duplicate key is signed like any other: refuse duplicates before.
//! * SERVICE is the client's word (`redis`, but also `127` or `localhost:8080`): bound a cache of signing keys by it.

mod authorization;
mod canonical;
mod error;
pub mod host;
mod key;
mod signer;
mod v1;
mod verifier;
mod window;

pub use authorization::Authorization;
pub use canonical::UNSIGNED_PAYLOAD;
pub use error::{ParseError, VerifyError};
pub use key::SigningKey;
pub use signer::{Tc3Request, sign_tc3};
pub use v1::{ReceivedV1, V1Algorithm, sign_v1, verify_v1};
pub use verifier::{ReceivedRequest, verify_tc3};
pub use window::MAX_SKEW_SECONDS;
