//! How Android apps are named: by package, and by who signs them.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::entry::Entry;
use crate::crypto::digest::Digest;
use crate::evidence::claims::play_integrity::SignerDigest;

/// The longest package name, in bytes.
const PACKAGE_NAME_LIMIT: usize = 255;

/// An Android package: two or more parts with dots between them, each a letter and then letters, digits and underscores.
pub(super) fn package_name(entry: Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = |part: &str| part.starts_with(|first: char| first.is_ascii_alphabetic()) && part.bytes().all(plain);
    if text.len() <= PACKAGE_NAME_LIMIT && text.contains('.') && text.split('.').all(fits) {
        Some(text.to_owned())
    } else {
        entry.refuse("expected a package, for example \"com.example.shop\"")
    }
}

/// In base64url, as verdicts have it, or in hexadecimal with or without colons, as the Play Console shows it.
pub(super) fn signer(entry: Entry<'_>) -> Option<SignerDigest> {
    let text = entry.text()?;
    let hexadecimal = || Digest::try_from(HEXLOWER_PERMISSIVE.decode(text.replace(':', "").as_bytes()).ok()?).ok();
    let read = text.parse().ok().or_else(|| hexadecimal().map(SignerDigest));
    read.or_else(|| entry.refuse("expected SHA-256 of a certificate, in base64url or hexadecimal"))
}
