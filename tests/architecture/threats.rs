//! `docs/threats.md` and the tests that are named after attacks know each other.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{root, sources};

/// Whether a name starts with the number of an attack: `b09_…`.
fn names_an_attack(name: &str) -> bool {
    let bytes = name.as_bytes();
    matches!(bytes, [b'a'..=b'g', b'0'..=b'9', b'0'..=b'9', b'_', ..])
}

/// Whether a piece of the document is the name of a test, which is a sentence: `the_chain_is_leaf_and_intermediate`.
fn names_a_test(piece: &str) -> bool {
    let plain = piece.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
    plain && piece.matches('_').count() >= 3
}

fn written() -> BTreeSet<String> {
    let sources = sources(&["src", "tests"]);
    sources.iter().flat_map(|source| source.declarations(&["fn"])).map(|(_, name)| name).collect()
}

fn told() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/threats.md")).expect("the document");
    text.split('`').filter(|piece| names_a_test(piece)).map(str::to_owned).collect()
}

#[test]
fn every_test_of_an_attack_is_told_and_every_told_one_is_written() {
    let (written, told) = (written(), told());
    let untold: Vec<_> = written.difference(&told).filter(|name| names_an_attack(name)).collect();
    let unwritten: Vec<_> = told.difference(&written).collect();
    assert!(untold.is_empty() && unwritten.is_empty(), "not in the document: {untold:#?}\nnot a test: {unwritten:#?}");
}
