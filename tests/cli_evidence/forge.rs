//! Evidence with throw-away keys, and a corpus folder around it.

use std::fs;
use std::path::Path;

use bonafide::crypto::digest::{sha256, sha256_of_joined};
use bonafide::crypto::key::P256PublicKey;
use data_encoding::BASE64;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const APP: &str = "1234567890.com.example.shop";
pub(crate) const CLIENT_DATA: &str = "challenge";

/// An assertion and the key that signed it.
pub(crate) struct Forged {
    pub(crate) bytes: Vec<u8>,
    pub(crate) public_key: String,
}

/// An assertion of [`APP`] over [`CLIENT_DATA`] with this sign count and, after it, this tail.
pub(crate) fn assertion(count: u32, tail: &[u8]) -> Forged {
    let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let data = [&sha256(APP.as_bytes())[..], &[0x40], &count.to_be_bytes(), tail].concat();
    let nonce = sha256_of_joined(&[&data, &sha256(CLIENT_DATA.as_bytes())]);
    let signature: Signature = key.sign(&nonce);
    let signature = signature.to_der().as_bytes().to_vec();
    let sec1 = key.verifying_key().to_sec1_point(false);
    let public = P256PublicKey::from_sec1(sec1.as_bytes()).expect("a key");
    let head = |name: &str| [&[0x60 + u8::try_from(name.len()).expect("short")], name.as_bytes()].concat();
    let string = |bytes: &[u8]| [&[0x58, u8::try_from(bytes.len()).expect("short")], bytes].concat();
    let members = [head("signature"), string(&signature), head("authenticatorData"), string(&data)];
    Forged { bytes: [vec![0xA2], members.concat()].concat(), public_key: BASE64.encode(&public.spki()) }
}

/// A case with a forged assertion whose sign count is 5.
pub(crate) fn case(id: &str, previous: u32, expect: &Value) -> Value {
    let forged = assertion(5, &[]);
    json!({
        "id": id, "kind": "app_attest_assertion", "verify_at": "2026-01-01T00:00:00Z", "trust": [], "expect": expect,
        "input": {
            "assertion": BASE64.encode(&forged.bytes), "public_key_spki": forged.public_key, "app_id": APP,
            "client_data_hash": BASE64.encode(&sha256(CLIENT_DATA.as_bytes())), "previous_counter": previous,
        },
    })
}

/// A folder that holds these cases, each in a file of its id.
pub(crate) fn folder(cases: &[Value]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    cases.iter().for_each(|case| write(folder.path(), case["id"].as_str().expect("an id"), &case.to_string()));
    folder
}

/// Writes a case file into a folder below.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let below = folder.join("cases");
    fs::create_dir_all(&below).expect("a folder");
    fs::write(below.join(format!("{name}.json")), text).expect("written");
}

/// A certificate that nobody has signed, whose subject's common name is this text.
pub(crate) fn certificate(name: &str) -> Vec<u8> {
    let oid = |bytes: &[u8]| tlv(0x06, bytes);
    let algorithm = tlv(0x30, &oid(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]));
    let common_name = [oid(&[0x55, 0x04, 0x03]), tlv(0x0C, name.as_bytes())].concat();
    let name = tlv(0x30, &tlv(0x31, &tlv(0x30, &common_name)));
    let validity = tlv(0x30, &[tlv(0x17, b"260101000000Z"), tlv(0x17, b"270101000000Z")].concat());
    let point = p256::SecretKey::from_slice(&[7; 32]).expect("a scalar").public_key();
    let sec1 = p256::elliptic_curve::sec1::ToSec1Point::to_sec1_point(&point, false);
    let key = P256PublicKey::from_sec1(sec1.as_bytes()).expect("a key").spki();
    let version = tlv(0xA0, &tlv(0x02, &[2]));
    let signed = [version, tlv(0x02, &[1]), algorithm.clone(), name.clone(), validity, name, key].concat();
    tlv(0x30, &[tlv(0x30, &signed), algorithm, tlv(0x03, &[0, 0])].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("short").to_be_bytes();
    let head = if high > 0 { vec![tag, 0x82, high, low] } else { vec![tag, 0x81, low] };
    let short = low < 0x80 && high == 0;
    [if short { vec![tag, low] } else { head }, content.to_vec()].concat()
}
