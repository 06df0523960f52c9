//! What an app reports against itself: signed, kept, stated, and never an advantage.

use std::time::{Duration, Instant};

use bonafide::appraisal::{Concern, Mode, SignalsPolicy, Stance};
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::watch_verdicts_response::Change;
use bonafide::grpc::proto::{
    CheckVerdictRequest, Decision, InstanceReappraised, Purpose, RequestContext, Verdict, WatchVerdictsRequest,
};
use bonafide::lab::app_attest::LabDevice;
use bonafide::lab::client_data::ClientDataPlan;

use crate::harness::{Harness, assert_denied, assert_request, attest_request, codes};
use crate::promise::{EVER, kept};
use crate::revocation::{World, news, shared};
use crate::token_bindings::rule;

const EVERY: [&str; 7] = ["hook", "debugger", "emulator", "repackaged", "proxy", "screen_capture", "x-own"];

async fn service(stance: Stance) -> Harness {
    let signals = SignalsPolicy {
        hook: stance,
        debugger: stance,
        emulator: stance,
        repackaged: stance,
        proxy: stance,
        screen_capture: stance,
        extension: stance,
        ..SignalsPolicy::CAREFUL
    };
    Harness::start_with(|config| config.verifier.apps[0].signals = signals).await
}

async fn reported(service: &Harness, instance: &str, phone: &mut LabDevice, signals: &[&str]) -> Verdict {
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let client_data = ClientDataPlan::answering(&challenge).reporting(signals).write();
    let assertion = phone.assert(&client_data).expect("signs");
    service.assert(assert_request("shop", instance, &client_data, assertion)).await
}

fn stated(verdict: &Verdict) -> Option<&str> {
    verdict.facts.iter().find(|fact| fact.name == "signals").map(|fact| fact.value.as_str())
}

#[tokio::test]
async fn c10_every_signal_ends_in_its_own_reason_and_silence_in_none() {
    for (stance, decision) in [(Stance::StepUp, Decision::StepUp), (Stance::Deny, Decision::Deny)] {
        let service = service(stance).await;
        let mut phone = service.phone();
        let instance = service.enrolled("shop", &phone).await;
        assert_eq!(stated(&service.check("shop", &instance).await), None, "no report is needed");
        for signal in EVERY {
            let verdict = reported(&service, &instance, &mut phone, &[signal]).await;
            let code = if signal == "x-own" { "signal_extension".to_owned() } else { format!("signal_{signal}") };
            let expected = (decision, vec!["lab_anchor", code.as_str()]);
            assert_eq!((verdict.decision(), codes(&verdict)), expected, "{signal}");
            assert_eq!(stated(&verdict), Some(signal));
            let checked = service.check("shop", &instance).await;
            assert_eq!((checked.decision(), codes(&checked)), expected, "{signal}");
        }
        let clean = reported(&service, &instance, &mut phone, &[]).await;
        assert_eq!((clean.decision(), stated(&clean)), (Decision::Allow, Some("none")));
    }
}

