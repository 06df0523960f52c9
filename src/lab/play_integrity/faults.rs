//! Every way in which Play Integrity evidence is refused, as one change to a genuine plan.

use serde_json::json;

use super::payload::PayloadPlan;
use super::token::{KeyForm, SignatureForm, TokenPlan};
use crate::lab::Fault;

const fn fault<P>(code: &'static str, title: &'static str, apply: fn(&mut P)) -> Fault<P> {
    Fault { title, code, apply }
}

/// A header that asks for one thing more than A256KW and A256GCM.
fn header(plan: &mut TokenPlan, more: &str) {
    plan.header = format!(r#"{{"alg":"A256KW","enc":"A256GCM",{more}}}"#);
}

/// Another way to hand over the content key, well done.
fn algorithm(plan: &mut TokenPlan, name: &str, more: &str, key: KeyForm) {
    plan.header = format!(r#"{{"alg":"{name}","enc":"A256GCM"{more}}}"#);
    plan.key = key;
}

/// A signature of another kind, well done.
fn signature(plan: &mut TokenPlan, name: &str, form: SignatureForm) {
    plan.signed_header = format!(r#"{{"alg":"{name}"}}"#);
    plan.signature = form;
}

/// Puts other text in the place of a part.
fn replace(parts: &mut [String], at: usize, change: impl FnOnce(&str) -> String) {
    if let Some(part) = parts.get_mut(at) {
        *part = change(part);
    }
}

/// The next letter, which changes bits: low ones for an even place in the alphabet.
fn bumped(letter: char) -> char {
    match letter {
        'Z' => 'a',
        'z' => '0',
        '9' => '-',
        '-' => '_',
        '_' => 'A',
        other => char::from_u32(u32::from(other) + 1).unwrap_or('A'),
    }
}

/// The same length, with another first letter.
fn changed(part: &str) -> String {
    let mut letters = part.chars();
    letters.next().map(bumped).into_iter().chain(letters).collect()
}

/// The same bytes, by a last letter whose spare bits are not zero.
fn loose(part: &str) -> String {
    let mut letters: Vec<char> = part.chars().collect();
    letters.pop().map(bumped).into_iter().for_each(|last| letters.push(last));
    letters.into_iter().collect()
}

/// Faults of a token. Each code of a token stands here at least once.
pub const TOKEN_FAULTS: &[Fault<TokenPlan>] = &[
    fault("play_integrity_too_large", "longer than any token", |plan| plan.payload.resize(16 * 1024, b' ')),
    fault("play_integrity_token_form", "four parts", |plan| plan.parts = |parts| drop(parts.pop())),
    fault("play_integrity_token_form", "six parts", |plan| plan.parts = |parts| parts.push(String::new())),
    fault("play_integrity_token_form", "a wrapped key of 32 bytes", |plan| plan.key = KeyForm::Bytes(vec![7; 32])),
    fault("play_integrity_token_form", "an empty vector", |plan| {
        plan.parts = |parts| replace(parts, 2, |_| String::new());
    }),
    fault("play_integrity_token_form", "a tag of 12 bytes", |plan| {
        plan.parts = |parts| replace(parts, 4, |tag| tag.chars().take(16).collect());
    }),
    fault("play_integrity_token_form", "bytes after the tag", |plan| {
        plan.parts = |parts| replace(parts, 4, |tag| format!("{tag}AA"));
    }),
    fault("play_integrity_token_form", "a line feed at the end", |plan| {
        plan.parts = |parts| replace(parts, 4, |tag| format!("{tag}\n"));
    }),
    fault("play_integrity_token_form", "padding", |plan| {
        plan.parts = |parts| replace(parts, 4, |tag| format!("{tag}=="))
    }),
    fault("play_integrity_token_form", "a second encoding of the tag", |plan| {
        plan.parts = |parts| replace(parts, 4, loose);
    }),
    fault("play_integrity_token_header", "A128KW", |plan| algorithm(plan, "A128KW", "", KeyForm::A128Kw)),
    fault("play_integrity_token_header", "dir", |plan| algorithm(plan, "dir", "", KeyForm::Direct)),
    fault("play_integrity_token_header", "RSA-OAEP", |plan| {
        algorithm(plan, "RSA-OAEP", "", KeyForm::Bytes(vec![7; 256]));
    }),
    fault("play_integrity_token_header", "PBES2 with 2^31 rounds", |plan| {
        let more = r#","p2s":"AAAAAAAAAAA","p2c":2147483648"#;
        algorithm(plan, "PBES2-HS512+A256KW", more, KeyForm::Bytes(vec![7; 40]));
    }),
    fault("play_integrity_token_header", "A256GCMKW", |plan| algorithm(plan, "A256GCMKW", "", KeyForm::A256Kw)),
    fault("play_integrity_token_header", "another spelling", |plan| algorithm(plan, "a256kw", "", KeyForm::A256Kw)),
    fault("play_integrity_token_header", "A128GCM", |plan| plan.header = r#"{"alg":"A256KW","enc":"A128GCM"}"#.into()),
    fault("play_integrity_token_header", "no algorithm", |plan| plan.header = r#"{"enc":"A256GCM"}"#.into()),
    fault("play_integrity_token_header", "the algorithm twice", |plan| header(plan, r#""alg":"A256KW""#)),
    fault("play_integrity_token_header", "compression", |plan| header(plan, r#""zip":"DEF""#)),
    fault("play_integrity_token_header", "an extension that is critical", |plan| header(plan, r#""crit":["exp"]"#)),
    fault("play_integrity_token_header", "a key's address", |plan| header(plan, r#""jku":"https://example.org/""#)),
    fault("play_integrity_token_header", "a certificate's address", |plan| {
        header(plan, r#""x5u":"https://example.org/""#)
    }),
    fault("play_integrity_token_header", "a key", |plan| header(plan, r#""jwk":{"kty":"oct","k":"AA"}"#)),
    fault("play_integrity_token_header", "a certificate", |plan| header(plan, r#""x5c":["AA=="]"#)),
    fault("play_integrity_token_header", "an ephemeral key", |plan| header(plan, r#""epk":{}"#)),
    fault("play_integrity_token_header", "a payload that is not encoded", |plan| header(plan, r#""b64":false"#)),
    fault("play_integrity_token_header", "rounds", |plan| header(plan, r#""p2c":1"#)),
    fault("play_integrity_token_header", "a salt", |plan| header(plan, r#""p2s":"AA""#)),
    fault("play_integrity_token_header", "not an object", |plan| plan.header = r#"["A256KW","A256GCM"]"#.into()),
    fault("play_integrity_token_header", "a long header", |plan| {
        header(plan, &format!(r#""kid":"{}""#, "x".repeat(512)));
    }),
    fault("play_integrity_not_decrypted", "another key", |plan| plan.key = KeyForm::AnotherKey),
    fault("play_integrity_not_decrypted", "another tag", |plan| plan.parts = |parts| replace(parts, 4, changed)),
    fault("play_integrity_not_decrypted", "another vector", |plan| plan.parts = |parts| replace(parts, 2, changed)),
    fault("play_integrity_not_decrypted", "another content", |plan| plan.parts = |parts| replace(parts, 3, changed)),
    fault("play_integrity_not_decrypted", "another header as good", |plan| {
        plan.parts = |parts| replace(parts, 0, |_| "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiQTI1NktXIn0".to_owned());
    }),
    fault("play_integrity_signed_form", "a payload without a signature", |plan| {
        plan.signed_parts = |parts| parts.truncate(2);
    }),
    fault("play_integrity_signed_form", "a fourth part", |plan| plan.signed_parts = |parts| parts.push(String::new())),
    fault("play_integrity_signed_form", "a second encoding of the signature", |plan| {
        plan.signed_parts = |parts| replace(parts, 2, loose);
    }),
    fault("play_integrity_signed_header", "alg none", |plan| signature(plan, "none", SignatureForm::None)),
    fault("play_integrity_signed_header", "a MAC under the public key", |plan| {
        signature(plan, "HS256", SignatureForm::PublicKeyAsSecret);
    }),
    fault("play_integrity_signed_header", "the header of RSA", |plan| signature(plan, "RS256", SignatureForm::Es256)),
    fault("play_integrity_signed_header", "a payload that is not encoded", |plan| {
        plan.signed_header = r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#.into();
    }),
    fault("play_integrity_signed_header", "a key that comes along", |plan| {
        plan.signed_header = r#"{"alg":"ES256","jwk":{"kty":"EC"}}"#.into();
    }),
    fault("play_integrity_signature_invalid", "no signature", |plan| plan.signature = SignatureForm::None),
    fault("play_integrity_signature_invalid", "a MAC that is called ES256", |plan| {
        plan.signature = SignatureForm::PublicKeyAsSecret;
    }),
    fault("play_integrity_signature_invalid", "another key", |plan| plan.signature = SignatureForm::AnotherKey),
    fault("play_integrity_signature_invalid", "a signature in DER", |plan| plan.signature = SignatureForm::Der),
    fault("play_integrity_signature_invalid", "another payload", |plan| {
        plan.signed_parts = |parts| replace(parts, 1, |_| "e30".to_owned());
    }),
];

/// Faults of a payload. Each code of a payload stands here at least once.
pub const PAYLOAD_FAULTS: &[Fault<PayloadPlan>] = &[
    fault("play_integrity_too_large", "longer than any payload", |plan| {
        plan.rewrite = |text| text + &" ".repeat(16 * 1024)
    }),
    fault("play_integrity_not_json", "a byte after the payload", |plan| plan.rewrite = |text| text + "x"),
    fault("play_integrity_not_json", "a part twice", |plan| {
        plan.rewrite = |text| text.replacen('{', r#"{"testingDetails":{},"testingDetails":{},"#, 1);
    }),
    fault("play_integrity_not_json", "nested without end", |plan| {
        plan.more_members.push(("deep".to_owned(), (0..9).fold(json!(1), |inner, _| json!([inner]))));
    }),
    fault("play_integrity_structure", "no request", |plan| plan.without.push("requestDetails")),
    fault("play_integrity_structure", "no time", |plan| plan.timestamp_millis = None),
    fault("play_integrity_structure", "the time as a number", |plan| {
        let digits = plan.timestamp_millis.as_ref().and_then(|time| time.as_str()?.parse::<u64>().ok());
        plan.timestamp_millis = Some(json!(digits));
    }),
    fault("play_integrity_structure", "the version as a number", |plan| plan.version_code = Some(json!(42))),
    fault("play_integrity_structure", "a label alone", |plan| {
        plan.device_labels = Some(json!("MEETS_STRONG_INTEGRITY"));
    }),
    fault("play_integrity_structure", "a signer in hexadecimal", |plan| plan.signers = Some(json!(["ab".repeat(32)]))),
    fault("play_integrity_structure", "a tester's yes as a text", |plan| {
        plan.testing = Some(json!({"isTestingResponse": "true"}));
    }),
    fault("play_integrity_testing_response", "made up for a tester", |plan| {
        plan.testing = Some(json!({"isTestingResponse": true}));
    }),
    fault("play_integrity_request_package_mismatch", "a request for another package", |plan| {
        plan.request_package_name = Some(json!("com.example.other"));
    }),
    fault("play_integrity_binding_form", "no binding", |plan| (plan.nonce, plan.request_hash) = (None, None)),
    fault("play_integrity_binding_form", "both bindings", |plan| {
        let binding = plan.nonce.clone().or(plan.request_hash.clone());
        (plan.nonce, plan.request_hash) = (binding.clone(), binding);
    }),
    fault("play_integrity_kind_unexpected", "the other kind", |plan| {
        (plan.nonce, plan.request_hash) = (plan.request_hash.clone(), plan.nonce.clone());
    }),
    fault("play_integrity_binding_mismatch", "bound to something else", |plan| {
        let other = |binding: &Option<_>| binding.as_ref().map(|_| json!("ZWxzZQ"));
        (plan.nonce, plan.request_hash) = (other(&plan.nonce), other(&plan.request_hash));
    }),
    fault("play_integrity_expired", "asked for in 1970", |plan| plan.timestamp_millis = Some(json!("0"))),
    fault("play_integrity_not_yet_valid", "asked for at the end of time", |plan| {
        plan.timestamp_millis = Some(json!(i64::MAX.to_string()));
    }),
    fault("play_integrity_app_mismatch", "about another package", |plan| {
        plan.package_name = Some(json!("com.example.other"));
    }),
    fault("play_integrity_app_mismatch", "about no package", |plan| plan.package_name = None),
    fault("play_integrity_signer_mismatch", "another signer", |plan| plan.signers = Some(json!(["A".repeat(43)]))),
    fault("play_integrity_signer_mismatch", "a second signer", |plan| {
        let added = plan.signers.as_mut().and_then(|signers| signers.as_array_mut());
        added.into_iter().for_each(|signers| signers.push(json!("A".repeat(43))));
    }),
    fault("play_integrity_signer_mismatch", "no signer", |plan| plan.signers = None),
];
