//! What can be asked, and by whom.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use tokio::time::timeout;

use super::forward_auth::forward_auth;
use super::introspection::introspect;
use super::strangers::Strangers;
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
    pub(super) strangers: Strangers,
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
        .layer(from_fn(for_gateways))
        .with_state(edge)
}

/// Marks the answers to callers that have shown their key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

/// Closes the connection of whoever has shown no key with the first answer: it holds a place that gateways need.
async fn for_gateways(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.extensions().get::<Known>().is_none() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn in_time(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let answer = timeout(edge.call_timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}
