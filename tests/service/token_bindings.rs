//! Bindings that tokens carry: they hold for the party that a token is for, as far as the app asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bonafide::appraisal::{
    Application, Aspect, BindingPolicy, Concern, Mode, OwnCode, OwnRule, Percent, Remedy, Stance,
};
use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::grpc::CallerKey;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{
    AssertRequest, AttestRequest, CheckVerdictRequest, Decision, Purpose, RequestContext, TokenFormat, TokenRequest,
    Verdict,
};
use bonafide::lab::app_attest::LabDevice;
use bonafide::store::Store;
use bonafide::verifier::{Caller, Grants, Role};

use crate::bindings::{context, each, home};
use crate::harness::{attest_request, codes};
use crate::revocation::{Replica, World, by, shared};
use crate::revoked_tokens::{is_active, signing};

/// The party whose audience the auth server may have tokens signed for.
const PARTNER: &str = "partner";

/// A service whose app `shop` is configured like this.
async fn service(world: &World, store: &Arc<dyn Store>, change: impl Fn(&mut Config)) -> Replica {
    let mut config = signing(world);
    let name = |text: &str| text.parse().expect("a name");
    let caller = Caller { name: name(PARTNER), relying_party: name(PARTNER), role: Role::Gateway, apps: Grants::All };
    config.grpc.callers.push(CallerKey { key_sha256: sha256(b"partner-key"), caller });
    if let Some(gateway) = &mut config.gateway {
        gateway.callers.clone_from(&config.grpc.callers);
    }
    let token = config.verifier.token.as_mut().expect("tokens");
    token.audiences = BTreeMap::from([(name("login"), vec![name(PARTNER)])]).into_iter().collect();
    change(&mut config);
    world.replica_as(store, config).await
}

async fn bound(world: &World, policy: BindingPolicy) -> Replica {
    service(world, &shared(), |config| config.verifier.apps[0].binding = policy).await
}

fn ear(audience: &str) -> Option<TokenRequest> {
    let audience = audience.to_owned();
    Some(TokenRequest { format: TokenFormat::Ear.into(), audience, ..TokenRequest::default() })
}

/// Enrols a phone; gives its pseudonym and a token for this audience.
async fn carried(
    service: &Replica,
    phone: &LabDevice,
    context: Option<RequestContext>,
    audience: &str,
) -> (String, String) {
    let client_data = service.challenge("shop", Purpose::Attest).await;
    let request = attest_request("shop", phone, &client_data);
    let request = AttestRequest { context, token: ear(audience), ..request };
    let answer = service.attestation().attest(by("login", request)).await.expect("an answer").into_inner();
    (answer.verdict.expect("a verdict").instance, answer.token.expect("a token").token)
}

/// The phone proves itself again; gives a token for this audience.
async fn proved(
    service: &Replica,
    (instance, phone): (&str, &mut LabDevice),
    context: Option<RequestContext>,
    audience: &str,
) -> String {
    let request = service.signed("shop", instance, phone).await;
    let request = AssertRequest { context, token: ear(audience), ..request };
    let answer = service.attestation().assert(by("login", request)).await.expect("an answer").into_inner();
    answer.token.expect("a token").token
}

async fn shown(service: &Replica, caller: &str, token: &str, context: Option<RequestContext>) -> Verdict {
    let subject = Some(Subject::Token(token.to_owned()));
    let context = context.map(Box::new);
    let request = CheckVerdictRequest { app: "shop".to_owned(), subject, context, ..Default::default() };
    let answer = service.verdicts().check_verdict(by(caller, request)).await.expect("an answer").into_inner();
    answer.verdict.expect("a verdict")
}

/// The verdict has this decision, for this reason beside the laboratory's.
#[track_caller]
fn assert_found(verdict: &Verdict, decision: Decision, code: &str) {
    assert_eq!((verdict.decision(), codes(verdict)), (decision, vec!["lab_anchor", code]), "{verdict:?}");
}

