//! Cases with attestation objects.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::anchors;
use super::case::{Base64Bytes, Case, CaseFault};
use super::facts::{self, base64};
use super::judgement::{Fact, Judgement};
use crate::crypto::certificate::Certificate;
use crate::crypto::digest::sha256;
use crate::evidence::app_attest::{
    AppId, AttestationFacts, AttestationObject, Device, Expectation, Rejection, SYSTEM_OID, TaggedValue, tagged_values,
    verify_attestation,
};
use crate::evidence::claims::Environment;

/// What a case with an attestation object carries.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Input {
    /// The object.
    pub(in crate::cli) attestation_object: Base64Bytes,
    /// The key id that the client names.
    pub(in crate::cli) key_id: Base64Bytes,
    /// The hash that the device was given, used as it is.
    pub(in crate::cli) client_data_hash: Base64Bytes,
    /// The app that is expected.
    pub(in crate::cli) app_id: String,
    /// The environment that is expected.
    pub(in crate::cli) environment: Environment,
}

/// Judges one case.
pub(super) fn judge(case: &Case, folder: &Path) -> Result<Judgement, CaseFault> {
    let input: Input = case.input()?;
    let app = facts::app_id(&input.app_id)?;
    let anchors = anchors::of(case, folder)?;
    let bytes = &input.attestation_object.0;
    Ok(match verify_attestation(bytes, &anchors, input.expectation(std::slice::from_ref(&app)), case.verify_at) {
        Ok(verified) => found(bytes, verified.facts()).map_or_else(Judgement::from, Judgement::Accepted),
        Err(rejection) => rejection.into(),
    })
}

impl Input {
    /// What the case expects. No case is of a Mac.
    pub(in crate::cli) fn expectation<'a>(&'a self, app_ids: &'a [AppId]) -> Expectation<'a> {
        Expectation {
            client_data_hash: &self.client_data_hash.0,
            key_id: &self.key_id.0,
            app_ids,
            environment: self.environment,
            device: Device::Mobile,
        }
    }
}

fn found(bytes: &[u8], verified: &AttestationFacts) -> Result<Vec<Fact>, Rejection> {
    let object = AttestationObject::parse(bytes)?;
    let leaf = Certificate::parse(&object.leaf).map_err(|_| Rejection::CertificateMalformed)?;
    let validity = leaf.validity();
    let data = &object.authenticator_data;
    Ok(vec![
        ("key_id", base64(&verified.key_id.0)),
        ("public_key_spki", base64(&verified.key.spki())),
        ("counter", json!(data.sign_count)),
        ("environment", json!(verified.claims.environment)),
        ("aaguid", base64(&object.credential.aaguid)),
        ("flags", json!(data.flags)),
        ("rp_id_hash", base64(&data.rp_id_hash)),
        ("leaf_serial", json!(leaf.serial())),
        ("leaf_not_before", json!(validity.not_before.to_string())),
        ("leaf_not_after", json!(validity.not_after.to_string())),
        ("leaf_sha256", facts::hex(&sha256(&object.leaf))),
        ("os_version_strings", os_version_strings(&leaf)),
        ("auth_data_extensions", facts::extensions(&data.extensions)),
    ])
}

fn os_version_strings(leaf: &Certificate<'_>) -> Value {
    let extension = leaf.extension(&SYSTEM_OID).ok().flatten().unwrap_or_default();
    let text = |(tag, value): &(u32, TaggedValue<'_>)| match value {
        TaggedValue::Text(text) => Some((tag.to_string(), json!(text))),
        _ => None,
    };
    Value::Object(tagged_values(extension).iter().filter_map(text).collect())
}
