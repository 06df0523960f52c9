//! Tokens that are bound to a key, and sessions that a proof is bound to, behind gateways.

use bonafide::appraisal::{BindingPolicy, Stance};
use bonafide::crypto::digest::sha256;
use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::jose::sign_jws;
use bonafide::crypto::jwk::PublicJwk;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::proto::RequestContext;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::client::get;
use crate::envoy::{assert_demanded, envoy_for};
use crate::harness::START;
use crate::route::Takes;
use crate::stage::Stage;
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

#[tokio::test]
async fn a_session_that_the_gateway_states_is_the_one_that_was_proved() {
    let mut stage = Stage::set_with(|config| {
        let session_header = Some("x-session".to_owned());
        config.grpc.gateway = GatewayRules { tell: Tell::Codes, session_header, ..GatewayRules::USUAL };
        let user_session = Stance::Deny;
        for app in &mut config.verifier.apps {
            app.binding = BindingPolicy { user_session, ..BindingPolicy::IGNORED };
        }
    })
    .await;
    let Some(envoy) = envoy_for(Takes::Token, &stage).await else { return };
    let context = RequestContext { user_session: b"s-1".to_vec().into(), ..RequestContext::default() };
    let token = format!("bonafide-token: {}", stage.token_for(None, Some(context)).await);
    assert_eq!(get(envoy.address, "/pay", &[&token, "x-session: s-1"]).await.status, 200);
    for (session, reason) in [
        (&["x-session: s-2"][..], "binding_session_mismatch"),
        (&["x-session: s-1", "x-session: s-1"], "credential_ambiguous"),
        (&["x-session: s-1, s-2"], "credential_ambiguous"),
    ] {
        let lines: Vec<&str> = [token.as_str()].into_iter().chain(session.iter().copied()).collect();
        let said = get(envoy.address, "/pay", &lines).await;
        let reasons = said.json()["reasons"].clone();
        assert!(said.status == 403 && reasons.as_array().is_some_and(|all| all.contains(&reason.into())), "{said:?}");
    }
}
