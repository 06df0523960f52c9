//! What to do about evidence that was refused.

use super::reason::{PlayDialog, Reason, Remedy};
use crate::evidence::app_attest::Rejection;
use crate::evidence::client_data::ClientDataRejection;
use crate::evidence::key_attestation;
use crate::evidence::play_integrity;

impl From<&Rejection> for Reason {
    fn from(rejection: &Rejection) -> Self {
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy: remedy(rejection) }
    }
}

impl From<&play_integrity::Rejection> for Reason {
    fn from(rejection: &play_integrity::Rejection) -> Self {
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy: play_remedy(rejection) }
    }
}

impl From<ClientDataRejection> for Reason {
    fn from(rejection: ClientDataRejection) -> Self {
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy: Remedy::ContactSupport }
    }
}

const fn remedy(rejection: &Rejection) -> Remedy {
    match rejection {
        Rejection::Expired
        | Rejection::KeyIdMismatch
        | Rejection::SubjectMismatch
        | Rejection::CredentialIdMismatch
        | Rejection::CoseKeyMismatch
        | Rejection::SignCountNotZero(_)
        | Rejection::KeyUnsupported => Remedy::ReEnrol,
        Rejection::NonceMismatch | Rejection::SignatureInvalid | Rejection::SignCountZero => Remedy::NewChallenge,
        Rejection::AppMismatch | Rejection::EnvironmentMismatch => Remedy::UpdateApp,
        Rejection::NotYetValid => Remedy::RetryNow,
        Rejection::MacAccessControl | Rejection::UntrustedChain(_) => Remedy::None,
        Rejection::TooLarge { .. }
        | Rejection::NotCbor(_)
        | Rejection::Structure(_)
        | Rejection::ForeignFormat
        | Rejection::CertificateCount(_)
        | Rejection::CertificateMalformed
        | Rejection::AuthenticatorData(_)
        | Rejection::CoseKey
        | Rejection::Extensions(_)
        | Rejection::NonceExtension
        | Rejection::UnknownEnvironment => Remedy::ContactSupport,
    }
}

const fn play_remedy(rejection: &play_integrity::Rejection) -> Remedy {
    use play_integrity::Rejection;
    match rejection {
        Rejection::BindingMismatch | Rejection::Expired => Remedy::NewChallenge,
        Rejection::NotYetValid => Remedy::RetryNow,
        Rejection::RequestPackageMismatch => Remedy::UpdateApp,
        Rejection::AppMismatch | Rejection::SignerMismatch => Remedy::ShowPlayDialog(PlayDialog::GetLicensed),
        Rejection::NotDecrypted | Rejection::SignatureInvalid | Rejection::TestingResponse => Remedy::None,
        Rejection::TooLarge { .. }
        | Rejection::TokenForm(_)
        | Rejection::TokenHeader(_)
        | Rejection::SignedForm(_)
        | Rejection::SignedHeader(_)
        | Rejection::NotJson(_)
        | Rejection::Structure { .. }
        | Rejection::BindingForm
        | Rejection::KindUnexpected => Remedy::ContactSupport,
    }
}

impl From<&key_attestation::Rejection> for Reason {
    fn from(rejection: &key_attestation::Rejection) -> Self {
        let remedy = key_attestation_remedy(rejection);
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy }
    }
}

const fn key_attestation_remedy(rejection: &key_attestation::Rejection) -> Remedy {
    use key_attestation::Rejection as R;
    match rejection {
        R::DescriptionMissing | R::Expired | R::KeyMismatch | R::KeyContradicted | R::KeyUnsupported => Remedy::ReEnrol,
        R::ChallengeMismatch | R::SignatureInvalid | R::SignCountZero => Remedy::NewChallenge,
        R::ApplicationIdMissing | R::PackageMismatch | R::SignerMismatch => Remedy::UpdateApp,
        R::NotYetValid => Remedy::RetryNow,
        R::UntrustedChain(_)
        | R::SerialTooLong
        | R::ExtensionRepeated
        | R::DescriptionAboveLeaf
        | R::IssuerUnfit(_) => Remedy::None,
        R::CertificateCount(_)
        | R::TooLarge { .. }
        | R::CertificateMalformed
        | R::ExtensionCritical
        | R::Description(_)
        | R::ApplicationId(_)
        | R::SignatureTooLong { .. } => Remedy::ContactSupport,
    }
}
