//! `VerdictService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::authentication::caller_of;
use super::proto::verdict_service_server::VerdictService;
use super::proto::{CheckVerdictRequest, CheckVerdictResponse};
use super::{field, message};
use crate::telemetry::{Call, Vitals};
use crate::verifier::Verifier;

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
        let instance = field::instance(&request.instance)?;
        let verdict = self.verifier.check(&caller, &app, instance).await?;
        self.vitals.count(Call::Check, &verdict);
        // A verdict on an instance answers to the name that opened it; a refusal names none.
        let named = if verdict.instance.is_some() { request.instance } else { String::new() };
        let verdict = message::named_verdict(&verdict, named, caller.role, self.verifier.now());
        Ok(Response::new(CheckVerdictResponse { verdict: Some(verdict) }))
    }
}
