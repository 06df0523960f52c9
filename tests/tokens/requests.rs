//! What hangs on a request: rules of the app's own, bindings, and thresholds.

use std::path::Path;
use std::time::Duration;

use bonafide::appraisal::{Decisions, OwnRule, Restraint, Stance};
use bonafide::config::Config;
use bonafide::verdict::{Decision, Freshness};
use bonafide::verifier::{AppConfig, CheckCall, CheckSubject, RequestContext, Role};
use serde_json::Value;

use crate::bench::{Bench, EAR, apps, caller, codes, name};

/// A rule that finds what this condition holds of, read as a configuration has it.
fn rule(when: &str) -> Vec<OwnRule> {
    let text = format!(
        "[[app]]\nname = \"shop\"\n[app.app_attest]\napp_ids = [\"1234567890.com.example.shop\"]\n[[app.rule]]\nname = \"asked\"\n\
         when = '{when}'\ntier = \"contraindicated\"\neffect = \"configuration\"\nremedy = \"new_challenge\"\ntext = \"asked\"\n"
    );
    Config::parse(&text, Path::new("")).expect("a configuration").verifier.apps.swap_remove(0).own_rules
}

fn changed(bench: &Bench, change: impl Fn(&mut AppConfig)) {
    let mut apps = apps(&bench.lab);
    apps.iter_mut().for_each(change);
    bench.verifier.reload(apps).expect("reloads");
}

#[tokio::test]
async fn a_proof_that_was_not_verified_is_none() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    changed(&bench, |app| app.own_rules = rule("!request.has_dpop_proof"));
    let context = RequestContext { dpop_proof: "x", ..RequestContext::default() };
    let verdict = bench.worth_with(&token, context).await;
    assert_eq!((verdict.decision, codes(&verdict)), (Decision::Deny, vec!["lab_anchor", "custom_asked"]));
}

#[tokio::test]
async fn an_answer_that_hangs_on_the_request_is_for_that_request() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let news = RequestContext { path: "/news", ..RequestContext::default() };
    assert_ne!(bench.worth_with(&token, news).await.freshness, Freshness::NEVER);
    changed(&bench, |app| app.own_rules = rule("request.path.startsWith(\"/pay\")"));
    let verdict = bench.worth_with(&token, news).await;
    assert_eq!((verdict.decision, verdict.freshness), (Decision::Allow, Freshness::NEVER));
}

#[tokio::test]
async fn a_token_is_as_old_as_its_own_proof() {
    let mut bench = Bench::new().await;
    let (verdict, data) = bench.enrolled(&Value::Null, None).await;
    let token = bench.sign(&EAR, &(verdict.clone(), data)).await.token;
    changed(&bench, |app| app.own_rules = rule("request.proof_age > 60"));
    bench.later(Duration::from_secs(100));
    let pseudonym = bench.verifier.pseudonym(&caller(Role::Gateway), verdict.instance.expect("an instance"));
    bench.asserted(&pseudonym, &Value::Null, None).await.expect("a verdict");
    let of_instance = bench.check(CheckCall::of(&name("shop"), CheckSubject::Instance(&pseudonym))).await;
    assert_eq!(of_instance.decision, Decision::Allow);
    assert_eq!(codes(&bench.worth(&token).await), ["lab_anchor", "custom_asked"]);
}

#[tokio::test]
async fn no_threshold_makes_less_of_what_a_binding_asks_for() {
    let kind = Decisions { warning: Stance::Allow, none: Restraint::StepUp, contraindicated: Restraint::StepUp };
    for (stance, expected) in [(Stance::StepUp, Decision::StepUp), (Stance::Deny, Decision::Deny)] {
        let bench = Bench::new().await;
        let (verdict, _) = bench.enrolled(&Value::Null, None).await;
        changed(&bench, |app| {
            app.decisions = kind;
            app.binding.user_session = stance;
        });
        let pseudonym = bench.verifier.pseudonym(&caller(Role::Gateway), verdict.instance.expect("an instance"));
        let context = RequestContext { user_session: b"another", ..RequestContext::default() };
        let app = name("shop");
        let call = CheckCall { context, ..CheckCall::of(&app, CheckSubject::Instance(&pseudonym)) };
        let verdict = bench.check(call).await;
        assert_eq!((verdict.decision, codes(&verdict)), (expected, vec!["lab_anchor", "binding_session_unbound"]));
    }
}

#[tokio::test]
async fn g03_a_token_about_a_session_ends_with_what_its_evidence_rested_on() {
    let bench = Bench::new().await;
    let session = bench.session_token().await;
    assert_eq!(bench.worth_in_session(&session).await.decision, Decision::Allow);
    changed(&bench, |app| app.app_attest.as_mut().expect("a section").lab_roots.clear());
    let verdict = bench.worth_in_session(&session).await;
    assert_eq!((verdict.decision, codes(&verdict)), (Decision::StepUp, vec!["lab_anchor", "token_policy_changed"]));
}
