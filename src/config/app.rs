//! `[[app]]`: the apps, what may prove itself as each, and what that is worth.

use std::time::Duration;

use super::app_attest;
use super::entry::{Entry, refuse_repeats};
use super::google::UpstreamConfig;
use super::section::Section;
use super::{binding, decisions, key_attestation, play_integrity, rule, signals};
use crate::ids::AppName;
use crate::verdict::Freshness;
use crate::verifier::AppConfig;

/// How long a verdict may hold: a day at most.
const DAY: Duration = Duration::from_secs(86_400);

/// The sections that say what may prove itself as an app; one is needed at least.
const FORMATS: [&str; 3] = ["app_attest", "key_attestation", "play_integrity"];

/// Reads all apps. Names come beside them, since an app may have one and yet be wrong.
pub(super) fn read(sections: Vec<Section<'_>>, upstream: &UpstreamConfig) -> (Vec<AppName>, Vec<AppConfig>) {
    let (names, apps): (Vec<_>, Vec<_>) = sections.into_iter().map(read_one).unzip();
    let names: Vec<_> = names.into_iter().flatten().collect();
    refuse_repeats(&names, "name");
    let apps = apps.into_iter().flatten().map(|app| upstream.standing_behind(app)).collect();
    (names.into_iter().map(|(_, name)| name).collect(), apps)
}

type Named<'a> = Option<(Entry<'a>, AppName)>;

fn read_one(mut section: Section<'_>) -> (Named<'_>, Option<AppConfig>) {
    let name = section.required("name").and_then(|entry| Some((entry, entry.parsed()?)));
    let (verdict_lifetime, freshness) = read_times(&mut section);
    let app_attest = app_attest::read(section.section("app_attest"));
    let key_attestation = key_attestation::read(section.section("key_attestation"));
    let play_integrity = play_integrity::read(section.section("play_integrity"));
    let (signals, binding) = (signals::read(section.section("signals")), binding::read(section.section("binding")));
    let formats: Vec<_> = FORMATS.into_iter().filter(|key| section.entry(key).is_some()).collect();
    let outage = play_integrity.as_ref().map(|format| format.policy.outage);
    let list = key_attestation.as_ref().and_then(|format| format.policy.status_list);
    let rules = rule::read(section.sections("rule"), &formats);
    let stale = list.map(|list| rules.stance("status_list_stale").unwrap_or(list.stale));
    let decisions = decisions::read(section.section("decisions"), outage, stale);
    if formats.is_empty() {
        section.miss("[app.app_attest], [app.key_attestation] or [app.play_integrity] is missing".to_owned());
    }
    section.finish();
    let app = name.clone().map(|(_, name)| AppConfig {
        app_attest,
        key_attestation,
        play_integrity,
        signals,
        binding,
        applications: rules.applications,
        own_rules: rules.own,
        decisions,
        verdict_lifetime,
        freshness,
        ..AppConfig::of(name)
    });
    (name, app)
}

/// Reads how long verdicts hold, and how long answers may be reused: never longer than the verdict.
fn read_times(section: &mut Section<'_>) -> (Duration, Freshness) {
    let seconds = Duration::from_secs;
    let lifetime = section.duration("verdict_lifetime", seconds(1)..=DAY, seconds(600));
    let fresh_for = section.read("fresh_for", |entry| at_most(entry, lifetime), seconds(30).min(lifetime));
    let left = lifetime.saturating_sub(fresh_for);
    let stale_if_unavailable = section.read("stale_if_unavailable", |entry| at_most(entry, left), Duration::ZERO);
    (lifetime, Freshness::new(fresh_for, stale_if_unavailable))
}

fn at_most(entry: Entry<'_>, limit: Duration) -> Option<Duration> {
    let duration = entry.duration(Duration::ZERO..=DAY)?;
    if duration <= limit {
        Some(duration)
    } else {
        entry.refuse("the answer would outlive the verdict, which holds for verdict_lifetime")
    }
}
