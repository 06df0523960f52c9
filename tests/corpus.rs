//! The shared corpus, where it is at hand: nothing may differ in the kinds that are built.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

use bonafide::cli::corpus::{self, Report, Standing};
use bonafide::crypto::path::{AnchorOrigin, PathFault, TrustAnchors};
use bonafide::endorsement::APPLE_APP_ATTESTATION_ROOT;
use bonafide::evidence::app_attest::AttestationObject;
use bonafide::time::Timestamp;
use data_encoding::BASE64;
use serde_json::Value;

/// The corpus, or `None`, said aloud, where there is none.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let found = folder.is_dir();
    if !found {
        // Not by a macro: the test harness would swallow it.
        let _ = writeln!(stderr(), "NOT TESTED: there is no corpus at {}", folder.display());
    }
    found.then_some(folder)
}

fn run(folder: &Path, kind: &str) -> Report {
    corpus::run(&[folder.to_owned()], &[kind.to_owned()]).expect("cases")
}

#[test]
fn every_case_of_the_kinds_that_are_built_comes_out_right() {
    let Some(folder) = folder() else { return };
    for kind in ["app_attest", "app_attest_assertion", "play_integrity"] {
        let report = run(&folder, kind);
        let differing: Vec<_> = report.differing().collect();
        assert!(differing.is_empty(), "{differing:#?}");
        assert!(report.rows.iter().all(|row| row.standing == Standing::Agrees), "{kind} is built");
    }
}

struct Recording {
    object: AttestationObject,
    at: Timestamp,
}

fn recording(folder: &Path, id: &str) -> Recording {
    let text = fs::read_to_string(folder.join("app_attest").join(format!("{id}.json"))).expect(id);
    let case: Value = serde_json::from_str(&text).expect(id);
    let encoded = case["input"]["attestation_object"].as_str().expect(id);
    let object = AttestationObject::parse(&BASE64.decode(encoded.as_bytes()).expect(id)).expect(id);
    Recording { object, at: case["verify_at"].as_str().and_then(Timestamp::parse).expect(id) }
}

#[test]
fn a_forged_leaf_is_untrusted_whatever_the_dates_and_whatever_was_seen_before() {
    let Some(folder) = folder() else { return };
    let genuine = recording(&folder, "aa-poc-14.4");
    let forged = recording(&folder, "aa-x-attacker-leaf-under-genuine-intermediate");
    let anchors = TrustAnchors::new(&[(AnchorOrigin::Vendor, APPLE_APP_ATTESTATION_ROOT)]).expect("an anchor");
    let verify = |which: &Recording, at| anchors.verify(&which.object.leaf, &which.object.intermediate, at);
    let issuer_expired = Timestamp::parse("2031-01-01T00:00:00Z").expect("a time");
    assert!(matches!(verify(&forged, issuer_expired), Err(PathFault::Untrusted(_))));
    assert_eq!(verify(&genuine, genuine.at), Ok(AnchorOrigin::Vendor));
    assert!(matches!(verify(&forged, issuer_expired), Err(PathFault::Untrusted(_))));
    assert_eq!(verify(&genuine, issuer_expired), Err(PathFault::Expired));
}
