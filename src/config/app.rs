//! `[[app]]`: the apps, what may prove itself as each, and what that is worth.

use std::time::Duration;

use super::entry::{Entry, refuse_repeats};
use super::section::Section;
use super::{app_attest, app_attest::AppAttest};
use crate::ids::AppName;
use crate::verdict::Freshness;
use crate::verifier::AppConfig;

/// How long a verdict may hold: a day at most.
const DAY: Duration = Duration::from_secs(86_400);

/// Reads all apps.
pub(super) fn read(sections: Vec<Section<'_>>) -> Vec<AppConfig> {
    let (names, apps): (Vec<_>, Vec<_>) = sections.into_iter().map(read_one).unzip();
    refuse_repeats(&names.into_iter().flatten().collect::<Vec<_>>(), "name");
    apps.into_iter().flatten().collect()
}

type Named<'a> = Option<(Entry<'a>, AppName)>;

fn read_one(mut section: Section<'_>) -> (Named<'_>, Option<AppConfig>) {
    let name = section.required("name").and_then(|entry| Some((entry, entry.parsed()?)));
    let (verdict_lifetime, freshness) = read_times(&mut section);
    let app_attest = app_attest::read(section.required_section("app_attest"));
    section.finish();
    let app = name.clone().zip(app_attest).map(|((_, name), format)| joined(name, format, verdict_lifetime, freshness));
    (name, app)
}

fn joined(name: AppName, format: AppAttest, verdict_lifetime: Duration, freshness: Freshness) -> AppConfig {
    let AppAttest { app_ids, device, sign_count, lab_roots, policy } = format;
    AppConfig { name, app_ids, device, sign_count, lab_roots, policy, verdict_lifetime, freshness }
}

/// Reads how long verdicts hold, and how long answers may be reused: never longer than the verdict.
fn read_times(section: &mut Section<'_>) -> (Duration, Freshness) {
    let seconds = Duration::from_secs;
    let lifetime = section.duration("verdict_lifetime", seconds(1)..=DAY, seconds(600));
    let fresh_for = section.read("fresh_for", |entry| at_most(entry, lifetime), seconds(30).min(lifetime));
    let left = lifetime.saturating_sub(fresh_for);
    let stale_if_unavailable = section.read("stale_if_unavailable", |entry| at_most(entry, left), Duration::ZERO);
    (lifetime, Freshness { fresh_for, stale_if_unavailable })
}

fn at_most(entry: Entry<'_>, limit: Duration) -> Option<Duration> {
    let duration = entry.duration(Duration::ZERO..=DAY)?;
    if duration <= limit {
        Some(duration)
    } else {
        entry.refuse("the answer would outlive the verdict, which holds for verdict_lifetime")
    }
}
