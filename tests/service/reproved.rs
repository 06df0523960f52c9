//! Proofs whose claims change what requests are worth, and not what the instance is worth by itself.

use std::time::{Duration, Instant};

use bonafide::appraisal::{Concern, Mode};
use bonafide::config::Config;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{CheckVerdictRequest, Decision, Purpose, RequestContext};
use bonafide::lab::app_attest::{LabDevice, RunningCode};

use crate::harness::assert_request;
use crate::promise::{EVER, kept};
use crate::revocation::{Replica, World, by, shared};
use crate::token_bindings::rule;

const OLD: &str =
    r#"request.path.startsWith("/pay") && has(app_attest.bundle_version) && app_attest.bundle_version < version("2")"#;

/// What the gateway is told of a payment.
async fn payment(replica: &Replica, instance: &str) -> Decision {
    let request = CheckVerdictRequest {
        app: "shop".to_owned(),
        subject: Some(Subject::Instance(instance.to_owned())),
        context: Some(RequestContext { path: "/pay".to_owned(), ..RequestContext::default() }.into()),
        ..CheckVerdictRequest::default()
    };
    let answer = replica.verdicts().check_verdict(by("edge", request)).await.expect("an answer");
    answer.into_inner().verdict.expect("a verdict").decision()
}

/// A phone that runs this version of the app signs.
async fn proved(replica: &Replica, phone: &LabDevice, instance: &str, (count, version): (u32, &str)) -> Decision {
    let client_data = replica.challenge("shop", Purpose::Assert).await;
    let code = RunningCode { bundle_version: version.to_owned(), ..RunningCode::app_store() };
    let tail = code.extension_map().expect("a map");
    let assertion = phone.assert_with(&client_data, |plan| {
        plan.authenticator.sign_count = count;
        plan.authenticator.tail = tail;
    });
    let request = assert_request("shop", instance, &client_data, assertion.expect("signs"));
    replica.assert(request).await.decision()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_claims_that_requests_are_weighed_by_are_heard_of_everywhere_within_a_second() {
    let world = World::new();
    let mut config = world.config();
    config.verifier.apps[0].own_rules = vec![rule(OLD, Concern::Warning, Mode::Enforce)];
    kept(async || heard_of(&world, config.clone(), config.clone()).await).await;
}

/// While a policy is rolled out, the replica that keeps a proof has no rule that looks at its claims, and another one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_claims_are_heard_of_by_replicas_with_another_policy() {
    let world = World::new();
    let before = world.config();
    let mut after = before.clone();
    after.verifier.apps[0].own_rules = vec![rule(OLD, Concern::Warning, Mode::Enforce)];
    kept(async || heard_of(&world, before.clone(), after.clone()).await).await;
}

/// A phone proves itself at one replica, and payments are weighed at the other: how long it takes at most until that knows.
async fn heard_of(world: &World, here: Config, there: Config) -> Duration {
    let store = shared();
    let here = world.replica_as(&store, here).await;
    let there = world.replica_as(&store, there).await;
    let phone = world.phone();
    let instance = here.enrolled("shop", &phone, "").await;
    let mut took = Duration::ZERO;
    for (proof, expected) in
        [((1, "2.0"), Decision::Allow), ((2, "1.9"), Decision::StepUp), ((3, "2.1"), Decision::Allow)]
    {
        assert_eq!(proved(&here, &phone, &instance, proof).await, Decision::Allow, "the instance itself is as good");
        let answered = Instant::now();
        while payment(&there, &instance).await != expected {
            assert!(answered.elapsed() < EVER, "still as before {proof:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        took = took.max(answered.elapsed());
    }
    took
}
