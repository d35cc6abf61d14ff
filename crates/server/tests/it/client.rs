//! A client that signs as the official ones do, and can be told to do it wrongly.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Who signs, and for which service.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    /// Of a temporary key; else empty.
    pub(crate) token: String,
    pub(crate) service: &'static str,
    pub(crate) version: &'static str,
    pub(crate) region: String,
    pub(crate) language: Option<&'static str>,
    /// Added to the real time when signing.
    pub(crate) skew: i64,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// An API error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The inner Response or its Error. Panics when the envelope is not as every client needs it.
    pub(crate) fn result(&self) -> Result<Value, Refusal> {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        let whole: Value = serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let response = &whole["Response"];
        assert_eq!(response["RequestId"].as_str().map(str::len), Some(36), "{self:?}");
        match response.get("Error") {
            None => Ok(response.clone()),
            Some(error) => Err(Refusal { code: text(&error["Code"]), message: text(&error["Message"]) }),
        }
    }

    /// The error's code.
    pub(crate) fn code(&self) -> String {
        self.result().err().map(|refusal| refusal.code).unwrap_or_else(|| panic!("not refused: {self:?}"))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// A request about to be sent: everything in it can still be changed.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len());
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    pub(crate) async fn send(&self, address: SocketAddr) -> Answer {
        exchange(address, &self.bytes()).await.unwrap()
    }
}

/// Sends bytes and reads the answer to its end. An error when the other side closed without one.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    read(TcpStream::connect(address).await?, bytes).await
}

/// The same on a stream of any kind.
pub(crate) async fn read(stream: impl AsyncRead + AsyncWrite, bytes: &[u8]) -> std::io::Result<Answer> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut received = Vec::new();
    // The server may answer and close before it has read everything.
    let writing = async { writer.write_all(bytes).await };
    let (_, read) = tokio::join!(writing, reader.read_to_end(&mut received));
    if received.is_empty() {
        read?;
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(parse(&received))
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).unwrap_or(0);
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Answer { status, headers, body: body.to_owned() }
}

impl Client {
    fn timestamp(&self) -> i64 {
        engine::Clock::system().now_ms() / 1000 + self.skew
    }

    pub(crate) fn for_service(&self, service: &'static str, version: &'static str) -> Self {
        Self { service, version, ..self.clone() }
    }

    pub(crate) fn with_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// A TC3 POST with a JSON body, as the Python SDK sends it.
    pub(crate) fn tc3_post(&self, action: &str, body: &[u8]) -> Raw {
        self.tc3("POST", action, "", "application/json", body)
    }

    /// A TC3 GET with flattened parameters in the query.
    pub(crate) fn tc3_get(&self, action: &str, query: &str) -> Raw {
        self.tc3("GET", action, query, "application/x-www-form-urlencoded", b"")
    }

    pub(crate) fn tc3(&self, method: &str, action: &str, query: &str, content_type: &str, body: &[u8]) -> Raw {
        let timestamp = self.timestamp();
        let authorization = sign::sign_tc3(&sign::Tc3Request {
            method,
            uri: "/",
            query,
            headers: &[("content-type", content_type), ("host", &self.host)],
            body,
            timestamp,
            service: self.service,
            secret_id: &self.secret_id,
            secret_key: &self.secret_key,
        });
        let target = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
        let raw = Raw { method: method.to_owned(), target, headers: Vec::new(), body: body.to_vec() }
            .header("Host", &self.host)
            .header("Content-Type", content_type)
            .header("Authorization", &authorization)
            .header("X-TC-Action", action)
            .header("X-TC-Version", self.version)
            .header("X-TC-Timestamp", &timestamp.to_string());
        let raw = if self.token.is_empty() { raw } else { raw.header("X-TC-Token", &self.token) };
        let raw = if self.region.is_empty() { raw } else { raw.header("X-TC-Region", &self.region) };
        match self.language {
            Some(language) => raw.header("X-TC-Language", language),
            None => raw,
        }
    }

    /// The pairs of a v1 request, signed; what is given takes the place of what is common to all.
    pub(crate) fn v1_pairs(
        &self,
        method: &str,
        action: &str,
        algorithm: sign::V1Algorithm,
        own: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let timestamp = self.timestamp().to_string();
        let common = [
            ("Action", action),
            ("Version", self.version),
            ("Region", &self.region),
            ("Timestamp", &timestamp),
            ("Nonce", "11886"),
            ("SecretId", &self.secret_id),
            ("SignatureMethod", algorithm.name()),
        ];
        let token = (!self.token.is_empty()).then_some(("Token", self.token.as_str()));
        let is_given = |name: &str| own.iter().any(|(given, _)| *given == name);
        let mut pairs: Vec<(String, String)> = common
            .iter()
            .filter(|(name, _)| !is_given(name))
            .chain(own)
            .chain(&token)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let signature = sign::sign_v1(method, &self.host, "/", &pairs, algorithm, &self.secret_key);
        pairs.push(("Signature".to_owned(), signature));
        pairs
    }

    pub(crate) fn v1_post(&self, pairs: &[(String, String)]) -> Raw {
        let raw = Raw {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            body: encode(pairs).into_bytes(),
        };
        raw.header("Host", &self.host).header("Content-Type", "application/x-www-form-urlencoded")
    }

    pub(crate) fn v1_get(&self, pairs: &[(String, String)]) -> Raw {
        let target = format!("/?{}", encode(pairs));
        Raw { method: "GET".to_owned(), target, headers: Vec::new(), body: Vec::new() }.header("Host", &self.host)
    }

    /// Calls an action with JSON parameters.
    pub(crate) async fn call(&self, action: &str, params: Value) -> Result<Value, Refusal> {
        self.tc3_post(action, params.to_string().as_bytes()).send(self.address).await.result()
    }

    /// Calls an action that must work.
    pub(crate) async fn ok(&self, action: &str, params: Value) -> Value {
        self.call(action, params.clone()).await.unwrap_or_else(|refusal| panic!("{action} {params}: {refusal:?}"))
    }

    /// Calls an action that must be refused; answers code and message.
    pub(crate) async fn refused(&self, action: &str, params: Value) -> (String, String) {
        match self.call(action, params.clone()).await {
            Ok(answer) => panic!("{action} {params} was not refused: {answer}"),
            Err(refusal) => (refusal.code, refusal.message),
        }
    }

    /// Follows a task to its end; answers the last DescribeTaskInfo.
    pub(crate) async fn wait_for_task(&self, id: &Value) -> Value {
        loop {
            let task = self.ok("DescribeTaskInfo", json!({ "TaskId": id })).await;
            if !matches!(task["Status"].as_str(), Some("preparing" | "running")) {
                return task;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

/// Query or form text.
pub(crate) fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
