//! `InstanceService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::authentication::operator_of;
use super::fault::Violation;
use super::instance_message::{OwnedName, change, found, group, name, page, record, revocation, why};
use super::proto::instance_service_server::InstanceService;
use super::proto::{
    InstanceStatus, ListInstancesRequest, ListInstancesResponse, ListStandingChangesRequest,
    ListStandingChangesResponse, LookUpInstanceRequest, LookUpInstanceResponse, ReinstateInstanceRequest,
    ReinstateInstanceResponse, ReinstateInstancesRequest, ReinstateInstancesResponse, RevokeInstanceRequest,
    RevokeInstanceResponse, RevokeInstancesRequest, RevokeInstancesResponse,
};
use super::{field, instance_message};
use crate::ids::Position;
use crate::verifier::{ListCall, Ruled, Ruling, Said, Span, Verifier};

/// `InstanceService` over the role.
pub(super) struct InstanceEdge {
    pub(super) verifier: Arc<Verifier>,
}

#[tonic::async_trait]
impl InstanceService for InstanceEdge {
    async fn look_up_instance(
        &self,
        request: Request<LookUpInstanceRequest>,
    ) -> Result<Response<LookUpInstanceResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let (app, named) = (field::app(&request.app)?, name(request.name.as_ref())?);
        let instance = self.verifier.look_up(&caller, &app, named.borrowed()).await?;
        Ok(Response::new(LookUpInstanceResponse { instance: Some(found(&self.verifier, &caller, &instance)) }))
    }

    async fn list_instances(
        &self,
        request: Request<ListInstancesRequest>,
    ) -> Result<Response<ListInstancesResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let account = request.account.as_ref().map(instance_message::account).transpose()?;
        let serial = Some(request.chain_serial.as_str()).filter(|serial| !serial.is_empty());
        let call = ListCall {
            app: &field::app(&request.app)?,
            account: account.as_ref().map(instance_message::OwnedAccount::borrowed),
            revoked: revoked(&request)?,
            serial: serial.map(|serial| field::serial("chain_serial", serial)).transpose()?,
            enrolled: Span {
                from: field::time("enrolled_from", request.enrolled_from.as_ref())?,
                before: field::time("enrolled_before", request.enrolled_before.as_ref())?,
            },
            proven: Span {
                from: field::time("proven_from", request.proven_from.as_ref())?,
                before: field::time("proven_before", request.proven_before.as_ref())?,
            },
            page_size: page(request.page_size)?,
            page_token: field::at_most("page_token", request.page_token.as_str(), PAGE_TOKEN_LIMIT)?,
        };
        let page = self.verifier.list_instances(&caller, &call).await?;
        let instances = page.instances.iter().map(|instance| found(&self.verifier, &caller, instance)).collect();
        Ok(Response::new(ListInstancesResponse { instances, next_page_token: page.next_page_token }))
    }

    async fn revoke_instance(
        &self,
        request: Request<RevokeInstanceRequest>,
    ) -> Result<Response<RevokeInstanceResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let (app, named) = (field::app(&request.app)?, name(request.name.as_ref())?);
        let ruling = revocation(request.expire_time.as_ref(), self.verifier.now())?;
        let said = Said { ruling, why: why(&request.why)? };
        let Ruled { position, id, found: told } =
            self.verifier.rule_on_instance(&caller, &app, named.borrowed(), said).await?;
        record(&caller, &app, ruling, ("instance", &self.verifier.pseudonym(&caller, id)), position);
        let instance = told.map(|instance| found(&self.verifier, &caller, &instance));
        Ok(Response::new(RevokeInstanceResponse { position: position.0, instance }))
    }

    async fn reinstate_instance(
        &self,
        request: Request<ReinstateInstanceRequest>,
    ) -> Result<Response<ReinstateInstanceResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let (app, named) = (field::app(&request.app)?, name(request.name.as_ref())?);
        let said = Said { ruling: Ruling::Reinstated, why: why(&request.why)? };
        let Ruled { position, id, found: told } =
            self.verifier.rule_on_instance(&caller, &app, named.borrowed(), said).await?;
        record(&caller, &app, said.ruling, ("instance", &self.verifier.pseudonym(&caller, id)), position);
        let instance = told.map(|instance| found(&self.verifier, &caller, &instance));
        Ok(Response::new(ReinstateInstanceResponse { position: position.0, instance }))
    }

    async fn revoke_instances(
        &self,
        request: Request<RevokeInstancesRequest>,
    ) -> Result<Response<RevokeInstancesResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let (app, group) = (field::app(&request.app)?, group(request.group.as_ref())?);
        let ruling = revocation(request.expire_time.as_ref(), self.verifier.now())?;
        let said = Said { ruling, why: why(&request.why)? };
        let position = self.verifier.rule_on_group(&caller, &app, group.borrowed(), said).await?;
        record(&caller, &app, ruling, (group.name(), ""), position);
        Ok(Response::new(RevokeInstancesResponse { position: position.0 }))
    }

    async fn reinstate_instances(
        &self,
        request: Request<ReinstateInstancesRequest>,
    ) -> Result<Response<ReinstateInstancesResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let (app, group) = (field::app(&request.app)?, group(request.group.as_ref())?);
        let said = Said { ruling: Ruling::Reinstated, why: why(&request.why)? };
        let position = self.verifier.rule_on_group(&caller, &app, group.borrowed(), said).await?;
        record(&caller, &app, said.ruling, (group.name(), ""), position);
        Ok(Response::new(ReinstateInstancesResponse { position: position.0 }))
    }

    async fn list_standing_changes(
        &self,
        request: Request<ListStandingChangesRequest>,
    ) -> Result<Response<ListStandingChangesResponse>, Status> {
        let caller = operator_of(&request)?;
        let request = request.into_inner();
        let (app, size) = (field::app(&request.app)?, page(request.page_size)?);
        let named = request.name.is_some().then(|| name(request.name.as_ref())).transpose()?;
        let named = named.as_ref().map(OwnedName::borrowed);
        let after = Position(request.after_position);
        let said = self.verifier.list_statements(&caller, &app, named, (after, size)).await?;
        let is_full = u32::try_from(said.len()).is_ok_and(|length| length >= size);
        let next_after_position = said.last().filter(|_| is_full).map_or(0, |change| change.position.0);
        let changes = said.iter().filter_map(|said| change(&self.verifier, &caller, said)).collect();
        Ok(Response::new(ListStandingChangesResponse { changes, next_after_position }))
    }
}

/// The longest page token that is looked at, in bytes; genuine ones have 43.
const PAGE_TOKEN_LIMIT: usize = 64;

fn revoked(request: &ListInstancesRequest) -> Result<Option<bool>, Violation> {
    match InstanceStatus::try_from(request.status) {
        Ok(InstanceStatus::Unspecified) => Ok(None),
        Ok(InstanceStatus::Good) => Ok(Some(false)),
        Ok(InstanceStatus::Revoked) => Ok(Some(true)),
        Err(_) => Err(Violation::new("status", "neither good nor revoked")),
    }
}
