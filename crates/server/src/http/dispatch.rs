//! The pipeline, top to bottom: what happens to every request.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use api::ActionInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};

use super::answer::{self, Answer};
use super::envelope::{self, Envelope};
use super::heads::Heads;
use super::noted::Noted;
use super::received::Received;
use super::{domain, shape};
use crate::action::Opened;
use crate::app::App;
use crate::audit::record::{self, ANSWERED};
use crate::auth::authenticate;
use crate::auth::authorise::{self, Sight};
use crate::context::Context;
use crate::error::{Error, Language, gateway};
use crate::ids::RequestId;
use crate::model::region::{self, Region};
use crate::model::wire_time;

/// A client's own id of the request, which it wants back.
const TRACE: HeaderName = HeaderName::from_static("x-tc-traceid");

/// How long an action may wait for a shared database.
const PATIENCE: Duration = Duration::from_secs(8);

/// Answers one request; whatever goes wrong is an answer too.
pub async fn dispatch(app: &App, mut request: Request<Incoming>, peer: SocketAddr) -> Answer {
    let begun = Instant::now();
    let request_id = RequestId::random();
    let mut noted = Noted::default();
    let trace = request.headers().get(TRACE).cloned();
    let peer = app.proxies.client(peer, request.headers());
    let ended = answer(app, &mut request, peer, request_id, &mut noted).await;
    let code = ended.as_ref().err().map(|error| error.code);
    app.metrics.requests.ended(noted.line, code, begun.elapsed());
    if app.audit.wants(&noted.kind(code.unwrap_or(ANSWERED)), &app.clock) {
        let time = wire_time::utc(app.clock.now_ms());
        app.audit.add(noted.record(time, request_id, peer, &ended, begun.elapsed())).await;
    }
    let mut answered = match ended {
        Ok(object) => answer::success(object, request_id, noted.takes_gzip),
        Err(error) => {
            log(&error, request_id, peer);
            answer::failure(&error, noted.language, request_id)
        }
    };
    if noted.is_doubtful {
        answered.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(trace) = trace {
        answered.headers_mut().insert(TRACE, trace);
    }
    answered
}

/// What a client is told that speaks plain HTTP where only HTTPS is answered.
#[must_use]
pub fn refuse_plain(request: &Request<Incoming>) -> Answer {
    let language = request.headers().get("x-tc-language").and_then(|value| value.to_str().ok());
    let language = language.map_or_else(Language::default, Language::parse);
    let mut answered = answer::failure(&gateway::https_only(), language, RequestId::random());
    answered.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answered
}

async fn answer(
    app: &App,
    request: &mut Request<Incoming>,
    peer: SocketAddr,
    request_id: RequestId,
    noted: &mut Noted,
) -> Result<Opened, Error> {
    // Read the envelope.
    let received = Received::read(request, peer, app).await?;
    let heads = Heads::of(&received);
    noted.language = envelope::language(&heads);
    noted.takes_gzip = heads.takes_gzip;
    noted.is_doubtful = heads.is_doubtful();
    // Clients sign with their own time, so a date that was moved on is not asked here.
    let steady = app.clock.steady_ms();
    // How often, before anything is believed?
    app.limiter.arrived(peer.ip(), steady)?;
    let mut envelope = envelope::read(&heads).await?;
    // Find the action.
    let info = find(&envelope, &heads)?;
    noted.names(info);
    // Who is asking?
    let key = authenticate::authenticate(app, &heads, &envelope, info, steady).inspect_err(|error| {
        // A store that is away or a parameter that is missing says nothing against the address.
        if error.code.starts_with("AuthFailure") {
            app.limiter.failed(peer.ip(), steady);
        }
        noted.claims(envelope.signature.secret_id());
    })?;
    let caller = key.caller.clone();
    noted.key = Some(key);
    // Where, and may that be asked here?
    let region = region_of(&envelope, info)?;
    noted.region = region;
    domain::check(heads.host(), info.service, region, &app.config.regions.domains)?;
    // How often?
    app.limiter.asked(&caller, region, info, steady)?;
    // Parse the shape.
    let params = shape::check(info.request, std::mem::take(&mut envelope.params), envelope.notation)?;
    if app.audit.wants(&noted.kind(ANSWERED), &app.clock) {
        noted.resources = record::names(&params);
    }
    let run = app.actions.find(info).ok_or_else(|| gateway::not_there_yet(info.name))?;
    let now = steady + app.clock.leapt_ms();
    let mut context = Context { request_id, caller, region, language: noted.language, peer, now, sight: Sight::All };
    // May they, on what it works on?
    context.sight = authorise::check(app, &context, info, &params)?;
    // What a tester has planned for it; kept inside until it is answered.
    let _inside = match &app.levers {
        Some(levers) => Some(levers.admit(app, &context, info, &params).await?),
        None => None,
    };
    // Handle.
    in_time(app, run(&context, app, params)).await
}

/// A shared database may go away in the middle of a change; the client is not kept waiting until it is back.
async fn in_time(app: &App, handled: impl Future<Output = Result<Opened, Error>>) -> Result<Opened, Error> {
    if !app.db.is_shared() {
        return handled.await;
    }
    let late = |_| gateway::in_doubt(format!("no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, handled).await.map_err(late)?
}

fn find(envelope: &Envelope<'_>, heads: &Heads<'_>) -> Result<&'static ActionInfo, Error> {
    let service = authenticate::service(envelope, heads.host())?;
    api::find(service, &envelope.version, &envelope.action).ok_or_else(|| {
        let versions = api::services().iter().filter(|(name, _)| *name == service).map(|(_, version)| *version);
        if versions.clone().any(|version| version == envelope.version) {
            return gateway::invalid_action(service, &envelope.version, &envelope.action);
        }
        let known: Vec<_> = versions.map(|version| format!("`{version}`")).collect();
        gateway::no_such_version(&envelope.version, &known.join(", "))
    })
}

/// Redis needs a region; the helper services take one or none.
fn region_of(envelope: &Envelope<'_>, info: &ActionInfo) -> Result<Option<&'static Region>, Error> {
    match envelope.region.as_ref() {
        "" if info.service == "redis" => Err(gateway::missing_parameter("Region")),
        "" => Ok(None),
        name => region::find(name).map(Some).ok_or_else(|| gateway::unsupported_region(name)),
    }
}

fn log(error: &Error, request_id: RequestId, peer: SocketAddr) {
    if error.code == "InternalError" {
        tracing::error!(%request_id, %peer, %error, "a request failed inside");
    } else {
        tracing::debug!(%request_id, %peer, %error, "a request was refused");
    }
}
