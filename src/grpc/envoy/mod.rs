//! `envoy.service.auth.v3.Authorization`: the gateways' core in Envoy's language.
//!
//! Whatever a client can send ends in an answer. An error of gRPC would be taken for an outage, and a proxy that is set to let
//! requests pass during outages would let this one pass.

mod description;
mod passing;

pub use description::Description;

use prost::bytes::Bytes;
use tonic::{Code, Request, Response, Status};

use super::authentication::caller_of;
use super::certificate;
use super::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use super::proto::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use super::proto::envoy::service::auth::v3::authorization_server::Authorization;
use super::proto::envoy::service::auth::v3::check_response::HttpResponse;
use super::proto::envoy::service::auth::v3::{CheckRequest, CheckResponse, DeniedHttpResponse};
use super::proto::envoy::r#type::v3::HttpStatus;
use super::proto::google_rpc;
use crate::gateway::{Answer, Body, Fields, Gateway, Refusal, Request as Asked, Route};
use crate::telemetry::GatewayKind;
use crate::verifier::Caller;
use passing::{metadata, passed};

/// Says whether the body was cut; Envoy sets it, and removes what a client sends under its name.
const PARTIAL_BODY: &str = "x-envoy-auth-partial-body";
/// Methods whose requests have no body unless a field says so.
const BODILESS: [&[u8]; 4] = [b"GET", b"HEAD", b"OPTIONS", b"DELETE"];

/// `Authorization` over the gateways' core.
pub(super) struct EnvoyEdge {
    pub(super) gateway: Gateway,
}

#[tonic::async_trait]
impl Authorization for EnvoyEdge {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let caller = caller_of(&request)?;
        let attributes = request.into_inner().attributes;
        let answer = match Description::read(&attributes) {
            Ok(description) => self.answer(&caller, description).await,
            Err(fault) => {
                tracing::error!(error = %fault, caller = caller.name.as_str(), "a gateway describes a request by no message");
                self.gateway.unable(GatewayKind::Envoy)
            }
        };
        Ok(Response::new(response(answer)))
    }
}

impl EnvoyEdge {
    async fn answer(&self, caller: &Caller, mut description: Description<'_>) -> Answer {
        let route = match Route::read(self.gateway.rules(), description.settings.iter().copied()) {
            Ok(route) => route,
            Err(fault) => {
                tracing::error!(error = %fault, caller = caller.name.as_str(), "a route of the gateway cannot be judged");
                return self.gateway.unable(GatewayKind::Envoy);
            }
        };
        let fields = Fields::from(std::mem::take(&mut description.fields));
        let request = Asked {
            route: &route,
            method: description.method,
            scheme: description.scheme,
            authority: description.host,
            path: description.path,
            client_address: str::from_utf8(description.address).ok().and_then(|address| address.parse().ok()),
            client_certificate: certificate::digest(description.certificate),
            body: body(&description, &fields, &route),
            fields,
        };
        self.gateway.answer(GatewayKind::Envoy, caller, &request).await
    }
}

/// The whole body, if it is known to be that.
fn body<'a>(description: &Description<'a>, fields: &Fields<'_>, route: &Route) -> Body<'a> {
    let shown = description.raw_body;
    let mut partial = fields.all(PARTIAL_BODY);
    let whole = match (partial.next(), partial.next()) {
        _ if !description.text_body.is_empty() => false,
        (Some(partial), None) => partial == b"false" && fits(description.size, shown.len()),
        (None, _) => shown.is_empty() && description.size <= 0 && is_bodiless(description, fields, route),
        (Some(_), Some(_)) => false,
    };
    if whole { Body::Whole(shown) } else { Body::NotShown }
}

/// Whether the stated length, if there is one, is that of what was shown.
fn fits(stated: i64, shown: usize) -> bool {
    usize::try_from(stated).map_or(true, |stated| stated == shown)
}

/// Whether there can be no body: the fields say so, or nothing says otherwise where something would. From HTTP/2 on nothing has to,
/// and Envoy does not say whether a body follows; but on a route that shows bodies it would have waited for it.
fn is_bodiless(description: &Description<'_>, fields: &Fields<'_>, route: &Route) -> bool {
    let mut lengths = fields.all("content-length").peekable();
    let told = description.protocol.starts_with(b"HTTP/1.") || route.shows_body() || lengths.peek().is_some();
    let stated = lengths.any(|length| length != b"0");
    let chunked = fields.all("transfer-encoding").next().is_some();
    BODILESS.contains(&description.method) && told && !stated && !chunked
}

fn response(answer: Answer) -> CheckResponse {
    let dynamic_metadata = metadata(&answer.identity).into();
    let (code, http_response) = match answer.refusal {
        None => (Code::Ok, HttpResponse::OkResponse(passed(&answer.identity, &answer.namesakes).into())),
        Some(refusal) => (code(&refusal), HttpResponse::DeniedResponse(refused(refusal))),
    };
    let status = google_rpc::Status { code: code.into(), message: String::new() };
    CheckResponse { status: Some(status), http_response: Some(http_response), dynamic_metadata }
}

fn refused(refusal: Refusal) -> DeniedHttpResponse {
    DeniedHttpResponse {
        status: Some(HttpStatus { code: refusal.status.into() }),
        headers: refusal.fields.into_iter().map(overwriting).collect(),
        body: refusal.body,
    }
}

/// Versions of Envoy look at either field, and their defaults differ.
fn overwriting((name, value): (&'static str, String)) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value: value.into(), raw_value: Bytes::new() }),
        append: Some(false),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
    }
}

const fn code(refusal: &Refusal) -> Code {
    match refusal.status {
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        _ => Code::Unavailable,
    }
}
