//! `[[app.rule]]` and `[app.decisions]`.

use super::{APP_IDS, each_has_one_fault, faults, parse};
use crate::appraisal::{
    Application, Aspect, Circumstances, Concern, Decisions, Mode, Percent, Remedy, Restraint, Stance, appraise,
};
use crate::config::Warning;
use crate::evidence::claims::{AppAttestClaims, Claims, Environment, ValidationCategory};
use crate::time::Timestamp;
use crate::verifier::AppConfig;

/// An app on both platforms, and what else is told.
fn app(told: &str) -> String {
    format!("[[app]]\nname = \"shop\"\n[app.app_attest]\n{APP_IDS}\n{}\n{told}\n", ANDROID)
}

const ANDROID: &str = "[app.key_attestation]\npackage_names = [\"com.example.shop\"]\nsigner_digests = [\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]\n[app.play_integrity]\npackage_name = \"com.example.shop\"\nsigner_digests = [\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]";

fn rule(told: &str) -> String {
    app(&format!("[[app.rule]]\n{told}"))
}

fn read(told: &str) -> AppConfig {
    let config = parse(&app(told)).unwrap_or_else(|faults| panic!("{faults}"));
    config.verifier.apps.into_iter().next().expect("an app")
}

fn fault(told: &str) -> Vec<String> {
    faults(&rule(told))
}

#[test]
fn built_in_rules_are_applied_as_told() {
    let app = read(
        "[[app.rule]]\nname = \"os_outdated\"\nmode = \"report\"\n[[app.rule]]\nname = \"category_absent\"\npercent = 20\n\
        tier = \"warning\"\n[[app.rule]]\nname = \"os_unknown\"\nmode = \"off\"\n[[app.rule]]\nname = \"lab_anchor\"\n\
        tier = \"contraindicated\"",
    );
    let expected = [
        ("category_absent", Mode::Enforce, 20, Some(Concern::Warning)),
        ("lab_anchor", Mode::Enforce, 100, Some(Concern::Contraindicated)),
        ("os_outdated", Mode::Report, 100, None),
        ("os_unknown", Mode::Off, 100, None),
    ];
    let expected = expected.map(|(code, mode, percent, tier)| {
        let percent = Percent::try_from(percent).expect("a share");
        (code.to_owned(), Application { mode, percent, tier })
    });
    assert_eq!(app.applications, expected.into());
    assert_eq!(read("").applications, [].into());
}

#[test]
fn own_rules_are_read_whole() {
    let app = read(
        "[[app.rule]]\nname = \"old_app\"\nclaim = \"app_attest.bundle_version\"\nis = \"below\"\nvalue = \"3.2.0\"\n\
        tier = \"warning\"\neffect = \"executables\"\nremedy = \"update_app\"\ntext = \"too old\"\nmode = \"report\"\n\
        [[app.rule]]\nname = \"pay\"\nwhen = 'request.path.startsWith(\"/pay\")'\ntier = \"contraindicated\"\npercent = 7",
    );
    let [old, pay] = app.own_rules.as_slice() else { panic!("two rules") };
    assert_eq!((old.code.as_str(), old.tier, old.effect), ("custom_old_app", Concern::Warning, Aspect::Executables));
    assert_eq!((old.remedy, old.text.as_str(), old.mode), (Remedy::UpdateApp, "too old", Mode::Report));
    assert_eq!((pay.code.as_str(), u8::from(pay.percent)), ("custom_pay", 7));
    assert_eq!((pay.effect, pay.remedy), (Aspect::Configuration, Remedy::None));
    assert_eq!([old, pay].map(|rule| rule.when.looks_at_requests()), [false, true]);
}

/// Whether the one rule of the app finds something about an iPhone with version 3.10.1 of the app.
fn finds(told: &str) -> bool {
    let config = read(&format!("[[app.rule]]\nname = \"own\"\ntier = \"warning\"\n{told}"));
    let claims = AppAttestClaims {
        app_id: "1234567890.com.example.shop".to_owned(),
        environment: Environment::Production,
        validation_category: Some(ValidationCategory::APP_STORE),
        bundle_version: Some("3.10.1".to_owned()),
        os_version: None,
        os_build: Some("25B\"9\\1".to_owned()),
    };
    let claims = Claims { app_attest: Some(Box::new(claims)), ..Claims::default() };
    let reasons = appraise(&claims, &config.policy(), &Circumstances::at(Timestamp::EPOCH)).reasons;
    reasons.iter().any(|reason| reason.code == "custom_own")
}

fn row(claim: &str, is: &str, value: &str) -> bool {
    finds(&format!("claim = \"{claim}\"\nis = \"{is}\"\n{value}"))
}

