//! Tokens that are to come with a verdict.

use std::time::Duration;

use super::context::digest;
use super::fault::Violation;
use super::proto::{self, TokenFormat};
use super::{field, message};
use crate::ids::{Name, NameMalformed};
use crate::verdict::Verdict;
use crate::verifier::{CallFault, Caller, RequestContext, TokenKind, TokenRequest, Verifier};

const CLIENT_ID_LIMIT: usize = 256;

/// The relying party that a token is asked for, if one is named.
pub(super) fn audience(request: Option<&proto::TokenRequest>) -> Result<Option<Name>, Violation> {
    let named = request.map(|request| request.audience.as_str()).filter(|audience| !audience.is_empty());
    let malformed = |fault: NameMalformed| Violation::new("token.audience", fault.to_string());
    named.map(str::parse).transpose().map_err(malformed)
}

/// What is to be signed.
pub(super) fn requested<'a>(
    request: Option<&'a proto::TokenRequest>,
    audience: Option<&'a Name>,
) -> Result<Option<TokenRequest<'a>>, Violation> {
    let Some(request) = request else { return Ok(None) };
    let kind = match request.format() {
        TokenFormat::Unspecified => return Err(Violation::new("token.format", "say which format the token has")),
        TokenFormat::Ear => ear(request, audience)?,
        TokenFormat::ClientAttestation => client_attestation(request)?,
    };
    Ok(Some(TokenRequest { kind, lifetime: request.lifetime.as_ref().map(lifetime).transpose()? }))
}

fn ear<'a>(request: &proto::TokenRequest, audience: Option<&'a Name>) -> Result<TokenKind<'a>, Violation> {
    if !request.client_id.is_empty() {
        return Err(Violation::new("token.client_id", "only a client attestation has one"));
    }
    let client_certificate = digest("token.client_certificate_sha256", &request.client_certificate_sha256)?;
    Ok(TokenKind::Ear { audience, single_use: request.single_use, client_certificate })
}

fn client_attestation(request: &proto::TokenRequest) -> Result<TokenKind<'_>, Violation> {
    let others = [
        ("token.audience", request.audience.is_empty()),
        ("token.single_use", !request.single_use),
        ("token.client_certificate_sha256", request.client_certificate_sha256.is_empty()),
    ];
    if let Some((field, _)) = others.into_iter().find(|(_, absent)| !absent) {
        return Err(Violation::new(field, "a client attestation has none"));
    }
    let client_id = field::some_at_most("token.client_id", request.client_id.as_str(), CLIENT_ID_LIMIT)?;
    Ok(TokenKind::ClientAttestation { client_id })
}

fn lifetime(span: &prost_types::Duration) -> Result<Duration, Violation> {
    let lifetime = Duration::try_from(*span).ok().filter(|lifetime| lifetime.as_secs() > 0);
    lifetime.ok_or_else(|| Violation::new("token.lifetime", "less than a second"))
}

/// The token, if one was asked for and the verdict is one to be carried around.
pub(super) async fn signed(
    verifier: &Verifier,
    caller: &Caller,
    request: Option<TokenRequest<'_>>,
    (client_data, context): (&[u8], Option<RequestContext<'_>>),
    verdict: &Verdict,
) -> Result<Option<proto::SignedToken>, CallFault> {
    let Some(request) = request else { return Ok(None) };
    let signed = verifier.signed(caller, &request, (client_data, context.as_ref()), verdict).await?;
    Ok(signed.map(|signed| proto::SignedToken {
        token: signed.token,
        expire_time: Some(message::timestamp(signed.expires_at)),
        key_id: signed.key_id.to_string(),
    }))
}
