//! What tokens are bound to, and how often they count, behind gateways.

use bonafide::appraisal::{BindingPolicy, Stance};
use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::jose::sign_jws;
use bonafide::crypto::jwk::PublicJwk;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::proto::{RequestContext, TokenRequest};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::caddy::caddy_for;
use crate::client::{Said, get};
use crate::envoy::{assert_demanded, envoy_for};
use crate::harness::START;
use crate::nginx::nginx_for;
use crate::route::{Takes, every};
use crate::stage::{Stage, ear};
use crate::traefik::traefik_showing;
use crate::upstream::Reached;

/// The header line with a proof for `GET http://shop.example/pay`.
fn proof(name: &str, key: &Es256Key, token: &str) -> String {
    let jwk: Value = serde_json::from_str(&PublicJwk::P256(*key.public()).canonical()).expect("JSON");
    let ath = BASE64URL_NOPAD.encode(&sha256(token.as_bytes()));
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
    let payload =
        json!({ "jti": name, "htm": "GET", "htu": "http://shop.example/pay", "iat": START.as_secs(), "ath": ath });
    format!("dpop: {}", sign_jws(header.to_string().as_bytes(), payload.to_string().as_bytes(), key).expect("signed"))
}

#[tokio::test]
async fn f15_a_bound_token_passes_envoy_with_a_proof_alone_and_once() {
    let mut stage = Stage::set().await;
    let Some(envoy) = envoy_for(Takes::Token, &stage).await else { return };
    let (key, other) = (Es256Key::generate().expect("a key"), Es256Key::generate().expect("a key"));
    let bound = stage.token_for(Some(&PublicJwk::P256(*key.public())), None).await;
    let token = format!("bonafide-token: {bound}");
    let proved = proof("one", &key, &bound);
    let reached = Reached::of(&get(envoy.address, "/pay?amount=1", &[&token, &proved]).await);
    assert_eq!(reached.all("bonafide-verdict-instance"), [stage.instance.as_str()]);
    for (more, demand, reason) in [
        ("accept: */*", "DPoP error=\"invalid_token\"", "token_binding_missing"),
        (&proved, "DPoP error=\"invalid_dpop_proof\"", "dpop_replayed"),
        (&proof("two", &other, &bound), "DPoP error=\"invalid_token\"", "token_binding_mismatch"),
        (&proof("three", &key, &stage.token), "DPoP error=\"invalid_dpop_proof\"", "dpop_token"),
    ] {
        let said = get(envoy.address, "/pay?amount=1", &[&token, more]).await;
        assert_demanded(&said, demand);
        assert_eq!(said.json()["reasons"], json!([reason]), "{said:?}");
    }
    assert_eq!(get(envoy.address, "/pay", &[&token, &proof("four", &key, &bound)]).await.status, 200);
}

/// Asks for where a proof came from, and for nothing else.
fn bind(config: &mut Config, binding: BindingPolicy) {
    for app in &mut config.verifier.apps {
        app.binding = binding;
    }
}

#[track_caller]
fn assert_denied(said: &Said, reason: &str) {
    let reasons = said.json()["reasons"].clone();
    assert!(said.status == 403 && reasons.as_array().is_some_and(|all| all.contains(&reason.into())), "{said:?}");
}

#[tokio::test]
async fn a_session_that_the_gateway_states_is_the_one_that_was_proved() {
    let mut stage = Stage::set_with(|config| {
        let session_header = Some("x-session".to_owned());
        config.grpc.gateway = GatewayRules { tell: Tell::Codes, session_header, ..GatewayRules::USUAL };
        bind(config, BindingPolicy { user_session: Stance::Deny, ..BindingPolicy::IGNORED });
    })
    .await;
    let gateways = [
        envoy_for(Takes::Token, &stage).await,
        nginx_for(Takes::Token, &stage).await,
        traefik_showing(&["x-session"], Takes::Token, &stage).await,
        caddy_for(Takes::Token, &stage).await,
    ];
    let context = RequestContext { user_session: b"s-1".to_vec().into(), ..RequestContext::default() };
    let token = format!("bonafide-token: {}", stage.token_for(None, Some(context)).await);
    for gateway in gateways.into_iter().flatten() {
        assert_eq!(get(gateway.address, "/pay", &[&token, "x-session: s-1"]).await.status, 200);
        for (session, reason) in [
            (&["x-session: s-2"][..], "binding_session_mismatch"),
            (&["x-session: s-1", "x-session: s-1"], "credential_ambiguous"),
            (&["x-session: s-1, s-2"], "credential_ambiguous"),
        ] {
            let lines: Vec<&str> = [token.as_str()].into_iter().chain(session.iter().copied()).collect();
            assert_denied(&get(gateway.address, "/pay", &lines).await, reason);
        }
    }
}

#[tokio::test]
async fn the_address_that_counts_is_that_of_the_connection_behind_every_gateway() {
    let binding = BindingPolicy { address: Stance::Deny, address_prefix_v4: 32, ..BindingPolicy::IGNORED };
    let mut stage = Stage::set_with(|config| bind(config, binding)).await;
    let gateways = every(Takes::Token, &stage).await;
    let of = |address: &str| Some(RequestContext { client_address: address.to_owned(), ..RequestContext::default() });
    let token = format!("bonafide-token: {}", stage.token_for(None, of("127.0.0.1")).await);
    let stolen = format!("bonafide-token: {}", stage.token_for(None, of("192.0.2.7")).await);
    for gateway in gateways {
        for claimed in ["accept: */*", "x-forwarded-for: 192.0.2.7", "x-real-ip: 192.0.2.7", "forwarded: for=192.0.2.7"]
        {
            assert_eq!(get(gateway.address, "/pay", &[&token, claimed]).await.status, 200, "{claimed}");
            assert_denied(&get(gateway.address, "/pay", &[&stolen, claimed]).await, "binding_address_mismatch");
        }
    }
}

#[tokio::test]
async fn f15_a_token_for_one_use_is_spent_behind_every_gateway() {
    let mut stage = Stage::set().await;
    let gateways = every(Takes::TokenOnce, &stage).await;
    for gateway in &gateways {
        let once = stage.token_as(None, None, TokenRequest { single_use: true, ..ear() }).await;
        let token = format!("bonafide-token: {once}");
        assert_eq!(get(gateway.address, "/pay", &[&token]).await.status, 200);
        for other in &gateways {
            let said = get(other.address, "/pay", &[&token]).await;
            assert_demanded(&said, "Bearer error=\"invalid_token\"");
            assert_eq!(said.json()["reasons"][0], "token_consumed", "{said:?}");
        }
        let said = get(gateway.address, "/pay", &[&stage.shown(Takes::TokenOnce)]).await;
        assert_eq!((said.status, &said.json()["reasons"][0]), (401, &"token_not_single_use".into()), "{said:?}");
    }
}
