//! Replays the seeds of every fuzz target, and the inputs that once broke one.

#![allow(missing_docs, unreachable_pub, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bonafide::evidence::app_attest::AttestationObject;
use bonafide::evidence::claims::Environment;
use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::grpc::proto::envoy::config::core::v3::{Address, HeaderMap, HeaderValue, SocketAddress};
use bonafide::grpc::proto::envoy::service::auth::v3::AttributeContext;
use bonafide::grpc::proto::envoy::service::auth::v3::attribute_context::{self as described, HttpRequest, Peer};
use bonafide::lab::app_attest::{ASSERTION_FAULTS, ATTESTATION_FAULTS, AppAttestLab, LabDevice, Names, Profile};
use bonafide::lab::key_attestation::{
    self, AndroidApp, CHAIN_FAULTS, ChainPlan, KeyAttestationLab, LabAndroid, Provisioning,
};
use bonafide::lab::play_integrity::{LabApp, PAYLOAD_FAULTS, TOKEN_FAULTS};
use bonafide::lab::recorded::RECORDINGS;
use bonafide::time::Timestamp;
use prost::Message;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder(target)).expect("seeds").map(|file| file.expect("a file").path());
    files.map(|file| fs::read(file).expect("a seed")).collect()
}

#[test]
fn every_target_holds_on_its_seeds_and_on_their_halves() {
    for (name, target) in targets::TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            target(&seed);
            target(&seed[..seed.len() / 2]);
        }
    }
}

#[test]
fn every_folder_of_seeds_has_a_target() {
    for folder in fs::read_dir(folder("")).expect("folders") {
        let name = folder.expect("a folder").file_name().into_string().expect("a name");
        assert!(targets::TARGETS.iter().any(|(target, _)| *target == name), "{name}");
    }
}

/// `cargo test --test fuzz_seeds -- --ignored` writes the seeds that the laboratory makes.
#[test]
#[ignore = "writes into the source tree"]
fn write_seeds() {
    let lab = AppAttestLab::from_seed(&[1; 32], Names::LAB, Timestamp::from_millis(1_790_000_000_000)).expect("a lab");
    let app = RECORDINGS[0].app_id.parse().expect("an App ID");
    let device = lab.device_from_seed(&[2; 32], &app, Environment::Development).expect("a device");
    for (name, profile) in [("ios-17", Profile::ios_17()), ("macos-27", Profile::macos_27())] {
        write_genuine(name, &device.clone().with_profile(profile));
    }
    write_broken(&device);
    write_integrity();
    write_chains();
    write_tokens();
    write_descriptions();
    write("certificate", "root", lab.root_der());
    write("certificate", "intermediate", lab.intermediate_der());
}

fn write_genuine(name: &str, device: &LabDevice) {
    let object = device.attest(b"challenge").expect("forged").object;
    let leaf = AttestationObject::parse(&object).expect("an object").leaf;
    write("attestation_object", name, &object);
    write("cbor", &format!("attestation-{name}"), &object);
    write("assertion", name, &device.assert_at(1, b"challenge").expect("signed"));
    write("leaf", name, &leaf);
    write("certificate", &format!("leaf-{name}"), &leaf);
}

/// Chains of every kind, what is wrong in chains, and on its own what is wrong in descriptions.
fn write_chains() {
    let now = Timestamp::from_millis(1_790_000_000_000);
    let lab = KeyAttestationLab::from_seed(&[1; 32], key_attestation::Names::Lab, now).expect("a lab");
    let phone = lab.device_from_seed(&[2; 32], &AndroidApp::new("com.example.shop", &[7; 32])).expect("a phone");
    let profiles = [
        ("remote", key_attestation::Profile::remote(now)),
        ("strong-box", key_attestation::Profile::remote(now).strong_box()),
        ("factory", key_attestation::Profile::factory(now)),
        ("three", key_attestation::Profile::factory(now).provisioned(Provisioning::ShortFactory).version(2)),
        ("emulator", key_attestation::Profile::emulator(now).version(500)),
    ];
    let (mut codes, mut descriptions) = (BTreeSet::new(), BTreeSet::new());
    for (name, profile) in profiles {
        let phone = phone.clone().with_profile(profile).expect("a phone");
        write_chain(name, &phone, |_| (), &mut descriptions);
    }
    for fault in CHAIN_FAULTS.iter().filter(|fault| fault.code != "key_attestation_too_large") {
        if codes.insert(fault.code) {
            write_chain(fault.code, &phone, fault.apply, &mut descriptions);
        }
    }
    write("provisioning_info", "count", &[0xA1, 0x01, 0x08]);
    write("provisioning_info", "maker", &[0xA2, 0x01, 0x18, 0x40, 0x03, 0x66, b'G', b'o', b'o', b'g', b'l', b'e']);
    write("provisioning_info", "lost", &[0xA2, 0x04, 0x63, b'T', b'E', b'E', 0x06, 0xF5]);
    write("provisioning_info", "wrapped", &[0x04, 0x03, 0xA1, 0x01, 0x08]);
}

fn write_chain(name: &str, phone: &LabAndroid, change: fn(&mut ChainPlan), descriptions: &mut BTreeSet<Vec<u8>>) {
    let mut description = Vec::new();
    let planned = |plan: &mut ChainPlan| {
        change(plan);
        description = plan.description.der();
    };
    let chain = phone.attest_with(b"challenge", planned).expect("forged").chain;
    let behind_length = |certificate: &Vec<u8>| {
        let length = u16::try_from(certificate.len()).expect("short");
        [length.to_be_bytes().as_slice(), certificate].concat()
    };
    write("key_attestation_chain", name, &chain.iter().flat_map(behind_length).collect::<Vec<_>>());
    if descriptions.insert(description.clone()) {
        write("key_description", name, &description);
    }
}

