//! `VerdictService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::authentication::caller_of;
use super::context::context;
use super::fault::Violation;
use super::proto::verdict_service_server::VerdictService;
use super::proto::{CheckVerdictRequest, CheckVerdictResponse, check_verdict_request};
use super::{field, message};
use crate::telemetry::{Call, Vitals};
use crate::verifier::{CheckCall, CheckSubject, Verifier};

/// `VerdictService` over the role.
pub(super) struct VerdictEdge {
    pub(super) verifier: Arc<Verifier>,
    pub(super) vitals: Arc<Vitals>,
}

#[tonic::async_trait]
impl VerdictService for VerdictEdge {
    async fn check_verdict(
        &self,
        request: Request<CheckVerdictRequest>,
    ) -> Result<Response<CheckVerdictResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let app = field::app(&request.app)?;
        let subject = subject(&request)?;
        let named = if let CheckSubject::Instance(pseudonym) = subject { pseudonym.to_owned() } else { String::new() };
        let context = context(request.context.as_ref())?;
        if request.consume || request.assertion.is_some() {
            return Err(Violation::new("assertion", "neither assertions nor single-use tokens are taken").into());
        }
        let call = CheckCall { context, ..CheckCall::of(&app, subject) };
        let verdict = self.verifier.check(&caller, call).await?;
        self.vitals.count(Call::Check, &verdict);
        // A verdict on an instance answers to the name that opened it; a refusal names none.
        let named = if verdict.instance.is_some() { named } else { String::new() };
        let verdict = message::named_verdict(&verdict, named, caller.role, self.verifier.now());
        Ok(Response::new(CheckVerdictResponse { verdict: Some(verdict) }))
    }
}

/// The longest token that is looked at, in bytes.
const TOKEN_LIMIT: usize = 8 * 1024;

fn subject(request: &CheckVerdictRequest) -> Result<CheckSubject<'_>, Violation> {
    use check_verdict_request::Subject;
    match &request.subject {
        Some(Subject::Instance(pseudonym)) => field::instance(pseudonym).map(CheckSubject::Instance),
        Some(Subject::Token(token)) => {
            field::some_at_most("token", token.as_str(), TOKEN_LIMIT).map(CheckSubject::Token)
        }
        None => Err(Violation::new("instance", "name the instance or send a token")),
    }
}
