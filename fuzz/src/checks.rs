//! What must hold of any bytes that a stranger sends. Each check panics when it does not.

use std::collections::BTreeMap;

use policy::{About, Decision, Facts, Policy, Purpose, Query, Resource, decide};
use serde_json::{Map, Value};
use server::http::shape::Notation;
use server::http::{flat, json, shape};
use sign::{Authorization, ReceivedRequest, ReceivedV1, SigningKey, Tc3Request, V1Algorithm};

/// A check, by the name of its target and of the folder of its inputs.
pub type Check = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: &[Check] = &[("tc3", tc3), ("v1", v1), ("flat", flat), ("json", json), ("policy", policy)];

const NOW: i64 = 1_764_000_000;
const TIMESTAMP: &str = "1764000000";
const HOST: &str = "127.0.0.1:8250";

/// An `Authorization` header, a timestamp and a body, each on a line: read without a panic and never verified, since nobody
/// here knows the secret. Signed with it the same body is verified; with one byte changed, it is not.
pub fn tc3(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (header, timestamp) = (text(), text());
    let body = parts.next().unwrap_or_default();
    if let Ok(claim) = Authorization::parse(&header) {
        assert!(!claim.secret_id.is_empty() && !claim.service.is_empty(), "{header}");
        let key = SigningKey::derive("a secret that no input knows", claim.date, claim.service);
        assert!(!verifies(&claim, &key, body, &timestamp), "signed without the secret: {header}");
    }
    let headers = [("content-type", "application/json"), ("host", HOST)];
    let request = Tc3Request {
        method: "POST",
        uri: "/",
        query: "",
        headers: &headers,
        body,
        timestamp: NOW,
        service: "redis",
        secret_id: "id",
        secret_key: "secret",
    };
    let header = sign::sign_tc3(&request);
    let claim = Authorization::parse(&header).expect("what is signed can be read");
    let key = SigningKey::derive("secret", claim.date, claim.service);
    assert!(verifies(&claim, &key, body, TIMESTAMP), "what is signed is verified");
    if let Some(place) = place(&timestamp, body.len()) {
        let mut changed = body.to_vec();
        changed[place] ^= 1;
        assert!(!verifies(&claim, &key, &changed, TIMESTAMP), "byte {place} is not bound");
    }
}

fn verifies(claim: &Authorization<'_>, key: &SigningKey, body: &[u8], timestamp: &str) -> bool {
    let headers = |name: &str| match name {
        "content-type" => Some(&b"application/json"[..]),
        "host" => Some(HOST.as_bytes()),
        _ => None,
    };
    let request = ReceivedRequest { method: "POST", path: "/", query: "", headers: &headers, body, timestamp };
    let hosts = sign::host::candidates(HOST, "redis", "ap-guangzhou", &[]);
    sign::verify_tc3(claim, key, &request, hosts, NOW).is_ok()
}

/// A place within `length`, chosen by the input.
fn place(seed: &str, length: usize) -> Option<usize> {
    let sum = seed.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    sum.checked_rem(length)
}

/// A form: its own signature is never right; signed anew it is, and with one value changed it is not.
pub fn v1(data: &[u8]) {
    let Ok(mut params) = flat::decode(data) else { return };
    let find = |params: &[(String, String)], name: &str| {
        params.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let algorithm = V1Algorithm::from_name(&find(&params, "SignatureMethod")).unwrap_or_default();
    let given = find(&params, "Signature");
    assert!(!verifies_v1(&params, algorithm, &given, "a secret that no input knows"), "signed without the secret");
    let signature = sign::sign_v1("POST", HOST, "/", &params, algorithm, "secret");
    assert!(verifies_v1(&params, algorithm, &signature, "secret"), "what is signed is verified");
    params.retain(|(key, _)| key != "Signature");
    let (seed, count) = (params.len().to_string(), params.len());
    if let Some(index) = place(&seed, count) {
        params[index].1.push('!');
        assert!(!verifies_v1(&params, algorithm, &signature, "secret"), "{} is not bound", params[index].0);
    }
}

fn verifies_v1(params: &[(String, String)], algorithm: V1Algorithm, signature: &str, secret: &str) -> bool {
    let request = ReceivedV1 { method: "POST", path: "/", params, algorithm, signature, timestamp: TIMESTAMP };
    let hosts = sign::host::candidates(HOST, "redis", "ap-guangzhou", &[]);
    sign::verify_v1(&request, secret, hosts, NOW).is_ok()
}

/// A query string: what is put together from dotted names, and taken apart again, are the same names and values. Whatever
/// action it is for, the shape check answers or names the parameter.
pub fn flat(data: &[u8]) {
    let (choice, text) = data.split_at(data.len().min(1));
    let Ok(pairs) = flat::decode(text) else { return };
    let given: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(given.len(), pairs.len(), "no name is there twice");
    let Ok(params) = flat::unflatten(pairs) else { return };
    let mut leaves = BTreeMap::new();
    leaves_of(&Value::Object(params.clone()), &mut Vec::new(), &mut leaves);
    assert_eq!(leaves, given, "nothing is lost, nothing is made up");
    check_shape(choice, params, Notation::Text);
}

fn leaves_of(value: &Value, path: &mut Vec<String>, leaves: &mut BTreeMap<String, String>) {
    let mut under = |name: &str, value: &Value| {
        path.push(name.to_owned());
        leaves_of(value, path, leaves);
        path.pop();
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| under(name, value)),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(place, value)| under(&place.to_string(), value))
        }
        Value::String(text) => assert!(leaves.insert(path.join("."), text.clone()).is_none(), "{path:?} twice"),
        other => panic!("{path:?} is text, not {other}"),
    }
}

