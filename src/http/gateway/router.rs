//! What can be asked, and by whom.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use tokio::time::timeout;

use super::forward_auth::forward_auth;
use super::introspection::introspect;
use super::well_known::{INTROSPECTION, JWKS, configuration, jwks};
use crate::gateway::Gateway;
use crate::verifier::{Callers, Verifier};

/// The longest body that is read, in bytes: a token, encoded.
const BODY_LIMIT: usize = 32 * 1024;

/// What the answers are made from.
pub(super) struct Edge {
    pub(super) gateway: Gateway,
    pub(super) verifier: Arc<Verifier>,
    pub(super) callers: Callers,
    pub(super) call_timeout: Duration,
}

pub(super) fn router(edge: Edge) -> Router {
    let edge = Arc::new(edge);
    Router::new()
        .route("/forward-auth/{proxy}/{app}", routing::get(forward_auth))
        .route(INTROSPECTION, routing::post(introspect))
        .route(JWKS, routing::get(jwks))
        .route("/.well-known/bonafide-configuration", routing::get(configuration))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(Arc::clone(&edge), in_time))
        .with_state(edge)
}

async fn in_time(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let answer = timeout(edge.call_timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}
