//! Why the operator's side does not do what it was asked to.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use engine::CancelError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A refusal: its HTTP status and what the body says.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    error: Cause,
}

/// The body of a refusal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body {
    /// Why.
    pub error: Cause,
}

/// Why a request was refused.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Cause {
    /// A word for programs: `unauthorized`, `not_found`, `no_such_route`, `method_not_allowed`, `bad_request`, `refused`, `internal`.
    pub code: String,
    /// For people: what is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, error: Cause { code: code.to_owned(), message: message.into() } }
    }

    /// 401: no token, or another one.
    #[must_use]
    pub fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 404, of the route itself.
    #[must_use]
    pub fn no_such_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_such_route", "there is no such route; GET /openapi.json lists them")
    }

    /// 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let message = "this route has other methods; GET /openapi.json lists them";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    /// 400: a parameter or the body is not what it should be.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 409: it cannot be done now.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "refused", message)
    }
}

impl Problem {
    /// 500: what should not happen.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        tracing::error!(%error, "an operator's request failed inside");
        Self::internal(error.to_string())
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound(_) => Self::not_found(error.to_string()),
            CancelError::Refused(why) => Self::refused(why),
            CancelError::Database(error) => error.into(),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Body { error: self.error })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
