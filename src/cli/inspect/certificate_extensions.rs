//! The extensions of certificates by their object identifiers, as far as this program knows them.

use data_encoding::HEXLOWER;

use super::key_description;
use super::node::{Node, preview};
use crate::crypto::certificate::{Extension, Oid, oid};
use crate::evidence::app_attest::{KEY_OID, MAC_ACL_OID, NONCE_OID, SYSTEM_OID, TaggedValue, tagged_values};
use crate::evidence::key_attestation::{KEY_DESCRIPTION_OID, PROVISIONING_INFO_OID, provisioning_info};

/// How the value of an extension is shown.
type Show = fn(&str, &[u8]) -> Node;

/// Object identifier, name, and how the value is shown.
const KNOWN: [(Oid<'static>, &str, Show); 12] = [
    (NONCE_OID, "App Attest nonce", nonce),
    (KEY_OID, "key properties (not documented)", tagged),
    (MAC_ACL_OID, "access control list of a Mac", plain),
    (SYSTEM_OID, "system properties (not documented)", tagged),
    (KEY_DESCRIPTION_OID, "Android key description", key_description::node),
    (PROVISIONING_INFO_OID, "Android provisioning information", provisioning),
    (oid!(2.5.29.14), "subject key identifier", plain),
    (oid!(2.5.29.15), "key usage", key_usage),
    (oid!(2.5.29.19), "basic constraints", basic_constraints),
    (oid!(2.5.29.31), "CRL distribution points", plain),
    (oid!(2.5.29.35), "authority key identifier", plain),
    (oid!(2.5.29.37), "extended key usage", plain),
];

/// The tags of Apple's properties whose meaning shows in genuine certificates.
const TAGS: [(u32, &str); 5] =
    [(1204, "App ID"), (1400, "OS version"), (1403, "OS build"), (1405, "OS version again"), (1026, "platform")];

/// The bits of key usage (RFC 5280, section 4.2.1.3), first bit first.
const USAGES: [&str; 8] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
];

/// An extension.
pub(super) fn node(extension: &Extension<'_>) -> Node {
    let Extension { oid, critical, value } = extension;
    let critical = if *critical { ", critical" } else { "" };
    match KNOWN.iter().find(|(known, ..)| known == oid) {
        Some((_, name, show)) => show(&format!("{name} ({oid}{critical})"), value),
        None => plain(&format!("{oid}{critical}"), value),
    }
}

fn plain(name: &str, value: &[u8]) -> Node {
    Node::bytes(name, value)
}

fn nonce(name: &str, value: &[u8]) -> Node {
    match value.strip_prefix(&[0x30, 0x24, 0xA1, 0x22, 0x04, 0x20]) {
        Some(nonce) => Node::bytes(name, nonce),
        None => Node::new(name, format_args!("not of Apple's form: {}", preview(value))),
    }
}

fn provisioning(name: &str, value: &[u8]) -> Node {
    let Some(info) = provisioning_info(value) else { return plain(name, value) };
    let issued = info.certificates_issued.map(|issued| Node::new("certificates issued in 30 days", issued));
    let manufacturer = info.manufacturer.map(|name| Node::new("manufacturer", name));
    let entity = info.entity.map(|name| Node::new("attested entity", name));
    let lost = info.reported_lost.then(|| Node::new("reported lost", "yes"));
    Node::group(name, [issued, manufacturer, entity, lost].into_iter().flatten().collect())
}

fn tagged(name: &str, value: &[u8]) -> Node {
    let values = tagged_values(value);
    if values.is_empty() { plain(name, value) } else { Node::group(name, values.into_iter().map(property).collect()) }
}

fn property((tag, value): (u32, TaggedValue<'_>)) -> Node {
    let name = match TAGS.iter().find(|(known, _)| *known == tag) {
        Some((_, name)) => format!("[{tag}] {name}"),
        None => format!("[{tag}]"),
    };
    match value {
        TaggedValue::Text(text) => Node::new(name, text),
        TaggedValue::Number(number) => Node::new(name, number),
        TaggedValue::Other(bytes) => Node::bytes(name, bytes),
    }
}

fn key_usage(name: &str, value: &[u8]) -> Node {
    let ([0x03, 2, _, bits] | [0x03, 3, _, bits, _]) = value else { return plain(name, value) };
    let set = USAGES.iter().enumerate().filter(|(at, _)| bits & (0x80 >> at) != 0);
    let names: Vec<_> = set.map(|(_, usage)| *usage).collect();
    Node::new(name, names.join(", "))
}

fn basic_constraints(name: &str, value: &[u8]) -> Node {
    match value {
        [0x30, 0] | [0x30, 3, 1, 1, 0] => Node::new(name, "not a CA"),
        [0x30, 3, 1, 1, 0xFF] => Node::new(name, "a CA"),
        [0x30, 6, 1, 1, 0xFF, 2, 1, below] => Node::new(name, format_args!("a CA with at most {below} CAs below it")),
        other => Node::new(name, HEXLOWER.encode(other.get(..32).unwrap_or(other))),
    }
}
