//! Why a token, or the proof beside it, is refused.

use crate::appraisal::{Reason, Remedy};

/// The check that failed, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejection {
    /// Not a compact JWS of the form that this service signs.
    #[error("the token is not one of this service's form")]
    Malformed,
    /// Its header names another algorithm than ES256.
    #[error("the token names another algorithm than ES256")]
    Algorithm,
    /// Its header names another type.
    #[error("the token is of another type")]
    Type,
    /// No key of this name is known.
    #[error("the key that the token names is not known")]
    KeyUnknown,
    /// The key has been retired.
    #[error("the key that the token names has been retired")]
    KeyRetired,
    /// The signature is not the key's.
    #[error("the token's signature does not hold")]
    Signature,
    /// Another service signed it.
    #[error("the token was issued under another issuer's name")]
    Issuer,
    /// It is for another relying party.
    #[error("the token is for another relying party")]
    Audience,
    /// It is about another app.
    #[error("the token is about another app")]
    App,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token was signed in the future")]
    NotYetValid,
    /// It is bound to a key, and no proof came with it.
    #[error("the token is bound to a key, and no DPoP proof came with it")]
    BindingMissing,
    /// The proof is another key's.
    #[error("the DPoP proof is by another key than the token is bound to")]
    BindingMismatch,
    /// The proof is not a DPoP proof.
    #[error("the DPoP proof cannot be read")]
    DpopMalformed,
    /// The proof's signature is not the key's.
    #[error("the DPoP proof's signature does not hold")]
    DpopSignature,
    /// The proof is for another method.
    #[error("the DPoP proof is for another method")]
    DpopMethod,
    /// The proof is for another target.
    #[error("the DPoP proof is for another target")]
    DpopTarget,
    /// The proof is too old, or from the future.
    #[error("the DPoP proof was not made just now")]
    DpopExpired,
    /// The proof is for another token, or for none.
    #[error("the DPoP proof is not about this token")]
    DpopToken,
    /// The proof was used before.
    #[error("the DPoP proof was used before")]
    DpopReplayed,
    /// It is bound to a client certificate, and none is named.
    #[error("the token is bound to a client certificate, and the request has none")]
    CertificateMissing,
    /// The client certificate is another.
    #[error("the token is bound to another client certificate")]
    CertificateMismatch,
    /// It may be used more than once, and was to be consumed.
    #[error("the token is not for a single use")]
    NotSingleUse,
    /// It was used before.
    #[error("the token was used before")]
    Consumed,
    /// Trust was taken from all of the app since the proof that the token rests on.
    #[error("trust was taken from all of the app since the proof that the token rests on")]
    Revoked,
    /// It is bound to a session, and none is named.
    #[error("the token is bound to a session, and none is named")]
    SessionMissing,
    /// It is bound to a session, and another one is named.
    #[error("the token is bound to another session")]
    SessionMismatch,
}

impl TokenRejection {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_algorithm",
            Self::Type => "token_type",
            Self::KeyUnknown => "token_key_unknown",
            Self::KeyRetired => "token_key_retired",
            Self::Signature => "token_signature",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::App => "token_app",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::BindingMissing => "token_binding_missing",
            Self::BindingMismatch => "token_binding_mismatch",
            Self::DpopMalformed => "dpop_malformed",
            Self::DpopSignature => "dpop_signature",
            Self::DpopMethod => "dpop_method",
            Self::DpopTarget => "dpop_target",
            Self::DpopExpired => "dpop_expired",
            Self::DpopToken => "dpop_token",
            Self::DpopReplayed => "dpop_replayed",
            Self::CertificateMissing => "client_certificate_missing",
            Self::CertificateMismatch => "client_certificate_mismatch",
            Self::NotSingleUse => "token_not_single_use",
            Self::Consumed => "token_consumed",
            Self::Revoked => "token_revoked",
            Self::SessionMissing => "session_missing",
            Self::SessionMismatch => "token_session_mismatch",
        }
    }

    /// What would help: a new token comes of a fresh assertion, a new DPoP proof costs nothing.
    const fn remedy(self) -> Remedy {
        match self {
            Self::KeyUnknown | Self::KeyRetired | Self::Expired | Self::Consumed | Self::Revoked => {
                Remedy::NewChallenge
            }
            Self::NotYetValid | Self::DpopExpired | Self::DpopReplayed => Remedy::RetryNow,
            _ => Remedy::ContactSupport,
        }
    }
}

impl From<TokenRejection> for Reason {
    fn from(rejection: TokenRejection) -> Self {
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy: rejection.remedy() }
    }
}
