//! Fresh assertions that come with tokens: the token names the instance, and the signature serves one request of it.

use bonafide::evidence::signed_request::SignedRequest;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{
    AttestRequest, CheckVerdictRequest, Decision, FreshAssertion, Purpose, TokenRequest, Verdict,
};
use bonafide::lab::app_attest::LabDevice;

use crate::harness::{Harness, assert_denied, attest_request, codes};
use crate::requests::{context, request, signed};
use crate::tokens::{check, ear, service};

const SINGLE_USE: bool = true;

/// A phone with a token.
struct Bearer {
    phone: LabDevice,
    instance: String,
    token: String,
}

async fn bearer(service: &Harness, single_use: bool) -> Bearer {
    let phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let token = Some(TokenRequest { single_use, ..ear() });
    let request = AttestRequest { token, ..attest_request("shop", &phone, &client_data) };
    let answer = service.attestation().attest(request).await.expect("an answer").into_inner();
    let instance = answer.verdict.expect("a verdict").instance;
    Bearer { phone, instance, token: answer.token.expect("a token").token }
}

/// What the token is worth with this assertion, for the request that is seen.
async fn worth(
    service: &Harness,
    (token, consume): (&str, bool),
    seen: &SignedRequest<'_>,
    sent: &FreshAssertion,
) -> Verdict {
    let request = CheckVerdictRequest {
        app: "shop".to_owned(),
        subject: Some(Subject::Token(token.to_owned())),
        consume,
        context: Some(context(seen).into()),
        assertion: Some(sent.clone().into()),
    };
    let answer = service.verdicts().check_verdict(request).await.expect("an answer");
    answer.into_inner().verdict.expect("a verdict")
}

#[track_caller]
fn assert_allowed_once(verdict: &Verdict, instance: &str) {
    assert_eq!((verdict.decision(), codes(verdict)), (Decision::Allow, vec!["lab_anchor"]), "{verdict:?}");
    assert_eq!((verdict.instance.as_str(), verdict.freshness), (instance, Some(Default::default())));
}

fn other() -> SignedRequest<'static> {
    SignedRequest { path: "/v1/pay?to=mallory", ..request() }
}

#[tokio::test]
async fn a_request_signed_by_the_tokens_instance_is_served_once() {
    let service = service().await;
    let mut bearer = bearer(&service, false).await;
    let token = (bearer.token.as_str(), false);
    let sent = signed(&service, &mut bearer.phone, &request()).await;
    let verdict = worth(&service, token, &request(), &sent).await;
    assert_allowed_once(&verdict, &bearer.instance);
    assert!(verdict.expire_time.expect("an end").seconds <= 1_800_000_300, "no longer than the token");
    assert_denied(&worth(&service, token, &request(), &sent).await, "challenge_replayed");
    let next = signed(&service, &mut bearer.phone, &request()).await;
    assert_allowed_once(&worth(&service, token, &request(), &next).await, &bearer.instance);
}

#[tokio::test]
async fn b15_an_assertion_with_a_token_serves_the_request_it_names_alone() {
    let service = service().await;
    let mut bearer = bearer(&service, false).await;
    let token = (bearer.token.as_str(), false);
    let sent = signed(&service, &mut bearer.phone, &request()).await;
    assert_denied(&worth(&service, token, &other(), &sent).await, "request_mismatch");
    let verdict = worth(&service, token, &request(), &sent).await;
    assert_allowed_once(&verdict, &bearer.instance);
}

/// Neither a stolen token with the thief's own signature, nor somebody's signature under another token.
#[tokio::test]
async fn b15_an_assertion_counts_under_a_token_of_its_own_instance_alone() {
    let service = service().await;
    let (mut honest, mut thief) = (bearer(&service, false).await, bearer(&service, false).await);
    let by_thief = signed(&service, &mut thief.phone, &request()).await;
    let stolen = worth(&service, (&honest.token, false), &request(), &by_thief).await;
    assert_denied(&stolen, "app_attest_signature_invalid");
    let by_honest = signed(&service, &mut honest.phone, &request()).await;
    let borrowed = worth(&service, (&thief.token, false), &request(), &by_honest).await;
    assert_denied(&borrowed, "app_attest_signature_invalid");
    for (each, sent) in [(&honest, by_honest), (&thief, by_thief)] {
        let verdict = worth(&service, (&each.token, false), &request(), &sent).await;
        assert_allowed_once(&verdict, &each.instance);
    }
}

#[tokio::test]
async fn f15_a_single_use_is_spent_with_the_request_that_is_served_alone() {
    let service = service().await;
    let mut bearer = bearer(&service, SINGLE_USE).await;
    let token = (bearer.token.as_str(), true);
    let sent = signed(&service, &mut bearer.phone, &request()).await;
    assert_denied(&worth(&service, token, &other(), &sent).await, "request_mismatch");
    assert_allowed_once(&worth(&service, (token.0, false), &request(), &sent).await, &bearer.instance);
    assert_denied(&worth(&service, token, &request(), &sent).await, "challenge_replayed");
    let next = signed(&service, &mut bearer.phone, &request()).await;
    assert_allowed_once(&worth(&service, token, &request(), &next).await, &bearer.instance);
    let last = signed(&service, &mut bearer.phone, &request()).await;
    for consume in [true, false] {
        assert_denied(&worth(&service, (token.0, consume), &request(), &last).await, "token_consumed");
    }
    assert_denied(&check(&service, token.0, false).await, "token_consumed");
    let verdict = service.check("shop", &bearer.instance).await;
    assert_eq!(verdict.decision(), Decision::Allow, "the instance stays what it is");
}

#[tokio::test]
async fn f15_a_token_for_many_uses_spends_no_assertion_when_it_is_consumed() {
    let service = service().await;
    let mut bearer = bearer(&service, false).await;
    let sent = signed(&service, &mut bearer.phone, &request()).await;
    let verdict = worth(&service, (&bearer.token, true), &request(), &sent).await;
    assert_denied(&verdict, "token_not_single_use");
    let verdict = worth(&service, (&bearer.token, false), &request(), &sent).await;
    assert_allowed_once(&verdict, &bearer.instance);
}
