//! `[app.play_integrity]`.

use std::fs;
use std::time::Duration;

use super::{each_has_one_fault, parse};
use crate::appraisal::{Outage, PlayIntegrityPolicy, Presence, Signal, Stance};
use crate::config::{Config, Warning};
use crate::evidence::claims::play_integrity::{AppVerdict, DeviceLabel, LicensingVerdict, SignerDigest, TokenKind};
use crate::evidence::play_integrity::{TestingResponses, TokenKinds, open_classic_token};
use crate::lab::play_integrity::{LabApp, LabKeys};
use crate::time::Timestamp;
use crate::verifier::PlayIntegrityConfig;

const IDENTITY: &str =
    "package_name = \"com.example.shop\"\nsigner_digests = [\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]";

fn app(told: &str) -> String {
    format!("[[app]]\nname = \"shop\"\n[app.play_integrity]\n{IDENTITY}\n{told}\n")
}

fn section(told: &str) -> PlayIntegrityConfig {
    let Config { verifier, .. } = parse(&app(told)).unwrap_or_else(|faults| panic!("{faults}"));
    verifier.apps.into_iter().next().and_then(|app| app.play_integrity).expect("a section")
}

#[test]
fn an_app_of_play_is_careful_unless_told_otherwise() {
    let format = section("");
    assert_eq!(
        (format.package_name.as_str(), format.signers.clone()),
        ("com.example.shop", vec![SignerDigest([0; 32])])
    );
    assert_eq!((format.kinds, format.max_age, format.keys.len()), (TokenKinds::Any, Duration::from_secs(300), 0));
    assert_eq!((format.daily_quota, format.quota_reserve), (10_000, 0));
    assert_eq!(format.policy, PlayIntegrityPolicy::careful());
}

#[test]
fn everything_about_play_integrity_can_be_told() {
    let format = section(
        "presence = \"optional\"\nkinds = \"standard\"\nmax_age = \"2m\"\napp_verdicts = [\"PLAY_RECOGNIZED\", \"UNRECOGNIZED_VERSION\"]\n\
        min_version_code = 42\ndevice_labels = [\"MEETS_STRONG_INTEGRITY\"]\nstrong_min_sdk = 34\n\
        licensing_verdicts = [\"UNLICENSED\"]\nunlicensed = \"deny\"\nrecent_activity = \"deny\"\n\
        recent_activity_unknown = \"step-up\"\naccess_risk = \"allow\"\naccess_risk_unknown = \"deny\"\n\
        known_access_risk = \"step-up\"\nplay_protect = \"deny\"\nplay_protect_unknown = \"deny\"\n\
        location_risk = \"step-up\"\nlocation_risk_unknown = \"step-up\"\ntesting_responses = \"take\"\n\
        refresh_every = \"24h\"\noutage = \"hold\"\noutage_hold = \"10m\"",
    );
    let signal = |found, unknown| Signal { found, unknown };
    let policy = PlayIntegrityPolicy {
        presence: Presence::Optional,
        app_verdicts: Some([AppVerdict::PlayRecognized, AppVerdict::UnrecognizedVersion].into()),
        min_version_code: Some(42),
        device_labels: [DeviceLabel::Strong].into(),
        strong_min_sdk: Some(34),
        licensing_verdicts: [LicensingVerdict::Unlicensed].into(),
        unlicensed: Stance::Deny,
        recent_activity: signal(Stance::Deny, Stance::StepUp),
        access_risk: signal(Stance::Allow, Stance::Deny),
        known_access_risk: Stance::StepUp,
        play_protect: signal(Stance::Deny, Stance::Deny),
        location_risk: signal(Stance::StepUp, Stance::StepUp),
        testing_responses: TestingResponses::Taken,
        refresh_every: Some(Duration::from_secs(86_400)),
        outage: Outage::Hold(Duration::from_secs(600)),
    };
    assert_eq!(format.policy, policy);
    assert_eq!((format.kinds, format.max_age), (TokenKinds::Only(TokenKind::Standard), Duration::from_secs(120)));
    assert_eq!(section("outage = \"hold\"").policy.outage, Outage::Hold(Duration::from_secs(3600)));
    assert_eq!(section("outage = \"step-up\"").policy.outage, Outage::StepUp);
}

