//! What Apple writes into the leaf certificate of an attestation.

use std::str::from_utf8;

use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};

use super::rejection::Rejection;
use crate::crypto::certificate::{Certificate, Oid, oid};
use crate::crypto::digest::Digest;
use crate::evidence::claims::OsVersion;

/// The extension that carries the nonce.
pub const NONCE_OID: Oid<'static> = oid!(1.2.840.113635.100.8.2);
/// The extension that carries a Mac's access control list.
pub const MAC_ACL_OID: Oid<'static> = oid!(1.2.840.113635.100.8.6);
/// The extension that carries properties of the key, among them the App ID (not documented).
pub const KEY_OID: Oid<'static> = oid!(1.2.840.113635.100.8.5);
/// The extension that carries properties of the operating system (not documented).
pub const SYSTEM_OID: Oid<'static> = oid!(1.2.840.113635.100.8.7);

/// `SEQUENCE { [1] EXPLICIT OCTET STRING (32 bytes) }` up to the bytes.
const NONCE_HEAD: [u8; 6] = [0x30, 0x24, 0xA1, 0x22, 0x04, 0x20];

/// SHA-256 of the one access control list that Apple documents: system integrity protection and full security are on.
/// The list stands in `SEQUENCE { [3] EXPLICIT OCTET STRING (66 bytes) }`.
const MAC_ACL_HEAD: [u8; 6] = [0x30, 0x46, 0xA3, 0x44, 0x04, 0x42];
const MAC_ACL_SHA256: Digest = [
    0x4d, 0xe4, 0x53, 0x9b, 0x20, 0xe1, 0xd6, 0x72, 0xb3, 0xb4, 0x5a, 0x6f, 0x9c, 0x67, 0xc4, 0x8d, 0xb5, 0x60, 0xc7,
    0x9a, 0x55, 0x6f, 0x91, 0xb0, 0xfb, 0x8c, 0x96, 0xdd, 0x32, 0xd0, 0xb1, 0x65,
];

/// Facts of the leaf that are signed by Apple but not documented: never a reason to refuse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeafFacts {
    /// The App ID in clear.
    pub app_id: Option<String>,
    /// The operating system's version.
    pub os_version: Option<OsVersion>,
    /// The operating system's build.
    pub os_build: Option<String>,
}

/// The nonce, when the leaf carries exactly one in exactly Apple's form.
pub(super) fn nonce(leaf: &Certificate<'_>) -> Result<Digest, Rejection> {
    let value = leaf.extension(&NONCE_OID).ok().flatten().ok_or(Rejection::NonceExtension)?;
    let nonce = value.strip_prefix(&NONCE_HEAD).ok_or(Rejection::NonceExtension)?;
    nonce.try_into().map_err(|_| Rejection::NonceExtension)
}

/// Whether the leaf carries exactly one access control list and it is the documented one.
pub(super) fn has_full_security(leaf: &Certificate<'_>) -> bool {
    let value = leaf.extension(&MAC_ACL_OID).ok().flatten();
    let list = value.and_then(|value| value.strip_prefix(&MAC_ACL_HEAD)).filter(|list| list.len() == 66);
    list.is_some_and(|list| crate::crypto::digest::sha256(list) == MAC_ACL_SHA256)
}

impl LeafFacts {
    /// Reads what can be read; everything else is absent.
    pub(super) fn read(leaf: &Certificate<'_>) -> Self {
        let extension = |oid| leaf.extension(oid).ok().flatten().unwrap_or_default();
        let (key, system) = (extension(&KEY_OID), extension(&SYSTEM_OID));
        Self {
            app_id: text(key, 1204),
            os_version: text(system, 1400).and_then(|version| version.parse().ok()),
            os_build: text(system, 1403),
        }
    }
}

/// One value of Apple's extensions for key and system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaggedValue<'a> {
    /// An OCTET STRING of printable ASCII.
    Text(&'a str),
    /// An INTEGER of at most four bytes after its leading zeros.
    Number(u32),
    /// The content of anything else.
    Other(&'a [u8]),
}

impl<'a> TaggedValue<'a> {
    fn read(value: &Any<'a>) -> Self {
        let text = || from_utf8(value.data).ok().filter(|text| plain(text)).map(Self::Text);
        let number = || value.as_u32().ok().map(Self::Number);
        let known = match value.tag() {
            Tag::OctetString => text(),
            Tag::Integer => number(),
            _ => None,
        };
        known.unwrap_or(Self::Other(value.data))
    }
}

/// The values of Apple's extensions for key and system by their tags: a SEQUENCE of explicitly tagged values. Reading ends
/// at the first element that is cut; what carries no context tag is passed over.
pub fn tagged_values(extension: &[u8]) -> Vec<(u32, TaggedValue<'_>)> {
    let Ok((_, outer)) = Any::from_der(extension) else { return Vec::new() };
    let (mut rest, mut values) = (outer.data, Vec::new());
    while let Ok((after, member)) = Any::from_der(rest) {
        if member.class() == Class::ContextSpecific
            && let Ok((_, value)) = Any::from_der(member.data)
        {
            values.push((member.tag().0, TaggedValue::read(&value)));
        }
        rest = after;
    }
    values
}

/// The text under a tag, when the first value with this tag is text.
fn text(extension: &[u8], tag: u32) -> Option<String> {
    match tagged_values(extension).into_iter().find(|(other, _)| *other == tag)? {
        (_, TaggedValue::Text(text)) => Some(text.to_owned()),
        _ => None,
    }
}

fn plain(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn tagged_values_are_read_up_to_the_first_cut() {
        let whole = HEXLOWER.decode(b"301bbf8a7806040431342e34bf885003020102bf8a7a060404ff000000").expect("hex");
        let (version, number) = ((1400, TaggedValue::Text("14.4")), (1104, TaggedValue::Number(2)));
        assert_eq!(tagged_values(&whole), [version, number, (1402, TaggedValue::Other(&[0xFF, 0, 0, 0]))]);
        assert_eq!(text(&whole, 1400).as_deref(), Some("14.4"));
        assert_eq!(text(&whole, 1104), None);
        assert_eq!(tagged_values(&[0x30, 0x05, 0xBF]), []);
        assert_eq!(tagged_values(&[0x30, 0x03, 0xBF, 0x8A, 0x78]), []);
    }
}
