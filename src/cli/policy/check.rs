//! What the apps of a configuration ask of devices.

use std::path::Path;

use serde_json::{Map, Value};

use crate::appraisal::{AppAttestPolicy, KeyAttestationPolicy, PlayIntegrityPolicy, Policy};
use crate::cli::screen::{STRONG, plain, styled};
use crate::config::{self, Config};
use crate::verifier::AppConfig;

/// Says which policy each app has, or everything that is wrong with the file. Styled.
pub fn report(file: &Path) -> Result<String, String> {
    let config = Config::load(file).map_err(|faults| config::check::refusal(&faults))?;
    Ok(config.verifier.apps.iter().map(described).collect())
}

fn described(app: &AppConfig) -> String {
    let policy = app.policy();
    let sections = sections(&policy);
    let formats: Vec<&str> = sections.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| *name).collect();
    let mut text = format!("{} policy {}\n", styled(STRONG, &app.name), policy.revision());
    text += &format!("  takes {}\n", formats.join(", "));
    let unusual = unusual(&policy);
    if unusual.is_empty() {
        text += "  every rule is as usual\n";
    }
    unusual.iter().for_each(|line| text += &format!("  {}\n", plain(line)));
    text
}

fn sections(policy: &Policy) -> [(&'static str, Value); 3] {
    [
        ("app_attest", json(&policy.app_attest)),
        ("key_attestation", json(&policy.key_attestation)),
        ("play_integrity", json(&policy.play_integrity)),
    ]
}

/// Everything in the policy that is not what a careful team would ship for these formats, a line each.
fn unusual(policy: &Policy) -> Vec<String> {
    let usual = Policy {
        app_attest: policy.app_attest.as_ref().map(|_| AppAttestPolicy::careful()),
        key_attestation: policy.key_attestation.as_ref().map(|_| KeyAttestationPolicy::careful()),
        play_integrity: policy.play_integrity.as_ref().map(|_| PlayIntegrityPolicy::careful()),
        expectation: policy.expectation.clone(),
        ..Policy::default()
    };
    let mut lines = Vec::new();
    compare("", &json(policy), &json(&usual), &mut lines);
    lines
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn compare(path: &str, actual: &Value, usual: &Value, lines: &mut Vec<String>) {
    match (actual, usual) {
        _ if actual == usual => {}
        (Value::Object(ours), Value::Object(theirs)) if seconds(ours).is_none() => {
            let none = Value::Null;
            for (key, value) in ours {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, value, theirs.get(key).unwrap_or(&none), lines);
            }
        }
        _ => lines.push(format!("{path} = {} (usually {})", shown(actual), shown(usual))),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Object(members) => seconds(members).map_or_else(|| value.to_string(), |seconds| format!("{seconds}s")),
        _ => value.to_string(),
    }
}

/// The seconds of a duration, as it is written in JSON.
fn seconds(members: &Map<String, Value>) -> Option<u64> {
    members.get("nanos").filter(|_| members.len() == 2).and_then(|_| members.get("secs")?.as_u64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_careful_policy_has_nothing_unusual() {
        let careful = Policy {
            app_attest: Some(AppAttestPolicy::careful()),
            key_attestation: Some(KeyAttestationPolicy::careful()),
            play_integrity: Some(PlayIntegrityPolicy::careful()),
            ..Policy::default()
        };
        assert_eq!(unusual(&careful), [""; 0]);
        assert_eq!(unusual(&Policy::default()), [""; 0]);
    }

    #[test]
    fn what_is_not_as_usual_is_named_with_both_values() {
        let mut policy = KeyAttestationPolicy::careful();
        policy.locked = false;
        policy.min_os_version = "14".parse().ok();
        let list = policy.status_list.as_mut().expect("a list");
        list.max_age = Duration::from_secs(60);
        let lines = unusual(&Policy { key_attestation: Some(policy), ..Policy::default() });
        let expected = [
            "key_attestation.locked = false (usually true)",
            "key_attestation.min_os_version = \"14.0\" (usually none)",
            "key_attestation.status_list.max_age = 60s (usually 172800s)",
        ];
        assert_eq!(lines, expected);
    }
}
