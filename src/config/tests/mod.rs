//! Tests of whole configurations.

mod apart;
mod apps;
mod defaults;
mod documents;
mod files;
mod key_attestation;
mod play_integrity;
mod rules;
mod sample;
mod sections;
mod token;

use std::path::Path;

use super::{Config, Faults};

/// The App IDs of the smallest app.
const APP_IDS: &str = "app_ids = [\"1234567890.com.example.shop\"]";

/// Reads a text that lies in the folder of the project.
fn parse(text: &str) -> Result<Config, Faults> {
    Config::parse(text, Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// The text, followed by the smallest app.
fn with_app(text: &str) -> String {
    format!("{text}\n[[app]]\nname = \"shop\"\n[app.app_attest]\n{APP_IDS}\n")
}

/// The faults of a text, each as `LINE:COLUMN: message`.
fn faults(text: &str) -> Vec<String> {
    let Err(faults) = parse(text) else { return Vec::new() };
    faults.to_string().lines().map(|line| line.trim_start_matches("configuration:").to_owned()).collect()
}

/// Holds each text to its single fault.
fn each_has_one_fault(cases: &[(String, &str)]) {
    for (text, fault) in cases {
        assert_eq!(faults(text), [*fault], "{text}");
    }
}
