//! Fresh assertions: a signature over one request serves that request, once.

use bonafide::appraisal::{BindingPolicy, Stance};
use bonafide::crypto::digest::sha256;
use bonafide::evidence::signed_request::SignedRequest;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::fresh_assertion::Proof;
use bonafide::grpc::proto::{
    AssertRequest, CheckVerdictRequest, Decision, FreshAssertion, Purpose, RequestContext, Verdict,
};
use bonafide::lab::app_attest::LabDevice;
use bonafide::lab::client_data::ClientDataPlan;
use tonic::Code;

use crate::harness::{Harness, assert_denied, assert_request, codes};

const BODY: &[u8] = br#"{"amount":"10.00"}"#;

pub(crate) fn request() -> SignedRequest<'static> {
    SignedRequest { method: "POST", authority: "api.example.com", path: "/v1/pay?to=alice", body: sha256(BODY) }
}

/// The request as a gateway sees it.
pub(crate) fn context(request: &SignedRequest<'_>) -> RequestContext {
    RequestContext {
        method: request.method.to_owned(),
        authority: request.authority.to_owned(),
        path: request.path.to_owned(),
        body_sha256: request.body.to_vec().into(),
        ..RequestContext::default()
    }
}

fn over(client_data: Vec<u8>, assertion: Vec<u8>) -> FreshAssertion {
    let proof = Some(Proof::Assertion(assertion.into()));
    FreshAssertion { client_data: client_data.into(), proof, ..FreshAssertion::default() }
}

/// What a phone sends with a request.
pub(crate) async fn signed(service: &Harness, phone: &mut LabDevice, request: &SignedRequest<'_>) -> FreshAssertion {
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let client_data = ClientDataPlan::answering(&challenge).over(request).write();
    let assertion = phone.assert(&client_data).expect("signs");
    over(client_data, assertion)
}

fn check(instance: &str, context: RequestContext, assertion: FreshAssertion) -> CheckVerdictRequest {
    CheckVerdictRequest {
        app: "shop".to_owned(),
        subject: Some(Subject::Instance(instance.to_owned())),
        context: Some(context.into()),
        assertion: Some(assertion.into()),
        ..CheckVerdictRequest::default()
    }
}

async fn checked(service: &Harness, instance: &str, seen: &SignedRequest<'_>, sent: &FreshAssertion) -> Verdict {
    let answer = service.verdicts().check_verdict(check(instance, context(seen), sent.clone())).await;
    answer.expect("an answer").into_inner().verdict.expect("a verdict")
}

#[tokio::test]
async fn a_request_that_its_instance_signed_is_served_once() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let sent = signed(&service, &mut phone, &request()).await;
    let verdict = checked(&service, &instance, &request(), &sent).await;
    assert_eq!((verdict.decision(), codes(&verdict)), (Decision::Allow, vec!["lab_anchor"]));
    assert_eq!(verdict.instance, instance);
    let hints = verdict.freshness.expect("hints");
    assert_eq!((hints.fresh_for, hints.stale_if_unavailable), (None, None), "it is for this request alone");
    assert_denied(&checked(&service, &instance, &request(), &sent).await, "challenge_replayed");
    let service = service.restart().await;
    assert_denied(&checked(&service, &instance, &request(), &sent).await, "challenge_replayed");
    let next = signed(&service, &mut phone, &request()).await;
    assert_eq!(checked(&service, &instance, &request(), &next).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn b15_an_assertion_serves_the_request_it_names_alone() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let sent = signed(&service, &mut phone, &request()).await;
    for other in [
        SignedRequest { method: "PUT", ..request() },
        SignedRequest { method: "post", ..request() },
        SignedRequest { authority: "api.example.com:443", ..request() },
        SignedRequest { path: "/v1/pay?to=mallory", ..request() },
        SignedRequest { path: "/v1/pay", ..request() },
        SignedRequest { body: sha256(b""), ..request() },
        SignedRequest { method: "POST\napi.example.com", authority: "/v1/pay?to=alice", ..request() },
    ] {
        assert_denied(&checked(&service, &instance, &other, &sent).await, "request_mismatch");
    }
    let verdict = checked(&service, &instance, &request(), &sent).await;
    assert_eq!(verdict.decision(), Decision::Allow, "nothing was spent");
}

