//! Checks: what a gateway hears, and for how long it may go on with it.

use std::time::Duration;

use bonafide::appraisal::{Concern, Mode};
use bonafide::crypto::digest::sha256;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{CheckVerdictRequest, Decision, Purpose, RequestContext};
use data_encoding::BASE64URL_NOPAD;

use crate::harness::{Harness, assert_denied, codes};
use crate::token_bindings::rule;

fn millis(duration: Option<prost_types::Duration>) -> i64 {
    let duration = duration.unwrap_or_default();
    duration.seconds * 1000 + i64::from(duration.nanos) / 1_000_000
}

#[tokio::test]
async fn an_enrolled_instance_is_allowed_with_hints_until_its_proof_is_too_old() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let freshness = service.check("shop", &instance).await.freshness.expect("hints");
    assert_eq!((millis(freshness.fresh_for), millis(freshness.negative_for)), (30_000, 0));
    service.later(Duration::from_secs(590));
    let checked = service.check("shop", &instance).await;
    assert_eq!(millis(checked.freshness.expect("hints").fresh_for), 10_000, "no answer outlives the verdict");
    service.later(Duration::from_secs(10));
    let lapsed = service.check("shop", &instance).await;
    assert_eq!((lapsed.decision(), codes(&lapsed)), (Decision::StepUp, vec!["lab_anchor", "proof_expired"]));
    assert_eq!(millis(lapsed.freshness.expect("hints").negative_for), 0);
    let request = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(service.assert(request).await.decision(), Decision::Allow);
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn d08_made_up_instances_are_unknown() {
    let service = Harness::start().await;
    let instance = service.enrolled("shop", &service.phone()).await;
    let mut changed = instance.clone().into_bytes();
    changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("text");
    let padded = format!("{instance}=");
    for made_up in [changed.as_str(), padded.as_str(), &instance[1..], "x", "ü"] {
        assert_denied(&service.check("shop", made_up).await, "instance_unknown");
    }
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn verdicts_survive_a_restart() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let used = service.signed("shop", &instance, &mut phone).await;
    let open = service.challenge("shop", Purpose::Assert, b"").await;
    let enrolled = service.check("shop", &instance).await;
    assert_eq!(service.assert(used.clone()).await.decision(), Decision::Allow);
    let service = service.restart().await;
    let checked = service.check("shop", &instance).await;
    assert_eq!((checked.decision(), &checked.instance), (Decision::Allow, &enrolled.instance));
    assert_denied(&service.assert(used).await, "challenge_replayed");
    let assertion = phone.assert(&open).expect("signs");
    let request = crate::harness::assert_request("shop", &instance, &open, assertion);
    assert_eq!(service.assert(request).await.decision(), Decision::Allow, "challenges outlive a restart");
}

#[tokio::test]
async fn d05_a_clock_that_goes_back_revives_no_challenge() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("bank", &phone).await;
    let request = service.signed("bank", &instance, &mut phone).await;
    assert_eq!(service.assert(request.clone()).await.decision(), Decision::Allow);
    let before = bonafide::clock::Clock::now(&*service.clock);
    service.later(Duration::from_secs(301));
    // The service purges when it starts.
    let service = service.restart().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    service.clock.set(before);
    assert_eq!(service.assert(request).await.decision(), Decision::Deny);
}

#[tokio::test]
async fn d05_a_proof_of_a_time_that_has_not_come_is_not_believed() {
    let service = Harness::start().await;
    let now = bonafide::clock::Clock::now(&*service.clock);
    service.later(Duration::from_secs(3600));
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    service.clock.set(now);
    for _ in 0..2 {
        let checked = service.check("shop", &instance).await;
        assert_eq!((checked.decision(), codes(&checked)), (Decision::StepUp, vec!["lab_anchor", "proof_expired"]));
        let request = service.signed("shop", &instance, &mut phone).await;
        assert_eq!(service.assert(request).await.decision(), Decision::Allow);
        assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow, "a proof of today");
        service.later(Duration::from_secs(600));
    }
}

#[tokio::test]
async fn the_digest_of_header_fields_is_what_rules_see() {
    let known = sha256(b"accept: application/json");
    let when = format!(r#"request.headers_sha256 != "{}""#, BASE64URL_NOPAD.encode(&known));
    let own = vec![rule(&when, Concern::Warning, Mode::Enforce)];
    let service = Harness::start_with(|config| config.verifier.apps[0].own_rules = own).await;
    let instance = service.enrolled("shop", &service.phone()).await;
    let (good, found) = ((Decision::Allow, vec!["lab_anchor"]), (Decision::StepUp, vec!["lab_anchor", "custom_asked"]));
    for (headers, expected) in [(&known[..], good), (&sha256(b"accept: */*"), found.clone()), (&[], found)] {
        let request = CheckVerdictRequest {
            app: "shop".to_owned(),
            subject: Some(Subject::Instance(instance.clone())),
            context: Some(RequestContext { headers_sha256: headers.to_vec().into(), ..Default::default() }.into()),
            ..CheckVerdictRequest::default()
        };
        let answer = service.verdicts().check_verdict(request).await.expect("an answer").into_inner();
        let verdict = answer.verdict.expect("a verdict");
        assert_eq!((verdict.decision(), codes(&verdict)), expected, "{headers:?}");
    }
}
