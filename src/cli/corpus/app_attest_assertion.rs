//! Cases with assertions.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::case::{Base64Bytes, Case, CaseFault};
use super::facts::{self, base64};
use super::judgement::{Fact, Judgement};
use crate::crypto::key::P256PublicKey;
use crate::evidence::app_attest::{Assertion, AssertionExpectation, Rejection, verify_assertion};

/// What a case with an assertion carries.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Input {
    /// The assertion.
    pub(in crate::cli) assertion: Base64Bytes,
    /// The hash that the device was given, used as it is.
    pub(in crate::cli) client_data_hash: Base64Bytes,
    /// The enrolled key.
    pub(in crate::cli) public_key_spki: Base64Bytes,
    /// The app that the key was enrolled for.
    pub(in crate::cli) app_id: String,
    /// The sign count that was seen last.
    pub(in crate::cli) previous_counter: u32,
}

/// Judges one case. No anchor is asked for: the key is the one that an attestation has already vouched for.
pub(super) fn judge(case: &Case, _: &Path) -> Result<Judgement, CaseFault> {
    let input: Input = case.input()?;
    let app_id = facts::app_id(&input.app_id)?;
    let key = input.key()?;
    let expectation = AssertionExpectation { client_data_hash: &input.client_data_hash.0, key: &key, app_id: &app_id };
    Ok(match verify_assertion(&input.assertion.0, expectation) {
        Ok(verified) if verified.facts().sign_count <= input.previous_counter => not_advanced(),
        Ok(_) => found(&input.assertion.0).map_or_else(Judgement::from, Judgement::Accepted),
        Err(rejection) => rejection.into(),
    })
}

impl Input {
    /// The enrolled key.
    pub(in crate::cli) fn key(&self) -> Result<P256PublicKey, CaseFault> {
        let fault = CaseFault::Input { member: "public_key_spki", wanted: "a P-256 public key" };
        P256PublicKey::from_spki(&self.public_key_spki.0).map_err(|_| fault)
    }
}

/// A sign count that is not above the one before is the store's refusal, in `strict` mode.
fn not_advanced() -> Judgement {
    Judgement::Refused {
        reason: "counter_not_advanced",
        code: "sign_count_not_advanced".into(),
        text: "the sign count is not above the one before".to_owned(),
    }
}

fn found(bytes: &[u8]) -> Result<Vec<Fact>, Rejection> {
    let data = Assertion::parse(bytes)?.authenticator_data;
    Ok(vec![
        ("counter", json!(data.sign_count)),
        ("flags", json!(data.flags)),
        ("rp_id_hash", base64(&data.rp_id_hash)),
        ("auth_data_extensions", facts::extensions(&data.extensions)),
    ])
}