#[tokio::test]
async fn f22_a_body_that_was_cut_is_not_the_one_that_was_signed() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let sent = signed(&service, &mut phone, &request()).await;
    let cut = SignedRequest { body: sha256(&BODY[..BODY.len() - 1]), ..request() };
    assert_denied(&checked(&service, &instance, &cut, &sent).await, "request_mismatch");
    let unknown = RequestContext { body_sha256: Vec::new().into(), ..context(&request()) };
    let status = service.verdicts().check_verdict(check(&instance, unknown, sent)).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("context.body_sha256: "), "{}", status.message());
}

#[tokio::test]
async fn what_an_assertion_needs_is_named() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let sent = signed(&service, &mut phone, &request()).await;
    let whole = check(&instance, context(&request()), sent.clone());
    let with = |context: RequestContext| CheckVerdictRequest { context: Some(context.into()), ..whole.clone() };
    let sending =
        |assertion: FreshAssertion| CheckVerdictRequest { assertion: Some(assertion.into()), ..whole.clone() };
    let seen = context(&request());
    for (field, request) in [
        ("context.method", with(RequestContext { method: String::new(), ..seen.clone() })),
        ("context.authority", with(RequestContext { authority: String::new(), ..seen.clone() })),
        ("context.path", with(RequestContext { path: String::new(), ..seen.clone() })),
        ("context.method", CheckVerdictRequest { context: None, ..whole.clone() }),
        ("assertion.assertion", sending(FreshAssertion { proof: None, ..sent.clone() })),
        ("assertion.client_data", sending(FreshAssertion { client_data: Vec::new().into(), ..sent.clone() })),
        ("assertion.session", sending(FreshAssertion { session: vec![0; 1025].into(), ..sent.clone() })),
        ("consume", CheckVerdictRequest { consume: true, ..whole.clone() }),
    ] {
        let status = service.verdicts().check_verdict(request).await.expect_err(field);
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert!(status.message().starts_with(&format!("{field}: ")), "{}", status.message());
    }
    assert_eq!(checked(&service, &instance, &request(), &sent).await.decision(), Decision::Allow, "nothing was spent");
}

#[tokio::test]
async fn client_data_have_to_name_the_request_and_answer_a_challenge() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let assertion = phone.assert(&challenge).expect("signs");
    let plain = over(challenge, assertion);
    assert_denied(&checked(&service, &instance, &request(), &plain).await, "request_unsigned");
    let foreign = service.challenge("shop", Purpose::Attest, b"").await;
    for (challenge, code) in [(&b"none"[..], "challenge_malformed"), (&foreign, "challenge_for_other_purpose")] {
        let client_data = ClientDataPlan::answering(challenge).over(&request()).write();
        let assertion = phone.assert(&client_data).expect("signs");
        assert_denied(&checked(&service, &instance, &request(), &over(client_data, assertion)).await, code);
    }
    let challenge = service.challenge("shop", Purpose::Assert, b"session 1").await;
    let client_data = ClientDataPlan::answering(&challenge).over(&request()).write();
    let assertion = phone.assert(&client_data).expect("signs");
    let sent = over(client_data, assertion);
    assert_denied(&checked(&service, &instance, &request(), &sent).await, "challenge_for_other_session");
    let sent = FreshAssertion { session: b"session 1".to_vec().into(), ..sent };
    assert_eq!(checked(&service, &instance, &request(), &sent).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn a_sign_count_serves_one_request() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let sent = signed(&service, &mut phone, &request()).await;
    assert_eq!(checked(&service, &instance, &request(), &sent).await.decision(), Decision::Allow);
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let client_data = ClientDataPlan::answering(&challenge).over(&request()).write();
    let assertion = phone.assert_at(phone.sign_count(), &client_data).expect("signs");
    let again = over(client_data, assertion);
    assert_denied(&checked(&service, &instance, &request(), &again).await, "sign_count_replayed");
}

