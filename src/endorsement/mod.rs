//! Endorsements: what vendors publish to judge evidence by. Apple's root, and Google's list of revoked certificates.

pub mod status_list;

use crate::crypto::certificate::CertificateMalformed;
use crate::crypto::path::{AnchorOrigin, TrustAnchors};

/// Apple App Attestation Root CA, DER. `testdata/README.md` says where it was published.
pub static APPLE_APP_ATTESTATION_ROOT: &[u8] = include_bytes!("apple_app_attestation_root_ca.der");

/// The anchors for App Attest: Apple's root, and the lab roots that a configuration names, each a DER certificate.
///
/// Errors when a lab root is not a certificate.
pub fn app_attest_anchors(lab_roots: &[Vec<u8>]) -> Result<TrustAnchors, CertificateMalformed> {
    let vendor = [(AnchorOrigin::Vendor, APPLE_APP_ATTESTATION_ROOT)];
    let lab = lab_roots.iter().map(|der| (AnchorOrigin::Lab, der.as_slice()));
    TrustAnchors::new(&vendor.into_iter().chain(lab).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::sha256;
    use data_encoding::HEXLOWER;

    #[test]
    fn g02_the_pinned_root_is_the_published_one() {
        let published = "1cb9823ba28ba6ad2d33a006941de2ae4f513ef1d4e831b9f7e0fa7b6242c932";
        assert_eq!(HEXLOWER.encode(&sha256(APPLE_APP_ATTESTATION_ROOT)), published);
    }
}
