//! The vendors' services, made ready as the configuration names them, and asked for the status list now and then.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{StatusListFrom, UpstreamConfig};
use crate::crypto::secret::random;
use crate::telemetry::{Kind, Sample};
use crate::upstream::file::FileListSource;
use crate::upstream::google::{Google, GoogleFault};
use crate::upstream::{IntegrityDecoder, StatusListSource, next_attempt, next_refresh};
use crate::verifier::{AppConfig, QuotaUse, RulesAside, Upstreams, Verifier};

/// Makes ready what the apps need: the status list for chains, Google's decoder for tokens.
pub(super) fn build(
    config: UpstreamConfig,
    apps: &[AppConfig],
    clock: Arc<dyn Clock>,
) -> Result<(Upstreams, Option<Arc<Google>>), GoogleFault> {
    let lists = apps.iter().any(|app| app.policy().key_attestation.is_some_and(|policy| policy.status_list.is_some()));
    let tokens = config.google.access.is_some();
    let asked = lists && config.status_list == StatusListFrom::Google;
    let google = (asked || tokens).then(|| Google::build(config.google, clock)).transpose()?.map(Arc::new);
    let status_list: Option<Arc<dyn StatusListSource>> = match config.status_list {
        _ if !lists => None,
        StatusListFrom::Google => google.clone().map(|google| google as Arc<dyn StatusListSource>),
        StatusListFrom::File(path) => Some(Arc::new(FileListSource::new(path))),
        StatusListFrom::Nowhere => None,
    };
    let decoder = google.clone().filter(|_| tokens).map(|google| google as Arc<dyn IntegrityDecoder>);
    Ok((Upstreams { status_list, decoder }, google))
}

/// Asks for the status list for as long as the service lives, half-way through its freshness and sooner after a failure.
pub(super) async fn renew_status_list(verifier: Arc<Verifier>) {
    let mut failures = 0;
    while let Some(renewed) = verifier.renew_status_list().await {
        let jitter = random().map_or(u32::MAX / 2, u32::from_be_bytes);
        let wait = match renewed {
            Ok(list) => {
                failures = 0;
                tracing::info!(entries = list.entries, changed = list.changed, "the status list is current");
                next_refresh(list.fresh_for, jitter)
            }
            Err(fault) => {
                failures += 1;
                tracing::warn!(error = %fault, failures, "the status list was not renewed; trying again later");
                next_attempt(failures, jitter)
            }
        };
        tokio::time::sleep(wait.max(Duration::from_secs(1))).await;
    }
}

/// What can be told about the vendors' services, for the metrics.
pub(super) fn samples(verifier: &Verifier, google: Option<&Google>) -> Vec<Sample> {
    let mut samples = list_samples(verifier);
    for QuotaUse { app, used, quota } in verifier.quotas() {
        let label = || vec![("app", app.to_string().into())];
        samples.push(gauge(
            "bonafide_decode_quota_used",
            "Tokens of today's quota that were sent.",
            label(),
            used.into(),
        ));
        samples.push(gauge("bonafide_decode_quota", "Tokens that may be sent in a day.", label(), quota.into()));
    }
    samples.extend(google.into_iter().flat_map(google_samples));
    samples.extend(rule_samples(verifier.rules_aside()));
    samples
}

fn rule_samples(RulesAside { reporting, off }: RulesAside) -> [Sample; 2] {
    [("report", reporting), ("off", off)].map(|(mode, count)| {
        gauge(
            "bonafide_rules_aside",
            "Rules that do not count for everybody.",
            vec![("mode", mode.into())],
            count as f64,
        )
    })
}

fn list_samples(verifier: &Verifier) -> Vec<Sample> {
    let Some(list) = verifier.status_list() else { return Vec::new() };
    vec![
        gauge("bonafide_status_list_entries", "Entries of the status list in force.", Vec::new(), list.entries as f64),
        gauge(
            "bonafide_status_list_age_seconds",
            "Time since the status list was known to be current.",
            Vec::new(),
            list.age.as_secs_f64(),
        ),
    ]
}

fn google_samples(google: &Google) -> Vec<Sample> {
    let counts = google.counts();
    let (list, access, decodes) = (counts.status_list, counts.access, counts.decodes);
    let rows = [
        ("bonafide_status_list_fetches", "outcome", "new", list.new),
        ("bonafide_status_list_fetches", "outcome", "unchanged", list.unchanged),
        ("bonafide_status_list_fetches", "outcome", "failed", list.failed),
        ("bonafide_access_tokens", "outcome", "refreshed", access.refreshed),
        ("bonafide_access_tokens", "outcome", "failed", access.failed),
        ("bonafide_decodes", "outcome", "payload", decodes.payload),
        ("bonafide_decodes", "outcome", "refused", decodes.refused),
        ("bonafide_decodes", "outcome", "not_sent", decodes.not_sent),
        ("bonafide_decodes", "outcome", "indeterminate", decodes.indeterminate),
        ("bonafide_decodes", "outcome", "quota", decodes.quota),
        ("bonafide_decodes", "outcome", "misconfigured", decodes.misconfigured),
        ("bonafide_decode_breaker", "event", "opened", decodes.breaker_opened),
    ];
    let sample = |(name, label, value, count): (&'static str, &'static str, &'static str, u64)| Sample {
        name,
        help: help(name),
        kind: Kind::Counter,
        labels: vec![(label, value.into())],
        value: count as f64,
    };
    rows.into_iter().map(sample).collect()
}

fn help(name: &str) -> &'static str {
    match name {
        "bonafide_status_list_fetches" => "Questions for the status list, by what came of them.",
        "bonafide_access_tokens" => "Questions for an access token, by what came of them.",
        "bonafide_decodes" => "Integrity tokens to be opened by Google, by what came of them.",
        _ => "How often nothing more was sent for a while because Google failed.",
    }
}

fn gauge(
    name: &'static str,
    help: &'static str,
    labels: Vec<(&'static str, std::borrow::Cow<'static, str>)>,
    value: f64,
) -> Sample {
    Sample { name, help, kind: Kind::Gauge, labels, value }
}
