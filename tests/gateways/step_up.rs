//! What a step-up asks of a client: what would help, and nothing that would not.

use bonafide::appraisal::{Aspect, BindingPolicy, Concern, Mode, OwnCode, OwnRule, Percent, Remedy, Stance};
use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::evidence::signed_request::SignedRequest;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::proto::envoy::service::auth::v3::CheckResponse;
use bonafide::grpc::proto::envoy::service::auth::v3::attribute_context::HttpRequest;
use bonafide::grpc::proto::{RequestContext, TokenRequest};
use serde_json::{Value, json};

use crate::ext_authz::{ROUTE, assert_refused, check, described, passed, refused, with};
use crate::stage::{Stage, ear};

/// What a client is told: the codes, the remedies, how old a proof may be, and whether there is a challenge.
#[derive(Debug)]
struct Asked {
    reasons: Vec<String>,
    remedies: Vec<String>,
    detail: String,
    max_age: Option<String>,
    challenge: Option<String>,
}

impl Asked {
    #[track_caller]
    fn by(response: CheckResponse) -> Self {
        let (_, refused) = refused(response);
        assert_eq!(refused.status.map(|status| status.code), Some(401), "{}", refused.body);
        let problem: Value = serde_json::from_str(&refused.body).expect("JSON");
        let texts = |member: &str| {
            let texts = problem[member].as_array().into_iter().flatten();
            texts.map(|text| text.as_str().expect("text").to_owned()).collect()
        };
        let field = |name: &str| {
            let mut fields = refused.headers.iter().filter_map(|option| option.header.as_ref());
            fields.find(|field| field.key == name).map(|field| String::from_utf8_lossy(&field.value).into_owned())
        };
        let demand = field("www-authenticate").expect("a demand");
        assert!(demand.starts_with("Bearer error=\"insufficient_user_authentication\""), "{demand}");
        let max_age = demand.split_once(", max_age=").map(|(_, age)| age.to_owned());
        Self {
            reasons: texts("reasons"),
            remedies: texts("remedies"),
            detail: problem["detail"].as_str().expect("text").to_owned(),
            max_age,
            challenge: field("bonafide-challenge"),
        }
    }

    /// Whether an assertion over the challenge is asked for, and whether a new proof.
    #[track_caller]
    fn would_do(&self, reason: &str) -> (bool, bool) {
        assert!(self.reasons.iter().any(|code| code == reason), "{reason}: {self:?}");
        assert!(self.max_age.as_deref().is_none_or(|age| age == "\"0\""), "{self:?}");
        (self.challenge.is_some(), self.max_age.is_some())
    }
}

fn rule(when: &str, remedy: Remedy) -> Vec<OwnRule> {
    vec![OwnRule {
        code: OwnCode::of("asked").expect("a name"),
        when: when.parse().expect("an expression"),
        tier: Concern::Warning,
        effect: Aspect::Configuration,
        remedy,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    }]
}

/// A stage on which the gateway states the user's session, whose app is configured like this.
async fn stage(rules: Vec<OwnRule>, binding: BindingPolicy) -> Stage {
    Stage::set_with(|config: &mut Config| {
        let session_header = Some("x-session".to_owned());
        config.grpc.gateway = GatewayRules { tell: Tell::Codes, session_header, ..GatewayRules::USUAL };
        config.verifier.apps[0].own_rules = rules;
        config.verifier.apps[0].binding = binding;
    })
    .await
}

const OF_A_SESSION: BindingPolicy = BindingPolicy { user_session: Stance::StepUp, ..BindingPolicy::IGNORED };
const TOKEN_ROUTE: [(&str, &str); 2] = [("app", "shop"), ("subject", "token")];

/// `GET /pay`, in the session `s-1`, by the instance and with more fields.
async fn paid(stage: &Stage, more: &[(&str, &str)]) -> CheckResponse {
    let fields = [&[("bonafide-instance", stage.instance.as_str()), ("x-session", "s-1")][..], more].concat();
    check(stage, with(&ROUTE, described("/pay", &fields))).await
}

