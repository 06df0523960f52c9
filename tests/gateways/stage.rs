//! The service with a gateway's and an auth server's key, an enrolled phone, and the API.

use std::net::{Ipv4Addr, SocketAddr};

use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::crypto::jwk::PublicJwk;
use bonafide::evidence::signed_request::SignedRequest;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::CallerKey;
use bonafide::grpc::proto::instance_service_client::InstanceServiceClient;
use bonafide::grpc::proto::{
    AssertRequest, AttestRequest, CreateChallengeRequest, Decision, InstanceName, Purpose, RequestContext,
    RevokeInstanceRequest, TokenFormat, TokenRequest, instance_name,
};
use bonafide::http::{GatewayConfig, HttpConfig};
use bonafide::lab::app_attest::LabDevice;
use bonafide::lab::client_data::ClientDataPlan;
use bonafide::verifier::{Caller, Grants, Role, TokenConfig};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use tonic::Request;

use crate::harness::{Harness, assert_request, attest_request};
use crate::route::Takes;
use crate::upstream;

/// The key of the gateway.
pub(crate) const KEY: &str = "edge-key-0123456789";
/// The key of the auth server.
pub(crate) const LOGIN_KEY: &str = "login-key-0123456789";
/// The key of another relying party's gateway.
pub(crate) const PARTNER_KEY: &str = "partner-key-0123456789";
/// The key of an operator.
pub(crate) const DESK_KEY: &str = "desk-key-0123456789";
/// The service's own name.
pub(crate) const ISSUER: &str = "https://bonafide.example";

pub(crate) struct Stage {
    pub(crate) service: Harness,
    pub(crate) api: SocketAddr,
    /// The pseudonym of a phone that is allowed.
    pub(crate) instance: String,
    /// A token of this phone for the gateway's relying party.
    pub(crate) token: String,
    phone: LabDevice,
}

fn key(name: &str, party: &str, key: &str, role: Role) -> CallerKey {
    let party = party.parse().expect("a name");
    let caller = Caller { name: name.parse().expect("a name"), relying_party: party, role, apps: Grants::All };
    CallerKey { key_sha256: sha256(key.as_bytes()), caller }
}

fn configure(config: &mut Config) {
    let callers = vec![
        key("edge", "shop", KEY, Role::Gateway),
        key("login", "shop", LOGIN_KEY, Role::AuthServer),
        key("partner", "partner", PARTNER_KEY, Role::Gateway),
        key("desk", "shop", DESK_KEY, Role::Operator),
    ];
    config.verifier.token = Some(TokenConfig::of(ISSUER));
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.grpc.callers = callers.clone();
    config.grpc.gateway = GatewayRules { tell: Tell::Codes, ..GatewayRules::USUAL };
    config.gateway = Some(GatewayConfig { callers, ..GatewayConfig::on(anywhere) });
    config.http = Some(HttpConfig::on(anywhere));
}

