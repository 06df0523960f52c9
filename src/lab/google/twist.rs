//! Misbehaviour at work: between each endpoint and the client.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::time::sleep;
use tokio_stream::StreamExt;

use super::answer::{no_token, refusal};
use super::world::World;
use super::{Endpoint, Misbehaviour, decode};

/// The largest request or answer that is taken into memory here, in bytes.
const BODY_LIMIT: usize = 32 << 20;
/// A piece of the huge body, and how many of them make 1 GiB.
static BLANKS: [u8; 64 << 10] = [b' '; 64 << 10];
const PIECES: usize = (1 << 30) / BLANKS.len();
const GARBAGE: &[u8] = b"\x00\xff\xfe{\"entries\": [[[[ tokenPayloadExternal \xc3\x28";

/// The endpoint, with every request counted, and with what it is to suffer.
pub(super) fn twisted(router: Router<Arc<World>>, world: &Arc<World>, endpoint: Endpoint) -> Router<Arc<World>> {
    router.layer(from_fn_with_state((Arc::clone(world), endpoint), twist))
}

async fn twist(State((world, endpoint)): State<(Arc<World>, Endpoint)>, mut request: Request, next: Next) -> Response {
    let misbehaviour = world.receive(endpoint);
    if endpoint == Endpoint::Decode {
        request = match noted(&world, request).await {
            Ok(request) => request,
            Err(refused) => return refused,
        };
    }
    match misbehaviour {
        None => next.run(request).await,
        Some(Misbehaviour::Refuse { status }) => refused(endpoint, status),
        Some(Misbehaviour::Redirect { location }) => redirected(&location),
        Some(misbehaviour) => {
            // A list that has not changed would have nothing to spoil.
            request.headers_mut().remove(IF_NONE_MATCH);
            spoilt(&world, misbehaviour, next.run(request).await).await
        }
    }
}

/// Counts the token that a request carries, before anything can happen to it.
async fn noted(world: &World, request: Request) -> Result<Request, Response> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await;
    let body = body.map_err(|_| refusal(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long, or was cut"))?;
    if let Some(token) = decode::token_in(&body) {
        world.note_token(&token);
    }
    Ok(Request::from_parts(head, Body::from(body)))
}

fn refused(endpoint: Endpoint, status: u16) -> Response {
    let status =
        StatusCode::from_u16(status).ok().filter(|status| status.is_client_error() || status.is_server_error());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match endpoint {
        Endpoint::Token | Endpoint::Metadata => no_token(status, "internal_failure", "told to refuse"),
        Endpoint::Decode | Endpoint::Status | Endpoint::Root => refusal(status, "told to refuse"),
    }
}

fn redirected(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response()
}

async fn spoilt(world: &Arc<World>, misbehaviour: Misbehaviour, answer: Response) -> Response {
    match misbehaviour {
        Misbehaviour::Refuse { .. } | Misbehaviour::Redirect { .. } => answer,
        Misbehaviour::Late { millis } => {
            tokio::select! { () = world.closed() => {}, () = sleep(Duration::from_millis(millis)) => {} }
            answer
        }
        Misbehaviour::Hang => {
            world.closed().await;
            answer
        }
        Misbehaviour::SlowBody { millis } => {
            with_body(answer, |body| slow(Arc::clone(world), body, Duration::from_millis(millis))).await
        }
        Misbehaviour::HugeBody => with_body(answer, huge).await,
        Misbehaviour::Cut => with_body(answer, cut).await,
        Misbehaviour::Garbage => with_body(answer, |_| Body::from(GARBAGE)).await,
        Misbehaviour::EmptyList => with_json(answer, |document| halve(document, 0)).await,
        Misbehaviour::HalvedList => with_json(answer, |document| halve(document, 2)).await,
        Misbehaviour::ExpiredTokens => with_json(answer, |document| expire(world, document)).await,
        Misbehaviour::OtherPackage { package } => with_json(answer, |document| rename(document, &package)).await,
    }
}

async fn with_body(answer: Response, change: impl FnOnce(Bytes) -> Body) -> Response {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(ETAG);
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    Response::from_parts(head, change(body))
}

async fn with_json(answer: Response, change: impl FnOnce(&mut Value)) -> Response {
    let changed = |body: Bytes| match serde_json::from_slice(&body) {
        Ok(mut document) => {
            change(&mut document);
            Body::from(document.to_string())
        }
        Err(_) => Body::from(body),
    };
    with_body(answer, changed).await
}

fn slow(world: Arc<World>, body: Bytes, pause: Duration) -> Body {
    Body::from_stream(stream::unfold((world, body), move |(world, mut rest)| async move {
        tokio::select! {
            () = world.closed() => return Some((Err(broken()), (Arc::clone(&world), Bytes::new()))),
            () = sleep(pause) => {}
        }
        let byte = (!rest.is_empty()).then(|| rest.split_to(1))?;
        Some((Ok(byte), (world, rest)))
    }))
}

fn huge(body: Bytes) -> Body {
    let blanks = stream::iter((0..PIECES).map(|_| Ok::<_, Infallible>(Bytes::from_static(&BLANKS))));
    Body::from_stream(blanks.chain(stream::iter([Ok(body)])))
}

fn cut(mut body: Bytes) -> Body {
    let half = body.split_to(body.len() / 2);
    Body::from_stream(stream::iter([Ok(half), Err(broken())]))
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

/// Leaves one of `of` entries, counted down from all; 0 leaves none.
fn halve(document: &mut Value, of: usize) {
    let Some(entries) = document.get_mut("entries").and_then(Value::as_object_mut) else { return };
    let left = entries.len().checked_div(of).unwrap_or(0);
    *entries = std::mem::take(entries).into_iter().take(left).collect();
}

fn expire(world: &World, document: &Value) {
    if let Some(token) = document.get("access_token").and_then(Value::as_str) {
        world.expire(token);
    }
}

fn rename(document: &mut Value, package: &str) {
    for name in ["/requestDetails/requestPackageName", "/appIntegrity/packageName"] {
        if let Some(name) = document.pointer_mut(&format!("/tokenPayloadExternal{name}")) {
            *name = package.into();
        }
    }
}