#[test]
fn every_comparison_compares() {
    let version = |is, value: &str| row("app_attest.bundle_version", is, &format!("value = \"{value}\""));
    assert_eq!(["3.10.1", "3.10", "3.9"].map(|value| version("equals", value)), [true, false, false]);
    assert_eq!(["3.10.1", "3.10"].map(|value| version("not-equals", value)), [false, true]);
    assert_eq!(["3.9", "3.10.1", "3.11"].map(|value| version("below", value)), [false, false, true]);
    assert_eq!(["3.9", "3.10.1", "3.11"].map(|value| version("above", value)), [true, false, false]);
    let category = |is, value: &str| row("app_attest.validation_category", is, &format!("value = {value}"));
    assert!(category("in", "[\"testflight\", \"app-store\"]") && !category("in", "[\"testflight\"]"));
    assert!(category("not-in", "[\"testflight\"]") && !category("not-in", "[\"app-store\"]"));
    let build = |is, value: &str| row("app_attest.os_build", is, value);
    assert!(build("present", "") && !build("absent", ""));
    assert!(build("matches-prefix", "value = '25B\"'") && !build("matches-prefix", "value = '25C'"));
    assert!(build("equals", "value = '25B\"9\\1'"), "quotes and backslashes stay what they are");
    let flag = |is| row("lab", is, "value = false");
    assert!(flag("equals") && !flag("not-equals"));
}

#[test]
fn what_is_not_stated_counts_as_found() {
    let os = |is, value| row("app_attest.os_version", is, value);
    for (is, value) in [("equals", "value = \"27\""), ("not-equals", "value = \"27\""), ("below", "value = \"1\"")] {
        assert!(os(is, value), "{is}");
    }
    assert!(os("not-in", "value = [\"27\"]") && os("in", "value = [\"27\"]"));
    assert!(os("absent", "") && !os("present", ""));
    assert!(!finds("when = 'has(app_attest.os_version) && app_attest.os_version < version(\"27\")'"));
}

#[test]
fn rules_are_for_evidence_of_their_own_format() {
    for other in [
        "claim = \"key_attestation.os_patch\"\nis = \"absent\"",
        "claim = \"play_integrity.sdk_version\"\nis = \"absent\"",
        "claim = \"play_integrity.device_labels\"\nis = \"lacks\"\nvalue = \"MEETS_STRONG_INTEGRITY\"",
        "when = 'key_attestation.security_level != \"strongbox\"'",
        "when = 'request.method == \"POST\" && app_attest.app_id != \"\"'",
    ] {
        assert!(!finds(other), "{other}");
    }
    assert!(finds("when = '!has(play_integrity.kind)'"), "a question for absence is put to all");
}

#[test]
fn faults_of_rules_have_their_places() {
    let firm =
        |code: &str| format!("{code} counts for everybody; the one change it takes is tier = \"contraindicated\"");
    let chain = format!("13:8: {}", firm("chain_revoked"));
    let lab = format!("13:8: {}", firm("lab_anchor"));
    let share = format!("13:11: {}", firm("format_withdrawn"));
    each_has_one_fault(&[
        (
            rule("name = \"os_outdatd\""),
            "12:8: no built-in rule is named \"os_outdatd\"; did you mean \"os_outdated\"?",
        ),
        (
            rule("name = \"pay\""),
            "12:8: no built-in rule is named \"pay\"; a rule of the app's own has `when`, or `claim` and `is`",
        ),
        (rule("mode = \"off\""), "11:1: \"name\" is missing in [rule]"),
        (rule("name = \"chain_revoked\"\nmode = \"report\""), chain.as_str()),
        (rule("name = \"lab_anchor\"\ntier = \"warning\""), lab.as_str()),
        (rule("name = \"format_withdrawn\"\npercent = 50"), share.as_str()),
        (
            rule("name = \"os_outdated\"\ntier = \"affirming\""),
            "13:8: expected one of \"warning\", \"contraindicated\"",
        ),
        (rule("name = \"os_outdated\"\npercent = 0"), "13:11: expected 1 to 100"),
        (rule("name = \"os_outdated\"\npercent = 101"), "13:11: expected 1 to 100"),
        (
            rule("name = \"os_outdated\"\nmode = \"off\"\npercent = 5"),
            "14:11: this has no meaning unless mode = \"enforce\"",
        ),
        (
            rule("name = \"os_outdated\"\nmode = \"reprot\""),
            "13:8: expected one of \"enforce\", \"report\", \"off\"; did you mean \"report\"?",
        ),
        (rule("name = \"os_outdated\"\neffect = \"hardware\""), "13:1: unknown key \"effect\" in [rule]"),
        (
            rule("name = \"os_outdated\"\nwhen = 'lab'"),
            "12:8: this rule is built in, and takes mode, percent and tier alone",
        ),
        (
            rule("name = \"os_outdated\"\n[[app.rule]]\nname = \"os_outdated\""),
            "14:8: this rule is taken: it already stands on line 12",
        ),
        (
            rule("name = \"Pay\"\nwhen = 'lab'\ntier = \"warning\""),
            "12:8: a rule's name is 1 to 64 of a-z, 0-9 and '_', and starts with a letter",
        ),
        (rule("name = \"pay\"\nwhen = 'lab'"), "11:1: \"tier\" is missing in [rule]"),
        (
            rule("name = \"pay\"\nwhen = 'lab'\ntier = \"warning\"\ntext = \"two\\nlines\""),
            "15:8: expected 1 to 200 characters on one line",
        ),
        (
            rule("name = \"pay\"\nwhen = 'lab'\nclaim = \"lab\"\nis = \"present\"\ntier = \"warning\""),
            "13:8: a rule has `when` or `claim`, not both",
        ),
    ]);
}

