//! The bearer token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};

use super::Admin;
use super::problem::Problem;

/// Lets a request through that bears the token.
pub async fn ask_token(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    match check(request.headers(), admin.token.expose()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(headers: &HeaderMap, token: &str) -> Result<(), Problem> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(given) if same(given, token) => Ok(()),
        Some(_) => {
            Err(Problem::unauthorized("the token is another one; the right one is in the data folder's admin.json"))
        }
        None => Err(Problem::unauthorized(
            "`Authorization: Bearer TOKEN` is missing; the token is in the data folder's admin.json",
        )),
    }
}

/// By digests, so that the time it takes tells nothing of the token.
fn same(given: &str, token: &str) -> bool {
    digest(&SHA256, given.as_bytes()).as_ref() == digest(&SHA256, token.as_bytes()).as_ref()
}
