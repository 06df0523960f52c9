//! PEM files: read when the configuration is, so that what they lack is a fault at their own place.

use std::fs;
use std::io;
use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::entry::Entry;
use crate::crypto::certificate::Certificate;
use crate::crypto::private_key::public_half;
use crate::endorsement::app_attest_anchors;

/// The longest PEM file, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// A PEM file of certificates: the text and what it holds.
pub(super) struct Certificates {
    /// The file as it is.
    pub(super) pem: Vec<u8>,
    /// The certificates, at least one.
    pub(super) der: Vec<Vec<u8>>,
}

/// Reads a file of certificates.
pub(super) fn certificates(entry: Entry<'_>) -> Option<Certificates> {
    let pem = file(entry)?;
    let der = CertificateDer::pem_slice_iter(&pem).map(|item| item.ok().map(|der| der.to_vec()));
    let der = der.collect::<Option<Vec<_>>>().or_else(|| entry.refuse("the file is not well-formed PEM"))?;
    if der.is_empty() {
        return entry.refuse("the file holds no certificate (BEGIN CERTIFICATE)");
    }
    match der.iter().position(|der| Certificate::parse(der).is_err()) {
        Some(at) => entry.refuse(format!("certificate {} of the file cannot be read", at + 1)),
        None => Some(Certificates { pem, der }),
    }
}

/// Reads a file of private keys, whose first one must belong to the first certificate, if that could be read.
pub(super) fn private_key(entry: Entry<'_>, certificates: Option<&Certificates>) -> Option<Vec<u8>> {
    let pem = file(entry)?;
    let Ok(key) = PrivateKeyDer::from_pem_slice(&pem) else {
        return entry.refuse("the file holds no private key (PKCS #8, PKCS #1 or SEC 1, not encrypted)");
    };
    let Some(public) = public_half(&key) else {
        return entry.refuse("the private key cannot be read: it should be ECDSA, Ed25519 or RSA");
    };
    let leaf = certificates.and_then(|certificates| certificates.der.first());
    let certified = leaf.and_then(|der| Some(Certificate::parse(der).ok()?.key_bits().to_vec()));
    if certified.is_some_and(|certified| certified != public) {
        return entry.refuse("the private key does not belong to the certificate");
    }
    Some(pem)
}

/// Reads a file of lab roots.
pub(super) fn lab_roots(entry: Entry<'_>) -> Option<Vec<Vec<u8>>> {
    let roots = certificates(entry)?.der;
    if app_attest_anchors(&roots).is_ok() { Some(roots) } else { entry.refuse("the file holds no trust anchor") }
}

/// Reads a file as it is.
pub(super) fn file(entry: Entry<'_>) -> Option<Vec<u8>> {
    let path = entry.path()?;
    match read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => entry.refuse(format!("cannot read {}: {error}", path.display())),
    }
}

/// Reads a regular file of bounded length: a pipe would block, a device would never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a file"));
    }
    if metadata.len() > FILE_LIMIT { Err(io::ErrorKind::FileTooLarge.into()) } else { fs::read(path) }
}