fn write_broken(device: &LabDevice) {
    // The first one is large and says nothing that a fuzzer would not find at once.
    for fault in ATTESTATION_FAULTS.iter().skip(1) {
        let forged = device.attest_with(b"challenge", fault.apply).expect("forged");
        write("attestation_object", fault.code, &forged.object);
    }
    for fault in ASSERTION_FAULTS.iter().skip(1) {
        write("assertion", fault.code, &device.assert_with(b"challenge", fault.apply).expect("signed"));
    }
}

/// Tokens under the keys of the target's own app, good and with each fault; verdicts likewise.
fn write_integrity() {
    let app = LabApp::from_seed(&[1; 32], "com.example.shop", RECORDINGS[0].verified_at).expect("an app");
    let classic = app.verdict(TokenKind::Classic, "bm9uY2U");
    let standard = app.verdict(TokenKind::Standard, "bm9uY2U");
    write("integrity_token", "good", app.token(classic.clone().write()).expect("forged").as_bytes());
    write("integrity_payload", "standard", &standard.clone().write());
    write("integrity_payload", "emptied", &standard.clone().emptied().write());
    write("integrity_payload", "answer", &standard.write_answer());
    for fault in TOKEN_FAULTS.iter().skip(1) {
        let token = app.token_with(classic.clone().write(), fault.apply).expect("forged");
        write("integrity_token", &named(fault.code, fault.title), token.as_bytes());
    }
    for fault in PAYLOAD_FAULTS.iter().skip(1) {
        let mut plan = classic.clone();
        (fault.apply)(&mut plan);
        write("integrity_payload", &named(fault.code, fault.title), &plan.write());
    }
}

/// Tokens under the target's own key, payloads alone, and a proof.
fn write_tokens() {
    let key = targets::token_key();
    let payload = br#"{"aud":"shop","bonafide":{"app":"shop","policy_revision":"0011223344556677","proven_at":1,"single_use_until":4,"bound":{"tls":"BwcHBwcHBwcHBwcHBwcHBw"}},"cnf":{"jkt":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"},"ear_verifier_id":{"build":"b","developer":"d"},"eat_profile":"tag:ietf.org,2026:rats/ear#04","exp":3,"iat":2,"iss":"https://v.example","jti":"a","nbf":2,"sub":"s","submods":{"shop":{"ear_appraisal_policy_ids":["p"],"ear_status":"affirming","ear_trustworthiness_vector":{"hardware":2},"ear_verifier_claims":{"decision":"allow","reasons":["lab_anchor"]}}}}"#;
    write("verdict_token", "payload", payload);
    write("verdict_token", "good", key.sign("eat+jwt", payload).expect("signed").as_bytes());
    write("verdict_token", "of-another-type", key.sign("dpop+jwt", payload).expect("signed").as_bytes());
    write("verdict_token", "no-claims", key.sign("eat+jwt", b"{}").expect("signed").as_bytes());
    let phone = bonafide::crypto::es256::Es256Key::generate().expect("a key");
    let jwk = bonafide::crypto::jwk::PublicJwk::P256(*phone.public()).canonical();
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{jwk}}}"#);
    let claims = br#"{"jti":"one","htm":"POST","htu":"https://api.example.com/pay","iat":1790000000,"ath":"x"}"#;
    let signed = |claims: &[u8]| bonafide::crypto::jose::sign_jws(header.as_bytes(), claims, &phone).expect("signed");
    write("dpop_proof", "good", signed(claims).as_bytes());
    write("dpop_proof", "no-claims", signed(b"{}").as_bytes());
}

/// What Envoy sends for a request with everything, for one with header fields one by one, and for none.
fn write_descriptions() {
    let address = Some(Address { socket_address: Some(SocketAddress { address: "203.0.113.7".into() }) });
    let http = HttpRequest {
        method: "POST".into(),
        headers: [("authorization".to_owned(), "Bearer token".into())].into(),
        path: "/pay?now".into(),
        host: "shop.example".into(),
        scheme: "https".into(),
        size: 5,
        protocol: "HTTP/2".into(),
        raw_body: "hello".into(),
        ..HttpRequest::default()
    };
    let field = HeaderValue { key: "dpop".to_owned(), value: "text".into(), raw_value: "raw".into() };
    let header_map = Some(HeaderMap { headers: vec![field] });
    let one_by_one = HttpRequest { size: -1, header_map, ..HttpRequest::default() };
    let context = |http| AttributeContext {
        source: Some(Peer { address: address.clone(), certificate: "-----BEGIN%20CERTIFICATE".into() }),
        request: Some(described::Request { http: Some(http) }),
        context_extensions: [("app".to_owned(), "shop".to_owned())].into(),
    };
    let whole = context(http).encode_to_vec();
    write("envoy_description", "whole", &whole);
    write("envoy_description", "one-by-one", &context(one_by_one).encode_to_vec());
    write("envoy_description", "twice", &[&whole[..], &whole].concat());
}

/// A name for a file, of a fault's code and title.
fn named(code: &str, title: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' };
    format!("{code}-{}", title.chars().map(plain).collect::<String>())
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder(target)).expect("a folder");
    fs::write(folder(target).join(name), bytes).expect("a seed");
}
