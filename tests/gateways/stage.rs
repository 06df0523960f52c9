//! The service with a gateway's and an auth server's key, an enrolled phone, and the API.

use std::net::{Ipv4Addr, SocketAddr};

use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::CallerKey;
use bonafide::grpc::proto::{CreateChallengeRequest, Decision, Purpose};
use bonafide::http::{GatewayConfig, HttpConfig};
use bonafide::verifier::{Caller, Role};
use tonic::Request;

use crate::harness::{Harness, attest_request};
use crate::upstream;

/// The key of the gateway.
pub(crate) const KEY: &str = "edge-key-0123456789";
/// The key of the auth server.
pub(crate) const LOGIN_KEY: &str = "login-key-0123456789";

pub(crate) struct Stage {
    pub(crate) service: Harness,
    pub(crate) api: SocketAddr,
    /// The pseudonym of a phone that is allowed.
    pub(crate) instance: String,
}

fn key(name: &str, key: &str, role: Role) -> CallerKey {
    let party = "shop".parse().expect("a name");
    let caller = Caller {
        name: name.parse().expect("a name"),
        relying_party: party,
        role,
        apps: bonafide::verifier::Grants::All,
    };
    CallerKey { key_sha256: sha256(key.as_bytes()), caller }
}

fn configure(config: &mut Config) {
    let callers = vec![key("edge", KEY, Role::Gateway), key("login", LOGIN_KEY, Role::AuthServer)];
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
        let instance = enrolled(&service).await;
        Self { service, api: upstream::start().await, instance }
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

async fn enrolled(service: &Harness) -> String {
    let request =
        CreateChallengeRequest { app: "shop".to_owned(), purpose: Purpose::Attest.into(), ..Default::default() };
    let challenge = service.attestation().create_challenge(by(LOGIN_KEY, request)).await.expect("a challenge");
    let client_data = challenge.into_inner().challenge.into_bytes();
    let request = attest_request("shop", &service.phone(), &client_data);
    let verdict = service.attestation().attest(by(LOGIN_KEY, request)).await.expect("an answer");
    let verdict = verdict.into_inner().verdict.expect("a verdict");
    assert_eq!(verdict.decision(), Decision::Allow, "{verdict:?}");
    verdict.instance
}
