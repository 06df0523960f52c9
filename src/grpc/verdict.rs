//! `VerdictService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::authentication::caller_of;
use super::context::{SESSION_LIMIT, context};
use super::fault::Violation;
use super::proof::{apple_assertion, key_assertion};
use super::proto::verdict_service_server::VerdictService;
use super::proto::{
    CheckVerdictRequest, CheckVerdictResponse, WatchVerdictsRequest, check_verdict_request, fresh_assertion,
};
use super::watch::{self, WatchStream, Watches};
use super::{field, message, proto};
use crate::evidence::client_data::CLIENT_DATA_LIMIT;
use crate::ids::Position;
use crate::telemetry::{Call, Vitals};
use crate::verifier::{CheckCall, CheckSubject, Checked, Consume, FreshAssertion, TOKEN_LIMIT, Verifier, Watch};

/// `VerdictService` over the role.
pub(super) struct VerdictEdge {
    pub(super) verifier: Arc<Verifier>,
    pub(super) vitals: Arc<Vitals>,
    pub(super) watches: Watches,
}

#[tonic::async_trait]
impl VerdictService for VerdictEdge {
    type WatchVerdictsStream = WatchStream;

    async fn watch_verdicts(
        &self,
        request: Request<WatchVerdictsRequest>,
    ) -> Result<Response<Self::WatchVerdictsStream>, Status> {
        let caller = caller_of(&request)?.into_caller();
        let call = watch::call(&request.into_inner())?;
        let place = self.watches.place(&caller)?;
        let watch = Watch::open(Arc::clone(&self.verifier), caller, call).await?;
        Ok(Response::new(self.watches.stream(watch, place)))
    }

    async fn check_verdict(
        &self,
        request: Request<CheckVerdictRequest>,
    ) -> Result<Response<CheckVerdictResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let app = field::app(&request.app)?;
        let subject = subject(&request)?;
        let context = context(request.context.as_deref())?.unwrap_or_default();
        if request.consume && matches!(subject, CheckSubject::Instance(_)) {
            return Err(Violation::new("consume", "only a token can be spent").into());
        }
        let assertion = request.assertion.as_deref().map(fresh).transpose()?;
        let consume = if request.consume { Consume::UnlessDenied } else { Consume::Never };
        let call = CheckCall { context, assertion, consume, ..CheckCall::of(&app, subject) };
        let Position(position) = self.verifier.position();
        let Checked { verdict, instance } = self.verifier.check(&caller, &call).await?;
        self.vitals.count(Call::Check, &verdict);
        let verdict = message::named_verdict(&verdict, instance, caller.role, self.verifier.now());
        Ok(Response::new(CheckVerdictResponse { verdict: Some(verdict), position }))
    }
}

fn fresh(assertion: &proto::FreshAssertion) -> Result<FreshAssertion<'_>, Violation> {
    use fresh_assertion::Proof;
    let proof = match &assertion.proof {
        Some(Proof::Assertion(piece)) => apple_assertion("assertion.assertion", piece)?,
        Some(Proof::KeyAssertion(piece)) => key_assertion("assertion.key_assertion.signature", piece, "")?,
        None => return Err(Violation::new("assertion.assertion", "send what the instance's key has signed")),
    };
    Ok(FreshAssertion {
        client_data: field::some_at_most("assertion.client_data", &assertion.client_data, CLIENT_DATA_LIMIT)?,
        proof,
        session: field::at_most("assertion.session", &assertion.session, SESSION_LIMIT)?,
    })
}

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
