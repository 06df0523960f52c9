//! Certificates, and chains of them, leaf first.

use super::authenticator_data::key_id;
use super::certificate_extensions as extensions;
use super::expectations::Expectations;
use super::node::{Node, measured};
use super::sheet::{Check, Sheet};
use crate::crypto::certificate::Certificate;
use crate::evidence::app_attest::Rejection;
use crate::wire::bytes::Reader;

/// How many certificates are shown at most.
const CHAIN_LIMIT: usize = 32;
const READABLE: &str = "every certificate can be read";
const PATH: &str = "certificates lead to a trusted root and are in force";

/// Shows a chain; one of leaf and intermediate is checked against the roots as well.
pub(super) fn examine(pieces: &[Vec<u8>], expectations: &Expectations) -> Sheet {
    let (ders, rest) = split(pieces);
    let mut contents: Vec<_> = ders.iter().enumerate().map(|(at, der)| node(at, der)).collect();
    if !rest.is_empty() {
        let at = pieces.iter().map(Vec::len).sum::<usize>() - rest.len();
        contents
            .push(Node::stop(at, "not a whole DER element, or one too many").with(vec![Node::bytes("bytes", rest)]));
    }
    let readable = rest.is_empty() && ders.iter().all(|der| Certificate::parse(der).is_ok());
    let readable = if readable { Ok(()) } else { Err(Rejection::CertificateMalformed) };
    let path = match ders.as_slice() {
        [leaf, issuer] => {
            Check::new(PATH, expectations.anchors.verify(leaf, issuer, expectations.at).map_err(Rejection::from))
        }
        _ => Check::missing(PATH, "exactly a leaf and its intermediate"),
    };
    Sheet { contents, checks: vec![Check::new(READABLE, readable), path] }
}

/// The elements of each piece, one after the other, and what is left where they are too many or one is not whole.
pub(super) fn split(pieces: &[Vec<u8>]) -> (Vec<&[u8]>, &[u8]) {
    let mut ders = Vec::new();
    for piece in pieces {
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            let Some((der, after)) = first_der(rest).filter(|_| ders.len() < CHAIN_LIMIT) else { return (ders, rest) };
            ders.push(der);
            rest = after;
        }
    }
    (ders, &[])
}

/// The first DER element with a definite length, whole, and what follows it.
fn first_der(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(bytes);
    reader.byte()?;
    let length = match reader.byte()? {
        short @ 0..=0x7F => usize::from(short),
        0x81 => reader.byte()?.into(),
        0x82 => reader.array().map(u16::from_be_bytes)?.into(),
        0x83 => reader.array().map(|[a, b, c]: [u8; 3]| u32::from_be_bytes([0, a, b, c]))?.try_into().ok()?,
        _ => return None,
    };
    let head = bytes.len() - reader.rest().len();
    bytes.split_at_checked(head.checked_add(length)?)
}

/// A certificate, or what can be said of bytes that are none.
pub(super) fn node(at: usize, der: &[u8]) -> Node {
    let name = format!("certificate {at}");
    match Certificate::parse(der) {
        Ok(certificate) => Node::new(name, measured(der)).with(parts(&certificate)),
        Err(fault) => Node::new(name, fault).with(vec![Node::bytes("bytes", der)]),
    }
}

fn parts(certificate: &Certificate<'_>) -> Vec<Node> {
    let validity = certificate.validity();
    let key = match certificate.p256_key() {
        Ok(key) => Node::new("public key", "P-256").with(vec![key_id(Some(&key))]),
        Err(_) => Node::new("public key", certificate.key_kind()),
    };
    vec![
        Node::new("subject", certificate.subject()),
        Node::new("issuer", certificate.issuer()),
        Node::new("serial", certificate.serial()),
        Node::new("not before", validity.not_before),
        Node::new("not after", validity.not_after),
        key,
        Node::group("extensions", certificate.extensions().iter().map(extensions::node).collect()),
    ]
}
