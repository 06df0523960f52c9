//! What Google publishes about attestation keys: the list of those that hold no longer, and the roots.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use data_encoding::HEXLOWER;
use serde_json::json;

use super::Endpoint;
use super::twist::twisted;
use super::world::World;
use crate::crypto::digest::sha256;

pub(super) fn routes(world: &Arc<World>) -> Router<Arc<World>> {
    let status = Router::new().route("/attestation/status", routing::get(status));
    let root = Router::new().route("/attestation/root", routing::get(root));
    twisted(status, world, Endpoint::Status).merge(twisted(root, world, Endpoint::Root))
}

async fn status(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    let list = world.list();
    let text = json!({"entries": list.entries}).to_string();
    let tag = format!("\"{}\"", HEXLOWER.encode(&sha256(text.as_bytes())));
    let unchanged = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let about = [
        (CACHE_CONTROL, format!("public, max-age={}", list.max_age.as_secs())),
        (AGE, list.age.as_secs().to_string()),
        (ETAG, tag),
    ];
    match unchanged {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, [(CONTENT_TYPE, "application/json")], text).into_response(),
    }
}

async fn root(State(world): State<Arc<World>>) -> Response {
    Json(world.roots()).into_response()
}
