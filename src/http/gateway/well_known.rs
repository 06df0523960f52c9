//! What everyone may know: the keys that tokens verify under, and where things are.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use super::negotiation::has;
use super::router::Edge;
use crate::crypto::digest::sha256;
use crate::verifier::JWKS_MAX_AGE;

/// Where the keys are.
pub(super) const JWKS: &str = "/.well-known/jwks.json";
/// Where introspection is.
pub(super) const INTROSPECTION: &str = "/introspect";

/// The JSON Web Key Set (RFC 7517), keys included that sign later. Nothing when no tokens are signed.
pub(super) async fn jwks(State(edge): State<Arc<Edge>>, headers: HeaderMap) -> Response {
    match edge.verifier.jwks() {
        Some(keys) => cached(&headers, "application/jwk-set+json", keys.to_string()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What the service is called, where its keys are and where tokens can be asked about. Its name is where it is reached.
pub(super) async fn configuration(State(edge): State<Arc<Edge>>, headers: HeaderMap) -> Response {
    let Some(issuer) = edge.verifier.issuer() else { return StatusCode::NOT_FOUND.into_response() };
    let at = issuer.trim_end_matches('/');
    let document = json!({
        "issuer": &*issuer,
        "jwks_uri": format!("{at}{JWKS}"),
        "introspection_endpoint": format!("{at}{INTROSPECTION}"),
        "introspection_signing_alg_values_supported": ["ES256"],
        "token_signing_alg_values_supported": ["ES256"],
        "client_attestation_signing_alg_values_supported": ["ES256"],
    });
    cached(&headers, "application/json", document.to_string())
}

/// A document that others may keep for a while, and ask whether it has changed (RFC 9110, section 13.1.2).
fn cached(headers: &HeaderMap, media_type: &'static str, text: String) -> Response {
    let tag = format!("\"{}\"", BASE64URL_NOPAD.encode(&sha256(text.as_bytes())));
    let unchanged = has(headers, &tag);
    let kept = [(ETAG, tag), (CACHE_CONTROL, format!("public, max-age={}", JWKS_MAX_AGE.as_secs()))];
    match unchanged {
        true => (StatusCode::NOT_MODIFIED, kept).into_response(),
        false => ([(CONTENT_TYPE, media_type)], kept, text).into_response(),
    }
}