/// A message by the holder of a key.
pub(crate) fn by<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().expect("a header"));
    request
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(|_| ()).await
    }

    pub(crate) async fn set_with(change: impl FnOnce(&mut Config)) -> Self {
        let configured = |config: &mut Config| {
            configure(config);
            change(config);
        };
        let service = Harness::start_with(configured).await;
        let phone = service.phone();
        let (instance, token) = enrolled(&service, &phone).await;
        Self { service, api: upstream::start().await, instance, token, phone }
    }

    /// Where proxies of HTTP ask.
    pub(crate) fn gateway(&self) -> SocketAddr {
        self.service.gateway.expect("an address")
    }

    /// The header line of the enrolled phone.
    pub(crate) fn credential(&self) -> String {
        format!("bonafide-instance: {}", self.instance)
    }

    /// The header line that a route takes from the enrolled phone.
    pub(crate) fn shown(&self, takes: Takes) -> String {
        match takes {
            Takes::Instance => self.credential(),
            Takes::Token | Takes::TokenOnce => format!("bonafide-token: {}", self.token),
        }
    }

    /// The header line in which the phone signs this request with this challenge.
    pub(crate) fn assertion(&mut self, challenge: &str, request: &SignedRequest<'_>) -> String {
        let client_data = ClientDataPlan::answering(challenge.as_bytes()).over(request).write();
        let assertion = self.phone.assert(&client_data).expect("signs");
        let [client_data, assertion] = [client_data, assertion].map(|part| BASE64URL_NOPAD.encode(&part));
        format!("bonafide-assertion: app_attest.{client_data}.{assertion}")
    }

    /// A challenge for an assertion, from the auth server.
    pub(crate) async fn challenge(&self) -> String {
        challenge(&self.service, Purpose::Assert).await
    }

    /// A token that is bound to this key, if there is one; the phone is bound to this context.
    pub(crate) async fn token_for(&mut self, key: Option<&PublicJwk>, context: Option<RequestContext>) -> String {
        self.token_as(key, context, ear()).await
    }

    /// A token of the kind that is asked for.
    pub(crate) async fn token_as(
        &mut self,
        key: Option<&PublicJwk>,
        context: Option<RequestContext>,
        token: TokenRequest,
    ) -> String {
        let key = key.map(|key| ("cnf", serde_json::from_str::<Value>(&key.canonical()).expect("JSON")));
        self.token_with(key.as_slice(), context, token).await
    }

    /// The same, where the phone's client data have these members.
    pub(crate) async fn token_with(
        &mut self,
        members: &[(&'static str, Value)],
        context: Option<RequestContext>,
        token: TokenRequest,
    ) -> String {
        let plan = ClientDataPlan::answering(self.challenge().await.as_bytes());
        let client_data = members.iter().fold(plan, |plan, (name, value)| plan.with(name, value.clone())).write();
        let assertion = self.phone.assert(&client_data).expect("signs");
        let request = AssertRequest {
            token: Some(token),
            context,
            ..assert_request("shop", &self.instance, &client_data, assertion)
        };
        let answer = self.service.attestation().assert(by(LOGIN_KEY, request)).await.expect("an answer").into_inner();
        answer.token.expect("a token").token
    }

    /// An operator revokes the phone.
    pub(crate) async fn revoke(&self) {
        let name = InstanceName { name: Some(instance_name::Name::Instance(self.instance.clone())) };
        let (app, why) = ("shop".to_owned(), "stolen".to_owned());
        let request = RevokeInstanceRequest { app, name: Some(name), why, expire_time: None };
        let mut instances = InstanceServiceClient::new(self.service.channel.clone());
        instances.revoke_instance(by(DESK_KEY, request)).await.expect("an answer");
    }
}

/// The pseudonym and a token of a phone that has just been enrolled.
async fn enrolled(service: &Harness, phone: &LabDevice) -> (String, String) {
    let client_data = challenge(service, Purpose::Attest).await.into_bytes();
    let request = AttestRequest { token: Some(ear()), ..attest_request("shop", phone, &client_data) };
    let answer = service.attestation().attest(by(LOGIN_KEY, request)).await.expect("an answer").into_inner();
    let verdict = answer.verdict.expect("a verdict");
    assert_eq!(verdict.decision(), Decision::Allow, "{verdict:?}");
    (verdict.instance, answer.token.expect("a token").token)
}

async fn challenge(service: &Harness, purpose: Purpose) -> String {
    let request = CreateChallengeRequest { app: "shop".to_owned(), purpose: purpose.into(), ..Default::default() };
    let answer = service.attestation().create_challenge(by(LOGIN_KEY, request)).await.expect("a challenge");
    answer.into_inner().challenge
}

/// A token for the gateway.
pub(crate) fn ear() -> TokenRequest {
    TokenRequest { format: TokenFormat::Ear.into(), ..TokenRequest::default() }
}
