//! What a token says, and what is known by now.

use std::sync::Arc;
use std::time::Duration;

use bonafide::appraisal::{Aspect, Concern, Mode, OwnCode, OwnRule, Percent, Remedy};
use bonafide::crypto::digest::sha256;
use bonafide::evidence::signed_request::SignedRequest;
use bonafide::gateway::{self, Gateway, GatewayRules, Route};
use bonafide::lab::app_attest::AppAttestLab;
use bonafide::lab::client_data::ClientDataPlan;
use bonafide::telemetry::{GatewayKind, GatewayOutcome};
use bonafide::verdict::{Decision, Tier};
use bonafide::verifier::{
    AppConfig, AssertProof, CheckCall, CheckSubject, FreshAssertion, Group, Purpose, Relief, RequestContext, Role,
    Ruling, Said,
};
use serde_json::{Value, json};

use crate::bench::{Bench, EAR, SESSION, START, apps, assert_allowed, assert_refused, caller, codes, name};

/// Another configuration, in which no laboratory is trusted any more.
fn strict() -> Vec<AppConfig> {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let mut apps = apps(&lab);
    for app in &mut apps {
        app.app_attest.as_mut().expect("a section").lab_roots.clear();
    }
    apps
}

#[tokio::test]
async fn the_answer_lasts_no_longer_than_the_token() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let verdict = bench.worth(&token).await;
    assert_allowed(&verdict);
    assert_eq!(verdict.expires_at, START.plus(Duration::from_secs(300)));
    assert_eq!(verdict.freshness.fresh_for(), Duration::from_secs(30));
    assert!(verdict.instance.is_some());
}

#[tokio::test]
async fn d07_a_token_is_worth_no_more_than_its_instance_is_by_now() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    assert_allowed(&bench.worth(&token).await);
    bench.verifier.reload(strict()).expect("reloads");
    let verdict = bench.worth(&token).await;
    assert_eq!((verdict.decision, codes(&verdict)), (Decision::Deny, vec!["lab_anchor", "lab_withdrawn"]));
}

#[tokio::test]
async fn what_the_token_says_is_not_bettered_by_what_is_known() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let doubtful = bench.forged(&token, |_, payload| {
        let said = json!({ "decision": "step_up", "reasons": ["lab_anchor", "os_outdated"] });
        payload["submods"]["shop"]["ear_verifier_claims"] = said;
        payload["submods"]["shop"]["ear_status"] = json!("warning");
        payload["submods"]["shop"]["ear_trustworthiness_vector"]["configuration"] = json!(32);
    });
    let verdict = bench.worth(&doubtful).await;
    assert_eq!((verdict.decision, verdict.tier), (Decision::StepUp, Tier::Warning));
    assert_eq!(codes(&verdict), ["lab_anchor", "os_outdated"]);
    assert_eq!((verdict.vector.configuration.0, verdict.vector.hardware.0), (32, 2));
}

#[tokio::test]
async fn a_lapsed_proof_is_lapsed_for_its_tokens() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    bench.later(Duration::from_secs(601));
    let end = START.as_secs() + 3000;
    let long = bench.forged(&token, |_, payload| payload["exp"] = json!(end));
    let verdict = bench.worth(&long).await;
    assert_eq!((verdict.decision, codes(&verdict)), (Decision::StepUp, vec!["lab_anchor", "proof_expired"]));
}

#[tokio::test]
async fn a_token_about_an_unknown_instance_is_refused() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let other = bench.forged(&token, |_, payload| payload["sub"] = json!("made-up"));
    assert_refused(&bench.worth(&other).await, "instance_unknown");
    let nobody = bench.forged(&token, |_, payload| drop(payload.as_object_mut().map(|payload| payload.remove("sub"))));
    assert_refused(&bench.worth(&nobody).await, "instance_unknown");
}

