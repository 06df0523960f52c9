//! What verification costs in absolute terms: `cargo bench --bench verification`. The promises are ratios; see `ratios`.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench stops at a surprise")]

use std::hint::black_box;

use bonafide::appraisal::expression::{Expression, Facts, Kind, Schema, Slot, Truth, Value};
use bonafide::crypto::path::{AnchorOrigin, TrustAnchors};
use bonafide::evidence::app_attest::{
    AppId, AssertionExpectation, AttestationObject, Device, Expectation, verify_assertion, verify_attestation,
};
use bonafide::evidence::claims::Environment;
use bonafide::lab::app_attest::{AppAttestLab, Attested, LabDevice};
use bonafide::time::Timestamp;
use divan::Bencher;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn main() {
    divan::main();
}

struct Stage {
    lab: AppAttestLab,
    app_ids: [AppId; 1],
    phone: LabDevice,
    attested: Attested,
}

fn stage() -> Stage {
    let app_id: AppId = "1234567890.com.example.shop".parse().expect("an App ID");
    let lab = AppAttestLab::new(NOW).expect("a laboratory");
    let phone = lab.device(&app_id, Environment::Production).expect("a phone");
    let attested = phone.attest(b"challenge").expect("attests");
    Stage { lab, app_ids: [app_id], phone, attested }
}

#[divan::bench]
fn parse_attestation(bencher: Bencher<'_, '_>) {
    let stage = stage();
    bencher.bench(|| AttestationObject::parse(black_box(&stage.attested.object)));
}

#[divan::bench]
fn verify_attestation_under_a_known_intermediate(bencher: Bencher<'_, '_>) {
    let stage = stage();
    let anchors = TrustAnchors::new(&[(AnchorOrigin::Lab, stage.lab.root_der())]).expect("an anchor");
    let hash = bonafide::crypto::digest::sha256(b"challenge");
    let expectation = Expectation {
        client_data_hash: &hash,
        key_id: &stage.attested.key_id,
        app_ids: &stage.app_ids,
        environment: Environment::Production,
        device: Device::Mobile,
    };
    bencher.bench(|| verify_attestation(black_box(&stage.attested.object), &anchors, expectation, NOW).expect("holds"));
}

#[divan::bench]
fn verify_an_assertion(bencher: Bencher<'_, '_>) {
    let stage = stage();
    let assertion = stage.phone.assert_at(1, b"challenge").expect("signs");
    let hash = bonafide::crypto::digest::sha256(b"challenge");
    let [app_id] = &stage.app_ids;
    let expectation = AssertionExpectation { client_data_hash: &hash, key: stage.phone.public_key(), app_id };
    bencher.bench(|| verify_assertion(black_box(&assertion), expectation).expect("holds"));
}

/// A phone and a call, as a rule of an operator's own sees them.
struct PhoneFacts {
    labels: Vec<String>,
}

const FACTS: [(&str, Kind); 5] = [
    ("request.path", Kind::Text),
    ("key.level", Kind::Choice(&["software", "tee", "strongbox"])),
    ("key.patch", Kind::Text),
    ("app.version", Kind::Version),
    ("device.labels", Kind::TextList),
];

impl Schema for PhoneFacts {
    fn fact(&self, name: &str) -> Option<(Slot, Kind)> {
        (0..).zip(FACTS).find(|(_, (own, _))| *own == name).map(|(at, (_, kind))| (Slot(at), kind))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        FACTS.iter().map(|(name, _)| *name)
    }
}

impl Facts for PhoneFacts {
    fn value(&self, slot: Slot) -> Option<Value<'_>> {
        match slot.0 {
            0 => Some(Value::Text("/pay/now")),
            1 => Some(Value::Text("tee")),
            2 => Some(Value::Text("2025-01")),
            3 => "3.2.1".parse().ok().map(Value::Version),
            _ => Some(Value::Texts(&self.labels)),
        }
    }
}

/// Six conditions, all of which are looked at.
const CONDITIONS: &str = "request.path.startsWith('/pay') && key.level in ['tee', 'strongbox'] && key.patch >= '2025-01' \
                          && app.version < version('3.10') && 'strong' in device.labels && has(key.level)";

fn phone_facts() -> PhoneFacts {
    PhoneFacts { labels: ["basic", "device", "strong"].map(str::to_owned).to_vec() }
}

#[divan::bench]
fn weigh_an_expression_of_six_conditions(bencher: Bencher<'_, '_>) {
    let facts = phone_facts();
    let expression = Expression::compile(CONDITIONS, &facts).expect("an expression");
    assert_eq!(expression.holds(&facts), Truth::True);
    bencher.bench(|| black_box(&expression).holds(black_box(&facts)));
}

#[divan::bench]
fn read_an_expression_of_six_conditions(bencher: Bencher<'_, '_>) {
    let facts = phone_facts();
    bencher.bench(|| Expression::compile(black_box(CONDITIONS), &facts).expect("an expression"));
}
