//! `[[app]]` and what belongs to it.

use std::time::Duration;

use super::{APP_IDS, each_has_one_fault, faults, parse};
use crate::appraisal::{AppAttestPolicy, BindingPolicy, SignalsPolicy, Stance};
use crate::config::Config;
use crate::evidence::app_attest::Device;
use crate::evidence::claims::{Environment, ValidationCategory};
use crate::store::{SignCountMode, WindowSize};
use crate::verdict::Freshness;
use crate::verifier::{AppAttestConfig, AppConfig};

fn app(own: &str, app_attest: &str) -> String {
    format!("[[app]]\nname = \"shop\"\n{own}\n[app.app_attest]\n{APP_IDS}\n{app_attest}\n")
}

fn app_attest(told: &str) -> AppAttestConfig {
    read("", told).app_attest.expect("a section")
}

fn read(own: &str, app_attest: &str) -> AppConfig {
    let Config { verifier, .. } = parse(&app(own, app_attest)).expect("a configuration");
    verifier.apps.into_iter().next().expect("an app")
}

#[test]
fn an_app_is_careful_unless_told_otherwise() {
    let app = read("", "");
    assert_eq!(app.name.as_str(), "shop");
    assert_eq!(app.verdict_lifetime, Duration::from_secs(600));
    let freshness = Freshness::new(Duration::from_secs(30), Duration::ZERO);
    assert_eq!(app.freshness, freshness);
    let format = app.app_attest.expect("a section");
    assert_eq!(format.app_ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["1234567890.com.example.shop"]);
    assert_eq!(format.policy, AppAttestPolicy::careful());
    assert_eq!((format.device, format.sign_count), (Device::Mobile, SignCountMode::Strict));
    assert_eq!(format.lab_roots.len(), 0);
    assert_eq!((app.signals, app.binding), (SignalsPolicy::CAREFUL, BindingPolicy::IGNORED));
}

#[test]
fn reports_and_bindings_can_be_told() {
    let told = "[app.signals]\nhook = \"deny\"\nproxy = \"step-up\"\nextension = \"step-up\"\n\
        extensions = { x-vpn = \"allow\", x-root = \"deny\" }\n[app.binding]\naddress = \"step-up\"\n\
        tls_fingerprint = \"ignore\"\nuser_session = \"require\"\naddress_prefix_v4 = 32\naddress_prefix_v6 = 64";
    let app = read("", told);
    let named = |name: &str, stance| (name.parse().expect("a name"), stance);
    let signals = SignalsPolicy {
        hook: Stance::Deny,
        proxy: Stance::StepUp,
        extension: Stance::StepUp,
        extensions: [named("x-vpn", Stance::Allow), named("x-root", Stance::Deny)].into(),
        ..SignalsPolicy::CAREFUL
    };
    let binding = BindingPolicy {
        address: Stance::StepUp,
        tls_fingerprint: Stance::Allow,
        user_session: Stance::Deny,
        address_prefix_v4: 32,
        address_prefix_v6: 64,
    };
    assert_eq!((&app.signals, app.binding), (&signals, binding));
    assert_ne!(app.policy().revision(), read("", "").policy().revision());
    let revisions = [AppConfig { signals, ..read("", "") }, AppConfig { binding, ..read("", "") }]
        .map(|app| app.policy().revision());
    assert_ne!(revisions[0], revisions[1]);
}

#[test]
fn reports_and_bindings_are_held_to_their_ranges() {
    each_has_one_fault(&[
        (app("", "[app.signals]\nhok = \"deny\""), "7:1: unknown key \"hok\" in [app.signals]; did you mean \"hook\"?"),
        (
            app("", "[app.signals]\nextensions = { vpn = \"deny\" }"),
            "7:22: \"vpn\" is not the name of an extension: x- and up to 30 of a-z, 0-9 and '-'",
        ),
        (app("", "[app.signals]\nextensions = [\"x-vpn\"]"), "7:14: expected a table, found an array"),
        (app("", "[app.binding]\naddress = \"deny\""), "7:11: expected one of \"ignore\", \"step-up\", \"require\""),
        (app("", "[app.binding]\naddress_prefix_v4 = 7"), "7:21: expected 8 to 32"),
        (app("", "[app.binding]\naddress_prefix_v6 = 129"), "7:21: expected 16 to 128"),
    ]);
}

#[test]
fn everything_about_an_app_can_be_told() {
    let own = "verdict_lifetime = \"1h\"\nfresh_for = \"500ms\"\nstale_if_unavailable = \"2m\"";
    let app_attest = "environment = \"development\"\ndevice = \"mac\"\nvalidation_categories = [\"testflight\", \"os\"]\n\
        absent_category = \"step-up\"\nmin_os_version = \"16.4\"\nsign_count = \"window\"\nsign_count_window = 1_024";
    let app = read(own, app_attest);
    assert_eq!(app.verdict_lifetime, Duration::from_secs(3_600));
    assert_eq!(app.freshness.fresh_for(), Duration::from_millis(500));
    assert_eq!(app.freshness.stale_if_unavailable(), Duration::from_secs(120));
    let policy = AppAttestPolicy {
        environment: Environment::Development,
        validation_categories: [ValidationCategory(1), ValidationCategory(2)].into(),
        absent_category: Stance::StepUp,
        min_os_version: "16.4".parse().ok(),
    };
    let format = app.app_attest.expect("a section");
    assert_eq!(format.policy, policy);
    assert_eq!(format.device, Device::Mac);
    assert_eq!(format.sign_count, SignCountMode::Window(WindowSize::new(1024).expect("a size")));
}

