//! Opening a classic token against the raw cryptography that it cannot do without.

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use bonafide::evidence::play_integrity::open_classic_token;
use bonafide::lab::play_integrity::LabApp;
use bonafide::time::Timestamp;
use data_encoding::{BASE64, BASE64URL_NOPAD};

use crate::paired::{Limit, Ratio, in_turns, micros_each};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const TURNS: usize = 31;
const RUNS: u32 = 100;

/// The parts of a token, decoded, and its keys.
struct Raw {
    key: Vec<u8>,
    header: String,
    wrapped: Vec<u8>,
    nonce: [u8; 12],
    content: Vec<u8>,
    public: Vec<u8>,
}

impl Raw {
    fn of(app: &LabApp, token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let decoded = |at: usize| BASE64URL_NOPAD.decode(parts[at].as_bytes()).expect("base64url");
        let [decryption, _] = app.keys.console_texts();
        Self {
            key: BASE64.decode(decryption.as_bytes()).expect("a key"),
            header: parts[0].to_owned(),
            wrapped: decoded(1),
            nonce: decoded(2).try_into().expect("a vector"),
            content: [decoded(3), decoded(4)].concat(),
            public: app.keys.verification().sec1().to_vec(),
        }
    }

    /// Unwraps, opens, and gives what was encrypted.
    fn open(&self) -> Vec<u8> {
        let mut content_key = [0; 32];
        let key = AesKek::new(&AES_256, &self.key).expect("a key");
        key.unwrap(black_box(&self.wrapped), &mut content_key).expect("unwraps");
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key).expect("a key"));
        let mut content = self.content.clone();
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let length = cipher.open_in_place(nonce, Aad::from(&self.header), &mut content).expect("opens").len();
        content.truncate(length);
        content
    }

    fn verify(&self, message: &[u8], signature: &[u8]) {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public);
        key.verify(black_box(message), signature).expect("verifies");
    }
}

/// A key unwrapped, a content opened, a signature verified.
pub(crate) fn classic_token() -> Ratio {
    let app = LabApp::new("com.example.shop", NOW).expect("an app");
    let token = app.classic_token("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0").expect("a token");
    let (raw, keys) = (Raw::of(&app, &token), [app.keys.integrity_keys()]);
    let signed = String::from_utf8(raw.open()).expect("a text");
    let (message, signature) = signed.rsplit_once('.').expect("three parts");
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
    let open = || drop(open_classic_token(black_box(token.as_bytes()), &keys).expect("opens"));
    let baseline = || {
        black_box(raw.open());
        raw.verify(message.as_bytes(), &signature);
    };
    in_turns(TURNS, "µs", Limit::AtMost(1.3), || micros_each(RUNS, open), || micros_each(RUNS, baseline))
}
