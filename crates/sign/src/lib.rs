//! How a request is signed, for both ends: TC3-HMAC-SHA256 and the v1 HmacSHA1/HmacSHA256.
