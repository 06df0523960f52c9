//! Key descriptions, field by field, as far as they can be read.

use super::node::Node;
use crate::evidence::claims::{BootState, KeyAlgorithm, KeyDigest, Origin, PatchLevel, Purpose};
use crate::evidence::key_attestation::{ApplicationId, AuthorizationList, DeviceId, KeyDescription, RootOfTrust};

/// A key description under the name of its extension; where it cannot be read, why, and its bytes.
pub(super) fn node(name: &str, value: &[u8]) -> Node {
    match KeyDescription::parse(value) {
        Ok(description) => Node::group(name, parts(&description)),
        Err(fault) => Node::new(name, fault).with(vec![Node::bytes("bytes", value)]),
    }
}

fn parts(description: &KeyDescription) -> Vec<Node> {
    let name = |software: &str| format!("what {software} enforces");
    vec![
        Node::new("attestation version", description.attestation_version),
        Node::new("attestation level", description.attestation_level.name()),
        Node::new("KeyMint version", description.keymint_version),
        Node::new("KeyMint level", description.keymint_level.name()),
        Node::bytes("challenge", &description.challenge),
        Node::bytes("unique id", &description.unique_id),
        Node::group(name("software"), list(&description.software)),
        Node::group(name("hardware"), list(&description.hardware)),
    ]
}

/// What a list says, by topic; ids of one device are told by their length only.
fn list(list: &AuthorizationList) -> Vec<Node> {
    [key(list), numbers(list), flags(list), system(list), identity(list)].concat()
}

fn key(list: &AuthorizationList) -> Vec<Node> {
    let joined = |numbers: &Option<Vec<u64>>, name: fn(u64) -> &'static str| {
        let words = |numbers: &Vec<u64>| numbers.iter().map(|one| format!("{one} {}", name(*one))).collect::<Vec<_>>();
        numbers.as_ref().map(|numbers| words(numbers).join(", "))
    };
    let algorithm = |number| format!("{number} {}", KeyAlgorithm::of(number).name());
    present([
        ("purposes", joined(&list.purposes, |one| Purpose(one).name())),
        ("algorithm", list.algorithm.map(algorithm)),
        ("digests", joined(&list.digests, |one| KeyDigest(one).name())),
        ("paddings", list.paddings.as_ref().map(|numbers| format!("{numbers:?}"))),
        ("block modes", list.block_modes.as_ref().map(|numbers| format!("{numbers:?}"))),
        ("digests of the mask", list.mgf_digests.as_ref().map(|numbers| format!("{numbers:?}"))),
        ("origin", list.origin.map(|number| format!("{number} {}", Origin::of(number).name()))),
    ])
}

fn numbers(list: &AuthorizationList) -> Vec<Node> {
    let numbers = [
        ("key size", list.key_size),
        ("minimum MAC length", list.min_mac_length),
        ("curve", list.ec_curve),
        ("ML-DSA variant", list.ml_dsa_variant),
        ("RSA exponent", list.rsa_public_exponent),
        ("active from (ms)", list.active_from),
        ("may sign until (ms)", list.origination_expires),
        ("may be used until (ms)", list.usage_expires),
        ("uses", list.usage_count_limit),
        ("user's secure id", list.user_secure_id),
        ("kinds of user authentication", list.user_auth_type),
        ("user authentication holds (s)", list.auth_timeout),
        ("created at (ms)", list.created_at),
        ("OS version", list.os_version),
    ];
    present(numbers.map(|(name, number)| (name, number.map(|number| number.to_string()))))
}

fn flags(list: &AuthorizationList) -> Vec<Node> {
    let flags = [
        ("caller nonce", list.caller_nonce),
        ("rollback resistance", list.rollback_resistance || list.rollback_resistant),
        ("early boot only", list.early_boot_only),
        ("no user authentication", list.no_auth_required),
        ("allowed while on body", list.allow_while_on_body),
        ("presence required", list.trusted_presence_required),
        ("confirmation required", list.trusted_confirmation_required),
        ("unlocked screen required", list.unlocked_device_required),
        ("all applications", list.all_applications),
        ("device-unique attestation", list.device_unique_attestation),
    ];
    flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| Node::new(name, "yes")).collect()
}

fn system(list: &AuthorizationList) -> Vec<Node> {
    let level = |number: u64| match PatchLevel::of(number) {
        Some(level) => format!("{number} ({level})"),
        None => format!("{number} (no date)"),
    };
    let mut nodes = present([
        ("OS patch level", list.os_patch_level.map(level)),
        ("vendor patch level", list.vendor_patch_level.map(level)),
        ("boot patch level", list.boot_patch_level.map(level)),
        ("unknown tags", Some(&list.unknown_tags).filter(|tags| !tags.is_empty()).map(|tags| format!("{tags:?}"))),
    ]);
    nodes.extend(list.module_hash.as_deref().map(|hash| Node::bytes("module hash", hash)));
    nodes.extend(list.root_of_trust.as_ref().map(root_of_trust));
    nodes
}

fn root_of_trust(root: &RootOfTrust) -> Node {
    let state = root.verified_boot_state;
    let mut parts = vec![
        Node::new("state", format_args!("{state} {}", BootState::of(state).name())),
        Node::new("locked", if root.device_locked { "yes" } else { "no" }),
        Node::bytes("verified boot key", &root.verified_boot_key),
    ];
    parts.extend(root.verified_boot_hash.as_deref().map(|hash| Node::bytes("verified boot hash", hash)));
    Node::group("root of trust", parts)
}

fn identity(list: &AuthorizationList) -> Vec<Node> {
    let id = |(kind, value): &(DeviceId, Vec<u8>)| match std::str::from_utf8(value) {
        _ if kind.is_personal() => Node::new(kind.name(), format_args!("{} bytes, not shown", value.len())),
        Ok(text) => Node::new(kind.name(), text),
        Err(_) => Node::bytes(kind.name(), value),
    };
    let mut nodes: Vec<_> = list.device_ids.iter().map(id).collect();
    nodes.extend(list.application.as_deref().map(|bytes| Node::bytes("application", bytes)));
    nodes.extend(list.application_id.as_deref().map(application_id));
    nodes
}

fn application_id(bytes: &[u8]) -> Node {
    match ApplicationId::parse(bytes) {
        Err(fault) => Node::new("application id", fault).with(vec![Node::bytes("bytes", bytes)]),
        Ok(app) => {
            let packages = app.packages.iter().map(|package| Node::new(&package.name, package.version));
            let signers = app.signers.iter().map(|signer| Node::bytes("signer", signer));
            Node::group("application id", packages.chain(signers).collect())
        }
    }
}

fn present<const N: usize>(values: [(&str, Option<String>); N]) -> Vec<Node> {
    values.into_iter().filter_map(|(name, value)| Some(Node::new(name, value?))).collect()
}
