//! Look at tasks.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use db::Tx;
use engine::{InspectFilter, Inspected, Status, TaskId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::{Steps, Task, TaskDetail, TaskPage};
use crate::admin::Admin;
use crate::admin::problem::{Body, Problem};

/// The longest page.
const LONGEST: u32 = 1000;

/// Which tasks to list; what is not given lets all pass.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `preparing`, `running`, `succeed`, `failed` or `error`.
    status: Option<String>,
    /// The kind, for example `ClearInstance`.
    kind: Option<String>,
    /// The instance's id.
    instance: Option<String>,
    /// The account's uin.
    account: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "usual")]
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: u32,
    /// How many to leave out.
    #[serde(default)]
    offset: u32,
}

fn usual() -> u32 {
    50
}

impl Wanted {
    fn filter(self) -> Result<InspectFilter, Problem> {
        if !(1..=LONGEST).contains(&self.limit) {
            return Err(Problem::bad_request(format!("`limit` is {}; it must be 1 to {LONGEST}", self.limit)));
        }
        let status = self.status.map(|word| Status::parse(&word).ok_or_else(|| no_status(&word))).transpose()?;
        let Self { kind, instance: subject, account: tenant, offset, limit, .. } = self;
        Ok(InspectFilter { status, kind, subject, tenant, offset, limit })
    }
}

fn no_status(word: &str) -> Problem {
    let known = Status::ALL.map(Status::as_str).join(", ");
    Problem::bad_request(format!("`status` is `{word}`; it must be one of {known}"))
}

/// Lists tasks of all accounts, the newest first.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(Wanted),
    responses((status = 200, body = TaskPage), (status = 400, body = Body)))]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<TaskPage>, Problem> {
    let filter = wanted?.0.filter()?;
    let (tasks, more) = admin.app.db.read(|tx| admin.app.engine.inspect_list(tx, &filter))?;
    Ok(Json(TaskPage { tasks: tasks.into_iter().map(Task::from).collect(), more }))
}

/// Shows one task with its steps.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = i64, Path, description = "The TaskId")),
    responses((status = 200, body = TaskDetail), (status = 404, body = Body)))]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Json<TaskDetail>, Problem> {
    Ok(Json(admin.app.db.read(|tx| detail(&admin, tx, id?.0))?))
}

/// Shows the steps of one task.
#[utoipa::path(get, path = "/tasks/{id}/steps", tag = "tasks", params(("id" = i64, Path, description = "The TaskId")),
    responses((status = 200, body = Steps), (status = 404, body = Body)))]
pub(super) async fn steps(
    State(admin): State<Arc<Admin>>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Json<Steps>, Problem> {
    Ok(Json(admin.app.db.read(|tx| detail(&admin, tx, id?.0))?.log))
}

/// A task with its steps, as they are now.
pub(super) fn detail(admin: &Admin, tx: &Tx<'_>, id: i64) -> Result<TaskDetail, Problem> {
    let task = find(admin, tx, id)?;
    let log = admin.app.engine.history(tx, &task)?.into();
    Ok(TaskDetail { task: task.into(), log })
}

/// A task.
pub(super) fn find(admin: &Admin, tx: &Tx<'_>, id: i64) -> Result<Inspected, Problem> {
    let found = admin.app.engine.inspect(tx, TaskId(id))?;
    found.ok_or_else(|| Problem::not_found(format!("there is no task {id}")))
}