#[tokio::test]
async fn another_phone_does_not_sign_for_an_instance() {
    let service = Harness::start().await;
    let (phone, mut other) = (service.phone(), service.phone());
    let instance = service.enrolled("shop", &phone).await;
    service.enrolled("shop", &other).await;
    let sent = signed(&service, &mut other, &request()).await;
    assert_denied(&checked(&service, &instance, &request(), &sent).await, "app_attest_signature_invalid");
    assert_denied(&checked(&service, "made up", &request(), &sent).await, "instance_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_bring_one_assertion_one_is_served() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let sent = signed(&service, &mut phone, &request()).await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (mut client, call) = (service.verdicts(), check(&instance, context(&request()), sent.clone()));
            tokio::spawn(async move { client.check_verdict(call).await.expect("an answer").into_inner().verdict })
        })
        .collect();
    let mut allowed = 0;
    for call in calls {
        let verdict = call.await.expect("no panic").expect("a verdict");
        allowed += usize::from(verdict.decision() == Decision::Allow);
    }
    assert_eq!(allowed, 1);
}

#[tokio::test]
async fn a_signed_request_is_bound_like_any_other_and_binds_nothing() {
    let policy = BindingPolicy { address: Stance::StepUp, ..BindingPolicy::IGNORED };
    let service = Harness::start_with(|config| config.verifier.apps[0].binding = policy).await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let at = |address: &str| RequestContext { client_address: address.to_owned(), ..context(&request()) };
    let bind = service.signed("shop", &instance, &mut phone).await;
    service.assert(AssertRequest { context: Some(at("192.0.2.7")), ..bind }).await;
    for (address, expected) in [
        ("192.0.2.9", (Decision::Allow, vec!["lab_anchor"])),
        ("198.51.100.7", (Decision::StepUp, vec!["lab_anchor", "binding_address_mismatch"])),
        ("198.51.100.7", (Decision::StepUp, vec!["lab_anchor", "binding_address_mismatch"])),
        ("192.0.2.9", (Decision::Allow, vec!["lab_anchor"])),
    ] {
        let sent = signed(&service, &mut phone, &request()).await;
        let answer = service.verdicts().check_verdict(check(&instance, at(address), sent)).await;
        let verdict = answer.expect("an answer").into_inner().verdict.expect("a verdict");
        assert_eq!((verdict.decision(), codes(&verdict)), expected, "{address}");
    }
}

#[tokio::test]
async fn an_auth_server_may_have_the_request_compared() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let client_data = ClientDataPlan::answering(&challenge).over(&request()).write();
    let assertion = phone.assert(&client_data).expect("signs");
    let sent = assert_request("shop", &instance, &client_data, assertion);
    let other = context(&SignedRequest { path: "/v1/other", ..request() });
    let compared = AssertRequest { context: Some(other.clone()), ..sent.clone() };
    assert_denied(&service.assert(compared).await, "request_mismatch");
    let partial = AssertRequest { context: Some(RequestContext { path: String::new(), ..other.clone() }), ..sent };
    assert_eq!(service.assert(partial).await.decision(), Decision::Allow, "there is not enough to compare");
    let unsigned = service.signed("shop", &instance, &mut phone).await;
    let unsigned = AssertRequest { context: Some(other), ..unsigned };
    assert_eq!(service.assert(unsigned).await.decision(), Decision::Allow, "there is nothing to compare");
    let again = signed(&service, &mut phone, &request()).await;
    assert_eq!(checked(&service, &instance, &request(), &again).await.decision(), Decision::Allow);
}
