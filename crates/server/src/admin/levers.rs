//! The levers for those who test clients; these routes are there only when the levers are on.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::problem::{Body, Problem};
use super::{Admin, Routes};
use crate::levers::pace::NewPace;
use crate::levers::plan::NewPlan;
use crate::levers::reset::{Reset, ResetError};
use crate::levers::view::Overview;
use crate::levers::{LeapError, LeverError, Levers};

/// The family's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(overview))
        .routes(routes!(plan))
        .routes(routes!(cancel))
        .routes(routes!(pace))
        .routes(routes!(leap))
        .routes(routes!(release))
        .routes(routes!(reset))
}

/// The number of a plan.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Planned {
    /// By it the plan is listed and cancelled.
    pub plan: i64,
}

/// How far the date is to be moved.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leap {
    /// Forward, in milliseconds.
    pub forward_ms: i64,
}

/// Where the date is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Date {
    /// How far it is ahead of the true one, in milliseconds.
    pub leapt_ms: i64,
    /// The date that the server shows now.
    pub now: String,
}

/// What a reset did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// So many nodes were removed.
    pub nodes: usize,
    /// So many tasks were deleted.
    pub tasks: usize,
    /// So many instances of the seed are there.
    pub seeded: usize,
}

type Asked = State<Arc<Admin>>;
type Number = Result<Path<i64>, PathRejection>;

/// The router asks for the levers before it has these routes; whoever comes here without is told what the router says.
fn levers(admin: &Admin) -> Result<&Levers, Problem> {
    admin.app.levers.as_deref().ok_or_else(off)
}

fn resetter(admin: &Admin) -> Result<Arc<Reset>, Problem> {
    admin.reset.clone().ok_or_else(off)
}

fn off() -> Problem {
    Problem::not_found("the test levers are off; start the server with --test-levers")
}

/// All that the levers hold: plans, what has come of them, paces, the date, the seed.
#[utoipa::path(get, path = "/levers", tag = "levers", responses((status = 200, body = Overview)))]
async fn overview(State(admin): Asked) -> Result<Json<Overview>, Problem> {
    Ok(Json(levers(&admin)?.overview(&admin.app)?))
}

/// Plans what happens to the next tasks, or to the next requests, that fit.
#[utoipa::path(post, path = "/levers/plans", tag = "levers", request_body = NewPlan,
    responses((status = 200, body = Planned), (status = 400, body = Body)))]
async fn plan(State(admin): Asked, new: Result<Json<NewPlan>, JsonRejection>) -> Result<Json<Planned>, Problem> {
    Ok(Json(Planned { plan: levers(&admin)?.plan(new?.0).await? }))
}

/// Takes away what is left of a plan. Tasks that it has taken go on as planned.
#[utoipa::path(post, path = "/levers/plans/{id}/cancel", tag = "levers", params(("id" = i64, Path, description = "The plan")),
    responses((status = 200, body = Planned), (status = 404, body = Body)))]
async fn cancel(State(admin): Asked, id: Number) -> Result<Json<Planned>, Problem> {
    let Path(plan) = id?;
    if levers(&admin)?.cancel(plan).await? {
        return Ok(Json(Planned { plan }));
    }
    Err(Problem::not_found(format!("there is no plan {plan}; GET /levers lists them")))
}

/// Sets how fast the tasks of a kind go, or of all kinds; an empty pace takes it away.
#[utoipa::path(post, path = "/levers/pace", tag = "levers", request_body = NewPace,
    responses((status = 200, body = Overview), (status = 400, body = Body)))]
async fn pace(State(admin): Asked, new: Result<Json<NewPace>, JsonRejection>) -> Result<Json<Overview>, Problem> {
    levers(&admin)?.set_pace(new?.0).await?;
    overview(State(admin)).await
}

/// Moves the date forward; only a reset brings the true one back.
#[utoipa::path(post, path = "/levers/clock", tag = "levers", request_body = Leap,
    responses((status = 200, body = Date), (status = 400, body = Body), (status = 409, body = Body)))]
async fn leap(State(admin): Asked, leap: Result<Json<Leap>, JsonRejection>) -> Result<Json<Date>, Problem> {
    let leapt_ms = levers(&admin)?.leap(&admin.app, leap?.0.forward_ms).await?;
    Ok(Json(Date { leapt_ms, now: admin.app.wire_time(admin.app.clock.now_ms()) }))
}

/// Lets a task go on that polls hold, as if it had been asked for often enough.
#[utoipa::path(post, path = "/levers/tasks/{id}/release", tag = "levers", params(("id" = i64, Path, description = "The TaskId")),
    responses((status = 200, body = Overview), (status = 409, body = Body)))]
async fn release(State(admin): Asked, id: Number) -> Result<Json<Overview>, Problem> {
    let Path(task) = id?;
    if levers(&admin)?.release(&admin.app, task).await? {
        return overview(State(admin)).await;
    }
    Err(Problem::refused(format!("no polls hold task {task}")))
}

/// Destroys every instance, deletes all tasks, plans and paces, brings the true date back, and makes the seed.
#[utoipa::path(post, path = "/levers/reset", tag = "levers",
    responses((status = 200, body = Done), (status = 409, body = Body), (status = 500, body = Body)))]
async fn reset(State(admin): Asked) -> Result<Json<Done>, Problem> {
    let reset = resetter(&admin)?;
    // On a task of its own: whoever asked may go away, and half a reset is none.
    let done = tokio::spawn(async move { reset.reset().await }).await;
    let done = done.map_err(|_| Problem::internal("the reset stopped unexpectedly; the log says more"))??;
    Ok(Json(Done { nodes: done.nodes, tasks: done.tasks, seeded: done.seeded }))
}

impl From<LeverError> for Problem {
    fn from(error: LeverError) -> Self {
        match error {
            LeverError::Invalid(invalid) => Self::bad_request(invalid.to_string()),
            LeverError::Database(error) => error.into(),
        }
    }
}

impl From<LeapError> for Problem {
    fn from(error: LeapError) -> Self {
        match error {
            LeapError::OutOfRange(_) => Self::bad_request(error.to_string()),
            LeapError::Shared => Self::refused(error.to_string()),
            LeapError::Database(error) => error.into(),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Off => off(),
            ResetError::Busy | ResetError::Shared | ResetError::Seed(_) => Self::refused(error.to_string()),
            ResetError::Database(error) => error.into(),
            ResetError::Node(..) | ResetError::Nodes(_) | ResetError::Planting(_) => Self::internal(error.to_string()),
        }
    }
}
