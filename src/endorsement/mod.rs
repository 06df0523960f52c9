//! Endorsements: what vendors publish to judge evidence by. The vendors' roots, and Google's list of revoked certificates.

pub mod status_list;

use crate::crypto::certificate::CertificateMalformed;
use crate::crypto::chain::ChainAnchors;
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

/// Google's hardware attestation roots, DER: the RSA key of every factory-provisioned device, in the certificate of 2022, and the
/// P-384 key that has issued remotely provisioned chains since 2026. `testdata/README.md` says where they were published.
pub static GOOGLE_HARDWARE_ATTESTATION_ROOTS: [&[u8]; 2] = [
    include_bytes!("google_hardware_attestation_root_rsa.der"),
    include_bytes!("google_hardware_attestation_root_p384.der"),
];

/// The anchors for Android Key Attestation: Google's roots, and the lab roots that a configuration names, each a DER certificate.
///
/// Errors when a lab root is not a certificate.
pub fn key_attestation_anchors(lab_roots: &[Vec<u8>]) -> Result<ChainAnchors, CertificateMalformed> {
    let vendor = GOOGLE_HARDWARE_ATTESTATION_ROOTS.map(|der| (AnchorOrigin::Vendor, der));
    let lab = lab_roots.iter().map(|der| (AnchorOrigin::Lab, der.as_slice()));
    ChainAnchors::new(&vendor.into_iter().chain(lab).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::certificate::Certificate;
    use crate::crypto::digest::sha256;
    use data_encoding::HEXLOWER;

    #[test]
    fn g02_the_pinned_root_is_the_published_one() {
        let published = "1cb9823ba28ba6ad2d33a006941de2ae4f513ef1d4e831b9f7e0fa7b6242c932";
        assert_eq!(HEXLOWER.encode(&sha256(APPLE_APP_ATTESTATION_ROOT)), published);
    }

    #[test]
    fn g02_googles_roots_are_the_published_ones() {
        let published = [
            (
                "cedb1cb6dc896ae5ec797348bce9286753c2b38ee71ce0fbe34a9a1248800dfc",
                "feb2ea7551ee316ed4bb443c8293b884dbfdea40b603ee3e4f4a897e4580fbae",
            ),
            (
                "6d9db4ce6c5c0b293166d08986e05774a8776ceb525d9e4329520de12ba4bcc0",
                "3ee44512a1af2beb39c889490c60ea3f82e43f5d5a5532f5ab9419f676cd07ec",
            ),
        ];
        for (der, (certificate, spki)) in GOOGLE_HARDWARE_ATTESTATION_ROOTS.iter().zip(published) {
            assert_eq!(HEXLOWER.encode(&sha256(der)), certificate);
            let key = Certificate::parse(der).expect("a certificate").spki();
            assert_eq!(HEXLOWER.encode(&sha256(key)), spki);
        }
        assert!(
            key_attestation_anchors(&[]).is_ok_and(|anchors| anchors.is_anchor(GOOGLE_HARDWARE_ATTESTATION_ROOTS[1]))
        );
        assert!(key_attestation_anchors(&[vec![0]]).is_err());
    }
}