fn own(told: &str) -> String {
    rule(&format!("name = \"own\"\ntier = \"warning\"\n{told}"))
}

#[test]
fn faults_of_rows_have_their_places() {
    each_has_one_fault(&[
        (
            own("claim = \"app_attest.os_versoin\"\nis = \"below\"\nvalue = \"1\""),
            "14:9: no claim is named \"app_attest.os_versoin\"; did you mean \"app_attest.os_version\"?",
        ),
        (own("claim = \"lab\""), "11:1: \"is\" is missing in [rule]"),
        (own("claim = \"lab\"\nis = \"equals\""), "11:1: \"value\" is missing in [rule]"),
        (own("claim = \"lab\"\nis = \"present\"\nvalue = true"), "16:9: whether a claim is there needs no value"),
        (
            own("claim = \"app_attest.environment\"\nis = \"below\"\nvalue = \"a\""),
            "15:6: app_attest.environment is a word, which cannot be compared in this way",
        ),
        (
            own("claim = \"play_integrity.device_labels\"\nis = \"equals\"\nvalue = \"a\""),
            "15:6: play_integrity.device_labels is a list, which cannot be compared in this way",
        ),
        (
            own("claim = \"app_attest.bundle_version\"\nis = \"below\"\nvalue = \"3.2-beta\""),
            "16:9: a version is one to four numbers with dots between them, for example 3.2.1",
        ),
        (
            own("claim = \"app_attest.environment\"\nis = \"in\"\nvalue = \"production\""),
            "16:9: expected a list, found a string",
        ),
        (own("claim = \"app_attest.environment\"\nis = \"in\"\nvalue = []"), "16:9: expected at least one value"),
        (
            own("claim = \"request.proof_age\"\nis = \"above\"\nvalue = \"60\""),
            "16:9: expected an integer, found a string",
        ),
        (own("claim = \"lab\"\nis = \"equals\"\nvalue = 1"), "16:9: expected true or false, found an integer"),
    ]);
    let [word] = faults(&own("claim = \"app_attest.environment\"\nis = \"equals\"\nvalue = \"Production\""))
        .try_into()
        .expect("one fault");
    assert!(word.starts_with("16:9: \"Production\" is none of the values"), "{word}");
    assert!(word.ends_with("did you mean \"production\"?"), "{word}");
}

#[test]
fn a_host_that_no_request_has_is_a_fault() {
    let host = |is: &str, value: &str| own(&format!("claim = \"request.authority\"\nis = \"{is}\"\nvalue = {value}"));
    let no_host = |place: &str, host: &str| {
        format!(
            "{place}: {host:?} is no host in small letters, with its port unless that is 80 or 443; write \"admin.example\""
        )
    };
    each_has_one_fault(&[
        (host("equals", "\"Admin.Example\""), &no_host("16:9", "Admin.Example")),
        (host("not-in", "[\"a.example\", \"admin.example:443\"]"), &no_host("16:9", "admin.example:443")),
        (
            host("matches-prefix", "\"Admin.\""),
            "16:9: \"Admin.\" is in no host and port in small letters; write \"admin.\"",
        ),
        (host("below", "\"b\""), "15:6: request.authority is an authority, which cannot be compared in this way"),
        (own("when = 'lab && request.authority == \"Admin.Example\"'"), &no_host("14:37", "Admin.Example")),
    ]);
    assert_eq!(faults(&host("in", "[\"admin.example\", \"[::1]:8443\"]")), Vec::<String>::new());
}

