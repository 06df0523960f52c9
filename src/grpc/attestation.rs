//! `AttestationService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::authentication::auth_server_of;
use super::context::{SESSION_LIMIT, context};
use super::fault::Violation;
use super::proof::{apple_assertion, key_assertion};
use super::proto::attestation_service_server::AttestationService;
use super::proto::{
    AssertRequest, AssertResponse, AttestRequest, AttestResponse, CreateChallengeRequest, CreateChallengeResponse,
    Evidence, assert_request, evidence,
};
use super::{field, message, proto, token};
use crate::evidence::app_attest::ATTESTATION_LIMIT;
use crate::evidence::client_data::CLIENT_DATA_LIMIT;
use crate::evidence::key_attestation::{CERTIFICATE_LIMIT, CHAIN_LIMIT, MAX_CERTIFICATES, MIN_CERTIFICATES};
use crate::evidence::play_integrity::TOKEN_LIMIT;
use crate::telemetry::{Call, Vitals};
use crate::verifier::{self, AndroidEvidence, AssertCall, AssertProof, AttestCall, Purpose, Signer, Verifier};

const ACCOUNT_LIMIT: usize = 256;
const IDEMPOTENCY_KEY_LIMIT: usize = 128;

/// `AttestationService` over the role.
pub(super) struct Attestation {
    pub(super) verifier: Arc<Verifier>,
    pub(super) vitals: Arc<Vitals>,
}

#[tonic::async_trait]
impl AttestationService for Attestation {
    async fn create_challenge(
        &self,
        request: Request<CreateChallengeRequest>,
    ) -> Result<Response<CreateChallengeResponse>, Status> {
        let caller = auth_server_of(&request)?;
        let request = request.into_inner();
        let app = field::app(&request.app)?;
        let purpose = purpose(request.purpose())?;
        let session = field::at_most("session", &request.session, SESSION_LIMIT)?;
        let issued = self.verifier.create_challenge(&caller, &app, purpose, session)?;
        let expire_time = Some(message::timestamp(issued.expires_at));
        Ok(Response::new(CreateChallengeResponse { challenge: issued.text, expire_time }))
    }

    async fn attest(&self, request: Request<AttestRequest>) -> Result<Response<AttestResponse>, Status> {
        let caller = auth_server_of(&request)?;
        let request = request.into_inner();
        let chain = chain(&request.evidence)?;
        let audience = token::audience(request.token.as_ref())?;
        let call = AttestCall {
            app: &field::app(&request.app)?,
            client_data: field::some_at_most("client_data", &request.client_data, CLIENT_DATA_LIMIT)?,
            evidence: presented(&request.evidence, &chain)?,
            session: field::at_most("session", &request.session, SESSION_LIMIT)?,
            account: field::at_most("account", request.account.as_str(), ACCOUNT_LIMIT)?,
            idempotency_key: idempotency_key(&request.idempotency_key)?,
            context: context(request.context.as_ref())?,
            token: token::requested(request.token.as_ref(), audience.as_ref())?,
        };
        let verdict = self.verifier.attest(&caller, call).await?;
        message::record(&self.vitals, Call::Attest, &caller, &verdict);
        let token =
            token::signed(&self.verifier, &caller, call.token, (call.client_data, call.context), &verdict).await?;
        let verdict = message::verdict(&self.verifier, &caller, &verdict);
        Ok(Response::new(AttestResponse { verdict: Some(verdict), token }))
    }

    async fn assert(&self, request: Request<AssertRequest>) -> Result<Response<AssertResponse>, Status> {
        let caller = auth_server_of(&request)?;
        let request = request.into_inner();
        let key_id;
        let signer = match &request.signer {
            Some(assert_request::Signer::Instance(pseudonym)) => Signer::Pseudonym(field::instance(pseudonym)?),
            Some(assert_request::Signer::KeyId(bytes)) => {
                key_id = field::key_id("key_id", bytes)?;
                Signer::Key(&key_id)
            }
            None => return Err(Violation::new("signer", "name the instance or the key id").into()),
        };
        let audience = token::audience(request.token.as_ref())?;
        let call = AssertCall {
            app: &field::app(&request.app)?,
            signer,
            client_data: field::some_at_most("client_data", &request.client_data, CLIENT_DATA_LIMIT)?,
            proof: proof(&request)?,
            session: field::at_most("session", &request.session, SESSION_LIMIT)?,
            idempotency_key: idempotency_key(&request.idempotency_key)?,
            context: context(request.context.as_ref())?,
            token: token::requested(request.token.as_ref(), audience.as_ref())?,
        };
        let verdict = self.verifier.assert(&caller, call).await?;
        message::record(&self.vitals, Call::Assert, &caller, &verdict);
        let token =
            token::signed(&self.verifier, &caller, call.token, (call.client_data, call.context), &verdict).await?;
        let verdict = message::verdict(&self.verifier, &caller, &verdict);
        Ok(Response::new(AssertResponse { verdict: Some(verdict), token }))
    }
}

