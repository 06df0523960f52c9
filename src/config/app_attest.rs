//! `[app.app_attest]`: what Apple's App Attest has to prove for an app.

use std::collections::BTreeSet;

use super::entry::{Entry, refuse_repeats};
use super::pem;
use super::section::Section;
use crate::appraisal::{AppAttestPolicy, Stance};
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::{Environment, ValidationCategory};
use crate::store::{SignCountMode, WindowSize};
use crate::verifier::AppAttestConfig;

/// How many counts a window holds unless told otherwise.
const WINDOW: u16 = 128;

/// Reads the section, if it is there.
pub(super) fn read(mut section: Section<'_>) -> Option<AppAttestConfig> {
    if !section.is_present() {
        return None;
    }
    let devices = [("mobile", Device::Mobile), ("mac", Device::Mac)];
    let app_attest = AppAttestConfig {
        app_ids: section.required("app_ids").and_then(app_ids).unwrap_or_default(),
        device: section.read("device", |entry| entry.one_of(&devices), Device::Mobile),
        sign_count: sign_count(&mut section),
        lab_roots: section.read("lab_roots", lab_roots, Vec::new()),
        policy: policy(&mut section),
    };
    section.finish();
    Some(app_attest)
}

fn app_ids(entry: Entry<'_>) -> Option<Vec<AppId>> {
    entry.expect_items("App ID");
    let read = entry.items()?.into_iter().filter_map(|item| Some((item, item.parsed::<AppId>()?))).collect::<Vec<_>>();
    refuse_repeats(&read, "App ID");
    Some(read.into_iter().map(|(_, app_id)| app_id).collect())
}

fn policy(section: &mut Section<'_>) -> AppAttestPolicy {
    let environments =
        [Environment::Production, Environment::Development].map(|environment| (environment.name(), environment));
    let absences = [("allow", Stance::Allow), ("step-up", Stance::StepUp), ("deny", Stance::Deny)];
    let environment = section.read("environment", |entry| entry.one_of(&environments), Environment::Production);
    AppAttestPolicy {
        environment,
        validation_categories: section.read("validation_categories", categories, usual_categories(environment)),
        absent_category: section.read("absent_category", |entry| entry.one_of(&absences), Stance::Allow),
        min_os_version: section.entry("min_os_version").and_then(Entry::parsed),
    }
}

/// What the builds of an environment are: keys made by a build that Xcode runs live in development.
fn usual_categories(environment: Environment) -> BTreeSet<ValidationCategory> {
    match environment {
        Environment::Production => BTreeSet::from([ValidationCategory::APP_STORE]),
        Environment::Development => ValidationCategory::named("development").into_iter().collect(),
    }
}

fn categories(entry: Entry<'_>) -> Option<BTreeSet<ValidationCategory>> {
    entry.expect_items("validation category");
    Some(entry.items()?.into_iter().filter_map(category).collect())
}

fn category(entry: Entry<'_>) -> Option<ValidationCategory> {
    let names = (0..=10).map(ValidationCategory).map(|category| (category.name(), category)).collect::<Vec<_>>();
    let category = entry.one_of(&names)?;
    if category.is_never_acceptable() {
        return entry.refuse("Apple calls this category inappropriate for any relying party");
    }
    Some(category)
}

/// Reads which sign counts are accepted.
pub(super) fn sign_count(section: &mut Section<'_>) -> SignCountMode {
    let modes = [("strict", Windowed::No), ("window", Windowed::Yes)];
    let windowed = section.read("sign_count", |entry| entry.one_of(&modes), Windowed::No);
    let size = section.entry("sign_count_window");
    match windowed {
        Windowed::No => {
            size.and_then(|entry| entry.refuse::<()>("this has no meaning unless sign_count = \"window\""));
            SignCountMode::Strict
        }
        Windowed::Yes => window(size).map_or(SignCountMode::Strict, SignCountMode::Window),
    }
}

#[derive(Clone, Copy)]
enum Windowed {
    Yes,
    No,
}

fn window(entry: Option<Entry<'_>>) -> Option<WindowSize> {
    let Some(entry) = entry else { return WindowSize::new(WINDOW) };
    let size = u16::try_from(entry.integer(64..=1024)?).ok().and_then(WindowSize::new);
    size.or_else(|| entry.refuse("expected a multiple of 64"))
}

/// Reads the files of lab roots.
pub(super) fn lab_roots(entry: Entry<'_>) -> Option<Vec<Vec<u8>>> {
    Some(entry.items()?.into_iter().filter_map(pem::lab_roots).flatten().collect())
}