#[test]
fn defaults_follow_from_what_is_told() {
    let development = app_attest("environment = \"development\"").policy.validation_categories;
    assert_eq!(development, [ValidationCategory(3)].into());
    let window = app_attest("sign_count = \"window\"").sign_count;
    assert_eq!(window, SignCountMode::Window(WindowSize::new(128).expect("a size")));
    assert_eq!(read("verdict_lifetime = \"5s\"", "").freshness.fresh_for(), Duration::from_secs(5));
}

#[test]
fn faults_of_an_app() {
    let outlives = "the answer would outlive the verdict, which holds for verdict_lifetime";
    let outlives = [4, 5].map(|line| format!("{line}:13: {outlives}").replace("5:13", "5:24"));
    each_has_one_fault(&[
        (app("verdict_lifetime = \"25h\"", ""), "3:20: expected 1s to 24h"),
        (app("verdict_lifetime = \"1m\"\nfresh_for = \"61s\"", ""), &outlives[0]),
        (app("verdict_lifetime = \"1m\"\nfresh_for = \"60s\"\nstale_if_unavailable = \"1ms\"", ""), &outlives[1]),
        (app("sign_count = \"strict\"", ""), "3:1: unknown key \"sign_count\" in [app]"),
        ("".to_owned(), "1:1: [[app]] is missing"),
        ("app = []".to_owned(), "1:7: expected at least one [[app]]"),
        (
            "\n[[app]]\nname = \"shop\"".to_owned(),
            "2:1: [app.app_attest], [app.key_attestation] or [app.play_integrity] is missing in [app]",
        ),
        ("[[app]]\nname = \"shop\"\napp_attest = 3".to_owned(), "3:14: expected a table, found an integer"),
        (format!("[[app]]\n[app.app_attest]\n{APP_IDS}"), "1:1: \"name\" is missing in [app]"),
        (app("", "") + &app("", ""), "8:8: this name is taken: it already stands on line 2"),
    ]);
}

#[test]
fn faults_of_app_attest() {
    let categories = "\"invalid\", \"os\", \"testflight\", \"development\", \"app-store\", \"enterprise\", \"developer-id\", \
        \"local-signing\", \"rosetta\", \"out-of-process-jit\", \"none\"";
    let unknown = format!("6:26: expected one of {categories}; did you mean \"app-store\"?");
    let never = "6:39: Apple calls this category inappropriate for any relying party";
    each_has_one_fault(&[
        (app("", "environment = \"prod\""), "6:15: expected one of \"production\", \"development\""),
        (app("", "device = \"mob\""), "6:10: expected one of \"mobile\", \"mac\""),
        (
            app("", "absent_category = \"step_up\""),
            "6:19: expected one of \"allow\", \"step-up\", \"deny\"; did you mean \"step-up\"?",
        ),
        (
            app("", "min_os_version = \"16.x\""),
            "6:18: a version is one to four numbers with dots between them, for example 17.5.1",
        ),
        (app("", "min_os_version = 16.0"), "6:18: expected a string, found a float"),
        (app("", "validation_categories = [\"app_store\"]"), &unknown),
        (app("", "validation_categories = [\"app-store\", \"rosetta\"]"), never),
        (app("", "validation_categories = []"), "6:25: expected at least one validation category"),
        (app("", "validation_categories = \"os\""), "6:25: expected a list, found a string"),
        (app("", "sign_count = \"none\""), "6:14: expected one of \"strict\", \"window\""),
        (app("", "sign_count_window = 64"), "6:21: this has no meaning unless sign_count = \"window\""),
        (app("", "sign_count = \"window\"\nsign_count_window = 100"), "7:21: expected a multiple of 64"),
        (app("", "sign_count = \"window\"\nsign_count_window = 65536"), "7:21: expected 64 to 1024"),
        (app("", "app-ids = []"), "6:1: unknown key \"app-ids\" in [app.app_attest]; did you mean \"app_ids\"?"),
    ]);
}

#[test]
fn b06_app_ids_are_whole_and_stand_once() {
    let ids = |ids: &str| format!("[[app]]\nname = \"shop\"\n[app.app_attest]\napp_ids = {ids}\n");
    let malformed = "an App ID is ten of A-Z and 0-9, a dot, and a bundle id, for example 1234567890.com.example.shop";
    each_has_one_fault(&[
        (ids("[]"), "4:11: expected at least one App ID"),
        (ids("\"1234567890.a\""), "4:11: expected a list, found a string"),
        (ids("[1]"), "4:12: expected a string, found an integer"),
        (
            ids("[\"1234567890.a\", \"1234567890.b\", \"1234567890.a\"]"),
            "4:44: this App ID is taken: it already stands on line 4",
        ),
        ("[[app]]\nname = \"shop\"\n[app.app_attest]".to_owned(), "3:1: \"app_ids\" is missing in [app.app_attest]"),
    ]);
    for bad in
        ["com.example.shop", "1234567890com.example.shop", "1234567890.", "abcde12345.com.x", "1234567890.com.x\\u0000"]
    {
        assert_eq!(faults(&ids(&format!("[\"{bad}\"]"))), [format!("4:12: {malformed}")]);
    }
    assert!(parse(&(ids("[\"1234567890.a\"]") + &ids("[\"1234567890.a\"]").replace("shop", "shop-eu"))).is_ok());
}
