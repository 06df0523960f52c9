//! Requests of a relying party's clients, as it describes them.

use std::net::IpAddr;

use super::fault::Violation;
use super::field::at_most;
use super::proto;
use crate::crypto::digest::Digest;
use crate::verifier::RequestContext;

const FINGERPRINT_LIMIT: usize = 128;
/// The longest session, in bytes.
pub(super) const SESSION_LIMIT: usize = 1024;
const METHOD_LIMIT: usize = 32;
const AUTHORITY_LIMIT: usize = 255;
const PATH_LIMIT: usize = 8 * 1024;
const DPOP_LIMIT: usize = 8 * 1024;
const SCHEMES: [&str; 3] = ["", "http", "https"];

/// The request that is described; `None` where none is.
pub(super) fn context(context: Option<&proto::RequestContext>) -> Result<Option<RequestContext<'_>>, Violation> {
    context.map(described).transpose()
}

fn described(context: &proto::RequestContext) -> Result<RequestContext<'_>, Violation> {
    if !SCHEMES.contains(&context.scheme.as_str()) {
        return Err(Violation::new("context.scheme", "neither http nor https"));
    }
    Ok(RequestContext {
        client_address: address(&context.client_address)?,
        tls_fingerprint: at_most("context.tls_fingerprint", context.tls_fingerprint.as_str(), FINGERPRINT_LIMIT)?,
        user_session: at_most("context.user_session", &context.user_session, SESSION_LIMIT)?,
        method: at_most("context.method", context.method.as_str(), METHOD_LIMIT)?,
        scheme: &context.scheme,
        authority: at_most("context.authority", context.authority.as_str(), AUTHORITY_LIMIT)?,
        path: at_most("context.path", context.path.as_str(), PATH_LIMIT)?,
        body: digest("context.body_sha256", &context.body_sha256)?,
        headers: digest("context.headers_sha256", &context.headers_sha256)?,
        dpop_proof: at_most("context.dpop_proof", context.dpop_proof.as_str(), DPOP_LIMIT)?,
        client_certificate: digest("context.client_certificate_sha256", &context.client_certificate_sha256)?,
    })
}

fn address(text: &str) -> Result<Option<IpAddr>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    let malformed = |_| Violation::new("context.client_address", "neither an IPv4 nor an IPv6 address");
    text.parse().map(Some).map_err(malformed)
}

pub(super) fn digest(field: &'static str, bytes: &[u8]) -> Result<Option<Digest>, Violation> {
    if bytes.is_empty() {
        return Ok(None);
    }
    bytes.try_into().map(Some).map_err(|_| Violation::new(field, "neither empty nor 32 bytes"))
}
