//! What is found in an accepted chain, under the corpus's names.

use serde_json::{Map, Value, json};

use super::facts::{base64, hex};
use super::judgement::Fact;
use crate::crypto::digest::sha256;
use crate::evidence::claims::{BootState, Origin, Provisioning, Purpose, SecurityLevel};
use crate::evidence::key_attestation::{ApplicationId, AuthorizationList, DeviceId, KeyAttestationFacts, RootOfTrust};

pub(super) fn found(chain: &[Vec<u8>], facts: &KeyAttestationFacts) -> Vec<Fact> {
    let description = &facts.description;
    let (software, hardware) = (&description.software, &description.hardware);
    let provisioning = match facts.claims.provisioning {
        Provisioning::Unknown => "software",
        other => other.name(),
    };
    vec![
        ("attestation_version", json!(description.attestation_version)),
        ("attestation_security_level", level(description.attestation_level)),
        ("keymint_version", json!(description.keymint_version)),
        ("keymint_security_level", level(description.keymint_level)),
        ("challenge", base64(&description.challenge)),
        ("unique_id", base64(&description.unique_id)),
        ("software_enforced", list(software)),
        ("hardware_enforced", list(hardware)),
        ("tags_ordered", json!(software.is_in_order() && hardware.is_in_order())),
        ("public_key_spki", base64(&facts.public_key)),
        ("leaf_sha256", hex(&sha256(chain.first().map(Vec::as_slice).unwrap_or_default()))),
        ("leaf_serial", json!(facts.claims.serials.first())),
        ("chain_length", json!(chain.len())),
        ("provisioning_method", json!(provisioning)),
        ("has_provisioning_info", json!(facts.claims.remote.is_some())),
        ("anchor_spki_sha256", hex(&facts.anchor_spki_sha256)),
    ]
}

fn level(level: SecurityLevel) -> Value {
    json!(level.name())
}

/// A list as cases write it: only what it says, and no digests, paddings and block modes.
fn list(list: &AuthorizationList) -> Value {
    let number = |number: Option<u64>| number.map(|number| json!(number));
    let flag = |flag: bool| flag.then_some(Value::Bool(true));
    let id = |wanted: DeviceId| {
        let (_, value) = list.device_ids.iter().find(|(kind, _)| *kind == wanted)?;
        std::str::from_utf8(value).ok().map(|text| json!(text))
    };
    let members = [
        ("purposes", list.purposes.as_deref().map(purposes)),
        ("algorithm", list.algorithm.map(|number| named(&[(1, "rsa"), (3, "ec"), (4, "ml_dsa")], number))),
        ("key_size", number(list.key_size)),
        ("ec_curve", list.ec_curve.map(|number| named(&CURVES, number))),
        ("rsa_public_exponent", number(list.rsa_public_exponent)),
        ("rollback_resistance", flag(list.rollback_resistance)),
        ("early_boot_only", flag(list.early_boot_only)),
        ("active_date_time", number(list.active_from)),
        ("origination_expire_date_time", number(list.origination_expires)),
        ("usage_expire_date_time", number(list.usage_expires)),
        ("usage_count_limit", number(list.usage_count_limit)),
        ("no_auth_required", flag(list.no_auth_required)),
        ("user_auth_type", number(list.user_auth_type)),
        ("auth_timeout", number(list.auth_timeout)),
        ("allow_while_on_body", flag(list.allow_while_on_body)),
        ("trusted_user_presence_required", flag(list.trusted_presence_required)),
        ("trusted_confirmation_required", flag(list.trusted_confirmation_required)),
        ("unlocked_device_required", flag(list.unlocked_device_required)),
        ("all_applications", flag(list.all_applications)),
        ("creation_date_time", number(list.created_at)),
        ("origin", list.origin.map(|origin| json!(Origin::of(origin).name()))),
        ("rollback_resistant", flag(list.rollback_resistant)),
        ("root_of_trust", list.root_of_trust.as_ref().map(root_of_trust)),
        ("os_version", number(list.os_version)),
        ("os_patch_level", number(list.os_patch_level)),
        ("application_id", list.application_id.as_deref().and_then(application_id)),
        ("brand", id(DeviceId::Brand)),
        ("device", id(DeviceId::Device)),
        ("product", id(DeviceId::Product)),
        ("manufacturer", id(DeviceId::Manufacturer)),
        ("model", id(DeviceId::Model)),
        ("vendor_patch_level", number(list.vendor_patch_level)),
        ("boot_patch_level", number(list.boot_patch_level)),
        ("device_unique_attestation", flag(list.device_unique_attestation)),
        ("module_hash", list.module_hash.as_deref().map(base64)),
    ];
    object(members)
}

const CURVES: [(u64, &str); 5] = [(0, "p224"), (1, "p256"), (2, "p384"), (3, "p521"), (4, "curve25519")];

fn named(names: &[(u64, &'static str)], number: u64) -> Value {
    names.iter().find(|(known, _)| *known == number).map_or_else(|| json!(number), |(_, name)| json!(name))
}

/// Cases sort them; devices do not.
fn purposes(numbers: &[u64]) -> Value {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().map(|number| json!(Purpose(number).name())).collect()
}

fn root_of_trust(root: &RootOfTrust) -> Value {
    object([
        ("verified_boot_key", Some(base64(&root.verified_boot_key))),
        ("device_locked", Some(json!(root.device_locked))),
        ("verified_boot_state", Some(json!(BootState::of(root.verified_boot_state).name()))),
        ("verified_boot_hash", Some(root.verified_boot_hash.as_deref().map_or(Value::Null, base64))),
    ])
}

fn application_id(bytes: &[u8]) -> Option<Value> {
    let app = ApplicationId::parse(bytes).ok()?;
    let packages: Vec<_> = app.packages.iter().map(|package| json!(package)).collect();
    let signers: Vec<_> = app.signers.iter().map(|signer| base64(signer)).collect();
    Some(json!({ "packages": packages, "signature_digests": signers }))
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
