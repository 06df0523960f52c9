//! The anchors that a case trusts: `trust_anchors/NAME.pem`, looked for beside and above the case.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::case::{Case, CaseFault};
use crate::crypto::certificate::CertificateMalformed;
use crate::crypto::chain::ChainAnchors;
use crate::crypto::path::{AnchorOrigin, TrustAnchors};

/// Makes anchors of certificates.
type Make<T> = fn(&[(AnchorOrigin, &[u8])]) -> Result<T, CertificateMalformed>;

/// The anchors of a case in this folder, and no others.
pub(in crate::cli) fn of(case: &Case, folder: &Path) -> Result<TrustAnchors, CaseFault> {
    trusted(case, folder, TrustAnchors::new)
}

/// The same for chains that are judged by position.
pub(in crate::cli) fn of_chain(case: &Case, folder: &Path) -> Result<ChainAnchors, CaseFault> {
    trusted(case, folder, ChainAnchors::new)
}

fn trusted<T>(case: &Case, folder: &Path, make: Make<T>) -> Result<T, CaseFault> {
    let ders = case.trust.iter().map(|name| named(name, folder)).collect::<Result<Vec<_>, _>>()?;
    let anchors: Vec<_> = case.trust.iter().zip(&ders).map(|(name, der)| (origin(name), der.as_ref())).collect();
    make(&anchors).map_err(|_| CaseFault::AnchorMalformed(case.trust.join(", ")))
}

/// Forged roots and those of emulators are a laboratory's, which their names tell.
fn origin(name: &str) -> AnchorOrigin {
    let lab = ["synthetic_", "android_software_"].iter().any(|start| name.starts_with(start));
    if lab { AnchorOrigin::Lab } else { AnchorOrigin::Vendor }
}

fn named(name: &str, folder: &Path) -> Result<CertificateDer<'static>, CaseFault> {
    let missing = || CaseFault::AnchorMissing(name.to_owned());
    let file = lookup(folder, "trust_anchors", &format!("{name}.pem")).ok_or_else(missing)?;
    CertificateDer::from_pem_file(file).map_err(|_| CaseFault::AnchorMalformed(name.to_owned()))
}

/// The nearest file of this name in a folder `beside` or above the case. A name that is more than a file's leads nowhere.
pub(super) fn lookup(folder: &Path, beside: &str, name: &str) -> Option<PathBuf> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return None;
    }
    let absolute = fs::canonicalize(folder).ok()?;
    absolute.ancestors().map(|above| above.join(beside).join(name)).find(|file| file.is_file())
}
