//! Tokens of revoked instances: refused by whichever way they are asked about, at every replica.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bonafide::config::Config;
use bonafide::crypto::seal::SealKey;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use bonafide::grpc::proto::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use bonafide::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use bonafide::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use bonafide::grpc::proto::{AttestRequest, CheckVerdictRequest, Purpose, TokenFormat, TokenRequest, Verdict};
use bonafide::http::GatewayConfig;
use bonafide::store::Store;
use bonafide::verifier::TokenConfig;
use prost::Message;
use serde_json::{Value, json};

use crate::harness::{attest_request, codes};
use crate::http::said;
use crate::promise::{EVER, kept};
use crate::revocation::{Replica, World, by, shared};

const REVOKED: [&str; 2] = ["lab_anchor", "instance_revoked"];

/// What one way of asking comes to.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Allowed,
    Refused(Vec<String>),
}

/// With tokens, codes for clients, and the gateway's listener.
pub(crate) fn signing(world: &World) -> Config {
    let mut config = world.config();
    let seal = SealKey::derive(&[1; 32]);
    config.verifier.token = Some(TokenConfig { seal, ..TokenConfig::of("https://verdicts.example.com") });
    config.grpc.gateway = GatewayRules { tell: Tell::Codes, ..GatewayRules::USUAL };
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.gateway = Some(GatewayConfig { callers: config.grpc.callers.clone(), ..GatewayConfig::on(anywhere) });
    config
}

async fn replica(world: &World, store: &Arc<dyn Store>) -> Replica {
    world.replica_as(store, signing(world)).await
}

/// Enrols a phone; gives its pseudonym and a token.
async fn carried(world: &World, replica: &Replica) -> (String, String) {
    let client_data = replica.challenge("shop", Purpose::Attest).await;
    let token = TokenRequest { format: TokenFormat::Ear.into(), ..TokenRequest::default() };
    let request = AttestRequest { token: Some(token), ..attest_request("shop", &world.phone(), &client_data) };
    let answer = replica.attestation().attest(by("login", request)).await.expect("an answer").into_inner();
    (answer.verdict.expect("a verdict").instance, answer.token.expect("a token").token)
}

fn told(verdict: &Verdict) -> Told {
    use bonafide::grpc::proto::Decision::{Allow, Deny};
    match verdict.decision() {
        Allow => Told::Allowed,
        Deny => Told::Refused(codes(verdict).into_iter().map(str::to_owned).collect()),
        other => panic!("{other:?}"),
    }
}

async fn by_token(replica: &Replica, token: &str) -> Told {
    let subject = Some(Subject::Token(token.to_owned()));
    let request = CheckVerdictRequest { app: "shop".to_owned(), subject, ..CheckVerdictRequest::default() };
    let answer = replica.verdicts().check_verdict(by("edge", request)).await.expect("an answer").into_inner();
    told(&answer.verdict.expect("a verdict"))
}

/// What a proxy is told about a request that carries this header field.
async fn by_proxy(replica: &Replica, subject: &str, (name, value): (&str, &str)) -> Told {
    let http = HttpRequest {
        method: "GET".into(),
        path: "/".to_owned().into(),
        host: "shop.example".into(),
        scheme: "https".into(),
        headers: [(name.to_owned(), value.to_owned().into())].into(),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http) }),
        context_extensions: [("app", "shop"), ("subject", subject)].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        ..AttributeContext::default()
    };
    let request = CheckRequest { attributes: attributes.encode_to_vec().into() };
    let answer = AuthorizationClient::new(replica.channel.clone()).check(by("edge", request)).await;
    match answer.expect("an answer").into_inner().http_response.expect("an answer of HTTP") {
        HttpResponse::OkResponse(_) => Told::Allowed,
        HttpResponse::DeniedResponse(refused) => {
            let problem: Value = serde_json::from_str(&refused.body).expect("JSON");
            Told::Refused(serde_json::from_value(problem["reasons"].clone()).expect("codes"))
        }
    }
}

/// Whether introspection calls the token active.
pub(crate) async fn is_active(replica: &Replica, token: &str) -> bool {
    let form = format!("token={token}");
    let lines = format!(
        "host: x\r\nconnection: close\r\nauthorization: Bearer edge-key\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    );
    let answer = said(replica.gateway.expect("an address"), &format!("POST /introspect HTTP/1.1\r\n{lines}")).await;
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let told: Value = serde_json::from_str(body).unwrap_or_else(|why| panic!("{why}: {answer}"));
    let active = told["active"].as_bool().expect("true or false");
    assert!(active || told == json!({ "active": false }), "{told}");
    active
}

/// Every way of asking at one replica; introspection gives no reasons.
async fn each_way(replica: &Replica, instance: &str, token: &str) -> ([Told; 4], bool) {
    let ways = [
        told(&replica.check("shop", instance).await),
        by_token(replica, token).await,
        by_proxy(replica, "instance", ("bonafide-instance", instance)).await,
        by_proxy(replica, "token", ("bonafide-token", token)).await,
    ];
    (ways, is_active(replica, token).await)
}

fn everywhere(revoked: bool) -> ([Told; 4], bool) {
    let told = || if revoked { Told::Refused(REVOKED.map(str::to_owned).to_vec()) } else { Told::Allowed };
    ([told(), told(), told(), told()], !revoked)
}

/// Both replicas have the verdict and what the token says in memory before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_a_revoked_instances_token_is_refused_by_every_way_within_a_second() {
    kept(async || {
        let (world, store) = (World::new(), shared());
        let (here, there) = (replica(&world, &store).await, replica(&world, &store).await);
        let (instance, token) = carried(&world, &here).await;
        for replica in [&here, &there, &here, &there] {
            assert_eq!(each_way(replica, &instance, &token).await, everywhere(false));
        }
        here.revoke(&instance, None).await;
        let answered = Instant::now();
        assert_eq!(each_way(&here, &instance, &token).await, everywhere(true), "at once");
        while each_way(&there, &instance, &token).await != everywhere(true) {
            assert!(answered.elapsed() < EVER, "still allowed: {:?}", each_way(&there, &instance, &token).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = answered.elapsed();
        here.reinstate(&instance).await;
        assert_eq!(each_way(&here, &instance, &token).await, everywhere(false), "the token counts again");
        took
    })
    .await;
}

/// The replica that signed it is asked about a token that it has never seen checked.
#[tokio::test]
async fn d07_a_token_that_was_not_shown_before_the_revocation_is_refused() {
    kept(async || {
        let (world, store) = (World::new(), shared());
        let (here, there) = (replica(&world, &store).await, replica(&world, &store).await);
        let (instance, token) = carried(&world, &here).await;
        there.revoke(&instance, None).await;
        let refused = Told::Refused(REVOKED.map(str::to_owned).to_vec());
        assert_eq!(by_token(&there, &token).await, refused);
        let answered = Instant::now();
        while by_token(&here, &token).await != refused {
            assert!(answered.elapsed() < EVER, "still allowed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = answered.elapsed();
        assert_eq!(each_way(&here, &instance, &token).await, everywhere(true));
        took
    })
    .await;
}
