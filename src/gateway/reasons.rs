//! What is wrong with a request itself, whoever makes it.

use crate::verdict::{Reason, Remedy};

pub(super) const CREDENTIAL_MISSING: Reason =
    Reason::new("credential_missing", "the request names no instance and brings no token", Remedy::NewChallenge);
pub(super) const CREDENTIAL_AMBIGUOUS: Reason = Reason::new(
    "credential_ambiguous",
    "a header field that counts once stands there twice, or holds something else",
    Remedy::ContactSupport,
);
pub(super) const ASSERTION_MALFORMED: Reason = Reason::new(
    "assertion_malformed",
    "the header field with the assertion over the request does not have its form",
    Remedy::ContactSupport,
);
pub(super) const HEADER_SPELLING: Reason = Reason::new(
    "header_spelling",
    "a header field is spelled so that an upstream may take it for one of this service",
    Remedy::ContactSupport,
);
pub(super) const FORWARDED_AMBIGUOUS: Reason = Reason::new(
    "forwarded_ambiguous",
    "the header fields that describe the request do not stand there once each, in one spelling of one family",
    Remedy::ContactSupport,
);
pub(super) const PATH_AMBIGUOUS: Reason = Reason::new(
    "path_ambiguous",
    "the target of the request is not in normal form: readers may take it for different ones",
    Remedy::ContactSupport,
);
pub(super) const TUNNEL_ASKED: Reason = Reason::new(
    "tunnel_asked",
    "the request asks for another protocol than web sockets, in which nothing further would be checked",
    Remedy::ContactSupport,
);
pub(super) const REQUEST_MALFORMED: Reason =
    Reason::new("request_malformed", "method or host of the request is too long, or not text", Remedy::ContactSupport);
pub(super) const BODY_PARTIAL: Reason =
    Reason::new("body_partial", "the gateway did not see the whole body, whose digest counts", Remedy::ContactSupport);
