//! Requests that a phone signs, through a gateway.

use std::time::Duration;

use bonafide::crypto::digest::sha256;
use bonafide::evidence::signed_request::SignedRequest;
use bonafide::grpc::proto::envoy::service::auth::v3::attribute_context::HttpRequest;

use crate::client::{Said, get, head, send, send_bytes};
use crate::envoy::{assert_demanded, envoy_for};
use crate::ext_authz::{ROUTE, asked, assert_refused, check, described, passed, with};
use crate::route::Takes;
use crate::stage::Stage;
use crate::upstream::Reached;

fn request<'a>(method: &'a str, path: &'a str, body: &[u8]) -> SignedRequest<'a> {
    SignedRequest { method, authority: "shop.example", path, body: sha256(body) }
}

#[track_caller]
fn assert_denied(said: &Said, reason: &str) {
    assert_eq!((said.status, &said.json()["reasons"][0]), (403, &reason.into()), "{said:?}");
}

#[tokio::test]
async fn b15_a_challenge_of_envoy_is_signed_with_the_request_and_serves_it_once() {
    let mut stage = Stage::set().await;
    let Some(envoy) = envoy_for(Takes::Instance, &stage).await else { return };
    stage.service.later(Duration::from_secs(24 * 3600));
    let credential = stage.credential();
    let old = get(envoy.address, "/pay?to=alice", &[&credential]).await;
    assert_demanded(&old, "Bearer error=\"insufficient_user_authentication\"");
    let challenge = old.header("bonafide-challenge").expect("a challenge").to_owned();
    let signed = stage.assertion(&challenge, &request("GET", "/pay?to=alice", b""));
    assert_denied(&get(envoy.address, "/pay?to=mallory", &[&credential, &signed]).await, "request_mismatch");
    let reached = Reached::of(&get(envoy.address, "/pay?to=alice", &[&credential, &signed]).await);
    assert_eq!(reached.all("bonafide-verdict"), ["allow"]);
    assert_eq!(reached.all("bonafide-assertion"), Vec::<&str>::new(), "it goes no further");
    assert_denied(&get(envoy.address, "/pay?to=alice", &[&credential, &signed]).await, "challenge_replayed");
    assert_eq!(get(envoy.address, "/other", &[&credential]).await.status, 200, "the proof is the newest now");
}

#[tokio::test]
async fn f22_a_signed_body_is_seen_whole_or_refused() {
    let mut stage = Stage::set().await;
    let Some(envoy) = envoy_for(Takes::Token, &stage).await else { return };
    let token = format!("bonafide-token: {}", stage.token);
    let post = |target: &str, signed: &str, body: &str| {
        head("POST", target, &[&token, signed, &format!("content-length: {}", body.len())]) + body
    };
    let challenge = stage.challenge().await;
    let signed = stage.assertion(&challenge, &request("POST", "/signed/x", b"ten"));
    assert_denied(&send(envoy.address, &post("/signed/x", &signed, "all")).await, "request_mismatch");
    assert_eq!(send(envoy.address, &post("/signed/x", &signed, "ten")).await.status, 200);
    let challenge = stage.challenge().await;
    let elsewhere = stage.assertion(&challenge, &request("POST", "/x", b"ten"));
    assert_denied(&send(envoy.address, &post("/x", &elsewhere, "ten")).await, "body_partial");
}

#[tokio::test]
async fn f22_the_bytes_that_were_signed_are_the_bytes_that_are_served() {
    let mut stage = Stage::set().await;
    let Some(envoy) = envoy_for(Takes::Token, &stage).await else { return };
    let token = format!("bonafide-token: {}", stage.token);
    let post = |signed: &str, body: &[u8]| {
        let length = format!("content-length: {}", body.len());
        [head("POST", "/signed/x", &[&token, signed, &length]).as_bytes(), body].concat()
    };
    let challenge = stage.challenge().await;
    let signed = stage.assertion(&challenge, &request("POST", "/signed/x", b"pay! ok"));
    assert_denied(&send_bytes(envoy.address, &post(&signed, b"pay\xff ok")).await, "request_mismatch");
    let challenge = stage.challenge().await;
    let signed = stage.assertion(&challenge, &request("POST", "/signed/x", b"\x89PNG\xfe\xc3"));
    assert_eq!(send_bytes(envoy.address, &post(&signed, b"\x89PNG\xfe\xc3")).await.status, 200);
    for other in ["/x", "/beta/x", "/healthz"] {
        let long = head("POST", other, &[&token, "content-length: 70000"]) + &"x".repeat(70_000);
        assert_eq!(send(envoy.address, &long).await.status, 200, "{other} shows no body, and limits none");
    }
}

#[tokio::test]
async fn f22_a_body_that_nobody_has_announced_is_not_signed_away() {
    let mut stage = Stage::set().await;
    let mut signed_get = async |protocol: &'static str, more: &[(&str, &str)]| {
        let challenge = stage.challenge().await;
        let signed = stage.assertion(&challenge, &request("GET", "/", b""));
        let (_, value) = signed.split_once(": ").expect("a value");
        let fields = [("bonafide-instance", stage.instance.as_str()), ("bonafide-assertion", value)];
        let fields: Vec<_> = fields.iter().chain(more).copied().collect();
        let http = HttpRequest { protocol: protocol.into(), ..described("/", &fields) };
        let digest = [ROUTE[0], ROUTE[1], ("body", "digest")];
        (check(&stage, with(&ROUTE, http.clone())).await, check(&stage, with(&digest, http)).await)
    };
    for protocol in ["HTTP/2", "HTTP/3", ""] {
        let (unseen, buffered) = signed_get(protocol, &[]).await;
        assert_refused(unseen, 403, "body_partial");
        passed(buffered);
    }
    passed(signed_get("HTTP/2", &[("content-length", "0")]).await.0);
    passed(signed_get("HTTP/1.0", &[]).await.0);
}

#[tokio::test]
async fn f05_what_is_no_assertion_is_refused() {
    let mut stage = Stage::set().await;
    let instance = stage.instance.clone();
    let challenge = stage.challenge().await;
    let signed = stage.assertion(&challenge, &request("GET", "/", b""));
    let value = signed.split_once(": ").expect("a value").1.to_owned();
    let fields = |values: &[&str]| {
        let assertions = values.iter().map(|value| ("bonafide-assertion", *value));
        [("bonafide-instance", instance.as_str())]
            .into_iter()
            .chain(assertions)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Vec<_>>()
    };
    let ask = |values: &[&str]| {
        let fields = fields(values);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        asked(&ROUTE, "/", &fields)
    };
    let long = format!("app_attest.{}.YWJj", "YWJj".repeat(2048));
    let joined = format!("{value},{value}");
    let other = value.rsplit_once('.').expect("parts").0.to_owned() + ".ZGVm";
    let android = value.replace("app_attest", "key_attestation") + ".1";
    for (sent, reason) in [
        ("", "credential_ambiguous"),
        (&long, "credential_ambiguous"),
        (&joined, "credential_ambiguous"),
        ("\u{ff}", "credential_ambiguous"),
        ("app_attest", "assertion_malformed"),
        (&other, "app_attest_not_cbor"),
        ("app_attest.YWJj.ZGVm", "challenge_malformed"),
        (&android, "format_not_taken"),
    ] {
        assert_refused(check(&stage, ask(&[sent])).await, 403, reason);
    }
    let removed = passed(check(&stage, ask(&[&value])).await).headers_to_remove;
    assert!(removed.contains(&"bonafide-assertion".to_owned()), "{removed:?}");
    assert_refused(check(&stage, ask(&[&value])).await, 403, "challenge_replayed");
}
