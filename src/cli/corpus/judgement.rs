//! What this program says about a case, in the corpus's words.

use std::borrow::Cow;

use serde_json::Value;

use crate::evidence::app_attest::Rejection;

/// One thing that was found in accepted evidence, under the corpus's name for it.
pub type Fact = (&'static str, Value);

/// What this program says about the evidence of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// Accepted, with what was found.
    Accepted(Vec<Fact>),
    /// Refused.
    Refused {
        /// The corpus's reason.
        reason: &'static str,
        /// This program's code.
        code: Cow<'static, str>,
        /// This program's reason for people.
        text: String,
    },
}

impl From<Rejection> for Judgement {
    fn from(rejection: Rejection) -> Self {
        Self::Refused { reason: reason(&rejection), code: rejection.code().into(), text: rejection.to_string() }
    }
}

/// The corpus's reason for a rejection.
pub(super) const fn reason(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::TooLarge { .. }
        | Rejection::NotCbor(_)
        | Rejection::Structure(_)
        | Rejection::ForeignFormat
        | Rejection::CertificateCount(0 | 2..)
        | Rejection::CertificateMalformed
        | Rejection::AuthenticatorData(_)
        | Rejection::CoseKey
        | Rejection::Extensions(_)
        | Rejection::KeyUnsupported => "malformed",
        // A leaf alone is well-formed, and leads to no anchor.
        Rejection::CertificateCount(1) | Rejection::UntrustedChain(_) => "untrusted_chain",
        Rejection::Expired => "expired",
        Rejection::NotYetValid => "not_yet_valid",
        Rejection::NonceExtension | Rejection::NonceMismatch => "nonce_mismatch",
        Rejection::AppMismatch => "app_mismatch",
        Rejection::KeyIdMismatch
        | Rejection::SubjectMismatch
        | Rejection::CredentialIdMismatch
        | Rejection::CoseKeyMismatch => "key_mismatch",
        Rejection::UnknownEnvironment | Rejection::EnvironmentMismatch => "environment_mismatch",
        Rejection::SignCountNotZero(_) | Rejection::MacAccessControl => "constraint_violation",
        Rejection::SignatureInvalid => "signature_invalid",
        Rejection::SignCountZero => "counter_not_advanced",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_the_first_that_the_corpus_names() {
        for (rejection, expected) in [
            (Rejection::CertificateCount(0), "malformed"),
            (Rejection::CertificateCount(1), "untrusted_chain"),
            (Rejection::CertificateCount(3), "malformed"),
            (Rejection::NonceExtension, "nonce_mismatch"),
        ] {
            assert_eq!(reason(&rejection), expected, "{rejection}");
        }
    }
}
