//! Tokens over the wire: asked for, carried, checked, spent.

use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::jwk::PublicJwk;
use bonafide::crypto::seal::SealKey;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{
    AttestRequest, AttestResponse, CheckVerdictRequest, Decision, Purpose, TokenFormat, TokenRequest, Verdict,
};
use bonafide::verifier::TokenConfig;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::harness::{Harness, assert_denied, attest_request};

pub(crate) async fn service() -> Harness {
    Harness::start_with(sign).await
}

fn sign(config: &mut bonafide::config::Config) {
    let seal = SealKey::derive(&[1; 32]);
    config.verifier.token = Some(TokenConfig { seal, ..TokenConfig::of("https://verdicts.example.com") });
}

pub(crate) fn ear() -> TokenRequest {
    TokenRequest { format: TokenFormat::Ear.into(), ..TokenRequest::default() }
}

async fn attest(service: &Harness, request: &AttestRequest) -> Result<AttestResponse, Status> {
    service.attestation().attest(request.clone()).await.map(tonic::Response::into_inner)
}

async fn asking(service: &Harness, token: TokenRequest) -> AttestRequest {
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    AttestRequest { token: Some(token), ..attest_request("shop", &service.phone(), &client_data) }
}

pub(crate) async fn check(service: &Harness, token: &str, consume: bool) -> Verdict {
    let subject = Some(Subject::Token(token.to_owned()));
    let request = CheckVerdictRequest { app: "shop".to_owned(), subject, consume, ..CheckVerdictRequest::default() };
    let answer = service.verdicts().check_verdict(request).await.expect("an answer");
    answer.into_inner().verdict.expect("a verdict")
}

#[tokio::test]
async fn a_token_is_carried_from_attestation_to_check_and_over_a_restart() {
    let service = service().await;
    let answer = attest(&service, &asking(&service, ear()).await).await.expect("an answer");
    let (verdict, token) = (answer.verdict.expect("a verdict"), answer.token.expect("a token"));
    assert_eq!(token.expire_time.expect("a time").seconds, 1_800_000_300);
    let checked = check(&service, &token.token, false).await;
    assert_eq!((checked.decision(), &checked.instance), (Decision::Allow, &verdict.instance));
    assert_eq!(checked.expire_time, token.expire_time);
    let service = service.restart_with(sign).await;
    assert_eq!(check(&service, &token.token, false).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn f15_a_token_that_was_consumed_stays_consumed_over_a_restart() {
    let service = service().await;
    let request = asking(&service, TokenRequest { single_use: true, ..ear() }).await;
    let token = attest(&service, &request).await.expect("an answer").token.expect("a token").token;
    assert_eq!(check(&service, &token, true).await.decision(), Decision::Allow);
    let service = service.restart_with(sign).await;
    assert_denied(&check(&service, &token, true).await, "token_consumed");
}

#[tokio::test]
async fn a_retry_gets_a_token_of_its_own_and_no_other_kind() {
    let service = service().await;
    let named = AttestRequest { idempotency_key: "one".to_owned(), ..asking(&service, ear()).await };
    let first = attest(&service, &named).await.expect("an answer").token.expect("a token");
    let second = attest(&service, &named).await.expect("an answer").token.expect("a token");
    assert_ne!(first.token, second.token);
    let other = AttestRequest { token: Some(TokenRequest { single_use: true, ..ear() }), ..named };
    let refused = attest(&service, &other).await.expect_err("a fault");
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_refused_phone_gets_no_token() {
    let service = service().await;
    let request = asking(&service, ear()).await;
    attest(&service, &request).await.expect("an answer").token.expect("a token");
    let replay = asking(&service, ear()).await;
    let answer =
        attest(&service, &AttestRequest { client_data: replay.client_data, ..request }).await.expect("an answer");
    assert_eq!((answer.verdict.expect("a verdict").decision(), answer.token), (Decision::Deny, None));
}

#[tokio::test]
async fn faults_of_token_requests_name_their_field() {
    let service = service().await;
    let digest = vec![1_u8; 31];
    let attestation = TokenRequest { format: TokenFormat::ClientAttestation.into(), ..TokenRequest::default() };
    let whole = TokenRequest { client_id: "wallet".to_owned(), ..attestation.clone() };
    let duration = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for (token, field) in [
        (TokenRequest::default(), "token.format"),
        (TokenRequest { audience: "A B".to_owned(), ..ear() }, "token.audience"),
        (TokenRequest { client_id: "wallet".to_owned(), ..ear() }, "token.client_id"),
        (TokenRequest { client_certificate_sha256: digest.into(), ..ear() }, "token.client_certificate_sha256"),
        (TokenRequest { lifetime: duration(0), ..ear() }, "token.lifetime"),
        (TokenRequest { lifetime: duration(-5), ..ear() }, "token.lifetime"),
        (attestation, "token.client_id"),
        (TokenRequest { client_id: "x".repeat(257), ..whole.clone() }, "token.client_id"),
        (TokenRequest { audience: "shop".to_owned(), ..whole.clone() }, "token.audience"),
        (TokenRequest { single_use: true, ..whole.clone() }, "token.single_use"),
        (whole.clone(), "client_data"),
    ] {
        let status = attest(&service, &asking(&service, token).await).await.expect_err(field);
        let details = status.get_details_bad_request().expect(field);
        assert_eq!((status.code(), details.field_violations[0].field.as_str()), (Code::InvalidArgument, field));
    }
    let challenge = String::from_utf8(service.challenge("shop", Purpose::Attest, b"").await).expect("text");
    let key = PublicJwk::P256(*Es256Key::generate().expect("a key").public()).canonical();
    let client_data = format!(r#"{{"challenge":"{challenge}","cnf":{key}}}"#).into_bytes();
    let request = AttestRequest { token: Some(whole), ..attest_request("shop", &service.phone(), &client_data) };
    assert!(attest(&service, &request).await.expect("an answer").token.is_some());
}

#[tokio::test]
async fn f15_tokens_are_for_configured_audiences_and_services_alone() {
    let reason = |status: &Status| status.get_details_error_info().expect("details").reason;
    let signing = service().await;
    let request = asking(&signing, TokenRequest { audience: "orders".to_owned(), ..ear() }).await;
    let status = attest(&signing, &request).await.expect_err("a fault");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "AUDIENCE_NOT_ALLOWED"));
    let plain = Harness::start().await;
    let status = attest(&plain, &asking(&plain, ear()).await).await.expect_err("a fault");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "TOKENS_NOT_CONFIGURED"));
    assert_denied(&check(&plain, "token", false).await, "token_unsupported");
}

#[tokio::test]
async fn only_a_token_can_be_consumed() {
    let service = service().await;
    let subject = Some(Subject::Instance("x".to_owned()));
    let request = CheckVerdictRequest { app: "shop".to_owned(), subject, consume: true, ..Default::default() };
    let status = service.verdicts().check_verdict(request).await.expect_err("a fault");
    assert_eq!(status.get_details_bad_request().expect("details").field_violations[0].field, "consume");
}
