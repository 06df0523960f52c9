//! Every fact has the kind that it promises, and `docs/policy.md` names it.

use super::*;
use crate::appraisal::expression::{Facts, Value};
use crate::appraisal::fixture::{android, iphone};
use crate::evidence::claims::play_integrity::{
    AccessRisk, AccountActivity, ActivityLevel, AppVerdict, DeviceLabel, LicensingVerdict, LocationRisk, PlayIntegrity,
    PlayProtect,
};
use crate::evidence::claims::{Claims, Environment, Package, Provisioning, SecurityLevel, ValidationCategory};
use crate::time::Timestamp;
use crate::wire::authority;
use std::net::IpAddr;
use std::time::Duration;

/// Everything that can be known of a request.
fn request() -> Request<'static> {
    Request {
        method: "POST",
        scheme: "https",
        authority: "shop.example",
        path: "/pay?now=1",
        address: Some(IpAddr::from([0, 0, 0, 0, 0, 0xFFFF, 0xC000, 0x0201])),
        tls_fingerprint: "t13d",
        proof_age: Some(Duration::from_millis(1_999)),
        has_assertion: true,
        has_session: true,
        has_body_digest: true,
        headers: Some([1; 32]),
        has_dpop_proof: true,
        has_client_certificate: true,
        is_undescribed: false,
    }
}

fn shown(claims: &Claims, request: Request<'_>, name: &str) -> Option<String> {
    let (slot, _) = FactNames.fact(name).unwrap_or_else(|| panic!("{name}"));
    let known = Known::new(Some(claims), request);
    known.value(slot).map(|value| match value {
        Value::Texts(texts) => format!("{} texts", texts.count()),
        value => format!("{value:?}"),
    })
}

/// An Android phone whose app reports these signals.
fn reporting(signals: &[&str]) -> Claims {
    let signals = signals.iter().map(|name| name.parse().expect("a signal")).collect();
    android().with_signals(Some(signals), Timestamp::EPOCH)
}

fn fits(kind: Kind, value: Value<'_>) -> bool {
    match (kind, value) {
        (Kind::Bool, Value::Bool(_))
        | (Kind::Int, Value::Int(_))
        | (Kind::Text, Value::Text(_))
        | (Kind::TextList | Kind::ChoiceList(_), Value::Texts(_))
        | (Kind::Version, Value::Version(_)) => true,
        (Kind::Choice(choices), Value::Text(text)) => choices.contains(&text),
        (Kind::Authority, Value::Text(text)) => authority::portable(text).as_deref() == Some(text),
        _ => false,
    }
}

#[test]
fn every_fact_is_known_of_some_phone_and_has_its_kind() {
    let (iphone, android) = (iphone(), reporting(&["hook"]));
    for (name, kind) in FactNames::all() {
        let (slot, _) = FactNames.fact(name).expect("a slot");
        let cases = [&iphone, &android].map(|claims| Known::new(Some(claims), request()));
        let values: Vec<_> = cases.iter().filter_map(|known| known.value(slot)).collect();
        assert!(!values.is_empty() && values.iter().all(|value| fits(kind, *value)), "{name}: {values:?}");
    }
}