/// The same with a token.
async fn paid_with(stage: &Stage, token: &str, more: &[(&str, &str)]) -> CheckResponse {
    let fields = [&[("bonafide-token", token), ("x-session", "s-1")][..], more].concat();
    check(stage, with(&TOKEN_ROUTE, described("/pay", &fields))).await
}

fn signed(stage: &mut Stage, challenge: &str) -> String {
    let request = SignedRequest { method: "GET", authority: "shop.example", path: "/pay", body: sha256(b"") };
    stage.assertion(challenge, &request).split_once(": ").expect("a field").1.to_owned()
}

fn in_session(session: &'static [u8]) -> Option<RequestContext> {
    Some(RequestContext { user_session: session.into(), ..RequestContext::default() })
}

#[tokio::test]
async fn what_no_proof_changes_is_asked_for_by_its_remedy_alone() {
    let old = "request.path == \"/pay\" && app_attest.os_version < version(\"99\")";
    let mut stage = stage(rule(old, Remedy::UpdateOs), BindingPolicy::IGNORED).await;
    for answer in [paid(&stage, &[]).await, paid_with(&stage, &stage.token, &[]).await] {
        let asked = Asked::by(answer);
        assert_eq!(asked.would_do("custom_asked"), (false, false));
        assert_eq!(asked.remedies, ["none", "update_os"]);
        assert_eq!(asked.detail, "More is needed than the app can prove as it is.");
    }
    let (challenge, token) = (stage.challenge().await, stage.token.clone());
    let signature = signed(&mut stage, &challenge);
    let asked = Asked::by(paid_with(&stage, &token, &[("bonafide-assertion", &signature)]).await);
    assert_eq!(asked.would_do("custom_asked"), (false, false));
}

#[tokio::test]
async fn a_binding_that_is_broken_asks_for_a_new_proof_and_not_for_a_signature() {
    let mut stage = stage(Vec::new(), OF_A_SESSION).await;
    let (unbound, elsewhere) = (stage.token.clone(), stage.token_for(None, in_session(b"s-2")).await);
    let asked = Asked::by(paid_with(&stage, &unbound, &[]).await);
    assert_eq!(asked.would_do("binding_session_unbound"), (false, true));
    assert_eq!(asked.detail, "A new proof of the app is needed, made where the request comes from.");
    for answer in [paid_with(&stage, &elsewhere, &[]).await, paid(&stage, &[]).await] {
        assert_eq!(Asked::by(answer).would_do("binding_session_mismatch"), (false, true));
    }
    let here = stage.token_for(None, in_session(b"s-1")).await;
    passed(paid_with(&stage, &here, &[]).await);
    passed(paid(&stage, &[]).await);
}

#[tokio::test]
async fn where_the_gateway_states_nothing_no_proof_is_asked_for() {
    let mut stage = stage(Vec::new(), OF_A_SESSION).await;
    let bound = stage.token_for(None, in_session(b"s-1")).await;
    let unstated = described("/pay", &[("bonafide-token", &bound)]);
    let asked = Asked::by(check(&stage, with(&TOKEN_ROUTE, unstated)).await);
    assert_eq!(asked.would_do("binding_session_missing"), (false, false));
}

#[tokio::test]
async fn b15_a_rule_that_asks_for_a_signature_is_answered_by_one() {
    let mut stage = stage(rule("!request.has_assertion", Remedy::NewChallenge), BindingPolicy::IGNORED).await;
    let token = stage.token.clone();
    let asked = Asked::by(paid_with(&stage, &token, &[]).await);
    assert_eq!(asked.would_do("custom_asked"), (true, false));
    assert_eq!(asked.detail, "A signature by the app over the challenge is needed.");
    let signature = signed(&mut stage, &asked.challenge.expect("a challenge"));
    passed(paid_with(&stage, &token, &[("bonafide-assertion", &signature)]).await);
    let unseen = HttpRequest {
        method: "POST".into(),
        ..described("/pay", &[("bonafide-token", token.as_str()), ("x-session", "s-1")])
    };
    let asked = Asked::by(check(&stage, with(&TOKEN_ROUTE, unseen)).await);
    assert_eq!(asked.would_do("custom_asked"), (false, false), "a body that is not shown cannot be signed");
}