#[test]
fn signers_are_read_in_every_form_that_google_shows() {
    let bytes = [0xAB; 32];
    let [plain, colons] = ["", ":"].map(|between| vec!["AB"; 32].join(between));
    for text in
        [SignerDigest(bytes).to_string(), format!("{}=", SignerDigest(bytes)), plain.to_lowercase(), plain, colons]
    {
        let told = app("").replace(&"A".repeat(43), &text);
        let app = parse(&told).expect("a configuration").verifier.apps.remove(0);
        assert_eq!(app.play_integrity.expect("a section").signers, [SignerDigest(bytes)], "{text}");
    }
}

#[test]
fn response_keys_open_tokens_and_are_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = LabApp::from_seed(&[1; 32], "com.example.shop", Timestamp::EPOCH).expect("an app");
    let [decryption, verification] = lab.keys.console_texts();
    fs::write(folder.path().join("d"), format!("{decryption}\n")).expect("written");
    fs::write(folder.path().join("v"), &verification).expect("written");
    let key = |decryption: &str, verification: &str| {
        app(&format!("[[app.play_integrity.key]]\ndecryption = \"{decryption}\"\nverification = \"{verification}\""))
    };
    let config = Config::parse(&key("d", "v"), folder.path()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(format!("{config:?}").contains("KeyEncryptionKey(…)"));
    let keys = &config.verifier.apps[0].play_integrity.as_ref().expect("a section").keys;
    assert!(open_classic_token(lab.classic_token("bm9uY2U").expect("forged").as_bytes(), keys).is_ok());
    let faults = Config::parse(&key("v", "d"), folder.path()).expect_err("swapped").to_string();
    assert!(faults.contains("7:14: the file holds no AES key of 32 bytes in base64"), "{faults}");
    assert!(faults.contains("8:16: the file holds no public key on P-256 in base64"), "{faults}");
    assert!(!faults.contains(&decryption) && !faults.contains(&verification), "{faults}");
}

#[test]
fn verdicts_for_testers_are_warned_about() {
    let config = parse(&app("testing_responses = \"take\"")).expect("a configuration");
    let shop = "shop".parse().expect("a name");
    assert!(config.warnings().contains(&Warning::TestingResponses(shop)));
}

#[test]
fn faults_of_play_integrity() {
    let unlisted = "expected one of \"PLAY_RECOGNIZED\", \"UNRECOGNIZED_VERSION\"";
    let unlisted = format!("6:17: {unlisted}");
    each_has_one_fault(&[
        (app("app_verdicts = [\"UNEVALUATED\"]"), &unlisted),
        (app("app_verdicts = []"), "6:16: expected at least one verdict"),
        (app("outage_hold = \"1m\""), "6:15: this has no meaning unless outage = \"hold\""),
        (app("max_age = \"25h\""), "6:11: expected 1s to 24h"),
        (app("").replace("AAAA\"", "\""), "5:19: expected SHA-256 of a certificate, in base64url or hexadecimal"),
        (app("").replace("[\"A", "[]#"), "5:18: expected at least one signer's digest"),
        (app("daily_quota = 10\nquota_reserve = 11"), "7:17: expected 0 to 10"),
    ]);
}

#[test]
fn c07_only_whole_packages_are_read() {
    for good in ["a.b", "com.example.Shop_2"] {
        let told = app("").replace("com.example.shop", good);
        assert!(parse(&told).is_ok(), "{good}");
    }
    let long = format!("a.{}", "b".repeat(254));
    for bad in
        ["", "shop", "com.", ".com", "com..shop", "com.2shop", "com._shop", "com/..", "com.shop:x", "com.sh op", &long]
    {
        let told = app("").replace("com.example.shop", bad);
        each_has_one_fault(&[(told, "4:16: expected a package, for example \"com.example.shop\"")]);
    }
}

#[test]
fn keys_of_a_laboratory_stand_apart_and_are_warned_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let [decryption, verification] = LabKeys::from_seed(&[1; 32]).expect("keys").console_texts();
    fs::write(folder.path().join("d"), &decryption).expect("written");
    fs::write(folder.path().join("v"), &verification).expect("written");
    let told = app("[[app.play_integrity.lab_key]]\ndecryption = \"d\"\nverification = \"v\"");
    let config = Config::parse(&told, folder.path()).unwrap_or_else(|faults| panic!("{faults}"));
    let format = config.verifier.apps[0].play_integrity.as_ref().expect("a section");
    assert_eq!((format.keys.len(), format.lab_keys.len()), (0, 1));
    assert!(config.warnings().contains(&Warning::LabRoots("shop".parse().expect("a name"))));
}
