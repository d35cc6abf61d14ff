//! Signed requests, made before they are needed.
//!
//! All DescribeTaskInfo requests of one second differ in the TaskId and the signature only, and both have a fixed length: so
//! one template is kept, and for each request what goes into its two gaps.

use std::net::SocketAddr;

use rand::Rng;

use crate::error::Error;
use crate::seed;
use crate::wire::{self, body};

const ID: usize = 7;
const SIGNATURE: usize = 64;

/// Many DescribeTaskInfo requests with random ids of seeded tasks.
pub(crate) struct Requests {
    template: Vec<u8>,
    id_at: usize,
    signature_at: usize,
    signed: Vec<([u8; ID], [u8; SIGNATURE])>,
    /// Whether they are to be refused.
    pub(crate) forged: bool,
}

impl Requests {
    /// Signs `count` requests to `host` with this key now; they are good for five minutes.
    pub(crate) fn sign(host: SocketAddr, key: &str, count: usize, tasks: u32) -> Result<Self, Error> {
        let now = wire::now_seconds();
        let template = wire::whole(host, key, "DescribeTaskInfo", &body(seed::FIRST_ID), now).into_bytes();
        let signature_at = end_of(&template, b"Signature=")?;
        let id_at = end_of(&template, b"\"TaskId\":")?;
        let mut random = rand::rng();
        let mut signed = Vec::with_capacity(count);
        for _ in 0..count {
            let body = body(seed::FIRST_ID + random.random_range(0..tasks));
            let authorization = wire::authorization(host, key, &body, now);
            let gaps = (last_of(body.trim_end_matches('}'))?, last_of(&authorization)?);
            signed.push(gaps);
        }
        Ok(Self { template, id_at, signature_at, signed, forged: false })
    }

    /// The same, each with another signature than the right one.
    pub(crate) fn forged(mut self) -> Self {
        for (_, signature) in &mut self.signed {
            signature[0] = if signature[0] == b'0' { b'1' } else { b'0' };
        }
        self.forged = true;
        self
    }

    /// A buffer for [`Requests::fill`].
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.template.clone()
    }

    /// Makes `buffer` the request of this number; after the last comes the first again.
    pub(crate) fn fill(&self, buffer: &mut [u8], number: usize) {
        let (id, signature) = &self.signed[number % self.signed.len()];
        buffer[self.id_at..self.id_at + ID].copy_from_slice(id);
        buffer[self.signature_at..self.signature_at + SIGNATURE].copy_from_slice(signature);
    }
}

fn end_of(text: &[u8], part: &[u8]) -> Result<usize, Error> {
    let start = text.windows(part.len()).position(|window| window == part);
    start.map(|start| start + part.len()).ok_or_else(|| Error::Unexpected("the template lacks a gap".to_owned()))
}

fn last_of<const N: usize>(text: &str) -> Result<[u8; N], Error> {
    let last = text.as_bytes().last_chunk::<N>();
    last.copied().ok_or_else(|| Error::Unexpected(format!("`{text}` is shorter than {N}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_template_is_a_request_signed_as_a_whole() {
        let host: SocketAddr = "127.0.0.1:8250".parse().unwrap();
        let requests = Requests::sign(host, wire::SECRET_ID, 3, seed::TASKS).unwrap();
        let mut buffer = requests.buffer();
        requests.fill(&mut buffer, 1);
        let text = String::from_utf8(buffer).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let (_, rest) = text.split_once("X-TC-Timestamp: ").unwrap();
        let (now, _) = rest.split_once("\r\n").unwrap();
        assert_eq!(text, wire::whole(host, wire::SECRET_ID, "DescribeTaskInfo", body, now.parse().unwrap()));
    }
}
