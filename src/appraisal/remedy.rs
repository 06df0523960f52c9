//! What to do about evidence that was refused.

use super::reason::{Reason, Remedy};
use crate::evidence::app_attest::Rejection;
use crate::evidence::client_data::ClientDataRejection;

impl From<&Rejection> for Reason {
    fn from(rejection: &Rejection) -> Self {
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy: remedy(rejection) }
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
