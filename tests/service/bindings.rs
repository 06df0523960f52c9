//! Session binding: a verdict counts for requests from where the proof came, as far as the app asks for it.

use bonafide::appraisal::{Application, BindingPolicy, Mode, Stance};
use bonafide::config::Config;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{
    AssertRequest, AttestRequest, CheckVerdictRequest, Decision, Purpose, RequestContext, Verdict,
};
use bonafide::http::HttpConfig;

use crate::harness::{Harness, attest_request, codes};
use crate::http::fetch;

pub(crate) fn context(address: &str, tls: &str, session: &str) -> RequestContext {
    RequestContext {
        client_address: address.to_owned(),
        tls_fingerprint: tls.to_owned(),
        user_session: session.as_bytes().to_vec().into(),
        ..RequestContext::default()
    }
}

pub(crate) fn home() -> RequestContext {
    context("192.0.2.7", "t13d1516h2_8daaf6152771_b186095e22b6", "session 1")
}

/// A service whose app `shop` has this policy.
async fn service(policy: BindingPolicy) -> Harness {
    Harness::start_with(|config: &mut Config| config.verifier.apps[0].binding = policy).await
}

async fn enrolled_from(service: &Harness, context: Option<RequestContext>) -> String {
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let request = AttestRequest { context, ..attest_request("shop", &service.phone(), &client_data) };
    let verdict = service.attest(request).await;
    assert_eq!(verdict.decision(), Decision::Allow, "{verdict:?}");
    verdict.instance
}

async fn checked_from(service: &Harness, instance: &str, context: RequestContext) -> Verdict {
    let request = CheckVerdictRequest {
        app: "shop".to_owned(),
        subject: Some(Subject::Instance(instance.to_owned())),
        context: Some(context.into()),
        ..CheckVerdictRequest::default()
    };
    let answer = service.verdicts().check_verdict(request).await.expect("an answer");
    answer.into_inner().verdict.expect("a verdict")
}

/// The verdict has this decision, for this reason beside the laboratory's; and it is not to be used again.
#[track_caller]
fn assert_found(verdict: &Verdict, decision: Decision, code: &str) {
    assert_eq!((verdict.decision(), codes(verdict)), (decision, vec!["lab_anchor", code]), "{verdict:?}");
    assert_eq!(verdict.freshness, Some(bonafide::grpc::proto::Freshness::default()));
}

#[track_caller]
fn assert_allowed(verdict: &Verdict) {
    assert_eq!((verdict.decision(), codes(verdict)), (Decision::Allow, vec!["lab_anchor"]), "{verdict:?}");
    assert!(verdict.freshness.is_some_and(|hints| hints.fresh_for.is_some()));
}

