//! The service with a gateway's and an auth server's key, an enrolled phone, and the API.

use std::net::{Ipv4Addr, SocketAddr};

use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::CallerKey;
use bonafide::grpc::proto::{AttestRequest, CreateChallengeRequest, Decision, Purpose, TokenFormat, TokenRequest};
use bonafide::http::{GatewayConfig, HttpConfig};
use bonafide::verifier::{Caller, Grants, Role, TokenConfig};
use tonic::Request;

use crate::harness::{Harness, attest_request};
use crate::upstream;

/// The key of the gateway.
pub(crate) const KEY: &str = "edge-key-0123456789";
/// The key of the auth server.
pub(crate) const LOGIN_KEY: &str = "login-key-0123456789";
/// The key of another relying party's gateway.
pub(crate) const PARTNER_KEY: &str = "partner-key-0123456789";
/// The service's own name.
pub(crate) const ISSUER: &str = "https://bonafide.example";

pub(crate) struct Stage {
    pub(crate) service: Harness,
    pub(crate) api: SocketAddr,
    /// The pseudonym of a phone that is allowed.
    pub(crate) instance: String,
    /// A token of this phone for the gateway's relying party.
    pub(crate) token: String,
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
        let (instance, token) = enrolled(&service).await;
        Self { service, api: upstream::start().await, instance, token }
    }

    /// Where proxies of HTTP ask.
    pub(crate) fn gateway(&self) -> SocketAddr {
        self.service.gateway.expect("an address")
    }

    /// The header line of the enrolled phone.
    pub(crate) fn credential(&self) -> String {
        format!("bonafide-instance: {}", self.instance)
    }
}

/// The pseudonym and a token of a phone that has just been enrolled.
async fn enrolled(service: &Harness) -> (String, String) {
    let request =
        CreateChallengeRequest { app: "shop".to_owned(), purpose: Purpose::Attest.into(), ..Default::default() };
    let challenge = service.attestation().create_challenge(by(LOGIN_KEY, request)).await.expect("a challenge");
    let client_data = challenge.into_inner().challenge.into_bytes();
    let token = TokenRequest { format: TokenFormat::Ear.into(), ..TokenRequest::default() };
    let request = AttestRequest { token: Some(token), ..attest_request("shop", &service.phone(), &client_data) };
    let answer = service.attestation().attest(by(LOGIN_KEY, request)).await.expect("an answer").into_inner();
    let verdict = answer.verdict.expect("a verdict");
    assert_eq!(verdict.decision(), Decision::Allow, "{verdict:?}");
    (verdict.instance, answer.token.expect("a token").token)
}
