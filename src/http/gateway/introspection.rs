//! Introspection (RFC 7662), in plain JSON or signed (RFC 9701).

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::negotiation::prefers;
use super::router::{Edge, Known};
use crate::time::Timestamp;
use crate::verifier::{CallFault, Caller, Introspected};

/// The media type of answers.
const PLAIN: &str = "application/json";
/// The media type of signed ones.
const SIGNED: &str = "application/token-introspection+jwt";

/// What is asked. A hint of the token's type changes nothing.
#[derive(Deserialize)]
pub(super) struct Asked {
    token: String,
}

/// `POST /introspect`: what a token is worth to the caller. Whatever is not a token for it that counts is not active, and nothing
/// more is said.
pub(super) async fn introspect(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    asked: Result<Form<Asked>, FormRejection>,
) -> Response {
    let Some(caller) = caller(&edge, &headers) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer realm=\"bonafide\"")]).into_response();
    };
    let Ok(Form(asked)) = asked else {
        return answered(StatusCode::BAD_REQUEST, json!({ "error": "invalid_request" }));
    };
    match answer(&edge, &caller, &headers, &asked.token).await {
        Ok(mut response) => {
            response.extensions_mut().insert(Known);
            response
        }
        Err(fault) => {
            tracing::warn!(error = %fault, caller = caller.name.as_str(), "a token could not be looked at");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The caller with the one bearer key of the question.
fn caller(edge: &Edge, headers: &HeaderMap) -> Option<Arc<Caller>> {
    let mut keys = headers.get_all(AUTHORIZATION).iter();
    let key = keys.next().map(HeaderValue::as_bytes);
    let (scheme, key) = key.and_then(|key| key.split_at_checked(7)).unzip();
    let bearer = scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    if keys.next().is_some() || !bearer { None } else { edge.callers.with_key(key) }
}

async fn answer(edge: &Edge, caller: &Caller, headers: &HeaderMap, token: &str) -> Result<Response, CallFault> {
    let found = edge.verifier.introspect(caller, token).await?;
    let members = found.map_or_else(inactive, |found| active(&found));
    if !prefers(headers, SIGNED, PLAIN) {
        return Ok(answered(StatusCode::OK, Value::Object(members)));
    }
    let signed = edge.verifier.signed_introspection(caller, members)?;
    Ok(signed.map_or_else(|| StatusCode::NOT_ACCEPTABLE.into_response(), |signed| stated(SIGNED, signed)))
}

fn inactive() -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), Value::Bool(false))])
}

fn active(Introspected { claims, verdict }: &Introspected) -> Map<String, Value> {
    let token_type = if claims.confirmation.key.is_some() { "DPoP" } else { "Bearer" };
    let members = [
        ("active", json!(true)),
        ("iss", json!(claims.issuer)),
        ("aud", json!(claims.audience)),
        ("sub", json!(claims.subject)),
        ("jti", json!(claims.id)),
        ("iat", json!(claims.issued_at.as_secs())),
        ("nbf", json!(claims.issued_at.as_secs())),
        ("exp", json!(verdict.expires_at.as_secs())),
        ("token_type", json!(token_type)),
        ("single_use_until", json!(claims.single_use_until.map(Timestamp::as_secs))),
        ("cnf", if claims.confirmation.is_empty() { Value::Null } else { json!(claims.confirmation) }),
        ("app", json!(claims.app)),
        ("decision", json!(verdict.decision.name())),
        ("tier", json!(verdict.tier.name())),
        ("policy_revision", json!(verdict.policy.to_string())),
    ];
    let told = members.into_iter().filter(|(_, value)| !value.is_null());
    told.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn answered(status: StatusCode, members: Value) -> Response {
    let mut response = stated(PLAIN, members.to_string());
    *response.status_mut() = status;
    response
}

fn stated(media_type: &'static str, text: String) -> Response {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")], text).into_response()
}
