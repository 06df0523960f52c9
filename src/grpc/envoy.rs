//! `envoy.service.auth.v3.Authorization`: the gateways' core in Envoy's language.
//!
//! Whatever a client can send ends in an answer. An error of gRPC would be taken for an outage, and a proxy that is set to let
//! requests pass during outages would let this one pass.

use std::net::IpAddr;

use prost::bytes::Bytes;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use tonic::{Code, Request, Response, Status};

use super::authentication::caller_of;
use super::certificate;
use super::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use super::proto::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use super::proto::envoy::service::auth::v3::attribute_context::HttpRequest;
use super::proto::envoy::service::auth::v3::authorization_server::Authorization;
use super::proto::envoy::service::auth::v3::check_response::HttpResponse;
use super::proto::envoy::service::auth::v3::{
    AttributeContext, CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
};
use super::proto::envoy::r#type::v3::HttpStatus;
use super::proto::google_rpc;
use crate::gateway::{Answer, Body, Fields, Gateway, Identity, Refusal, Request as Asked, Route};
use crate::telemetry::GatewayKind;
use crate::verifier::Caller;

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
        let attributes = request.into_inner().attributes.unwrap_or_default();
        Ok(Response::new(response(self.answer(&caller, &attributes).await)))
    }
}

impl EnvoyEdge {
    async fn answer(&self, caller: &Caller, attributes: &AttributeContext) -> Answer {
        let settings = attributes.context_extensions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let route = match Route::read(self.gateway.rules(), settings) {
            Ok(route) => route,
            Err(fault) => {
                tracing::error!(error = %fault, caller = caller.name.as_str(), "a route of the gateway cannot be judged");
                return self.gateway.unable(GatewayKind::Envoy);
            }
        };
        let none = HttpRequest::default();
        let http = attributes.request.as_ref().and_then(|request| request.http.as_ref()).unwrap_or(&none);
        let fields = fields(http);
        let request = Asked {
            route: &route,
            method: &http.method,
            scheme: &http.scheme,
            authority: &http.host,
            path: &http.path,
            body: body(http, &fields),
            fields,
            client_address: address(attributes),
            client_certificate: attributes.source.as_ref().and_then(|peer| certificate::digest(&peer.certificate)),
        };
        self.gateway.answer(GatewayKind::Envoy, caller, &request).await
    }
}

fn fields(http: &HttpRequest) -> Fields<'_> {
    let one_by_one = http.header_map.iter().flat_map(|map| &map.headers).map(|field| {
        let value = if field.raw_value.is_empty() { &field.value } else { &field.raw_value };
        (field.key.as_str(), &value[..])
    });
    http.headers.iter().map(|(name, value)| (name.as_str(), &value[..])).chain(one_by_one).collect()
}

/// The whole body, if it is known to be that.
fn body<'a>(http: &'a HttpRequest, fields: &Fields<'_>) -> Body<'a> {
    let shown: &Bytes = if http.raw_body.is_empty() { &http.body } else { &http.raw_body };
    let mut partial = fields.all(PARTIAL_BODY);
    let whole = match (partial.next(), partial.next()) {
        (Some(partial), None) => partial == b"false" && fits(http.size, shown.len()),
        (None, _) => shown.is_empty() && http.size <= 0 && is_bodiless(http, fields),
        (Some(_), Some(_)) => false,
    };
    if whole { Body::Whole(shown) } else { Body::NotShown }
}

/// Whether the stated length, if there is one, is that of what was shown.
fn fits(stated: i64, shown: usize) -> bool {
    usize::try_from(stated).map_or(true, |stated| stated == shown)
}

fn is_bodiless(http: &HttpRequest, fields: &Fields<'_>) -> bool {
    let stated = fields.all("content-length").any(|length| length != b"0");
    let chunked = fields.all("transfer-encoding").next().is_some();
    BODILESS.contains(&&http.method[..]) && !stated && !chunked
}

fn address(attributes: &AttributeContext) -> Option<IpAddr> {
    let socket = attributes.source.as_ref()?.address.as_ref()?.socket_address.as_ref()?;
    str::from_utf8(&socket.address).ok()?.parse().ok()
}

fn response(answer: Answer) -> CheckResponse {
    let dynamic_metadata = Some(metadata(&answer.identity));
    let (code, http_response) = match answer.refusal {
        None => (Code::Ok, HttpResponse::OkResponse(passed(&answer.identity, answer.namesakes))),
        Some(refusal) => (code(&refusal), HttpResponse::DeniedResponse(refused(refusal))),
    };
    let status = google_rpc::Status { code: code.into(), message: String::new() };
    CheckResponse { status: Some(status), http_response: Some(http_response), dynamic_metadata }
}

/// Envoy takes names out after it has set others: a name that is set is none to be taken out.
fn passed(identity: &Identity, namesakes: Vec<String>) -> OkHttpResponse {
    let fields = identity.fields();
    let mut headers_to_remove = namesakes;
    headers_to_remove.retain(|name| !fields.iter().any(|(set, _)| name.eq_ignore_ascii_case(set)));
    OkHttpResponse { headers: fields.into_iter().map(overwriting).collect(), headers_to_remove }
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

fn metadata(identity: &Identity) -> Struct {
    let text = |text: &str| Value { kind: Some(Kind::StringValue(text.to_owned())) };
    let reasons = ListValue { values: identity.reasons.iter().map(|code| text(code)).collect() };
    let fields = [
        ("decision", text(identity.decision)),
        ("tier", text(identity.tier)),
        ("instance", text(&identity.instance)),
        ("reasons", Value { kind: Some(Kind::ListValue(reasons)) }),
        ("policy_revision", text(&identity.policy)),
    ];
    Struct { fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
}
