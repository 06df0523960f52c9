//! Why App Attest evidence is refused: one variant per check.

use crate::crypto::path::PathFault;
use crate::wire::cbor::CborFault;

/// The check that evidence failed. [`Rejection::code`] is stable; the text is for people and may change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Longer than any genuine object.
    #[error("the object is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not CBOR as Apple writes it.
    #[error("the object is not the CBOR that Apple writes: {0}")]
    NotCbor(CborFault),
    /// A member is missing, unknown or of another type.
    #[error("the object's structure is not Apple's: {0}")]
    Structure(&'static str),
    /// `fmt` is another format's.
    #[error("the format is not apple-appattest")]
    ForeignFormat,
    /// `x5c` is not leaf and intermediate.
    #[error("x5c holds {0} certificates, not leaf and intermediate")]
    CertificateCount(usize),
    /// A certificate cannot be read.
    #[error("a certificate cannot be read")]
    CertificateMalformed,
    /// Authenticator data is cut, too long, or of another layout.
    #[error("the authenticator data is malformed: {0}")]
    AuthenticatorData(&'static str),
    /// The credential's COSE key is not an EC2 key for ES256 on P-256.
    #[error("the COSE key is not an EC2 key for ES256 on P-256")]
    CoseKey,
    /// The extension map is malformed or contradicts itself.
    #[error("the extension map is malformed: {0}")]
    Extensions(&'static str),
    /// The chain does not reach a pinned anchor.
    #[error("the certificates do not lead to a trusted root: {0}")]
    UntrustedChain(&'static str),
    /// A certificate has expired.
    #[error("a certificate has expired")]
    Expired,
    /// A certificate is not valid yet.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// The leaf does not carry exactly one nonce extension of Apple's form.
    #[error("the leaf does not carry exactly one nonce of Apple's form")]
    NonceExtension,
    /// The nonce in the leaf is not the one of this authenticator data and client data.
    #[error("the nonce does not fit this client data")]
    NonceMismatch,
    /// A Mac's access control list is not the one of full security.
    #[error("the Mac does not run with system integrity protection and full security")]
    MacAccessControl,
    /// The relying-party hash is not one of the expected apps'.
    #[error("the object was made for another app")]
    AppMismatch,
    /// The leaf's key is not a P-256 key.
    #[error("the leaf's key is not a P-256 key")]
    KeyUnsupported,
    /// The key id is not the hash of the leaf's key.
    #[error("the key id is not the one of the certified key")]
    KeyIdMismatch,
    /// The leaf's subject does not name the key id.
    #[error("the certificate's subject does not name the key id")]
    SubjectMismatch,
    /// The credential id is not the key id.
    #[error("the credential id is not the key id")]
    CredentialIdMismatch,
    /// The COSE key is not the leaf's key.
    #[error("the COSE key is not the certified key")]
    CoseKeyMismatch,
    /// A new key's sign count is not zero.
    #[error("a new key's sign count is {0}, not 0")]
    SignCountNotZero(u32),
    /// The AAGUID is not Apple's.
    #[error("the environment is neither production nor development")]
    UnknownEnvironment,
    /// The AAGUID is the other environment's.
    #[error("the key belongs to the other environment")]
    EnvironmentMismatch,
    /// The assertion's signature is not the enrolled key's.
    #[error("the signature is not the enrolled key's over this client data")]
    SignatureInvalid,
    /// An assertion's sign count is zero; the first is one.
    #[error("the assertion's sign count is zero")]
    SignCountZero,
}

impl Rejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "app_attest_too_large",
            Self::NotCbor(_) => "app_attest_not_cbor",
            Self::Structure(_) => "app_attest_structure",
            Self::ForeignFormat => "app_attest_foreign_format",
            Self::CertificateCount(_) => "app_attest_certificate_count",
            Self::CertificateMalformed => "app_attest_certificate_malformed",
            Self::AuthenticatorData(_) => "app_attest_authenticator_data",
            Self::CoseKey => "app_attest_cose_key",
            Self::Extensions(_) => "app_attest_extensions",
            Self::UntrustedChain(_) => "app_attest_untrusted_chain",
            Self::Expired => "app_attest_certificate_expired",
            Self::NotYetValid => "app_attest_certificate_not_yet_valid",
            Self::NonceExtension => "app_attest_nonce_extension",
            Self::NonceMismatch => "app_attest_nonce_mismatch",
            Self::MacAccessControl => "app_attest_mac_access_control",
            Self::AppMismatch => "app_attest_app_mismatch",
            Self::KeyUnsupported => "app_attest_key_unsupported",
            Self::KeyIdMismatch => "app_attest_key_id_mismatch",
            Self::SubjectMismatch => "app_attest_subject_mismatch",
            Self::CredentialIdMismatch => "app_attest_credential_id_mismatch",
            Self::CoseKeyMismatch => "app_attest_cose_key_mismatch",
            Self::SignCountNotZero(_) => "app_attest_sign_count_not_zero",
            Self::UnknownEnvironment => "app_attest_unknown_environment",
            Self::EnvironmentMismatch => "app_attest_environment_mismatch",
            Self::SignatureInvalid => "app_attest_signature_invalid",
            Self::SignCountZero => "app_attest_sign_count_zero",
        }
    }
}

impl From<CborFault> for Rejection {
    fn from(fault: CborFault) -> Self {
        Self::NotCbor(fault)
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
