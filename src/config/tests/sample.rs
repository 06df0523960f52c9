//! The sample in `deploy/` and the reference in `docs/` name the same keys, and all of them work.

use std::collections::BTreeSet;
use std::fs;

use super::Config;
use crate::lab::play_integrity::LabKeys;

const SAMPLE: &str = include_str!("../../../deploy/bonafide.toml");
const REFERENCE: &str = include_str!("../../../docs/configuration.md");

/// The sample with every setting in force: comments that start without a blank are settings.
fn uncommented() -> String {
    let setting = |line: &'static str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|first: char| first == '[' || first.is_ascii_lowercase()) => rest,
        _ => line,
    };
    SAMPLE.lines().map(setting).collect::<Vec<_>>().join("\n")
}

/// `section key` for every setting of a text.
fn settings(text: &str, heading: fn(&str) -> Option<String>, key: fn(&str) -> Option<String>) -> BTreeSet<String> {
    let mut section = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines() {
        section = heading(line).unwrap_or(section);
        found.extend(key(line).map(|key| format!("{section} {key}")));
    }
    found
}

fn in_sample() -> BTreeSet<String> {
    let heading = |line: &str| line.starts_with('[').then(|| line.trim_matches(['[', ']']).to_owned());
    let key = |line: &str| Some(line.split_once(" = ")?.0.to_owned()).filter(|key| !key.starts_with('#'));
    settings(&uncommented(), heading, key)
}

fn in_reference() -> BTreeSet<String> {
    let heading = |line: &str| Some(line.strip_prefix("## `")?.trim_matches(['[', ']', '`']).to_owned());
    let key = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned());
    settings(REFERENCE, heading, key)
}

#[test]
fn the_sample_works_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::parse(SAMPLE, folder.path()).expect("a configuration");
    assert_eq!(config.verifier.apps.len(), 1);
}

#[test]
fn the_sample_works_with_every_setting_in_force() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("tls")).expect("a folder");
    let files = [
        ("server.pem", "tls/cert.pem"),
        ("server-key.pem", "tls/key.pem"),
        ("ca.pem", "tls/clients.pem"),
        ("ca.pem", "lab-root.pem"),
        ("ca.pem", "google/extra-roots.pem"),
    ];
    fs::create_dir(folder.path().join("google")).expect("a folder");
    for (from, to) in files {
        fs::copy(format!("testdata/tls/{from}"), folder.path().join(to)).expect("copied");
    }
    fs::write(folder.path().join("seal.key"), "5a".repeat(32)).expect("written");
    fs::create_dir(folder.path().join("play")).expect("a folder");
    let keys = LabKeys::from_seed(&[1; 32]).expect("keys").console_texts();
    for (name, text) in ["decryption", "verification"].iter().zip(keys) {
        for of in ["", "lab-"] {
            fs::write(folder.path().join(format!("play/{of}{name}-key.txt")), format!("{text}\n")).expect("written");
        }
    }
    let config = Config::parse(&uncommented(), folder.path()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(config.verifier.token.is_some_and(|token| token.seal.is_some() && token.audiences.len() == 1));
    assert!(config.grpc.tls.is_some_and(|tls| tls.client_ca.is_some()));
    assert_eq!(config.verifier.apps[0].app_attest.as_ref().map(|format| format.lab_roots.len()), Some(1));
    let chains = config.verifier.apps[0].key_attestation.as_ref();
    assert_eq!(chains.map(|format| format.lab_roots.len()), Some(1));
    assert_eq!(config.verifier.apps[0].play_integrity.as_ref().map(|format| format.keys.len()), Some(1));
}

#[test]
fn sample_and_reference_name_the_same_settings() {
    assert_eq!(in_sample(), in_reference());
    assert!(in_sample().contains("app.app_attest lab_roots"));
}