/// A rule of the app's own looks at reports as they are made, and later at each request.
#[tokio::test]
async fn an_own_rule_over_reports_counts_at_every_call() {
    let hooked = r#"has(report.signals) && "hook" in report.signals"#;
    let pay = format!(r#"request.path.startsWith("/pay") && {hooked}"#);
    for (when, of_requests) in [(hooked, false), (&pay, true)] {
        let own = rule(when, Concern::Contraindicated, Mode::Enforce);
        let service = Harness::start_with(|config| {
            let app = &mut config.verifier.apps[0];
            let signals = SignalsPolicy { hook: Stance::Allow, ..SignalsPolicy::CAREFUL };
            (app.signals, app.own_rules) = (signals, vec![own]);
        })
        .await;
        let expected = |hooked: bool, path: &str| {
            let found = hooked && (!of_requests || path == "/pay");
            if found {
                (Decision::Deny, vec!["lab_anchor", "custom_asked"])
            } else {
                (Decision::Allow, vec!["lab_anchor"])
            }
        };
        let mut phone = service.phone();
        let challenge = service.challenge("shop", Purpose::Attest, b"").await;
        let client_data = ClientDataPlan::answering(&challenge).reporting(&["hook"]).write();
        let enrolled = service.attest(attest_request("shop", &phone, &client_data)).await;
        assert_eq!((enrolled.decision(), codes(&enrolled)), expected(true, ""), "{when}");
        let instance = enrolled.instance;
        for signals in [&[][..], &["hook", "proxy"], &["proxy"]] {
            let hooked = signals.contains(&"hook");
            let asserted = reported(&service, &instance, &mut phone, signals).await;
            assert_eq!((asserted.decision(), codes(&asserted)), expected(hooked, ""), "{when} {signals:?}");
            for path in ["/pay", "/shop", "/pay"] {
                let checked = requested(&service, &instance, path).await;
                assert_eq!((checked.decision(), codes(&checked)), expected(hooked, path), "{when} {signals:?} {path}");
            }
        }
    }
}

/// What the instance is worth for a request at this path.
async fn requested(service: &Harness, instance: &str, path: &str) -> Verdict {
    let context = RequestContext { path: path.to_owned(), ..RequestContext::default() };
    let request = CheckVerdictRequest {
        app: "shop".to_owned(),
        subject: Some(Subject::Instance(instance.to_owned())),
        context: Some(context.into()),
        ..CheckVerdictRequest::default()
    };
    let answer = service.verdicts().check_verdict(request).await.expect("an answer");
    answer.into_inner().verdict.expect("a verdict")
}

#[tokio::test]
async fn a_report_stays_until_another_takes_its_place() {
    let service = service(Stance::StepUp).await;
    let mut phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let client_data = ClientDataPlan::answering(&client_data).reporting(&["x-own", "hook"]).write();
    let enrolled = service.attest(attest_request("shop", &phone, &client_data)).await;
    let expected = vec!["lab_anchor", "signal_hook", "signal_extension"];
    assert_eq!((enrolled.decision(), codes(&enrolled)), (Decision::StepUp, expected.clone()));
    let instance = enrolled.instance;
    let silent = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(codes(&service.assert(silent).await), expected);
    let again = reported(&service, &instance, &mut phone, &["hook", "x-own"]).await;
    assert_eq!((codes(&again), stated(&again)), (expected, Some("hook x-own")));
    let service = service.restart().await;
    assert_eq!(stated(&service.check("shop", &instance).await), Some("hook x-own"));
    let other = reported(&service, &instance, &mut phone, &["proxy"]).await;
    assert_eq!(
        (other.decision(), stated(&other)),
        (Decision::Allow, Some("proxy")),
        "a careful policy lets proxies pass"
    );
}

#[tokio::test]
async fn a_late_report_counts_for_its_own_request() {
    let service = service(Stance::Deny).await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let client_data = ClientDataPlan::answering(&challenge).reporting(&["hook"]).write();
    let assertion = phone.assert(&client_data).expect("signs");
    let newest = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(service.assert(newest).await.decision(), Decision::Allow);
    let late = service.assert(assert_request("shop", &instance, &client_data, assertion)).await;
    assert_eq!((late.decision(), codes(&late)), (Decision::Deny, vec!["lab_anchor", "signal_hook"]));
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_spends_nothing() {
    let service = service(Stance::Deny).await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let long = format!("x-{}", "a".repeat(31));
    let many: Vec<_> = (0..17).map(|at| format!("x-{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    for signals in [&["root"][..], &["Hook"], &["x-"], &["x-Ä"], &[long.as_str()], &["hook", "hook"], &many] {
        let verdict = reported(&service, &instance, &mut phone, signals).await;
        assert_denied(&verdict, "client_data_signals");
    }
    assert_eq!(reported(&service, &instance, &mut phone, &many[..16]).await.decision(), Decision::Deny);
    assert_eq!(reported(&service, &instance, &mut phone, &[]).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn a_report_that_was_changed_on_its_way_is_not_believed() {
    let service = service(Stance::Deny).await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let challenge = service.challenge("shop", Purpose::Assert, b"").await;
    let signed = ClientDataPlan::answering(&challenge).reporting(&["hook"]).write();
    let assertion = phone.assert(&signed).expect("signs");
    let cleaned = ClientDataPlan::answering(&challenge).reporting(&[]).write();
    let verdict = service.assert(assert_request("shop", &instance, &cleaned, assertion)).await;
    assert_denied(&verdict, "app_attest_signature_invalid");
}

/// A proof at one replica that says against itself what the policy refuses; the other one has an allow in memory, and somebody
/// watches each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_a_worse_proof_is_heard_of_everywhere_within_a_second() {
    kept(a_worse_proof_and_a_better_one).await;
}

/// How long it takes until everybody knows of the one, or of the other.
async fn a_worse_proof_and_a_better_one() -> Duration {
    let (world, store) = (World::new(), shared());
    let mut config = world.config();
    config.verifier.apps[0].signals = SignalsPolicy { hook: Stance::Deny, ..SignalsPolicy::CAREFUL };
    let here = world.replica_as(&store, config.clone()).await;
    let there = world.replica_as(&store, config).await;
    let mut phone = world.phone();
    let instance = here.enrolled("shop", &phone, "").await;
    let mut watches = Vec::new();
    for replica in [&here, &there] {
        assert_eq!(replica.check("shop", &instance).await.decision(), Decision::Allow);
        watches.push(replica.watch("edge", WatchVerdictsRequest::default()).await.expect("a stream"));
    }
    let mut took = Duration::ZERO;
    for (signals, decision) in [(&["hook"][..], Decision::Deny), (&[], Decision::Allow)] {
        let client_data = ClientDataPlan::answering(&here.challenge("shop", Purpose::Assert).await);
        let client_data = client_data.reporting(signals).write();
        let assertion = phone.assert(&client_data).expect("signs");
        let told = here.assert(assert_request("shop", &instance, &client_data, assertion)).await;
        let answered = Instant::now();
        assert_eq!(told.decision(), decision);
        while there.check("shop", &instance).await.decision() != decision {
            assert!(answered.elapsed() < EVER, "still as before");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let expected = InstanceReappraised { app: "shop".into(), instance: instance.clone() };
        for stream in &mut watches {
            assert_eq!(news(stream).await, Change::Reappraised(expected.clone()));
        }
        took = took.max(answered.elapsed());
    }
    took
}
