//! Attestation objects and assertions as CBOR maps, shown member by member.

use super::authenticator_data;
use super::cbor::{self, Item};
use super::certificate;
use super::node::{Node, measured, preview};

/// What stands in an object, up to where it stops being readable.
pub(super) fn contents(bytes: &[u8]) -> Vec<Node> {
    let read = cbor::read(bytes);
    let mut nodes = match &read.item {
        Some(Item::Map(members)) => members.iter().map(|(key, value)| member(key, value)).collect(),
        Some(other) => vec![item("not a map", other)],
        None => Vec::new(),
    };
    nodes.extend(read.stop_node(bytes.len()));
    nodes
}

fn member(key: &Item<'_>, value: &Item<'_>) -> Node {
    let name = label(key);
    match (name.as_str(), value) {
        ("x5c", Item::Array(items)) => Node::group(name, items.iter().enumerate().map(listed).collect()),
        ("authData" | "authenticatorData", Item::Bytes(bytes)) => {
            Node::new(name, format_args!("{} bytes", bytes.len())).with(authenticator_data::contents(bytes))
        }
        ("receipt", Item::Bytes(bytes)) => Node::new(name, format_args!("opaque here, {}", measured(bytes))),
        _ => item(&name, value),
    }
}

fn listed((at, value): (usize, &Item<'_>)) -> Node {
    match value {
        Item::Bytes(der) => certificate::node(at, der),
        other => item(&at.to_string(), other),
    }
}

/// Any item under a name.
pub(super) fn item(name: &str, value: &Item<'_>) -> Node {
    match value {
        Item::Array(items) => {
            let parts = items.iter().enumerate().map(|(at, part)| item(&at.to_string(), part));
            Node::group(name, parts.collect())
        }
        Item::Map(members) => Node::group(name, members.iter().map(|(key, value)| member(key, value)).collect()),
        simple => Node::new(name, label(simple)),
    }
}

/// An item in one line.
pub(super) fn label(value: &Item<'_>) -> String {
    match value {
        Item::Integer(number) => number.to_string(),
        Item::Bytes(bytes) => preview(bytes),
        Item::Text(text) => (*text).to_owned(),
        Item::Simple(name) => (*name).to_owned(),
        Item::Array(items) => format!("({} items)", items.len()),
        Item::Map(members) => format!("({} members)", members.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_stands_there_is_shown_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            contents(&bytes);
            authenticator_data::contents(&bytes);
            certificate::node(0, &bytes);
        }

        #[test]
        fn a_damaged_object_is_shown_without_a_panic(at in 0..90_usize, byte: u8, length in 0..90_usize) {
            let data = [&[7; 32][..], &[0x40, 0, 0, 0, 1, 0xA1, 0x61, b'a', 0x01]].concat();
            let head = [&[0xA1, 0x71][..], b"authenticatorData", &[0x58, 41]].concat();
            let mut object = [head, data].concat();
            if let Some(place) = object.get_mut(at) {
                *place = byte;
            }
            object.truncate(length);
            contents(&object);
        }
    }
}