#[track_caller]
fn assert_allowed(verdict: &Verdict) {
    assert_eq!((verdict.decision(), codes(verdict)), (Decision::Allow, vec!["lab_anchor"]), "{verdict:?}");
}

/// In each mode, for both parties: what comes from where the token was asked for, from elsewhere, from nowhere that is said, and
/// what was never bound.
#[tokio::test]
async fn a_tokens_binding_ends_in_its_own_reason_in_each_mode_for_each_party() {
    let world = World::new();
    for (name, policy, other, missing) in each() {
        for (stance, decision) in [(Stance::StepUp, Decision::StepUp), (Stance::Deny, Decision::Deny)] {
            let service = bound(&world, policy(stance)).await;
            for (caller, audience) in [("edge", ""), ("partner", PARTNER)] {
                let token = carried(&service, &world.phone(), Some(home()), audience).await.1;
                let unbound = carried(&service, &world.phone(), None, audience).await.1;
                let code = |what: &str| format!("binding_{name}_{what}");
                let worth = |token, context| shown(&service, caller, token, context);
                assert_allowed(&worth(&token, Some(home())).await);
                assert_found(&worth(&token, Some(other.clone())).await, decision, &code("mismatch"));
                assert_found(&worth(&token, Some(missing.clone())).await, decision, &code("missing"));
                assert_found(&worth(&token, None).await, decision, &code("missing"));
                assert_found(&worth(&unbound, Some(home())).await, decision, &code("unbound"));
                assert_allowed(&worth(&token, Some(home())).await);
            }
        }
    }
}

#[tokio::test]
async fn what_is_ignored_is_not_looked_at_in_a_token() {
    let world = World::new();
    let service = bound(&world, BindingPolicy::IGNORED).await;
    for (caller, audience) in [("edge", ""), ("partner", PARTNER)] {
        let token = carried(&service, &world.phone(), Some(home()), audience).await.1;
        let unbound = carried(&service, &world.phone(), None, audience).await.1;
        for (_, _, other, missing) in each() {
            for context in [Some(other), Some(missing), Some(home()), None] {
                assert_allowed(&shown(&service, caller, &token, context.clone()).await);
                assert_allowed(&shown(&service, caller, &unbound, context).await);
            }
        }
    }
}

/// The instance stays bound to where it proved itself before; another party's token is bound by the call that asks for it alone.
#[tokio::test]
async fn another_partys_token_is_bound_to_the_call_that_asked_for_it() {
    let world = World::new();
    let service = bound(&world, BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED }).await;
    let mut phone = world.phone();
    let (instance, _) = carried(&service, &phone, Some(home()), "").await;
    let own = proved(&service, (&instance, &mut phone), None, "").await;
    assert_allowed(&shown(&service, "edge", &own, Some(home())).await);
    let silent = proved(&service, (&instance, &mut phone), None, PARTNER).await;
    let found = shown(&service, "partner", &silent, Some(home())).await;
    assert_found(&found, Decision::Deny, "binding_address_unbound");
    let away = || Some(context("198.51.100.7", "", ""));
    let elsewhere = proved(&service, (&instance, &mut phone), away(), PARTNER).await;
    assert_allowed(&shown(&service, "partner", &elsewhere, away()).await);
    let found = shown(&service, "partner", &elsewhere, Some(home())).await;
    assert_found(&found, Decision::Deny, "binding_address_mismatch");
    // The token says what it was bound to then, whatever was proved since.
    assert_allowed(&shown(&service, "edge", &own, Some(home())).await);
    let refused = shown(&service, "edge", &elsewhere, away()).await;
    assert_eq!((refused.decision(), codes(&refused)), (Decision::Deny, vec!["token_audience"]));
}