/// A body: what we take for JSON is what the library takes for it, and the shape check answers or names the parameter.
pub fn json(data: &[u8]) {
    let (choice, body) = data.split_at(data.len().min(1));
    match json::parse(body) {
        Ok(params) => {
            if !body.iter().all(u8::is_ascii_whitespace) {
                let expected: Value = serde_json::from_slice(body).expect("the library takes it too");
                assert_eq!(Value::Object(params.clone()), expected);
            }
            check_shape(choice, params, Notation::Json);
        }
        Err(error) => assert!(!error.message.en.is_empty() && error.code.starts_with("InvalidParameter"), "{error}"),
    }
}

/// What has passed passes again unchanged; what has not is refused by a code of its kind.
fn check_shape(choice: &[u8], params: Map<String, Value>, notation: Notation) {
    let actions = api::actions();
    let action = &actions[usize::from(choice.first().copied().unwrap_or_default()) % actions.len()];
    match shape::check(action.request, params, notation) {
        Ok(checked) => {
            let Value::Object(members) = checked.clone() else { panic!("{checked} is no object") };
            let again = shape::check(action.request, members, Notation::Json).expect("it has passed before");
            assert_eq!(again, checked, "{}", action.name);
        }
        Err(error) => {
            let known = ["UnknownParameter", "MissingParameter", "InvalidParameter"].contains(&error.code);
            assert!(known && error.message.en.contains('`'), "{}: {error}", action.name);
        }
    }
}

/// A policy document: taken or refused with a reason, and what is taken is JSON. Whatever a request is, a deny of all has the last
/// word, what is allowed everywhere is allowed there, and the same document written down anew decides alike.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for purpose in [Purpose::Identity, Purpose::Trust] {
        match Policy::parse(text, purpose) {
            Ok(policy) => {
                let value: Value = serde_json::from_str(text).expect("the library takes it too");
                let again = Policy::parse(&value.to_string(), purpose).expect("it means the same");
                decide_all(&policy, &again, purpose);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn decide_all(policy: &Policy, again: &Policy, purpose: Purpose) {
    let none = r#"{"version":"2.0","statement":[{"effect":"deny","action":"*","resource":"*"}]}"#;
    let none = Policy::parse(none, Purpose::Identity).expect("it is one");
    let tags = [("k".to_owned(), "v".to_owned())];
    let facts = Facts {
        ip: Some(std::net::Ipv4Addr::new(10, 0, 0, 1).into()),
        now_ms: NOW * 1000,
        uin: "200",
        resource_tags: &tags,
        request_tags: &[],
        external_id: None,
    };
    let principal = matches!(purpose, Purpose::Trust).then_some("qcs::cam::uin/100:uin/200");
    for (action, path) in
        [("DescribeTaskInfo", "instance/crs-a"), ("ClearInstance", "instance/crs-b"), ("AddUser", "*")]
    {
        let resource = Resource { service: "redis", region: "ap-guangzhou", account: "100", path };
        let query = Query { service: "redis", action, resource, facts: &facts, principal };
        let decision = decide([policy], &query);
        assert_eq!(decision, decide([again], &query));
        assert_eq!(decide([policy, &none], &query), Decision::Denied);
        if matches!(purpose, Purpose::Identity) && About::of([policy], "redis", action).everywhere() {
            assert_eq!(decision, Decision::Allowed, "{action} is allowed everywhere");
        }
    }
}
