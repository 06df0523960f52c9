//! Who may call, and what each caller sees.

use bonafide::crypto::digest::sha256;
use bonafide::grpc::CallerKey;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{CheckVerdictRequest, CreateChallengeRequest, Decision, Purpose, Verdict};
use bonafide::verifier::{Caller, Grants, Role};
use tonic::{Code, Request, Status};

use crate::harness::{Harness, attest_request};

fn key(name: &str, party: &str, role: Role) -> CallerKey {
    let caller = Caller {
        name: name.parse().expect("a name"),
        relying_party: party.parse().expect("a name"),
        role,
        apps: Grants::All,
    };
    CallerKey { key_sha256: sha256(format!("{name}-key").as_bytes()), caller }
}

async fn service() -> Harness {
    Harness::start_with(|config| {
        config.grpc.callers = vec![
            key("login", "shop", Role::AuthServer),
            key("edge", "shop", Role::Gateway),
            key("partner", "partner", Role::AuthServer),
        ];
    })
    .await
}

fn by<T>(caller: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {caller}-key").parse().expect("a header");
    request.metadata_mut().insert("authorization", value);
    request
}

fn new_challenge() -> CreateChallengeRequest {
    CreateChallengeRequest { app: "shop".to_owned(), purpose: Purpose::Attest.into(), ..Default::default() }
}

async fn enrolled(service: &Harness) -> Verdict {
    let challenge = service.attestation().create_challenge(by("login", new_challenge())).await.expect("a challenge");
    let client_data = challenge.into_inner().challenge.into_bytes();
    let request = attest_request("shop", &service.phone(), &client_data);
    let answer = service.attestation().attest(by("login", request)).await.expect("an answer");
    answer.into_inner().verdict.expect("a verdict")
}

async fn check(service: &Harness, caller: &str, app: &str, instance: &str) -> Result<Verdict, Status> {
    let request = CheckVerdictRequest {
        app: app.to_owned(),
        subject: Some(Subject::Instance(instance.to_owned())),
        ..CheckVerdictRequest::default()
    };
    let answer = service.verdicts().check_verdict(by(caller, request)).await?;
    Ok(answer.into_inner().verdict.expect("a verdict"))
}

#[tokio::test]
async fn without_a_known_key_nobody_gets_anything() {
    let service = service().await;
    let mut client = service.attestation();
    let no_header = Request::new(new_challenge());
    let mut two_headers = by("login", new_challenge());
    let second = "Bearer login-key".parse().expect("a header");
    two_headers.metadata_mut().append("authorization", second);
    let mut basic = Request::new(new_challenge());
    basic.metadata_mut().insert("authorization", "Basic login-key".parse().expect("a header"));
    for request in [no_header, by("mallory", new_challenge()), two_headers, basic] {
        let status = client.create_challenge(request).await.expect_err("refused");
        assert_eq!(status.code(), Code::Unauthenticated);
    }
    let status = check(&service, "mallory", "shop", "x").await.expect_err("refused");
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_gateway_checks_and_does_nothing_else() {
    let service = service().await;
    let status = service.attestation().create_challenge(by("edge", new_challenge())).await.expect_err("refused");
    assert_eq!(status.code(), Code::PermissionDenied);
    let verdict = enrolled(&service).await;
    assert!(!verdict.facts.is_empty());
    let checked = check(&service, "edge", "shop", &verdict.instance).await.expect("an answer");
    assert_eq!((checked.decision(), checked.facts), (Decision::Allow, vec![]));
    let told = check(&service, "login", "shop", &verdict.instance).await.expect("an answer");
    assert_eq!((told.decision(), told.facts), (Decision::Allow, verdict.facts), "whatever memory keeps for gateways");
}

#[tokio::test]
async fn f19_pseudonyms_and_apps_are_kept_apart() {
    let service = service().await;
    let verdict = enrolled(&service).await;
    let codes = |verdict: &Verdict| verdict.reasons.iter().map(|reason| reason.code.clone()).collect::<Vec<_>>();
    let foreign = check(&service, "partner", "shop", &verdict.instance).await.expect("an answer");
    assert_eq!((foreign.decision(), codes(&foreign)), (Decision::Deny, vec!["instance_unknown".to_owned()]));
    for _ in 0..2 {
        let other_app = check(&service, "edge", "bank", &verdict.instance).await.expect("an answer");
        assert_eq!((other_app.decision(), codes(&other_app)), (Decision::Deny, vec!["instance_unknown".to_owned()]));
        let own = check(&service, "edge", "shop", &verdict.instance).await.expect("an answer");
        assert_eq!((own.decision(), &own.instance), (Decision::Allow, &verdict.instance));
    }
}

#[tokio::test]
async fn a_service_that_signs_no_tokens_takes_none() {
    let service = service().await;
    let request = CheckVerdictRequest {
        app: "shop".to_owned(),
        subject: Some(Subject::Token("eyJhbGciOiJub25lIn0.e30.".to_owned())),
        ..CheckVerdictRequest::default()
    };
    let answer = service.verdicts().check_verdict(by("edge", request)).await.expect("an answer");
    let verdict = answer.into_inner().verdict.expect("a verdict");
    assert_eq!(verdict.decision(), Decision::Deny);
    assert_eq!(verdict.reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>(), ["token_unsupported"]);
}
