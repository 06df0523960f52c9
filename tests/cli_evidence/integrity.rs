//! `bonafide inspect` of integrity tokens and verdicts.

use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::lab::play_integrity::{LabApp, SignatureForm};
use bonafide::time::Timestamp;
use serde_json::json;

use super::{Ran, bonafide};

const BINDING: &str = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
const AT: &str = "2026-09-21T14:13:20Z";

fn app() -> LabApp {
    let at = Timestamp::parse(AT).expect("a time");
    LabApp::from_seed(&[1; 32], "com.example.shop", at).expect("an app")
}

fn inspect(flags: &[&str], input: &[u8]) -> Ran {
    bonafide(&[&["inspect", "-", "--at", AT], flags].concat(), input)
}

/// Runs with everything that a verdict is compared with.
fn inspect_all(keys: &[&str], input: &[u8]) -> Ran {
    let signer = data_encoding::HEXLOWER.encode(&app().signer.0);
    let named = ["--client-data", "abc", "--package", "com.example.shop", "--signer", &signer, "--max-age", "60"];
    inspect(&[&named, keys].concat(), input)
}

#[test]
fn every_check_of_a_token_is_ticked_where_everything_is_named() {
    let token = app().classic_token(BINDING).expect("forged");
    let [decryption, verification] = app().keys.console_texts();
    let keys = ["--decryption-key", &decryption, "--verification-key", &verification];
    let ran = inspect_all(&keys, token.as_bytes());
    assert_eq!((ran.code, ran.out.matches('✓').count()), (0, 10), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("alg: A256KW") && ran.out.contains("appRecognitionVerdict: PLAY_RECOGNIZED"),
        "{}",
        ran.out
    );
    let bare = inspect(&[], token.as_bytes());
    assert_eq!((bare.code, bare.out.matches('✓').count()), (0, 1), "{}", bare.out);
    assert!(!bare.out.contains("PLAY_RECOGNIZED"), "{}", bare.out);
}

#[test]
fn a_token_that_does_not_open_is_crossed_with_its_code() {
    let payload = app().verdict(TokenKind::Classic, BINDING).write();
    let forged = app().token_with(payload, |plan| plan.signature = SignatureForm::AnotherKey).expect("forged");
    let [decryption, verification] = app().keys.console_texts();
    let ran = inspect(&["--decryption-key", &decryption, "--verification-key", &verification], forged.as_bytes());
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("(play_integrity_signature_invalid)"), "{}", ran.out);
}

#[test]
fn a_verdict_is_shown_bare_and_in_googles_answer() {
    let plan = app().verdict(TokenKind::Standard, BINDING);
    for input in [plan.clone().write(), plan.clone().write_answer()] {
        let ran = inspect_all(&[], &input);
        assert_eq!((ran.code, ran.out.matches('✓').count()), (0, 8), "{}{}", ran.out, ran.err);
    }
    let mut tested = plan;
    tested.testing = Some(json!({"isTestingResponse": true}));
    let ran = inspect(&[], &tested.write());
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("(play_integrity_testing_response)") && ran.out.contains("not checked: needs --package"));
    let twice = br#"{"requestDetails":{},"requestDetails":{}}"#;
    let damaged = inspect(&[], twice);
    assert_eq!(damaged.code, 1);
    assert!(damaged.out.contains("(play_integrity_not_json)"), "{}", damaged.out);
}

#[test]
fn a_case_brings_its_own_expectations() {
    let [decryption_key, verification_key_spki] = app().keys.console_texts();
    let input = json!({
        "token": app().classic_token(BINDING).expect("forged"),
        "decryption_key": decryption_key,
        "verification_key_spki": verification_key_spki,
        "package_name": "com.example.shop",
        "nonce": BINDING,
        "certificate_sha256_digests": [app().signer.to_string()],
        "max_age_seconds": 60,
    });
    let case = json!({
        "id": "a-token", "kind": "play_integrity", "verify_at": AT, "input": input, "trust": [],
        "expect": {"accept": true, "reason": null},
    });
    let ran = bonafide(&["inspect", "-"], case.to_string().as_bytes());
    assert_eq!((ran.code, ran.out.matches('✓').count()), (0, 11), "{}{}", ran.out, ran.err);
}
