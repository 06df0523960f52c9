//! What the apps of a configuration ask of devices.

use std::path::Path;

use serde_json::Value;

use super::table::aligned;
use crate::appraisal::{Application, OwnRule};
use crate::cli::screen::{STRONG, plain, styled};
use crate::config::{self, Document};
use crate::verifier::AppConfig;

const RULE_COLUMNS: [&str; 6] = ["rule", "looks for", "tier", "effect", "mode", "percent"];
/// What a rule says itself.
const ITS_OWN: &str = "its own";

/// Says which policy each app has, or everything that is wrong with the file. Styled.
pub fn report(file: &Path) -> Result<String, String> {
    let refused = |faults| config::check::refusal(&faults);
    let document = Document::read(file).map_err(refused)?;
    let config = document.config().map_err(refused)?;
    Ok(config.verifier.apps.iter().map(|app| described(app, &document)).collect())
}

fn described(app: &AppConfig, document: &Document) -> String {
    let policy = app.policy();
    let formats = [
        policy.app_attest.as_ref().map(|_| "app_attest"),
        policy.key_attestation.as_ref().map(|_| "key_attestation"),
        policy.play_integrity.as_ref().map(|_| "play_integrity"),
    ];
    let formats: Vec<&str> = formats.into_iter().flatten().collect();
    let mut text = format!("{} policy {}\n", styled(STRONG, &app.name), policy.revision());
    text += &format!("  takes {}\n", formats.join(", "));
    let (told, rules) = (document.telling(&app.name), rules(app));
    if told.is_empty() && rules.is_empty() {
        text += "  every rule is as usual\n";
    }
    told.iter().for_each(|told| text += &format!("  {} {} = {}\n", told.section, told.key, plain(&told.value)));
    text + &aligned(&rules)
}

/// The rows `[[app.rule]]`, under a line that says what stands where; nothing where there are none.
fn rules(app: &AppConfig) -> Vec<Vec<String>> {
    let built_in = app.applications.iter().map(|(name, application)| built_in(name, application));
    let rows: Vec<_> = built_in.chain(app.own_rules.iter().map(own)).collect();
    let heading = (!rows.is_empty()).then(|| RULE_COLUMNS.map(str::to_owned).to_vec());
    heading.into_iter().chain(rows).collect()
}

fn built_in(name: &str, application: &Application) -> Vec<String> {
    let tier = application.tier.map_or_else(|| ITS_OWN.to_owned(), |tier| word(&tier));
    let [looks_for, effect] = ["built in", ITS_OWN].map(str::to_owned);
    vec![name.to_owned(), looks_for, tier, effect, word(&application.mode), word(&application.percent)]
}

fn own(rule: &OwnRule) -> Vec<String> {
    let name = rule.code.name().to_owned();
    vec![name, word(&rule.when), word(&rule.tier), word(&rule.effect), word(&rule.mode), word(&rule.percent)]
}

/// A value in the words of the file.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value).unwrap_or_default() {
        Value::String(text) => plain(&text),
        value => value.to_string(),
    }
}