pub(crate) type Case = (&'static str, fn(Stance) -> BindingPolicy, RequestContext, RequestContext);

/// A policy that asks for one thing, what a request then looks like that differs in it, and one that does not say.
pub(crate) fn each() -> [Case; 3] {
    let tls_fingerprint = home().tls_fingerprint;
    let without = [
        RequestContext { client_address: String::new(), ..home() },
        RequestContext { tls_fingerprint: String::new(), ..home() },
        RequestContext { user_session: Vec::new().into(), ..home() },
    ];
    let [no_address, no_tls, no_session] = without;
    let elsewhere = RequestContext { client_address: "198.51.100.7".to_owned(), ..home() };
    let other_tls = RequestContext { tls_fingerprint: format!("{tls_fingerprint}_"), ..home() };
    let other_session = RequestContext { user_session: b"session 2".to_vec().into(), ..home() };
    [
        ("address", |address| BindingPolicy { address, ..BindingPolicy::IGNORED }, elsewhere, no_address),
        ("tls", |tls_fingerprint| BindingPolicy { tls_fingerprint, ..BindingPolicy::IGNORED }, other_tls, no_tls),
        ("session", |user_session| BindingPolicy { user_session, ..BindingPolicy::IGNORED }, other_session, no_session),
    ]
}

#[tokio::test]
async fn each_binding_in_each_mode_ends_in_its_own_reason() {
    for (name, policy, other, missing) in each() {
        for (stance, decision) in [(Stance::StepUp, Decision::StepUp), (Stance::Deny, Decision::Deny)] {
            let service = service(policy(stance)).await;
            let bound = enrolled_from(&service, Some(home())).await;
            let unbound = enrolled_from(&service, None).await;
            assert_allowed(&checked_from(&service, &bound, home()).await);
            let code = |what: &str| format!("binding_{name}_{what}");
            assert_found(&checked_from(&service, &bound, other.clone()).await, decision, &code("mismatch"));
            assert_found(&checked_from(&service, &bound, missing.clone()).await, decision, &code("missing"));
            assert_found(&service.check("shop", &bound).await, decision, &code("missing"));
            assert_found(&checked_from(&service, &unbound, home()).await, decision, &code("unbound"));
            assert_allowed(&checked_from(&service, &bound, home()).await);
        }
    }
}

#[tokio::test]
async fn g04_a_binding_can_report_first() {
    for (name, policy, other, missing) in each() {
        let code = |what: &str| format!("binding_{name}_{what}");
        let service = Harness::start_with(|config: &mut Config| {
            config.http = Some(HttpConfig::on("127.0.0.1:0".parse().expect("an address")));
            let app = &mut config.verifier.apps[0];
            app.binding = policy(Stance::Deny);
            let report = Application { mode: Mode::Report, ..Application::USUAL };
            app.applications.extend(["mismatch", "unbound"].map(|what| (code(what), report)));
        })
        .await;
        let bound = enrolled_from(&service, Some(home())).await;
        let unbound = enrolled_from(&service, None).await;
        assert_allowed(&checked_from(&service, &bound, other).await);
        assert_allowed(&checked_from(&service, &unbound, home()).await);
        assert_found(&checked_from(&service, &bound, missing).await, Decision::Deny, &code("missing"));
        let text = fetch(service.http.expect("an address"), "/metrics").await.1;
        for what in ["mismatch", "unbound"] {
            let labels = format!("app=\"shop\",reason=\"{}\",would=\"deny\"", code(what));
            let line = format!("bonafide_rule_reports_total{{{labels}}} 1.0");
            assert!(text.lines().any(|each| each == line), "{line} is missing in\n{text}");
        }
    }
}

#[tokio::test]
async fn what_is_ignored_is_not_looked_at() {
    let service = service(BindingPolicy::IGNORED).await;
    let bound = enrolled_from(&service, Some(home())).await;
    for (_, _, other, missing) in each() {
        assert_allowed(&checked_from(&service, &bound, other).await);
        assert_allowed(&checked_from(&service, &bound, missing).await);
    }
}

#[tokio::test]
async fn every_difference_is_named() {
    let (address, user_session) = (Stance::StepUp, Stance::Deny);
    let service = service(BindingPolicy { address, user_session, ..BindingPolicy::IGNORED }).await;
    let bound = enrolled_from(&service, Some(home())).await;
    let verdict = checked_from(&service, &bound, context("2001:db8::1", "", "session 2")).await;
    let expected = vec!["lab_anchor", "binding_address_mismatch", "binding_session_mismatch"];
    assert_eq!((verdict.decision(), codes(&verdict)), (Decision::Deny, expected));
}

#[tokio::test]
async fn addresses_are_compared_by_their_networks() {
    let service = service(BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED }).await;
    for (at_proof, near, far) in [
        ("192.0.2.7", ["192.0.2.200", "::ffff:192.0.2.9"], ["192.0.3.7", "::192.0.2.7"]),
        ("2001:db8:1:200::1", ["2001:db8:1:2ff::9", "2001:0db8:0001:0200::1"], ["2001:db8:1:300::1", "192.0.2.7"]),
    ] {
        let bound = enrolled_from(&service, Some(context(at_proof, "", ""))).await;
        for address in near {
            assert_allowed(&checked_from(&service, &bound, context(address, "", "")).await);
        }
        for address in far {
            let verdict = checked_from(&service, &bound, context(address, "", "")).await;
            assert_found(&verdict, Decision::Deny, "binding_address_mismatch");
        }
    }
}

#[tokio::test]
async fn another_length_of_prefix_wants_a_new_proof() {
    let policy = BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED };
    let service = service(policy).await;
    let bound = enrolled_from(&service, Some(home())).await;
    let wider = BindingPolicy { address_prefix_v4: 16, ..policy };
    let service = service.restart_with(|config| config.verifier.apps[0].binding = wider).await;
    assert_found(&checked_from(&service, &bound, home()).await, Decision::Deny, "binding_address_mismatch");
}