fn purpose(purpose: proto::Purpose) -> Result<Purpose, Violation> {
    match purpose {
        proto::Purpose::Attest => Ok(Purpose::Attest),
        proto::Purpose::Assert => Ok(Purpose::Assert),
        proto::Purpose::Unspecified => Err(Violation::new("purpose", "say what the challenge is for")),
    }
}

/// The bytes of certificates, where they have to be owned.
type Chain = Vec<Vec<u8>>;

fn chain(evidence: &[Evidence]) -> Result<Chain, Violation> {
    const FIELD: &str = "evidence.key_attestation.certificate_chain";
    let mut chain = Chain::new();
    for piece in evidence {
        if let Some(evidence::Format::KeyAttestation(piece)) = &piece.format {
            let sizes = piece.certificate_chain.iter().map(|certificate| certificate.len());
            let counted = (MIN_CERTIFICATES..=MAX_CERTIFICATES).contains(&piece.certificate_chain.len());
            if !counted
                || sizes.clone().any(|size| size == 0 || size > CERTIFICATE_LIMIT)
                || sizes.sum::<usize>() > CHAIN_LIMIT
            {
                return Err(Violation::new(
                    FIELD,
                    "2 to 10 certificates, each of 1 to 8192 bytes, at most 32768 together",
                ));
            }
            chain = piece.certificate_chain.iter().map(|certificate| certificate.to_vec()).collect();
        }
    }
    Ok(chain)
}

/// One piece of App Attest; or a key attestation, an integrity token, or one of each.
fn presented<'a>(evidence: &'a [Evidence], chain: &'a Chain) -> Result<verifier::Evidence<'a>, Violation> {
    use evidence::Format::{AppAttest, KeyAttestation, PlayIntegrity};
    let formats = evidence.iter().map(|piece| piece.format.as_ref()).collect::<Vec<_>>();
    let token = match formats[..] {
        [Some(AppAttest(piece))] => return app_attest(piece).map(verifier::Evidence::AppAttest),
        [Some(KeyAttestation(_))] => "",
        [Some(PlayIntegrity(piece))]
        | [Some(KeyAttestation(_)), Some(PlayIntegrity(piece))]
        | [Some(PlayIntegrity(piece)), Some(KeyAttestation(_))] => {
            field::some_at_most("evidence.play_integrity.token", piece.token.as_str(), TOKEN_LIMIT)?
        }
        _ => {
            return Err(Violation::new(
                "evidence",
                "one piece of App Attest, or one piece or two of Android's formats",
            ));
        }
    };
    Ok(verifier::Evidence::Android(AndroidEvidence { chain, integrity_token: token }))
}

fn app_attest(piece: &proto::AppAttestEvidence) -> Result<verifier::AppAttestEvidence<'_>, Violation> {
    let (object, key_id) = (&piece.attestation_object, &piece.key_id);
    field::key_id("evidence.app_attest.key_id", key_id)?;
    let object = field::some_at_most("evidence.app_attest.attestation_object", object, ATTESTATION_LIMIT)?;
    Ok(verifier::AppAttestEvidence { attestation_object: object, key_id })
}

fn proof(request: &AssertRequest) -> Result<AssertProof<'_>, Violation> {
    let token = field::at_most("integrity_token", request.integrity_token.as_str(), TOKEN_LIMIT)?;
    match &request.proof {
        Some(assert_request::Proof::KeyAssertion(piece)) => key_assertion("key_assertion.signature", piece, token),
        Some(assert_request::Proof::Assertion(_)) if !token.is_empty() => {
            Err(Violation::new("integrity_token", "only an Android instance has one"))
        }
        Some(assert_request::Proof::Assertion(piece)) => apple_assertion("assertion", piece),
        None => Err(Violation::new("assertion", "send what the instance's key has signed")),
    }
}

fn idempotency_key(key: &str) -> Result<&str, Violation> {
    field::at_most("idempotency_key", key, IDEMPOTENCY_KEY_LIMIT)
}
