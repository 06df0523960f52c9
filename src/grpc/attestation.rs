//! `AttestationService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::authentication::auth_server_of;
use super::fault::Violation;
use super::proto::attestation_service_server::AttestationService;
use super::proto::{
    AssertRequest, AssertResponse, AttestRequest, AttestResponse, CreateChallengeRequest, CreateChallengeResponse,
    Evidence, assert_request, evidence,
};
use super::{field, message, proto};
use crate::evidence::app_attest::{ASSERTION_LIMIT, ATTESTATION_LIMIT};
use crate::evidence::client_data::CLIENT_DATA_LIMIT;
use crate::verifier::{self, AssertCall, AttestCall, Purpose, Signer, Verifier};

const SESSION_LIMIT: usize = 1024;
const ACCOUNT_LIMIT: usize = 256;
const IDEMPOTENCY_KEY_LIMIT: usize = 128;

/// `AttestationService` over the role.
pub(super) struct Attestation {
    pub(super) verifier: Arc<Verifier>,
}

#[tonic::async_trait]
impl AttestationService for Attestation {
    async fn create_challenge(
        &self,
        request: Request<CreateChallengeRequest>,
    ) -> Result<Response<CreateChallengeResponse>, Status> {
        auth_server_of(&request)?;
        let request = request.into_inner();
        let app = field::app(&request.app)?;
        let purpose = purpose(request.purpose())?;
        let session = field::at_most("session", &request.session, SESSION_LIMIT)?;
        let issued = self.verifier.create_challenge(&app, purpose, session)?;
        let expire_time = Some(message::timestamp(issued.expires_at));
        Ok(Response::new(CreateChallengeResponse { challenge: issued.text, expire_time }))
    }

    async fn attest(&self, request: Request<AttestRequest>) -> Result<Response<AttestResponse>, Status> {
        let caller = auth_server_of(&request)?;
        let request = request.into_inner();
        let call = AttestCall {
            app: &field::app(&request.app)?,
            client_data: field::some_at_most("client_data", &request.client_data, CLIENT_DATA_LIMIT)?,
            evidence: presented(&request.evidence)?,
            session: field::at_most("session", &request.session, SESSION_LIMIT)?,
            account: field::at_most("account", request.account.as_str(), ACCOUNT_LIMIT)?,
            idempotency_key: idempotency_key(&request.idempotency_key)?,
        };
        let verdict = self.verifier.attest(&caller, call).await?;
        message::record("attest", &caller, &verdict);
        let verdict = message::verdict(&self.verifier, &caller, &verdict);
        Ok(Response::new(AttestResponse { verdict: Some(verdict) }))
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
        let assertion = match &request.proof {
            Some(assert_request::Proof::Assertion(assertion)) => &assertion[..],
            _ => &[],
        };
        let call = AssertCall {
            app: &field::app(&request.app)?,
            signer,
            client_data: field::some_at_most("client_data", &request.client_data, CLIENT_DATA_LIMIT)?,
            assertion: field::some_at_most("assertion", assertion, ASSERTION_LIMIT)?,
            session: field::at_most("session", &request.session, SESSION_LIMIT)?,
            idempotency_key: idempotency_key(&request.idempotency_key)?,
        };
        let verdict = self.verifier.assert(&caller, call).await?;
        message::record("assert", &caller, &verdict);
        let verdict = message::verdict(&self.verifier, &caller, &verdict);
        Ok(Response::new(AssertResponse { verdict: Some(verdict) }))
    }
}

fn purpose(purpose: proto::Purpose) -> Result<Purpose, Violation> {
    match purpose {
        proto::Purpose::Attest => Ok(Purpose::Attest),
        proto::Purpose::Assert => Ok(Purpose::Assert),
        proto::Purpose::Unspecified => Err(Violation::new("purpose", "say what the challenge is for")),
    }
}

fn presented(evidence: &[Evidence]) -> Result<verifier::Evidence<'_>, Violation> {
    match evidence {
        [Evidence { format: Some(evidence::Format::AppAttest(evidence)) }] => {
            let (object, key_id) = (&evidence.attestation_object, &evidence.key_id);
            field::key_id("evidence.app_attest.key_id", key_id)?;
            let object = field::some_at_most("evidence.app_attest.attestation_object", object, ATTESTATION_LIMIT)?;
            Ok(verifier::Evidence::AppAttest(verifier::AppAttestEvidence { attestation_object: object, key_id }))
        }
        _ => Err(Violation::new("evidence", "exactly one piece of evidence of a known format is needed")),
    }
}

fn idempotency_key(key: &str) -> Result<&str, Violation> {
    field::at_most("idempotency_key", key, IDEMPOTENCY_KEY_LIMIT)
}
