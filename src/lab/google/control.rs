//! The control plane: everything that the handle can do, over HTTP below `/lab` (`docs/lab.md`).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::refusal;
use super::server::opaque;
use super::world::World;
use super::{Endpoint, Link, Misbehaviour, SCOPE, Times};
use crate::lab::LabFault;

type Google = State<Arc<World>>;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/lab/service-account", get(service_account))
        .route("/lab/access-tokens", post(access_token).delete(expire_access_tokens))
        .route("/lab/packages", put(package))
        .route("/lab/tokens", post(mint))
        .route("/lab/decodes", get(decodes))
        .route("/lab/requests", get(requests))
        .route("/lab/list", put(list))
        .route("/lab/roots", put(roots))
        .route("/lab/misbehaviour", put(misbehave).delete(behave))
        .route("/lab/state", delete(reset))
}

async fn service_account(State(world): Google) -> Response {
    made(world.key_file())
}

async fn access_token(State(world): Google) -> Response {
    let issued = world.issue([SCOPE.to_owned()].into());
    made(issued.map(|(token, seconds)| json!({"access_token": token, "expires_in": seconds})))
}

async fn expire_access_tokens(State(world): Google) -> StatusCode {
    world.expire_all();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageOrder {
    package: String,
    link: Option<Link>,
    quota: Option<u64>,
}

async fn package(State(world): Google, Json(order): Json<PackageOrder>) -> StatusCode {
    world.link(&order.package, order.link.unwrap_or(Link::Linked));
    if let Some(quota) = order.quota {
        world.allow_per_day(&order.package, quota);
    }
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MintOrder {
    package: String,
    payload: Value,
    token: Option<String>,
}

async fn mint(State(world): Google, Json(order): Json<MintOrder>) -> Response {
    made(order.token.map_or_else(opaque, Ok).map(|token| {
        world.adopt(token.clone(), &order.package, order.payload);
        json!({"token": token})
    }))
}

#[derive(Deserialize)]
struct Which {
    token: Option<String>,
}

async fn decodes(State(world): Google, Query(which): Query<Which>) -> Response {
    let all = world.decodes();
    match which.token {
        Some(token) => Json(all.get(&token).copied().unwrap_or_default()).into_response(),
        None => Json(all).into_response(),
    }
}

async fn requests(State(world): Google) -> Response {
    Json(world.asked()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListOrder {
    entries: Option<Map<String, Value>>,
    max_age: Option<u64>,
    age: Option<u64>,
}

async fn list(State(world): Google, Json(order): Json<ListOrder>) -> StatusCode {
    world.edit_list(|list| {
        if let Some(entries) = order.entries {
            list.entries = entries;
        }
        list.max_age = order.max_age.map_or(list.max_age, Duration::from_secs);
        list.age = order.age.map_or(list.age, Duration::from_secs);
    });
    StatusCode::NO_CONTENT
}

async fn roots(State(world): Google, Json(roots): Json<Vec<String>>) -> StatusCode {
    world.publish(roots);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MisbehaviourOrder {
    endpoint: Endpoint,
    misbehaviour: Misbehaviour,
    times: Option<u32>,
}

async fn misbehave(State(world): Google, Json(order): Json<MisbehaviourOrder>) -> StatusCode {
    let times = order.times.map_or(Times::Always, Times::Next);
    world.misbehave(order.endpoint, order.misbehaviour, times);
    StatusCode::NO_CONTENT
}

async fn behave(State(world): Google) -> StatusCode {
    world.behave();
    StatusCode::NO_CONTENT
}

async fn reset(State(world): Google) -> StatusCode {
    world.reset();
    StatusCode::NO_CONTENT
}

fn made(outcome: Result<Value, LabFault>) -> Response {
    match outcome {
        Ok(document) => Json(document).into_response(),
        Err(fault) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &fault.to_string()),
    }
}
