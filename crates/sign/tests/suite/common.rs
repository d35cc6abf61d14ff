//! A server in miniature: it has one key and treats a request as the gateway does.

use sign::{
    Authorization, ReceivedRequest, ReceivedV1, SigningKey, V1Algorithm, VerifyError, host, verify_tc3, verify_v1,
};

pub(crate) const SECRET_ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******";
pub(crate) const SECRET_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3*******";
/// 2019-02-25T16:44:25Z, the time of the published TC3 example.
pub(crate) const NOW: i64 = 1_551_113_065;

/// What arrives over the wire with TC3. All bytes, so that a test can flip any bit of it.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) method: Vec<u8>,
    pub(crate) path: Vec<u8>,
    pub(crate) query: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(method: &str, query: &str, headers: &[(&'static str, &str)], body: &str) -> Self {
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect();
        if !headers.iter().any(|(name, _)| *name == "x-tc-timestamp") {
            headers.push(("x-tc-timestamp", NOW.to_string().into_bytes()));
        }
        Self { method: method.into(), path: "/".into(), query: query.into(), headers, body: body.into() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_slice())
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.as_bytes().to_vec()));
    }

    fn text(&self, name: &str) -> Result<&str, String> {
        std::str::from_utf8(self.header(name).ok_or("absent")?).map_err(|e| e.to_string())
    }

    /// The server's answer: nothing, or the reason of the refusal.
    pub(crate) fn verify(&self) -> Result<(), String> {
        self.verify_at(NOW).map_err(|e| e.to_string())
    }

    pub(crate) fn verify_at(&self, now: i64) -> Result<(), String> {
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|e| e.to_string());
        let authorization = Authorization::parse(self.text("authorization")?).map_err(|e| e.to_string())?;
        if authorization.secret_id != SECRET_ID {
            return Err("SecretIdNotFound".into());
        }
        let request = ReceivedRequest {
            method: utf8(&self.method)?,
            path: utf8(&self.path)?,
            query: utf8(&self.query)?,
            headers: &|name| self.header(name),
            body: &self.body,
            timestamp: self.text("x-tc-timestamp")?,
        };
        let key = SigningKey::derive(SECRET_KEY, authorization.date, authorization.service);
        let hosts = host::candidates(self.text("host")?, "redis", "ap-guangzhou", &[]);
        verify_tc3(&authorization, &key, &request, hosts, now).map_err(|e: VerifyError| e.to_string())
    }
}

/// What arrives over the wire with v1, after decoding.
#[derive(Clone)]
pub(crate) struct WireV1 {
    pub(crate) method: Vec<u8>,
    pub(crate) host: Vec<u8>,
    pub(crate) params: Vec<(Vec<u8>, Vec<u8>)>,
}

impl WireV1 {
    pub(crate) fn new(method: &str, host: &str, params: &[(&str, &str)]) -> Self {
        let params = params.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect();
        Self { method: method.into(), host: host.into(), params }
    }

    pub(crate) fn verify(&self, now: i64) -> Result<(), String> {
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|e| e.to_string());
        let pairs = self.params.iter().map(|(key, value)| Ok((utf8(key)?, utf8(value)?)));
        let params: Vec<(&str, &str)> = pairs.collect::<Result<_, String>>()?;
        let find = |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        if find("SecretId") != Some(SECRET_ID) {
            return Err("SecretIdNotFound".into());
        }
        let algorithm = match find("SignatureMethod") {
            None => V1Algorithm::default(),
            Some(name) => V1Algorithm::from_name(name).ok_or("SignatureMethod")?,
        };
        let request = ReceivedV1 {
            method: utf8(&self.method)?,
            path: "/",
            params: &params,
            algorithm,
            signature: find("Signature").ok_or("no Signature")?,
            timestamp: find("Timestamp").ok_or("no Timestamp")?,
        };
        let hosts = host::candidates(utf8(&self.host)?, "redis", "ap-guangzhou", &[]);
        verify_v1(&request, SECRET_KEY, hosts, now).map_err(|e| e.to_string())
    }
}