#[tokio::test]
async fn a_token_about_a_session_is_its_own_statement_under_its_own_policy() {
    let bench = Bench::new().await;
    let session = bench.session_token().await;
    let verdict = bench.worth_in_session(&session).await;
    assert_allowed(&verdict);
    assert_eq!((verdict.session, verdict.instance), (Some(Box::new(sha256(SESSION))), None));
    assert_eq!(verdict.expires_at, START.plus(Duration::from_secs(300)));
    let mut other = apps(&AppAttestLab::new(START).expect("a laboratory"));
    for app in &mut other {
        app.app_attest.as_mut().expect("a section").policy.min_os_version = "99".parse().ok();
    }
    bench.verifier.reload(other).expect("reloads");
    let verdict = bench.worth_in_session(&session).await;
    assert_eq!((verdict.decision, codes(&verdict)), (Decision::StepUp, vec!["lab_anchor", "token_policy_changed"]));
}

#[tokio::test]
async fn f15_a_token_about_a_session_stays_in_its_session() {
    let bench = Bench::new().await;
    let session = bench.session_token().await;
    let in_session = |user_session| RequestContext { user_session, ..RequestContext::default() };
    assert_allowed(&bench.worth_with(&session, in_session(SESSION)).await);
    assert_refused(&bench.worth(&session).await, "session_missing");
    assert_refused(&bench.worth_with(&session, in_session(b"another")).await, "token_session_mismatch");

    let gateway = Gateway::new(Arc::clone(&bench.verifier), Arc::default(), GatewayRules::USUAL);
    let route = Route::read(&GatewayRules::USUAL, [("app", "shop")]).expect("a route");
    let request = gateway::Request {
        route: &route,
        method: b"GET",
        scheme: b"https",
        authority: b"shop.example",
        path: b"/pay",
        fields: [("bonafide-token", session.as_bytes())].into_iter().collect(),
        client_address: None,
        client_certificate: None,
        body: gateway::Body::NotShown,
    };
    let answer = gateway.answer(GatewayKind::Envoy, &caller(Role::Gateway), &request).await;
    assert_eq!((answer.outcome, answer.identity.reasons), (GatewayOutcome::Deny, vec!["session_missing".into()]));
    let introspected = bench.verifier.introspect(&caller(Role::Gateway), &session).await.expect("an answer");
    assert!(introspected.is_none(), "whoever introspects names no session, and would let it pass in anybody's");
}

#[tokio::test]
async fn d07_what_is_said_of_all_of_an_app_covers_tokens_about_sessions() {
    let bench = Bench::new().await;
    bench.verifier.look().await.expect("looks");
    let session = bench.session_token().await;
    assert_allowed(&bench.worth_in_session(&session).await);
    let desk = caller(Role::Operator);
    let rule = async |app: &str, ruling| {
        let said = Said { ruling, why: "a leak" };
        bench.verifier.rule_on_group(&desk, &name(app), Group::App, said).await.expect("declared");
    };
    let until = START.plus(Duration::from_secs(60));
    rule("bank", Ruling::Revoked { until: None }).await;
    assert_allowed(&bench.worth_in_session(&session).await);
    rule("shop", Ruling::Revoked { until: Some(until) }).await;
    assert_refused(&bench.worth_in_session(&session).await, "token_revoked");
    let restarted = bench.replica().await;
    let shop = name("shop");
    let context = RequestContext { user_session: SESSION, ..RequestContext::default() };
    let call = CheckCall { context, ..CheckCall::of(&shop, CheckSubject::Token(&session)) };
    let elsewhere = restarted.check(&caller(Role::Gateway), &call).await.expect("a verdict").verdict;
    assert_refused(&elsewhere, "token_revoked");
    bench.later(Duration::from_secs(60));
    assert_allowed(&bench.worth_in_session(&session).await);
    rule("shop", Ruling::Revoked { until: None }).await;
    assert_refused(&bench.worth_in_session(&session).await, "token_revoked");
    rule("shop", Ruling::Reinstated).await;
    assert_allowed(&bench.worth_in_session(&session).await);
}

