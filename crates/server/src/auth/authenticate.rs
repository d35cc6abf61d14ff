//! Verify before believing: which key claims to have signed, and did it?

use sign::{Authorization, ReceivedRequest, ReceivedV1, V1Algorithm, VerifyError};

use super::keys::AccessKey;
use super::stranger;
use crate::app::App;
use crate::error::{Error, gateway};
use crate::http::domain;
use crate::http::envelope::{Envelope, Signature};
use crate::http::heads::Heads;
use crate::ids;
use std::sync::Arc;

/// The service that a request is for: the one in its TC3 scope, else the Host's first label, else the one that has
/// the action. Some clients derive the scope from an IP address (`127`), so a scope that is no service does not count.
///
/// # Errors
/// `NoSuchProduct` when nothing of it is a service of this server.
pub fn service(envelope: &Envelope<'_>, host: &str) -> Result<&'static str, Error> {
    let scope = match &envelope.signature {
        Signature::Tc3(Ok(authorization)) => authorization.service,
        _ => "",
    };
    let label = || domain::without_scheme(host).split('.').next().unwrap_or_default();
    let known = |name: &str| api::services().iter().map(|(service, _)| *service).find(|service| *service == name);
    known(scope)
        .or_else(|| known(label()))
        .or_else(|| with_action(&envelope.version, &envelope.action))
        .or_else(|| with_version(&envelope.version))
        .or_else(|| is_address(scope).then_some("redis"))
        .ok_or_else(|| gateway::no_such_product(if scope.is_empty() { label() } else { scope }))
}

fn with_action(version: &str, action: &str) -> Option<&'static str> {
    api::actions().iter().find(|info| info.version == version && info.name == action).map(|info| info.service)
}

fn with_version(version: &str) -> Option<&'static str> {
    api::services().iter().find(|(_, known)| *known == version).map(|(service, _)| *service)
}

/// What clients make of an address instead of a service name: `127`, `localhost:8250`, nothing.
fn is_address(scope: &str) -> bool {
    scope.bytes().all(|byte| byte.is_ascii_digit()) || scope.starts_with("localhost")
}

/// Finds out with which key the request was signed, and so by whom.
///
/// # Errors
/// The `AuthFailure` codes: `InvalidAuthorization`, `SecretIdNotFound`, `SignatureExpire`, `SignatureFailure`, `TokenFailure`.
pub fn authenticate(
    app: &App,
    heads: &Heads<'_>,
    envelope: &Envelope<'_>,
    info: &api::ActionInfo,
    now: i64,
) -> Result<Arc<AccessKey>, Error> {
    let key = match &envelope.signature {
        Signature::Absent => Err(gateway::invalid_authorization(
            "there is none, and no `Signature` parameter either; sign the request with TC3-HMAC-SHA256 or with v1",
        )),
        Signature::Tc3(Err(fault)) => Err(gateway::invalid_authorization(fault)),
        Signature::Tc3(Ok(claim)) => tc3(app, heads, envelope, (claim, info.service), now),
        Signature::V1 { secret_id, method, signature, pairs } => {
            let algorithm = algorithm(method)?;
            let key = holder(app, secret_id, &envelope.token, now)?;
            let v1 = ReceivedV1 {
                method: heads.received.head.method().as_str(),
                path: heads.received.head.uri().path(),
                params: pairs.as_slice(),
                algorithm,
                signature,
                timestamp: &envelope.timestamp,
            };
            verify_v1(app, heads, (&v1, info.service, &envelope.region), &key, now).map(|()| key)
        }
    }?;
    if !envelope.token.is_empty() && key.caller.session.is_none() {
        let en = "this key is a permanent one and takes no token";
        return Err(gateway::token_failure(en, "该密钥为永久密钥，不需要 Token"));
    }
    key.use_at(now + app.clock.leapt_ms());
    Ok(key)
}

/// The key that the request claims to be signed with: a temporary one comes out of its token.
fn holder(app: &App, secret_id: &str, token: &str, now: i64) -> Result<Arc<AccessKey>, Error> {
    if ids::is_temporary(secret_id) {
        // It expires by the date that the server shows, which a tester may move on.
        return app.tokens.find(secret_id, token, now + app.clock.leapt_ms());
    }
    stranger::find(app, secret_id, now)
}

fn tc3(
    app: &App,
    heads: &Heads<'_>,
    envelope: &Envelope<'_>,
    (authorization, service): (&Authorization<'_>, &str),
    now: i64,
) -> Result<Arc<AccessKey>, Error> {
    if envelope.timestamp.is_empty() {
        return Err(gateway::missing_parameter("Timestamp"));
    }
    let key = holder(app, authorization.secret_id, &envelope.token, now)?;
    let request = ReceivedRequest {
        method: heads.received.head.method().as_str(),
        path: heads.received.head.uri().path(),
        query: heads.received.head.uri().query().unwrap_or_default(),
        headers: &|name| heads.raw(name),
        body: &heads.received.body,
        timestamp: &envelope.timestamp,
    };
    let hosts = sign::host::candidates(heads.host(), service, &envelope.region, &app.public_hosts);
    let signing = key.signing_key(authorization.date, authorization.service);
    sign::verify_tc3(authorization, &signing, &request, hosts, now / 1000).map_err(refusal)?;
    Ok(key)
}

fn algorithm(method: &str) -> Result<V1Algorithm, Error> {
    let name = if method.is_empty() { "HmacSHA1" } else { method };
    V1Algorithm::from_name(name).ok_or_else(|| {
        gateway::invalid_value(
            "SignatureMethod",
            method,
            "it must be HmacSHA1 or HmacSHA256",
            "应为 HmacSHA1 或 HmacSHA256",
        )
    })
}

type V1<'a> = (&'a ReceivedV1<'a, String>, &'a str, &'a str);

fn verify_v1(
    app: &App,
    heads: &Heads<'_>,
    (v1, service, region): V1<'_>,
    key: &AccessKey,
    now: i64,
) -> Result<(), Error> {
    if v1.timestamp.is_empty() {
        return Err(gateway::missing_parameter("Timestamp"));
    }
    check_nonce(v1.params)?;
    let hosts = sign::host::candidates(heads.host(), service, region, &app.public_hosts);
    sign::verify_v1(v1, key.secret_key.expose(), hosts, now / 1000).map_err(refusal)
}

/// The documentation says that it is positive; the Node SDK draws 0 once in some 131,000 requests.
fn check_nonce(pairs: &[(String, String)]) -> Result<(), Error> {
    let nonce = pairs.iter().find(|(name, _)| name == "Nonce").map(|(_, value)| value);
    let nonce = nonce.ok_or_else(|| gateway::missing_parameter("Nonce"))?;
    let wrong = |_| gateway::invalid_value("Nonce", nonce, "it must be a whole number, not negative", "应为非负整数");
    nonce.parse::<u64>().map(|_| ()).map_err(wrong)
}

fn refusal(error: VerifyError) -> Error {
    match error {
        VerifyError::Expired { timestamp, now } => gateway::signature_expired(timestamp, now),
        // A flood of these must cost little, and there is nothing more to say.
        VerifyError::Mismatch => gateway::signature_failure(),
        other => gateway::signature_failure().with_detail(other),
    }
}
