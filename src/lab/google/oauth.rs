//! Access tokens: the token endpoint (RFC 7523) and the metadata server.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde::Deserialize;
use serde_json::json;

use super::Endpoint;
use super::answer::{no_token, refusal};
use super::twist::twisted;
use super::world::World;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const METADATA: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const FLAVOR: &str = "metadata-flavor";

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: Option<String>,
    assertion: Option<String>,
}

#[derive(Deserialize)]
struct MetadataRequest {
    scopes: Option<String>,
}

pub(super) fn routes(world: &Arc<World>) -> Router<Arc<World>> {
    let token = Router::new().route("/token", routing::post(token));
    let metadata = Router::new().route(METADATA, routing::get(metadata));
    twisted(token, world, Endpoint::Token).merge(twisted(metadata, world, Endpoint::Metadata))
}

async fn token(State(world): State<Arc<World>>, Form(request): Form<TokenRequest>) -> Response {
    if request.grant_type.as_deref() != Some(JWT_BEARER) {
        return no_token(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type is not the JWT bearer's");
    }
    match world.scopes(&request.assertion.unwrap_or_default()) {
        Ok(scopes) => issued(&world, scopes),
        Err((error, description)) => no_token(StatusCode::BAD_REQUEST, error, description),
    }
}

/// What asks without the header may be a page in a browser: it learns nothing.
async fn metadata(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Query(request): Query<MetadataRequest>,
) -> Response {
    if headers.get(FLAVOR).is_none_or(|flavor| flavor != "Google") {
        return refusal(StatusCode::FORBIDDEN, "the header Metadata-Flavor: Google is missing");
    }
    let scopes = request.scopes.unwrap_or_default();
    let answer = issued(&world, scopes.split([',', ' ']).map(str::to_owned).collect());
    ([(FLAVOR, "Google")], answer).into_response()
}

fn issued(world: &World, scopes: BTreeSet<String>) -> Response {
    match world.issue(scopes) {
        Ok((token, seconds)) => {
            Json(json!({"access_token": token, "expires_in": seconds, "token_type": "Bearer"})).into_response()
        }
        Err(fault) => no_token(StatusCode::INTERNAL_SERVER_ERROR, "internal_failure", &fault.to_string()),
    }
}
