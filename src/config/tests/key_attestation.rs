//! `[app.key_attestation]`.

use std::time::Duration;

use super::{each_has_one_fault, faults, parse};
use crate::appraisal::{KeyAttestationPolicy, PatchAges, Presence, Stance, StatusListPolicy};
use crate::config::Config;
use crate::evidence::claims::{BootState, HexBytes, PatchLevel, Purpose, SecurityLevel};
use crate::evidence::key_attestation::{AppIdentity, FactoryExpiry, IssuerRules, SharedUserId};
use crate::store::SignCountMode;
use crate::verifier::KeyAttestationConfig;

const IDENTITY: &str =
    "package_names = [\"com.example.shop\"]\nsigner_digests = [\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]";

fn app(told: &str) -> String {
    format!("[[app]]\nname = \"shop\"\n[app.key_attestation]\n{IDENTITY}\n{told}\n")
}

fn section(told: &str) -> KeyAttestationConfig {
    let Config { verifier, .. } = parse(&app(told)).unwrap_or_else(|faults| panic!("{faults}"));
    verifier.apps.into_iter().next().and_then(|app| app.key_attestation).expect("a section")
}

#[test]
fn an_android_app_is_careful_unless_told_otherwise() {
    let format = section("");
    let identity = AppIdentity { package: "com.example.shop".to_owned(), signers: Some([[0; 32]].into()) };
    assert_eq!(format.apps, [identity]);
    assert_eq!((format.shared_user_id, format.sign_count), (SharedUserId::Refused, SignCountMode::Strict));
    assert_eq!((format.factory_expiry, format.issuers), (FactoryExpiry::Tolerated, IssuerRules::FactoryExcepted));
    assert_eq!(format.policy, KeyAttestationPolicy::careful());
}

#[test]
fn everything_about_key_attestation_can_be_told() {
    let format = section(
        "presence = \"optional\"\nshared_user_id = \"accept\"\nfactory_expiry = \"refuse\"\nissuers = \"strict\"\n\
        sign_count = \"window\"\nstatus_list_max_age = \"24h\"\nstatus_list_stale = \"step-up\"\n\
        suspended = \"allow\"\nmin_level = \"strongbox\"\nboot_states = [\"verified\", \"self_signed\"]\n\
        self_signed_keys = [\"5a5a\"]\nbootloader = \"any\"\npurposes = [\"sign\", \"agree_key\"]\n\
        min_version_code = 42\nos_patch_months = 6\nvendor_patch_months = 12\nboot_patch_months = 18\n\
        min_os_patch = \"2026-01-05\"\nmin_os_version = \"13\"\nprovisioning = \"remote\"\n\
        max_certificates_issued = 1000\nrefused_models = [\"Weak Phone 1\"]",
    );
    let list =
        StatusListPolicy { max_age: Duration::from_secs(86_400), stale: Stance::StepUp, suspended: Stance::Allow };
    let policy = KeyAttestationPolicy {
        presence: Presence::Optional,
        status_list: Some(list),
        min_version_codes: [("com.example.shop".to_owned(), 42)].into(),
        min_level: Some(SecurityLevel::StrongBox),
        boot_states: Some([BootState::Verified, BootState::SelfSigned].into()),
        self_signed_keys: Some([HexBytes(vec![0x5A, 0x5A])].into()),
        locked: false,
        purposes: Some([Purpose::SIGN, Purpose(6)].into()),
        max_patch_age: PatchAges { os: Some(6), vendor: Some(12), boot: Some(18) },
        min_os_patch: PatchLevel::of(20_260_105),
        min_os_version: "13".parse().ok(),
        remote_provisioning: true,
        max_certificates_issued: Some(1000),
        refused_models: ["Weak Phone 1".to_owned()].into(),
        ..KeyAttestationPolicy::careful()
    };
    assert_eq!(format.policy, policy);
    assert_eq!((format.shared_user_id, format.issuers), (SharedUserId::Accepted, IssuerRules::Strict));
    assert_eq!(format.factory_expiry, FactoryExpiry::Refused);
    assert!(matches!(format.sign_count, SignCountMode::Window(_)));
}

#[test]
fn faults_of_key_attestation_have_their_place() {
    let month = "a patch level is a month or a day since 2014, for example 2026-02 or 2026-02-05";
    each_has_one_fault(&[
        (app("min_os_patch = \"202602\""), &format!("6:16: {month}")),
        (app("os_patch_months = 0"), "6:19: expected 1 to 240"),
        (app("boot_states = []"), "6:15: expected at least one boot state"),
        (app("self_signed_keys = [\"xy\"]"), "6:21: not bytes in hexadecimal, two digits each"),
        (app("issuers = \"unasked\""), "6:11: expected one of \"factory-excepted\", \"strict\""),
        (app("sign_count_window = 64"), "6:21: this has no meaning unless sign_count = \"window\""),
    ]);
}

/// However it is said that a doubt about an old list is enough.
#[test]
fn an_old_status_list_never_allows() {
    let allow = "[app.decisions]\nwarning = \"allow\"";
    let fault = "an old status list would allow; it takes [app.key_attestation] with status_list_stale = \"deny\", and no rule \
        of that name with tier = \"warning\"";
    let row = |tier| format!("[[app.rule]]\nname = \"status_list_stale\"\ntier = \"{tier}\"");
    let (doubt, refusal) = ("status_list_stale = \"step-up\"", "status_list_stale = \"deny\"");
    for (told, line) in [
        (format!("{doubt}\n{allow}"), 8),
        (format!("{allow}\n{}", row("warning")), 7),
        (format!("{refusal}\n{}\n{allow}", row("warning")), 11),
    ] {
        assert_eq!(faults(&app(&told)), [format!("{line}:11: {fault}")], "{told}");
    }
    for told in [format!("{refusal}\n{allow}"), format!("{doubt}\n{}\n{allow}", row("contraindicated"))] {
        assert_eq!(faults(&app(&told)), [""; 0], "{told}");
    }
}
