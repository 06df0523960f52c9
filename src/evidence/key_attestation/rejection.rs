//! Why key attestation evidence is refused: one variant per check.

use super::application_id::ApplicationIdFault;
use super::description::DescriptionFault;
use crate::crypto::path::PathFault;
use crate::crypto::serial::SERIAL_LIMIT;

/// The check that evidence failed. [`Rejection::code`] is stable; the text is for people and may change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Not 2 to 10 certificates.
    #[error("the chain holds {0} certificates, not 2 to 10")]
    CertificateCount(usize),
    /// A certificate or the whole chain is longer than any genuine one.
    #[error("a certificate or the chain is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A certificate cannot be read.
    #[error("a certificate cannot be read")]
    CertificateMalformed,
    /// The chain does not reach a pinned anchor.
    #[error("the certificates do not lead to a trusted root: {0}")]
    UntrustedChain(&'static str),
    /// A serial number is longer than any that the status list could name.
    #[error("a serial number is longer than {SERIAL_LIMIT} bytes")]
    SerialTooLong,
    /// An extension stands in a certificate twice.
    #[error("an extension stands in a certificate twice")]
    ExtensionRepeated,
    /// No certificate carries a key description.
    #[error("no certificate carries a key description")]
    DescriptionMissing,
    /// A certificate above the leaf carries a key description: somebody has extended the chain below an attested key.
    #[error("a certificate above the leaf carries a key description")]
    DescriptionAboveLeaf,
    /// A certificate demands what this program does not know.
    #[error("a critical extension is not known")]
    ExtensionCritical,
    /// A certificate may not issue others.
    #[error("an issuer may not issue certificates: {0}")]
    IssuerUnfit(&'static str),
    /// A certificate is not valid yet.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// A certificate has expired.
    #[error("a certificate has expired")]
    Expired,
    /// The key description is not one.
    #[error("the key description is malformed: {0}")]
    Description(DescriptionFault),
    /// The challenge in the key description is another one.
    #[error("the challenge is not the expected one")]
    ChallengeMismatch,
    /// The key description names no app.
    #[error("the key description names no app")]
    ApplicationIdMissing,
    /// The app's packages and signers cannot be read.
    #[error("the application id is malformed: {0}")]
    ApplicationId(ApplicationIdFault),
    /// The key was made by another app.
    #[error("the key was made by another app")]
    PackageMismatch,
    /// The app is signed by somebody else.
    #[error("the app is not signed with an expected certificate")]
    SignerMismatch,
    /// The attested key is not the expected one.
    #[error("the attested key is not the expected one")]
    KeyMismatch,
    /// The key description tells of another kind of key than the certificate holds.
    #[error("the key description does not fit the certified key")]
    KeyContradicted,
    /// The attested key is not a P-256 key.
    #[error("the attested key is not a P-256 key")]
    KeyUnsupported,
    /// The assertion's signature is longer than any genuine one.
    #[error("the signature is longer than {limit} bytes")]
    SignatureTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The assertion's signature is not the enrolled key's.
    #[error("the signature is not the enrolled key's over this client data and sign count")]
    SignatureInvalid,
    /// An assertion's sign count is zero; the first is one.
    #[error("the assertion's sign count is zero")]
    SignCountZero,
}

impl Rejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CertificateCount(_) => "key_attestation_certificate_count",
            Self::TooLarge { .. } => "key_attestation_too_large",
            Self::CertificateMalformed => "key_attestation_certificate_malformed",
            Self::UntrustedChain(_) => "key_attestation_untrusted_chain",
            Self::SerialTooLong => "key_attestation_serial_too_long",
            Self::ExtensionRepeated => "key_attestation_extension_repeated",
            Self::DescriptionMissing => "key_attestation_description_missing",
            Self::DescriptionAboveLeaf => "key_attestation_description_above_leaf",
            Self::ExtensionCritical => "key_attestation_extension_critical",
            Self::IssuerUnfit(_) => "key_attestation_issuer_unfit",
            Self::NotYetValid => "key_attestation_certificate_not_yet_valid",
            Self::Expired => "key_attestation_certificate_expired",
            Self::Description(_) => "key_attestation_description",
            Self::ChallengeMismatch => "key_attestation_challenge_mismatch",
            Self::ApplicationIdMissing => "key_attestation_application_id_missing",
            Self::ApplicationId(_) => "key_attestation_application_id",
            Self::PackageMismatch => "key_attestation_package_mismatch",
            Self::SignerMismatch => "key_attestation_signer_mismatch",
            Self::KeyMismatch => "key_attestation_key_mismatch",
            Self::KeyContradicted => "key_attestation_key_contradicted",
            Self::KeyUnsupported => "key_attestation_key_unsupported",
            Self::SignatureTooLong { .. } => "key_attestation_signature_too_long",
            Self::SignatureInvalid => "key_attestation_signature_invalid",
            Self::SignCountZero => "key_attestation_sign_count_zero",
        }
    }
}

impl From<PathFault> for Rejection {
    fn from(fault: PathFault) -> Self {
        match fault {
            PathFault::Malformed => Self::CertificateMalformed,
            PathFault::Untrusted(why) => Self::UntrustedChain(why),
            PathFault::Expired => Self::Expired,
            PathFault::NotYetValid => Self::NotYetValid,
        }
    }
}

impl From<DescriptionFault> for Rejection {
    fn from(fault: DescriptionFault) -> Self {
        Self::Description(fault)
    }
}

impl From<ApplicationIdFault> for Rejection {
    fn from(fault: ApplicationIdFault) -> Self {
        Self::ApplicationId(fault)
    }
}

pub(super) fn require(holds: bool, otherwise: Rejection) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(otherwise) }
}