/// Whoever introspects says nothing of a request: no token is active of which the app wants to know where it is shown.
#[tokio::test]
async fn f15_introspection_calls_nothing_active_that_it_cannot_judge() {
    let world = World::new();
    for (name, policy, _, _) in each() {
        for (stance, active) in [(Stance::Allow, true), (Stance::StepUp, false), (Stance::Deny, false)] {
            let service = bound(&world, policy(stance)).await;
            for context in [Some(home()), None] {
                let token = carried(&service, &world.phone(), context, "").await.1;
                assert_eq!(is_active(&service, &token).await, active, "{name} {stance:?}");
            }
        }
    }
}

/// A row that lets pass what a request does not say lets no introspection pass: nothing is compared there.
#[tokio::test]
async fn f15_introspection_is_let_in_where_no_binding_counts_alone() {
    let world = World::new();
    let rows = ["binding_address_missing", "binding_address_mismatch", "binding_address_unbound"];
    for (reporting, active) in [(0, false), (1, false), (3, true)] {
        let change = |config: &mut Config| {
            let app = &mut config.verifier.apps[0];
            app.binding = BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED };
            let report = Application { mode: Mode::Report, ..Application::USUAL };
            app.applications = rows[..reporting].iter().map(|code| ((*code).to_owned(), report)).collect();
        };
        let service = service(&world, &shared(), change).await;
        let token = carried(&service, &world.phone(), Some(home()), "").await.1;
        assert_eq!(is_active(&service, &token).await, active, "{reporting}");
    }
}

pub(crate) fn rule(when: &str, tier: Concern, mode: Mode) -> OwnRule {
    OwnRule {
        code: OwnCode::of("asked").expect("a name"),
        when: when.parse().unwrap_or_else(|fault| panic!("{when}: {fault}")),
        tier,
        effect: Aspect::Configuration,
        remedy: Remedy::NewChallenge,
        text: "found".to_owned(),
        mode,
        percent: Percent::ALL,
    }
}

#[tokio::test]
async fn f15_introspection_obeys_rules_over_requests_of_which_nothing_is_known() {
    let world = World::new();
    let (unsigned, paid) = ("!request.has_assertion", r#"request.path.startsWith("/pay")"#);
    let sent_to_pay = r#"has(request.path) && request.path.startsWith("/pay")"#;
    for (when, tier, mode, passes, active) in [
        (unsigned, Concern::Warning, Mode::Enforce, false, false),
        (unsigned, Concern::Contraindicated, Mode::Enforce, false, false),
        (unsigned, Concern::Contraindicated, Mode::Report, true, true),
        (unsigned, Concern::Contraindicated, Mode::Off, true, true),
        // An unknown path could be this one.
        (paid, Concern::Warning, Mode::Enforce, false, false),
        (r#"request.method == "DELETE""#, Concern::Contraindicated, Mode::Enforce, false, false),
        // A caller that describes a request without a path says that there is none; who introspects says nothing.
        (sent_to_pay, Concern::Contraindicated, Mode::Enforce, true, false),
        ("has(request.headers_sha256)", Concern::Warning, Mode::Enforce, true, false),
        ("request.has_assertion", Concern::Contraindicated, Mode::Enforce, true, false),
        // What finds no fault with any request, and how old the proof is, is known.
        (r#"request.method == "DELETE" && lab == false"#, Concern::Contraindicated, Mode::Enforce, true, true),
        ("has(request.path) && !lab", Concern::Contraindicated, Mode::Enforce, true, true),
        ("request.proof_age > 3600", Concern::Contraindicated, Mode::Enforce, true, true),
    ] {
        let own = |config: &mut Config| config.verifier.apps[0].own_rules = vec![rule(when, tier, mode)];
        let service = service(&world, &shared(), own).await;
        let (instance, token) = carried(&service, &world.phone(), None, "").await;
        assert_eq!(service.check("shop", &instance).await.decision() == Decision::Allow, passes, "{when}");
        assert_eq!(is_active(&service, &token).await, active, "{when} {tier:?} {mode:?}");
    }
}
