//! Forward-auth: a proxy asks about each request of its clients before it passes the request on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::proxy::{Proxy, fields};
use super::router::{Edge, Known};
use crate::gateway::{Answer, Body as ShownBody, CALLER_KEY, PROBLEM, Request, Route, RouteFault};
use crate::telemetry::GatewayKind;
use crate::verifier::Caller;

/// The longest settings that are looked at, in bytes.
const QUERY_LIMIT: usize = 256;

/// `GET /forward-auth/{proxy}/{app}`, with the route's further settings as query: 200 with the identity and no body, or what the
/// client should get.
pub(super) async fn forward_auth(
    State(edge): State<Arc<Edge>>,
    Path((proxy, app)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(proxy) = Proxy::named(&proxy) else { return StatusCode::NOT_FOUND.into_response() };
    let Some(caller) = caller(&edge, &headers) else {
        // Not 403: clients would take it for what is thought of their phone.
        edge.strangers.tell();
        return response(proxy.kind, edge.gateway.unable(proxy.kind));
    };
    let query = query.unwrap_or_default();
    let answer = match route(&edge, &app, &query) {
        Ok(route) => answer(&edge, proxy, &caller, (&route, &query), &headers).await,
        Err(fault) => {
            tracing::error!(error = %fault, caller = caller.name.as_str(), "a route of the gateway cannot be judged");
            edge.gateway.unable(proxy.kind)
        }
    };
    let mut response = response(proxy.kind, answer);
    response.extensions_mut().insert(Known);
    response
}

/// The caller whose key stands there once. It has a field of its own, since Authorization is the client's.
fn caller(edge: &Edge, headers: &HeaderMap) -> Option<Arc<Caller>> {
    let mut keys = headers.get_all(CALLER_KEY).iter();
    let key = keys.next().map(HeaderValue::as_bytes);
    if keys.next().is_some() { None } else { edge.callers.with_key(key) }
}

fn route(edge: &Edge, app: &str, query: &str) -> Result<Route, RouteFault> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let settings = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    if query.len() > QUERY_LIMIT {
        return Err(RouteFault::Setting);
    }
    Route::read(edge.gateway.rules(), std::iter::once(("app", app)).chain(settings))
}

async fn answer(
    edge: &Edge,
    proxy: Proxy,
    caller: &Caller,
    (route, settings): (&Route, &str),
    headers: &HeaderMap,
) -> Answer {
    let fields = fields(headers);
    // A proxy that is told of no settings may ask with the client's own query in their place: Caddy does.
    let described =
        proxy.described(&fields).filter(|described| settings.is_empty() || !ends_in(described.path, settings));
    let Some(described) = described else { return edge.gateway.misdescribed(proxy.kind, route) };
    let request = Request {
        route,
        method: described.method,
        scheme: described.scheme,
        authority: described.authority,
        path: described.path,
        fields,
        client_address: described.client_address,
        client_certificate: None,
        body: ShownBody::NotShown,
    };
    edge.gateway.answer(proxy.kind, caller, &request).await
}

fn ends_in(target: &[u8], query: &str) -> bool {
    let asked = target.iter().position(|byte| *byte == b'?').and_then(|at| target.get(at + 1..));
    asked == Some(query.as_bytes())
}

fn response(kind: GatewayKind, answer: Answer) -> Response {
    let mut response = match answer.refusal {
        None => told(StatusCode::OK, answer.identity.fields(), Body::empty()),
        Some(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            // nginx passes on no body of such an answer.
            let problem = (kind == GatewayKind::Nginx).then(|| (PROBLEM, refusal.body.clone()));
            told(status, refusal.fields.into_iter().chain(problem), refusal.body.into())
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer with these fields, all of which are plain text; one that was not would be left out, and the request refused.
fn told<V: AsRef<str>>(
    status: StatusCode,
    fields: impl IntoIterator<Item = (&'static str, V)>,
    body: Body,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in fields {
        match HeaderValue::try_from(value.as_ref()) {
            Ok(value) => _ = response.headers_mut().insert(HeaderName::from_static(name), value),
            Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
        }
    }
    response
}
