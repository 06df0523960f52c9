//! `POST /v1/{package}:decodeIntegrityToken`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde::Deserialize;
use serde_json::json;

use super::Endpoint;
use super::account::SCOPE;
use super::answer::refusal;
use super::twist::twisted;
use super::world::{Undecoded, World};

#[derive(Deserialize)]
struct DecodeRequest {
    #[serde(rename = "integrityToken", alias = "integrity_token")]
    integrity_token: String,
}

pub(super) fn routes(world: &Arc<World>) -> Router<Arc<World>> {
    twisted(Router::new().route("/v1/{method}", routing::post(decode)), world, Endpoint::Decode)
}

/// The token in the body of a request, if there is one.
pub(super) fn token_in(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<DecodeRequest>(body).ok().map(|request| request.integrity_token)
}

async fn decode(
    State(world): State<Arc<World>>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(package) = method.strip_suffix(":decodeIntegrityToken") else {
        return refusal(StatusCode::NOT_FOUND, "there is no such method");
    };
    if let Some(refused) = unauthorised(&world, &headers) {
        return refused;
    }
    let Some(token) = token_in(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "the request is not a decode request");
    };
    match world.decode(package, &token) {
        Ok(payload) => Json(json!({"tokenPayloadExternal": payload})).into_response(),
        Err(undecoded) => undecoded.into_response(),
    }
}

/// The refusal of a request without a bearer that may decode.
fn unauthorised(world: &World, headers: &HeaderMap) -> Option<Response> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match bearer.and_then(|token| world.authority(token)) {
        None => Some(refusal(StatusCode::UNAUTHORIZED, "no access token that holds")),
        Some(scopes) if !scopes.contains(SCOPE) => {
            Some(refusal(StatusCode::FORBIDDEN, "the access token has another scope"))
        }
        Some(_) => None,
    }
}

impl IntoResponse for Undecoded {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::NoSuchPackage => (StatusCode::NOT_FOUND, "there is no such package"),
            Self::NotLinked => (StatusCode::FORBIDDEN, "the package is linked to another project"),
            Self::QuotaSpent => (StatusCode::TOO_MANY_REQUESTS, "the quota of the day is spent"),
            Self::NoSuchToken => (StatusCode::BAD_REQUEST, "the integrity token cannot be decoded for this package"),
        };
        refusal(status, message)
    }
}
