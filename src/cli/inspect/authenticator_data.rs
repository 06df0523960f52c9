//! Authenticator data, of an attestation object, of an assertion, or by itself.

use data_encoding::BASE64;

use super::cbor::{self, Item};
use super::expectations::{APP_ID, Expectations};
use super::node::Node;
use super::object;
use super::sheet::{Check, Sheet};
use crate::crypto::key::P256PublicKey;
use crate::evidence::app_attest::{AuthenticatorData, Rejection, environment_of};
use crate::evidence::claims::ValidationCategory;
use crate::wire::bytes::Reader;

/// The flags by their bits (WebAuthn level 3, section 6.1).
const FLAGS: [(u8, &str); 6] = [
    (0x01, "user present"),
    (0x04, "user verified"),
    (0x08, "backup eligible"),
    (0x10, "backed up"),
    (0x40, "attested credential"),
    (0x80, "extensions"),
];

/// Shows authenticator data that stands by itself, and checks what can be checked of it.
pub(super) fn examine(bytes: &[u8], expectations: &Expectations) -> Sheet {
    let read = if has_credential(bytes.get(37..).unwrap_or_default()) {
        AuthenticatorData::read_attested(bytes).map(|(data, _)| data)
    } else {
        AuthenticatorData::read(bytes)
    };
    let app = match &read {
        Ok(data) => Check::given("made for an expected app", APP_ID, expectations.app_ids(), |apps| {
            let fits = apps.iter().any(|app| *app.rp_id_hash() == data.rp_id_hash);
            if fits { Ok(()) } else { Err(Rejection::AppMismatch) }
        }),
        Err(_) => Check::missing("made for an expected app", "a readable structure"),
    };
    Sheet { contents: contents(bytes), checks: vec![Check::new("structure is Apple's", read), app] }
}

/// A credential's first byte is the AAGUID's; a map's is never that of Apple's.
fn has_credential(tail: &[u8]) -> bool {
    tail.first().is_some_and(|first| first >> 5 != 5)
}

/// What stands in authenticator data, up to where it stops being readable.
pub(super) fn contents(bytes: &[u8]) -> Vec<Node> {
    let (mut nodes, mut reader) = (Vec::new(), Reader::new(bytes));
    if fixed(&mut reader, &mut nodes).is_none() {
        nodes.push(Node::stop(bytes.len() - reader.rest().len(), "cut inside the first 37 bytes"));
        return nodes;
    }
    if has_credential(reader.rest()) && credential(&mut reader, &mut nodes).is_none() {
        nodes.push(Node::stop(bytes.len() - reader.rest().len(), "cut inside the credential"));
        return nodes;
    }
    nodes.extend(extension_map(reader.rest(), bytes.len() - reader.rest().len()));
    nodes
}

fn fixed(reader: &mut Reader<'_>, nodes: &mut Vec<Node>) -> Option<()> {
    nodes.push(Node::bytes("rpIdHash", reader.take(32)?));
    nodes.push(Node::new("flags", flags(reader.byte()?)));
    nodes.push(Node::new("sign count", reader.array().map(u32::from_be_bytes)?));
    Some(())
}

fn flags(byte: u8) -> String {
    let known = FLAGS.iter().filter(|(bit, _)| byte & bit != 0).map(|(_, name)| (*name).to_owned());
    let reserved = Some(byte & 0x22).filter(|bits| *bits != 0).map(|bits| format!("reserved {bits:#04x}"));
    let names: Vec<_> = known.chain(reserved).collect();
    format!("{byte:#04x} ({})", if names.is_empty() { "none".to_owned() } else { names.join(", ") })
}

fn credential(reader: &mut Reader<'_>, nodes: &mut Vec<Node>) -> Option<()> {
    let aaguid = reader.array::<16>()?;
    let environment = environment_of(&aaguid).map_or("not Apple's", |environment| environment.name());
    nodes.push(Node::new("AAGUID", format_args!("{} ({environment})", data_encoding::HEXLOWER.encode(&aaguid))));
    let length = reader.array().map(u16::from_be_bytes)?;
    let id = reader.take(length.into())?;
    nodes.push(Node::new("credential id", format_args!("{} ({length} bytes)", super::node::preview(id))));
    nodes.push(cose_key(reader)?);
    Some(())
}

/// The COSE key (RFC 9053, section 7.1.1) with its labels' names, and the key id that follows from it.
fn cose_key(reader: &mut Reader<'_>) -> Option<Node> {
    let read = cbor::read(reader.rest());
    let Some(Item::Map(members)) = &read.item else { return None };
    let mut parts: Vec<_> = members.iter().map(|(key, value)| cose_member(key, value)).collect();
    let coordinate = |label| members.iter().find(|(key, _)| *key == Item::Integer(label)).map(|(_, value)| value);
    if let (Some(Item::Bytes(x)), Some(Item::Bytes(y))) = (coordinate(-2), coordinate(-3)) {
        parts.push(key_id(P256PublicKey::from_coordinates(x, y).ok().as_ref()));
    }
    let length = reader.rest().len() - read.rest.len();
    parts.extend(read.stop.map(|(at, why)| Node::stop(at, why)));
    reader.take(length)?;
    Some(Node::group("COSE key", parts))
}

/// The key id of a key, as clients write it.
pub(super) fn key_id(key: Option<&P256PublicKey>) -> Node {
    let text = key.map_or_else(|| "none: not a point on P-256".to_owned(), |key| BASE64.encode(&key.key_id().0));
    Node::new("key id", text)
}

fn cose_member(key: &Item<'_>, value: &Item<'_>) -> Node {
    let meaning = match (key, value) {
        (Item::Integer(1), Item::Integer(2)) => "EC2",
        (Item::Integer(3), Item::Integer(-7)) => "ES256",
        (Item::Integer(-1), Item::Integer(1)) => "P-256",
        _ => "",
    };
    let name = match key {
        Item::Integer(1) => "kty (1)".to_owned(),
        Item::Integer(3) => "alg (3)".to_owned(),
        Item::Integer(-1) => "crv (-1)".to_owned(),
        Item::Integer(-2) => "x (-2)".to_owned(),
        Item::Integer(-3) => "y (-3)".to_owned(),
        other => object::label(other),
    };
    if meaning.is_empty() {
        object::item(&name, value)
    } else {
        Node::new(name, format_args!("{} {meaning}", object::label(value)))
    }
}

fn extension_map(tail: &[u8], at: usize) -> Option<Node> {
    if tail.is_empty() {
        return None;
    }
    let read = cbor::read(tail);
    let mut parts = match &read.item {
        Some(Item::Map(members)) => members.iter().map(|(key, value)| extension(key, value)).collect(),
        _ => Vec::new(),
    };
    parts.extend(read.stop_node(tail.len()));
    Some(Node::new("extension map", format_args!("{} bytes, from byte {at} on", tail.len())).with(parts))
}

fn extension(key: &Item<'_>, value: &Item<'_>) -> Node {
    let name = object::label(key);
    let number = match value {
        Item::Bytes(bytes) => <[u8; 4]>::try_from(*bytes).ok().map(u32::from_le_bytes),
        Item::Integer(number) => u32::try_from(*number).ok(),
        _ => None,
    };
    match (name.as_str(), number) {
        ("apple_validation_category_01" | "validationCategory", Some(number)) => {
            Node::new(name, format_args!("{number} ({})", ValidationCategory(number).name()))
        }
        _ => object::item(&name, value),
    }
}
