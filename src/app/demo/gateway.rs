//! The gateway's part: it asks on every request.

use std::time::{Duration, Instant};

use anyhow::Context;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::narration::Narration;
use super::setting::{APP, Setting};
use crate::grpc::proto::check_verdict_request::Subject;
use crate::grpc::proto::{CheckVerdictRequest, Decision, RequestContext, Verdict};

/// How many calls each median is taken over.
const CALLS: usize = 500;

/// Checks the instance, and says what that costs beside a call that does nothing.
pub(super) async fn check(story: &mut Narration, setting: &Setting, instance: &str) -> anyhow::Result<()> {
    story.chapter("A gateway asks on every request");
    let verdict = checked(setting, APP, instance).await?;
    story.expect_verdict("checks the instance", &verdict, Decision::Allow, "lab_anchor")?;
    let verdict = checked(setting, APP, &instance.chars().rev().collect::<String>()).await?;
    story.expect_verdict("checks a made-up instance", &verdict, Decision::Deny, "instance_unknown")?;
    let mut gateway = setting.gateway();
    let request = request(APP, instance);
    let mut health = HealthClient::new(setting.channel());
    let (mut checks, mut empty) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for _ in 0..CALLS {
        let start = Instant::now();
        gateway.check_verdict(request.clone()).await?;
        checks.push(start.elapsed());
        let start = Instant::now();
        health.check(HealthCheckRequest::default()).await?;
        empty.push(start.elapsed());
    }
    let cost = format!("{} µs, beside {} µs for an empty call", median(checks), median(empty));
    story.note(&format!("a cached check, median of {CALLS}"), &cost);
    Ok(())
}

/// What an instance of an app is worth now.
pub(super) async fn checked(setting: &Setting, app: &str, instance: &str) -> anyhow::Result<Verdict> {
    setting.gateway().check_verdict(request(app, instance)).await?.into_inner().verdict.context("a verdict")
}

/// A rule of the app looks at requests, and takes one that is not told of for the worst.
fn request(app: &str, instance: &str) -> CheckVerdictRequest {
    CheckVerdictRequest {
        app: app.to_owned(),
        subject: Some(Subject::Instance(instance.to_owned())),
        context: Some(RequestContext { path: "/cart".to_owned(), ..RequestContext::default() }.into()),
        ..CheckVerdictRequest::default()
    }
}

fn median(mut times: Vec<Duration>) -> u128 {
    times.sort_unstable();
    times.get(times.len() / 2).map(Duration::as_micros).unwrap_or_default()
}
