//! Why Play Integrity evidence is refused: one variant per check.

use crate::crypto::jose::JoseFault;
use crate::wire::json::JsonFault;

/// The check that evidence failed. [`Rejection::code`] is stable; the text is for people and may change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Longer than any genuine token or payload.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not a compact token of five parts.
    #[error("not a token as Google writes it: {0}")]
    TokenForm(&'static str),
    /// The token is not encrypted in the one way that is opened.
    #[error("the token is not encrypted with A256KW and A256GCM: {0}")]
    TokenHeader(&'static str),
    /// No configured key opens the token.
    #[error("the token was not encrypted for this app, or was changed")]
    NotDecrypted,
    /// What was encrypted is not a compact signature of three parts.
    #[error("what was encrypted is not a signed payload: {0}")]
    SignedForm(&'static str),
    /// The payload is not signed in the one way that is believed.
    #[error("the payload is not signed with ES256: {0}")]
    SignedHeader(&'static str),
    /// The signature is not Google's for this app.
    #[error("the signature is not by Google's key for this app")]
    SignatureInvalid,
    /// The payload is not JSON that says one thing.
    #[error("the payload is not JSON as Google writes it: {0}")]
    NotJson(JsonFault),
    /// A member is missing or of another type.
    #[error("the payload's structure is not Google's: {member} is not {wanted}")]
    Structure {
        /// The member.
        member: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A tester had the verdict made up.
    #[error("the verdict was made up for a tester")]
    TestingResponse,
    /// The request names another package.
    #[error("the token was requested for another package")]
    RequestPackageMismatch,
    /// Not exactly one of nonce and request hash.
    #[error("the payload does not carry exactly one of nonce and request hash")]
    BindingForm,
    /// A classic token in place of a standard one, or the reverse.
    #[error("the token is of the kind that is not expected")]
    KindUnexpected,
    /// Nonce or request hash are not the expected ones.
    #[error("nonce or request hash does not fit this client data")]
    BindingMismatch,
    /// Requested too long ago.
    #[error("the token was requested too long ago")]
    Expired,
    /// Requested in the future.
    #[error("the token was requested in the future")]
    NotYetValid,
    /// The app that asked is another one.
    #[error("the verdict is about another app")]
    AppMismatch,
    /// The app is signed by others.
    #[error("the app is not signed by the expected signers alone")]
    SignerMismatch,
}

impl Rejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "play_integrity_too_large",
            Self::TokenForm(_) => "play_integrity_token_form",
            Self::TokenHeader(_) => "play_integrity_token_header",
            Self::NotDecrypted => "play_integrity_not_decrypted",
            Self::SignedForm(_) => "play_integrity_signed_form",
            Self::SignedHeader(_) => "play_integrity_signed_header",
            Self::SignatureInvalid => "play_integrity_signature_invalid",
            Self::NotJson(_) => "play_integrity_not_json",
            Self::Structure { .. } => "play_integrity_structure",
            Self::TestingResponse => "play_integrity_testing_response",
            Self::RequestPackageMismatch => "play_integrity_request_package_mismatch",
            Self::BindingForm => "play_integrity_binding_form",
            Self::KindUnexpected => "play_integrity_kind_unexpected",
            Self::BindingMismatch => "play_integrity_binding_mismatch",
            Self::Expired => "play_integrity_expired",
            Self::NotYetValid => "play_integrity_not_yet_valid",
            Self::AppMismatch => "play_integrity_app_mismatch",
            Self::SignerMismatch => "play_integrity_signer_mismatch",
        }
    }

    /// What a fault of the outer token means.
    pub(super) const fn of_token(fault: JoseFault) -> Self {
        match fault {
            JoseFault::TooLarge => Self::TooLarge { limit: crate::crypto::jose::TOKEN_LIMIT },
            JoseFault::Form(why) => Self::TokenForm(why),
            JoseFault::Header(why) => Self::TokenHeader(why),
            JoseFault::NotDecrypted | JoseFault::SignatureInvalid => Self::NotDecrypted,
        }
    }

    /// What a fault of the token inside means.
    pub(super) const fn of_signed(fault: JoseFault) -> Self {
        match fault {
            JoseFault::TooLarge => Self::TooLarge { limit: crate::crypto::jose::TOKEN_LIMIT },
            JoseFault::Form(why) => Self::SignedForm(why),
            JoseFault::Header(why) => Self::SignedHeader(why),
            JoseFault::NotDecrypted | JoseFault::SignatureInvalid => Self::SignatureInvalid,
        }
    }
}

impl From<JsonFault> for Rejection {
    fn from(fault: JsonFault) -> Self {
        Self::NotJson(fault)
    }
}
