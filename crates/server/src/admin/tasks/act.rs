//! Act on a task. Each act is one transaction, and stands in the task's log with who and why.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{ConnectInfo, Path, State};
use db::Tx;
use engine::{Engine, Operator, Status, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read;
use super::view::TaskDetail;
use crate::admin::Admin;
use crate::admin::problem::{Body, Problem};

/// The longest reason, and the longest name, in bytes.
const LONGEST: usize = 1000;

/// Who acts, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acting {
    /// Why; kept in the task's log.
    reason: String,
    /// Who, as you call yourself; kept with the address that the request came from.
    #[serde(default)]
    by: String,
}

impl Acting {
    fn operator(self, from: SocketAddr) -> Result<Operator, Problem> {
        let (reason, by) = (self.reason.trim(), self.by.trim());
        if reason.is_empty() {
            return Err(Problem::bad_request("`reason` is empty; say why, it is kept in the task's log"));
        }
        if reason.len() > LONGEST || by.len() > LONGEST {
            return Err(Problem::bad_request(format!("`reason` and `by` may have {LONGEST} bytes each")));
        }
        let by = if by.is_empty() { "somebody" } else { by };
        Ok(Operator { name: format!("{by} from {}", from.ip()), reason: reason.to_owned() })
    }
}

/// An act of the engine, which answers whether the task was in `error`.
type Act = fn(&Engine, &Tx<'_>, TaskId, &Operator) -> Result<bool, db::Error>;
/// What every act is asked with.
type Asked = (State<Arc<Admin>>, ConnectInfo<SocketAddr>, Result<Path<i64>, PathRejection>);

/// Has a task in `error` tried again from where it stopped, with new deadlines.
#[utoipa::path(post, path = "/tasks/{id}/retry", tag = "tasks", params(("id" = i64, Path, description = "The TaskId")),
    request_body = Acting,
    responses((status = 200, body = TaskDetail), (status = 404, body = Body), (status = 409, body = Body)))]
pub(super) async fn retry(
    asked: Asked,
    acting: Result<Json<Acting>, JsonRejection>,
) -> Result<Json<TaskDetail>, Problem> {
    in_error(asked, acting?.0, "retried", Engine::retry).await
}

/// Gives up a task in `error`: it ends as `failed` with whatever it has left behind, and its instance is free.
#[utoipa::path(post, path = "/tasks/{id}/abandon", tag = "tasks", params(("id" = i64, Path, description = "The TaskId")),
    request_body = Acting,
    responses((status = 200, body = TaskDetail), (status = 404, body = Body), (status = 409, body = Body)))]
pub(super) async fn abandon(
    asked: Asked,
    acting: Result<Json<Acting>, JsonRejection>,
) -> Result<Json<TaskDetail>, Problem> {
    in_error(asked, acting?.0, "abandoned", Engine::abandon).await
}

/// Cancels a task that has not passed its point of no return: what it did is undone, and it ends as `failed`.
#[utoipa::path(post, path = "/tasks/{id}/cancel", tag = "tasks", params(("id" = i64, Path, description = "The TaskId")),
    request_body = Acting,
    responses((status = 200, body = TaskDetail), (status = 404, body = Body), (status = 409, body = Body)))]
pub(super) async fn cancel(
    asked: Asked,
    acting: Result<Json<Acting>, JsonRejection>,
) -> Result<Json<TaskDetail>, Problem> {
    let (State(admin), ConnectInfo(from), id) = asked;
    let (id, operator) = (id?.0, acting?.0.operator(from)?);
    tracing::info!(task = id, by = operator.name, reason = operator.reason, "to be cancelled by an operator");
    let inside = Arc::clone(&admin);
    let detail = admin.app.db.write(move |tx| {
        inside.app.engine.cancel(tx, TaskId(id), &operator)?;
        read::detail(&inside, tx, id)
    });
    Ok(Json(detail.await?))
}

/// Does what is only for tasks in `error`.
async fn in_error(
    (State(admin), ConnectInfo(from), id): Asked,
    acting: Acting,
    word: &'static str,
    act: Act,
) -> Result<Json<TaskDetail>, Problem> {
    let (id, operator) = (id?.0, acting.operator(from)?);
    tracing::info!(task = id, by = operator.name, reason = operator.reason, "to be {word} by an operator");
    let inside = Arc::clone(&admin);
    let detail = admin.app.db.write(move |tx| {
        if act(&inside.app.engine, tx, TaskId(id), &operator)? {
            return read::detail(&inside, tx, id);
        }
        let status = read::find(&inside, tx, id)?.task.status;
        Err(Problem::refused(format!("task {id} is {status}; only one in {} can be {word}", Status::Error)))
    });
    Ok(Json(detail.await?))
}