#[test]
fn faults_of_expressions_have_their_columns() {
    let column = |when: &str| {
        let [fault] = faults(&own(when)).try_into().unwrap_or_else(|all| panic!("{when}: {all:?}"));
        let (place, _) = fault.split_once(": ").expect("a place");
        place.to_owned()
    };
    assert_eq!(column("when = 'lab && nothing.there'"), "14:16");
    assert_eq!(column("when = \"lab && nothing.there\""), "14:16");
    assert_eq!(column("when = \"lab && n\\u006fthing.there\""), "14:8", "an escape: the whole text");
    assert_eq!(column("when = '''\nlab &&\n  nothing.there'''"), "16:3");
    assert_eq!(column("when = \"\"\"lab && nothing.there\"\"\""), "14:18");
    assert_eq!(column("when = 'request.path == \"ü\" && nothing.there'"), "14:32");
    assert_eq!(column("when = 'lab &&'"), "14:15", "what is missing is missing at the end");
    assert_eq!(column("when = ''"), "14:9");
    assert_eq!(column("when = 1"), "14:8");
}

#[test]
fn rules_that_never_run_are_refused() {
    let no_device = "14:9: no device sends both App Attest and evidence of Android, so this would never be looked at; write one \
        rule for each";
    each_has_one_fault(&[(own("when = 'app_attest.app_id == \"\" || play_integrity.kind == \"classic\"'"), no_device)]);
    let iphones = format!(
        "[[app]]\nname = \"shop\"\n[app.app_attest]\n{APP_IDS}\n[[app.rule]]\nname = \"own\"\ntier = \"warning\"\n\
        claim = \"play_integrity.kind\"\nis = \"equals\"\nvalue = \"classic\""
    );
    let fault = "8:9: the app takes no evidence of play_integrity, so this is never looked at";
    each_has_one_fault(&[(iphones, fault)]);
}

#[test]
fn own_rules_are_not_without_number() {
    let many =
        |count| (0..count).map(|at| format!("[[app.rule]]\nname = \"r{at}\"\ntier = \"warning\"\nwhen = 'lab'\n"));
    assert_eq!(faults(&app(&many(64).collect::<String>())), Vec::<String>::new());
    let over = faults(&app(&many(65).collect::<String>()));
    assert_eq!(over, ["268:8: an app may have 64 rules of its own"]);
}

#[test]
fn decisions_are_careful_unless_told_otherwise() {
    assert_eq!(read("").decisions, Decisions::CAREFUL);
    let told = read("[app.decisions]\nwarning = \"deny\"\nnone = \"step-up\"\ncontraindicated = \"step-up\"");
    let expected = Decisions { warning: Stance::Deny, none: Restraint::StepUp, contraindicated: Restraint::StepUp };
    assert_eq!((told.decisions, told.policy().decisions), (expected, expected));
    let lenient = read("[app.decisions]\nwarning = \"allow\"");
    assert_eq!(lenient.decisions.warning, Stance::Allow);
}

#[test]
fn what_is_unknown_or_untrusted_is_never_allowed() {
    for key in ["none", "contraindicated"] {
        let column = key.len() + 4;
        let fault = format!("12:{column}: expected one of \"step-up\", \"deny\"");
        assert_eq!(faults(&app(&format!("[app.decisions]\n{key} = \"allow\""))), [fault]);
    }
    let outage = "outage = \"hold\"\n[app.decisions]\nwarning = \"allow\"";
    let fault = "13:11: an outage of Google's would allow; it takes [app.play_integrity] with outage = \"refuse\"";
    assert_eq!(faults(&app(outage)), [fault]);
}

#[test]
fn f23_rules_that_do_not_count_are_told_at_the_start() {
    let told = "[app.decisions]\nwarning = \"allow\"\n[[app.rule]]\nname = \"os_outdated\"\nmode = \"report\"\n[[app.rule]]\n\
        name = \"os_unknown\"\nmode = \"off\"\n[[app.rule]]\nname = \"own\"\nwhen = 'lab'\ntier = \"warning\"\npercent = 99";
    let config = parse(&app(told)).expect("a configuration");
    let shop = config.verifier.apps[0].name.clone();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let warnings = config.warnings();
    let expected = [
        Warning::RulesReport(shop.clone(), names(&["os_outdated", "custom_own"])),
        Warning::RulesOff(shop.clone(), names(&["os_unknown"])),
        Warning::Lenient(shop),
    ];
    for warning in &expected {
        assert!(warnings.contains(warning), "{warning}: {warnings:?}");
    }
    assert_eq!(expected[0].to_string(), "app shop: rules that do not count for everybody: os_outdated, custom_own");
    let quiet = parse(&app("")).expect("a configuration").warnings();
    assert!(!quiet.iter().any(|warning| matches!(warning, Warning::RulesReport(..) | Warning::Lenient(_))));
}

/// The examples of `docs/policy.md`, each alone and all together.
#[test]
fn the_examples_of_the_document_work() {
    let text = include_str!("../../../docs/policy.md");
    let examples: Vec<_> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 3, "{}", examples.len());
    for example in &examples {
        assert_eq!(faults(&app(example)), Vec::<String>::new(), "{example}");
    }
    assert_eq!(faults(&app(&examples.concat())), Vec::<String>::new());
    assert!(fault("name = \"old_app\"").len() == 1);
}
