//! What a token alone has proved: it is about a session, and kept by nobody but its holder.

use std::time::Duration;

use bonafide::appraisal::{Aspect, Concern, Mode, OwnCode, OwnRule, Percent, Remedy};
use bonafide::crypto::seal::SealKey;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{
    AttestRequest, CheckVerdictRequest, Decision, Purpose, RequestContext, TokenFormat, TokenRequest, Verdict,
};
use bonafide::verifier::TokenConfig;

use crate::harness::{Harness, assert_allowed, assert_denied, attest_request, integrity};

/// Nothing but the session says who brings such a token.
#[tokio::test]
async fn f15_a_signed_verdict_of_a_token_alone_counts_in_its_session_alone() {
    let service = signing(vec![]).await;
    let token = signed_in_session(&service).await;
    for (named, reason) in [("session 1", ""), ("session 2", "token_session_mismatch"), ("", "session_missing")] {
        let verdict = shown(&service, &token, named, "/").await;
        match reason {
            "" => assert_allowed(&verdict),
            reason => assert_denied(&verdict, &[reason]),
        }
    }
}

#[tokio::test]
async fn f15_a_named_call_with_a_token_alone_is_one_use() {
    let service = signing(vec![]).await;
    let data = service.challenge("token", Purpose::Attest, b"session 1").await;
    let ear = TokenRequest { format: TokenFormat::Ear.into(), single_use: true, ..TokenRequest::default() };
    let request = AttestRequest {
        session: b"session 1".to_vec().into(),
        idempotency_key: "call 1".to_owned(),
        token: Some(ear),
        ..attest_request("token", &data, vec![integrity(&service.world.token(&data))])
    };
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let answer = service.attestation().attest(request.clone()).await.expect("an answer").into_inner();
        tokens.push(answer.token.expect("a token").token);
        service.world.later(Duration::from_secs(30));
    }
    assert_ne!(tokens[0], tokens[1]);
    for (token, reason) in [(&tokens[1], ""), (&tokens[0], "token_consumed"), (&tokens[1], "token_consumed")] {
        let consuming = CheckVerdictRequest { consume: true, ..showing(token, "session 1", "/") };
        let verdict = checked(&service, consuming).await;
        match reason {
            "" => assert_allowed(&verdict),
            reason => assert_denied(&verdict, &[reason]),
        }
    }
}

/// What Play Integrity said is not kept, so that it may have been anything; a chain there was none.
#[tokio::test]
async fn a_session_is_weighed_by_what_is_known_of_it() {
    let unlicensed = r#"has(play_integrity.licensing) && play_integrity.licensing != "LICENSED""#;
    for (when, codes) in [
        (unlicensed, &["lab_anchor", "custom_pay"][..]),
        ("!lab", &["lab_anchor", "custom_pay"]),
        (r#"key_attestation.security_level != "strongbox""#, &["lab_anchor"]),
        (r#"app_attest.bundle_version < version("3")"#, &["lab_anchor"]),
    ] {
        let service = signing(vec![pay(when)]).await;
        let token = signed_in_session(&service).await;
        assert_allowed(&shown(&service, &token, "session 1", "/shop").await);
        let verdict = shown(&service, &token, "session 1", "/pay").await;
        let found: Vec<_> = verdict.reasons.iter().map(|reason| reason.code.as_str()).collect();
        let decision = if codes.len() > 1 { Decision::Deny } else { Decision::Allow };
        assert_eq!((verdict.decision(), found), (decision, codes.to_vec()), "{when}");
    }
}

/// A service that signs verdicts, and whose apps have these rules of their own.
async fn signing(own: Vec<OwnRule>) -> Harness {
    let signing = TokenConfig { seal: SealKey::derive(&[1; 32]), ..TokenConfig::of("https://verdicts.example") };
    Harness::start_with(|config| {
        config.verifier.token = Some(signing);
        config.verifier.apps.iter_mut().for_each(|app| app.own_rules = own.clone());
    })
    .await
}

/// A rule that denies what is found at `/pay`.
fn pay(when: &str) -> OwnRule {
    OwnRule {
        code: OwnCode::of("pay").expect("a name"),
        when: format!("request.path.startsWith(\"/pay\") && {when}").parse().expect("a condition"),
        tier: Concern::Contraindicated,
        effect: Aspect::Executables,
        remedy: Remedy::None,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    }
}

/// The signed verdict of a token alone.
async fn signed_in_session(service: &Harness) -> String {
    let data = service.challenge("token", Purpose::Attest, b"session 1").await;
    let evidence = vec![integrity(&service.world.token(&data))];
    let token = Some(TokenRequest { format: TokenFormat::Ear.into(), ..TokenRequest::default() });
    let session = b"session 1".to_vec().into();
    let request = AttestRequest { session, token, ..attest_request("token", &data, evidence) };
    let answer = service.attestation().attest(request).await.expect("an answer").into_inner();
    answer.token.expect("a token").token
}

/// What the token is worth at this path, in this session.
async fn shown(service: &Harness, token: &str, session: &str, path: &str) -> Verdict {
    checked(service, showing(token, session, path)).await
}

fn showing(token: &str, session: &str, path: &str) -> CheckVerdictRequest {
    let context =
        RequestContext { user_session: session.to_owned().into(), path: path.to_owned(), ..RequestContext::default() };
    CheckVerdictRequest {
        app: "token".to_owned(),
        subject: Some(Subject::Token(token.to_owned())),
        context: Some(context.into()),
        ..CheckVerdictRequest::default()
    }
}

async fn checked(service: &Harness, request: CheckVerdictRequest) -> Verdict {
    let answer = VerdictServiceClient::new(service.channel.clone()).check_verdict(request).await;
    answer.expect("an answer").into_inner().verdict.expect("a verdict")
}
