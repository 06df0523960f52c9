//! Requests become questions to the role, or are refused for what is wrong with them.

use super::assertion::{ASSERTION_LIMIT, SignedOver};
use super::demand;
use super::fields::{ASSERTION, DPOP, INSTANCE, TOKEN};
use super::reasons::{
    BODY_PARTIAL, CREDENTIAL_MISSING, HEADER_SPELLING, PATH_AMBIGUOUS, REQUEST_MALFORMED, TUNNEL_ASKED,
};
use super::request::{Body, Request};
use super::route::{BodyRule, GatewayRules, SubjectFrom};
use crate::crypto::digest::{Digest, sha256};
use crate::verdict::Reason;
use crate::verifier::{CheckSubject, RequestContext};
use crate::wire::path::is_plain_target;

const TOKEN_LIMIT: usize = 8 * 1024;
const INSTANCE_LIMIT: usize = 64;
const FINGERPRINT_LIMIT: usize = 128;
const SESSION_LIMIT: usize = 1024;
const METHOD_LIMIT: usize = 32;
const AUTHORITY_LIMIT: usize = 255;

/// What the role is asked about a request.
pub(super) struct Question<'a> {
    pub(super) subject: CheckSubject<'a>,
    pub(super) context: RequestContext<'a>,
    /// What the client has signed over the request.
    pub(super) assertion: Option<SignedOver>,
    /// The scheme of authentication (RFC 9110, section 11.1) that fits what the client has sent.
    pub(super) scheme: &'static str,
}

impl<'a> Question<'a> {
    /// Reads a request: what an upstream could misread first, then where it goes, then who makes it.
    pub(super) fn read(request: &Request<'a>, rules: &GatewayRules) -> Result<Self, Reason> {
        if request.fields.has_disguise() {
            return Err(HEADER_SPELLING);
        }
        if !is_plain_target(request.path) {
            return Err(PATH_AMBIGUOUS);
        }
        if request.asks_for_tunnel() {
            return Err(TUNNEL_ASKED);
        }
        let dpop_proof = request.fields.single(DPOP, TOKEN_LIMIT)?.unwrap_or_default();
        let assertion = request.fields.single(ASSERTION, ASSERTION_LIMIT)?.map(SignedOver::read).transpose()?;
        let context = RequestContext {
            client_address: request.client_address,
            tls_fingerprint: configured(request, rules.tls_fingerprint_header.as_deref(), FINGERPRINT_LIMIT)?,
            user_session: configured(request, rules.session_header.as_deref(), SESSION_LIMIT)?.as_bytes(),
            method: text(request.method, METHOD_LIMIT)?,
            scheme: scheme(request.scheme),
            authority: text(request.authority, AUTHORITY_LIMIT)?,
            path: str::from_utf8(request.path).map_err(|_| PATH_AMBIGUOUS)?,
            body: body(request, assertion.is_some())?,
            dpop_proof,
            client_certificate: request.client_certificate,
            ..RequestContext::default()
        };
        let scheme = if dpop_proof.is_empty() { "Bearer" } else { demand::DPOP };
        Ok(Self { subject: subject(request)?, context, assertion, scheme })
    }
}

/// The credential that the route asks for; one of the other kind beside it is not looked at.
fn subject<'a>(request: &Request<'a>) -> Result<CheckSubject<'a>, Reason> {
    let subject = match request.route.subject {
        SubjectFrom::Token => request.fields.single(TOKEN, TOKEN_LIMIT)?.map(CheckSubject::Token),
        SubjectFrom::Instance => request.fields.single(INSTANCE, INSTANCE_LIMIT)?.map(CheckSubject::Instance),
    };
    subject.ok_or(CREDENTIAL_MISSING)
}

/// What the gateway states in a field that the configuration names; nothing where it names none.
fn configured<'a>(request: &Request<'a>, name: Option<&str>, limit: usize) -> Result<&'a str, Reason> {
    match name {
        Some(name) => Ok(request.fields.single(name, limit)?.unwrap_or_default()),
        None => Ok(""),
    }
}

fn scheme(scheme: &[u8]) -> &'static str {
    match scheme {
        b"https" => "https",
        b"http" => "http",
        _ => "",
    }
}

fn text(bytes: &[u8], limit: usize) -> Result<&str, Reason> {
    let sound = !bytes.is_empty() && bytes.len() <= limit && bytes.iter().all(u8::is_ascii_graphic);
    str::from_utf8(bytes).ok().filter(|_| sound).ok_or(REQUEST_MALFORMED)
}

/// The digest of the body where it counts: where the route says so, or the client has signed it.
fn body(request: &Request<'_>, is_signed: bool) -> Result<Option<Digest>, Reason> {
    match request.body {
        _ if request.route.body == BodyRule::Ignored && !is_signed => Ok(None),
        body => whole(body).map(Some).ok_or(BODY_PARTIAL),
    }
}

/// The digest of a body that is shown, without which a signature over the request is not looked at.
pub(super) fn whole(body: Body<'_>) -> Option<Digest> {
    match body {
        Body::Whole(body) => Some(sha256(body)),
        Body::NotShown => None,
    }
}