#[tokio::test]
async fn a_session_that_was_proved_after_a_revocation_is_not_covered() {
    let bench = Bench::new().await;
    let said = Said { ruling: Ruling::Revoked { until: None }, why: "a leak" };
    bench.verifier.rule_on_group(&caller(Role::Operator), &name("shop"), Group::App, said).await.expect("declared");
    bench.later(Duration::from_secs(1));
    assert_allowed(&bench.worth_in_session(&bench.session_token().await).await);
}

/// A token is a statement of its own: a fresh proof does not better it, and it does not better a fresh proof that is refused.
#[tokio::test]
async fn what_the_token_says_is_not_bettered_by_an_assertion() {
    let mut bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let doubtful = bench.forged(&token, |_, payload| {
        let said = json!({ "decision": "step_up", "reasons": ["lab_anchor", "os_outdated"] });
        payload["submods"]["shop"]["ear_verifier_claims"] = said;
        payload["submods"]["shop"]["ear_status"] = json!("warning");
    });
    for (token, decision, expected) in
        [(&doubtful, Decision::StepUp, &["lab_anchor", "os_outdated"][..]), (&token, Decision::Allow, &["lab_anchor"])]
    {
        let request = SignedRequest { method: "POST", authority: "api.example.com", path: "/pay", body: [7; 32] };
        let challenge = bench.client_data(Purpose::Assert, &Value::Null);
        let client_data = ClientDataPlan::answering(&challenge).over(&request).write();
        let signed = bench.phone.assert(&client_data).expect("signs");
        let assertion =
            FreshAssertion { client_data: &client_data, proof: AssertProof::AppAttest(&signed), session: b"" };
        let SignedRequest { method, authority, path, body } = request;
        let seen = RequestContext { method, authority, path, body: Some(body), ..RequestContext::default() };
        let shop = name("shop");
        let call = CheckCall::of(&shop, CheckSubject::Token(token));
        let call = |path| CheckCall { context: RequestContext { path, ..seen }, assertion: Some(assertion), ..call };
        assert_refused(&bench.check(call("/other")).await, "request_mismatch");
        let verdict = bench.check(call(path)).await;
        assert_eq!((verdict.decision, codes(&verdict)), (decision, expected.to_vec()));
        assert_eq!(verdict.expires_at, START.plus(Duration::from_secs(300)), "no longer than the token");
        assert_refused(&bench.check(call(path)).await, "challenge_replayed");
    }
}

/// Of a session nothing is kept but its token: whether another one helps follows from what this one says.
#[tokio::test]
async fn another_token_is_asked_for_where_it_may_help() {
    let bench = Bench::new().await;
    let old = OwnRule {
        code: OwnCode::of("old").expect("a name"),
        when: "request.proof_age > 60".parse().expect("a condition"),
        tier: Concern::Warning,
        effect: Aspect::Configuration,
        remedy: Remedy::NewChallenge,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    };
    let mut apps = apps(&bench.lab);
    apps[0].own_rules = vec![old];
    bench.verifier.reload(apps).expect("reloads");
    let good = bench.session_token().await;
    let doubted = bench.forged(&good, |_, payload| {
        payload["submods"]["shop"]["ear_status"] = json!("warning");
        payload["submods"]["shop"]["ear_verifier_claims"]["decision"] = json!("step_up");
    });
    bench.later(Duration::from_secs(61));
    for (token, proof) in [(good, true), (doubted, false)] {
        let context = RequestContext { user_session: SESSION, ..RequestContext::default() };
        let app = name("shop");
        let call = CheckCall { context, ..CheckCall::of(&app, CheckSubject::Token(&token)) };
        assert_eq!(bench.check(call).await.decision, Decision::StepUp);
        let relief = bench.verifier.relief(&caller(Role::Gateway), &call, None).await;
        assert_eq!(relief, Ok(Relief { assertion: false, proof }));
    }
}