#[tokio::test]
async fn f15_a_token_for_one_use_is_spent_by_the_request_that_is_served() {
    let mut stage = stage(rule("!request.has_assertion", Remedy::NewChallenge), BindingPolicy::IGNORED).await;
    let once = stage.token_as(None, None, TokenRequest { single_use: true, ..ear() }).await;
    let token = [("bonafide-token", once.as_str()), ("x-session", "s-1")];
    let route = |mode: &'static str| [("app", "shop"), ("consume", "yes"), ("mode", mode)];
    let asked = Asked::by(check(&stage, with(&route("enforce"), described("/pay", &token))).await);
    assert_eq!(asked.would_do("custom_asked"), (true, false));
    let signature = signed(&mut stage, &asked.challenge.expect("a challenge"));
    let again = [token[0], token[1], ("bonafide-assertion", signature.as_str())];
    passed(check(&stage, with(&route("enforce"), described("/pay", &again))).await);
    assert_refused(check(&stage, with(&route("enforce"), described("/pay", &token))).await, 401, "token_consumed");
    let once = stage.token_as(None, None, TokenRequest { single_use: true, ..ear() }).await;
    let token = [("bonafide-token", once.as_str()), ("x-session", "s-1")];
    passed(check(&stage, with(&route("monitor"), described("/pay", &token))).await);
    assert_refused(check(&stage, with(&route("enforce"), described("/pay", &token))).await, 401, "token_consumed");
}

#[tokio::test]
async fn a_proof_that_is_too_old_may_be_renewed_in_both_ways() {
    let mut stage = stage(rule("request.proof_age > 60", Remedy::NewChallenge), BindingPolicy::IGNORED).await;
    stage.service.later(std::time::Duration::from_secs(100));
    let token = stage.token.clone();
    assert_eq!(Asked::by(paid(&stage, &[]).await).would_do("custom_asked"), (true, true));
    let asked = Asked::by(paid_with(&stage, &token, &[]).await);
    assert_eq!(asked.would_do("custom_asked"), (true, true));
    let signature = signed(&mut stage, &asked.challenge.expect("a challenge"));
    passed(paid_with(&stage, &token, &[("bonafide-assertion", &signature)]).await);
    let unseen = HttpRequest { method: "POST".into(), ..described("/pay", &[("bonafide-token", token.as_str())]) };
    let asked = Asked::by(check(&stage, with(&TOKEN_ROUTE, unseen)).await);
    assert_eq!(asked.would_do("custom_asked"), (false, true), "the token stays as old as it is");
}

#[tokio::test]
async fn of_two_steps_the_first_is_asked_for_first() {
    let mut stage = stage(rule("!request.has_assertion", Remedy::NewChallenge), OF_A_SESSION).await;
    let unbound = stage.token.clone();
    let asked = Asked::by(paid_with(&stage, &unbound, &[]).await);
    assert_eq!(asked.would_do("binding_session_unbound"), (false, true));
    let here = stage.token_for(None, in_session(b"s-1")).await;
    let asked = Asked::by(paid_with(&stage, &here, &[]).await);
    assert_eq!(asked.would_do("custom_asked"), (true, false));
    let signature = signed(&mut stage, &asked.challenge.expect("a challenge"));
    passed(paid_with(&stage, &here, &[("bonafide-assertion", &signature)]).await);
}

#[tokio::test]
async fn a_token_that_asks_for_more_itself_is_replaced_and_not_signed_beside() {
    let mut stage = stage(Vec::new(), BindingPolicy::IGNORED).await;
    let doubted = stage.token_with(&[("signals", json!(["debugger"]))], None, ear()).await;
    assert_eq!(Asked::by(paid_with(&stage, &doubted, &[]).await).would_do("signal_debugger"), (false, false));
    let sound = stage.token_with(&[("signals", json!([]))], None, ear()).await;
    passed(paid_with(&stage, &sound, &[]).await);
    assert_eq!(Asked::by(paid_with(&stage, &doubted, &[]).await).would_do("signal_debugger"), (false, true));
}