#[test]
fn values_are_what_the_claims_say() {
    let android = reporting(&["hook", "x-vpn"]);
    let value = |name: &str| shown(&android, request(), name).unwrap_or_default();
    for (name, expected) in [
        ("key_attestation.security_level", r#"Text("trusted_environment")"#),
        ("key_attestation.version_code", "Int(7)"),
        ("key_attestation.os_patch", "Version(Version([2026, 2, 1, 0]))"),
        ("key_attestation.vendor_patch", "Version(Version([2026, 2, 5, 0]))"),
        ("key_attestation.package", "1 texts"),
        ("play_integrity.device_labels", "2 texts"),
        ("play_integrity.access_risk", "0 texts"),
        ("request.address", r#"Text("192.0.2.1")"#),
        ("request.path", r#"Text("/pay")"#),
        ("request.query", r#"Text("now=1")"#),
        ("request.headers_sha256", r#"Text("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE")"#),
        ("request.proof_age", "Int(1)"),
        ("lab", "Bool(false)"),
        ("report.signals", "2 texts"),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
}

#[test]
fn what_says_nothing_is_absent() {
    let mut silent = android();
    let key = silent.key_attestation.as_mut().expect("a section");
    key.packages.push(Package { name: "com.example.other".to_owned(), version: 9 });
    key.provisioning = Provisioning::Unknown;
    let Some(PlayIntegrity::Decoded(said)) = &mut silent.play_integrity else { panic!("a verdict") };
    said.app.verdict = Some(AppVerdict::Unevaluated);
    said.device.labels.clear();
    said.device.recent_activity = Some(ActivityLevel::named("LEVEL_5"));
    said.account.licensing = Some(LicensingVerdict::Unknown);
    said.surroundings.play_protect = Some(PlayProtect::Unevaluated);
    said.surroundings.access_risk = Some(vec![AccessRisk::KnownInstalled, AccessRisk::Unspecified]);
    said.surroundings.location_risk = Some(vec![]);
    for name in [
        "key_attestation.version_code",
        "key_attestation.provisioning",
        "play_integrity.app_verdict",
        "play_integrity.device_labels",
        "play_integrity.activity_level",
        "play_integrity.licensing",
        "play_integrity.play_protect",
        "play_integrity.access_risk",
        "play_integrity.location_risk",
        "report.signals",
        "app_attest.app_id",
        "request.method",
        "request.path",
        "request.query",
        "request.address",
        "request.headers_sha256",
        "request.proof_age",
    ] {
        assert_eq!(shown(&silent, Request::default(), name), None, "{name}");
    }
    assert_eq!(shown(&silent, Request::default(), "request.has_assertion").as_deref(), Some("Bool(false)"));
}

#[test]
fn an_empty_report_is_a_report() {
    assert_eq!(shown(&reporting(&[]), request(), "report.signals").as_deref(), Some("0 texts"));
}

#[test]
fn what_was_not_kept_of_a_session_may_have_been_there() {
    let known = Known::new(None, request());
    for (name, _) in FactNames::all() {
        let (slot, _) = FactNames.fact(name).expect("a slot");
        let presence = match name.split('.').next() {
            Some("app_attest" | "key_attestation") => Some(false),
            Some("request") => Some(true),
            _ => None,
        };
        assert_eq!((known.presence(slot), known.value(slot).is_some()), (presence, presence == Some(true)), "{name}");
    }
}

#[test]
fn what_nobody_describes_of_a_request_may_be_there() {
    let undescribed = Request { is_undescribed: true, proof_age: Some(Duration::from_secs(1)), ..Request::default() };
    let (android, age) = (android(), "request.proof_age");
    let known = Known::new(Some(&android), undescribed);
    for (name, _) in FactNames::all().filter(|(name, _)| name.starts_with("request.")) {
        let (slot, _) = FactNames.fact(name).expect("a slot");
        let expected = (name == age).then_some(true);
        assert_eq!((known.presence(slot), known.value(slot).is_some()), (expected, name == age), "{name}");
    }
}

#[test]
fn every_word_that_says_something_can_be_named() {
    fn words<W>(all: &[W], name: impl Fn(&W) -> &str) -> Vec<String> {
        let telling =
            |word: &String| !["UNKNOWN", "UNEVALUATED", "UNSPECIFIED"].iter().any(|none| word.ends_with(none));
        all.iter().map(|word| name(word).to_owned()).filter(telling).collect()
    }
    assert_eq!(words(AppVerdict::KNOWN, AppVerdict::name), table::APP_VERDICTS);
    assert_eq!(words(DeviceLabel::KNOWN, DeviceLabel::name), table::DEVICE_LABELS);
    assert_eq!(words(ActivityLevel::KNOWN, ActivityLevel::name), table::ACTIVITY_LEVELS);
    assert_eq!(words(LicensingVerdict::KNOWN, LicensingVerdict::name), table::LICENSING);
    assert_eq!(words(AccountActivity::KNOWN, AccountActivity::name), table::ACCOUNT_ACTIVITIES);
    assert_eq!(words(AccessRisk::KNOWN, AccessRisk::name), table::ACCESS_RISKS);
    assert_eq!(words(PlayProtect::KNOWN, PlayProtect::name), table::PLAY_PROTECT);
    assert_eq!(words(LocationRisk::KNOWN, LocationRisk::name), table::LOCATION_RISKS);
    let categories: Vec<_> = (0..11).map(|value| ValidationCategory(value).name()).collect();
    assert_eq!(categories, table::CATEGORIES);
    let levels: Vec<_> = (0..3).filter_map(SecurityLevel::of).map(SecurityLevel::name).collect();
    assert_eq!(levels, table::LEVELS);
    assert_eq!([Environment::Production, Environment::Development].map(Environment::name), table::ENVIRONMENTS);
}

/// A row of the document: `| `name` | kind | … |`.
fn documented() -> Vec<(String, String)> {
    let text = include_str!("../../../docs/policy.md");
    let facts = text.split("\n## Facts\n").nth(1).expect("the section");
    let rows = facts.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let rows = rows.map(|(name, rest)| (name.to_owned(), rest.split('|').nth(1).unwrap_or_default().trim().to_owned()));
    rows.collect()
}

#[test]
fn the_document_names_every_fact_with_its_kind() {
    let kind = |kind| match kind {
        Kind::Bool => "true or false",
        Kind::Int => "number",
        Kind::Text => "text",
        Kind::Authority => "authority",
        Kind::Choice(_) => "word",
        Kind::TextList => "list of texts",
        Kind::ChoiceList(_) => "list of words",
        Kind::Version => "version",
    };
    let facts: Vec<_> = FactNames::all().map(|(name, of)| (name.to_owned(), kind(of).to_owned())).collect();
    assert_eq!(documented(), facts);
}

#[test]
fn the_document_names_every_word() {
    let text = include_str!("../../../docs/policy.md");
    for (name, kind) in FactNames::all() {
        let (Kind::Choice(words) | Kind::ChoiceList(words)) = kind else { continue };
        let row = text.lines().find(|line| line.starts_with(&format!("| `{name}`"))).expect("a row");
        words.iter().for_each(|word| assert!(row.contains(&format!("`{word}`")), "{name}: {word}"));
    }
}