#[tokio::test]
async fn the_latest_proof_says_what_is_bound() {
    let policy = BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED };
    let service = service(policy).await;
    let mut phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let request = AttestRequest { context: Some(home()), ..attest_request("shop", &phone, &client_data) };
    let instance = service.attest(request).await.instance;
    assert_allowed(&checked_from(&service, &instance, home()).await);
    let moved = context("198.51.100.7", "", "");
    let late = service.signed("shop", &instance, &mut phone).await;
    let late = AssertRequest { context: Some(context("203.0.113.7", "", "")), ..late };
    let request = service.signed("shop", &instance, &mut phone).await;
    let request = AssertRequest { context: Some(moved.clone()), ..request };
    assert_eq!(service.assert(request).await.decision(), Decision::Allow);
    assert_found(&checked_from(&service, &instance, home()).await, Decision::Deny, "binding_address_mismatch");
    assert_allowed(&checked_from(&service, &instance, moved.clone()).await);
    let silent = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(service.assert(silent).await.decision(), Decision::Allow);
    assert_allowed(&checked_from(&service, &instance, moved.clone()).await);
    assert_eq!(service.assert(late).await.decision(), Decision::Allow, "a late arrival");
    assert_allowed(&checked_from(&service, &instance, moved.clone()).await);
    let service = service.restart_with(|config| config.verifier.apps[0].binding = policy).await;
    assert_allowed(&checked_from(&service, &instance, moved).await);
    let of_the_request = RequestContext { method: "POST".to_owned(), ..RequestContext::default() };
    for (context, code) in
        [(of_the_request, "binding_address_mismatch"), (context("", "", "session 1"), "binding_address_unbound")]
    {
        let request = service.signed("shop", &instance, &mut phone).await;
        let request = AssertRequest { context: Some(context), ..request };
        assert_eq!(service.assert(request).await.decision(), Decision::Allow);
        assert_found(&checked_from(&service, &instance, home()).await, Decision::Deny, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_the_newest_proof_says_what_is_bound() {
    let policy = BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED };
    let service = service(policy).await;
    let address = |count: u8| context(&format!("10.0.{count}.1"), "", "");
    for _ in 0..6 {
        let mut phone = service.phone();
        let instance = service.enrolled("shop", &phone).await;
        let mut calls = Vec::new();
        for count in 1..=12 {
            let request = service.signed("shop", &instance, &mut phone).await;
            // Every third says nothing, and leaves what the one before has bound.
            let request = AssertRequest { context: (count % 3 != 1).then(|| address(count)), ..request };
            calls.push((service.attestation(), request));
        }
        // Gateways ask all the while, so that memory holds a verdict at every moment.
        service.check("shop", &instance).await;
        let sent =
            calls.into_iter().map(|(mut client, request)| tokio::spawn(async move { client.assert(request).await }));
        for answer in sent.collect::<Vec<_>>() {
            // One that says nothing may be overtaken by others again and again.
            answer.await.expect("no panic").ok();
            service.check("shop", &instance).await;
        }
        assert_allowed(&checked_from(&service, &instance, address(12)).await);
    }
}

#[tokio::test]
async fn a_retry_with_another_context_is_another_call() {
    let service = service(BindingPolicy::IGNORED).await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let named = |request: AssertRequest, context| AssertRequest {
        idempotency_key: "call 1".to_owned(),
        context: Some(context),
        ..request
    };
    let request = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(service.assert(named(request.clone(), home())).await.decision(), Decision::Allow);
    assert_eq!(service.assert(named(request.clone(), home())).await.decision(), Decision::Allow);
    let other = named(request, context("192.0.2.8", "", ""));
    let status = service.attestation().assert(other).await.expect_err("refused");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn f12_no_plain_value_is_kept() {
    let service = service(BindingPolicy { address: Stance::Deny, ..BindingPolicy::IGNORED }).await;
    enrolled_from(&service, Some(context("192.0.2.7", "ja4-of-a-client", "a-session-of-a-user"))).await;
    let (_, folder, _) = service.stop().await;
    let mut kept = Vec::new();
    for file in std::fs::read_dir(folder.path()).expect("a folder") {
        kept.extend(std::fs::read(file.expect("a file").path()).expect("a file"));
    }
    for plain in ["192.0.2.7", "ja4-of-a-client", "a-session-of-a-user"] {
        assert!(!kept.windows(plain.len()).any(|bytes| bytes == plain.as_bytes()), "{plain}");
    }
    assert!(!kept.is_empty());
}
