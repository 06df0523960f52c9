//! Why there is no verdict: the caller's mistakes, and our own inability.

use super::tokens::KeysFault;
use crate::crypto::secret::NoRandomness;
use crate::ids::AppName;
use crate::store::StoreFault;

/// Why a call ends without a verdict. The relying party then fails closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// No app of this name is configured.
    #[error("no app of this name is configured")]
    UnknownApp,
    /// The caller may not touch this app, whether it is configured or not.
    #[error("the caller may not touch this app")]
    AppNotGranted,
    /// The app has no such instance.
    #[error("the app has no such instance")]
    UnknownInstance,
    /// The page token is not one that this service gave for the same list.
    #[error("not a page token of this list")]
    PageToken,
    /// The name of the call was used for another call within the last minute.
    #[error("the idempotency key was used for another call within the last minute")]
    CallNameTaken,
    /// The evidence knows no key, and there is no session that the verdict could be bound to.
    #[error("an integrity token alone needs a session that its verdict is bound to")]
    SessionMissing,
    /// A part of the request is not known that an assertion over it needs. The field is named.
    #[error("an assertion over the request needs it")]
    RequestIncomplete(&'static str),
    /// A token is asked for, and none are signed here.
    #[error("no tokens are signed here: the configuration has no [token]")]
    TokensNotConfigured,
    /// A token is asked for on behalf of a relying party that the caller may not have any for.
    #[error("the caller may not have tokens for this audience")]
    AudienceNotAllowed,
    /// A client attestation is asked for, and the client data name no key.
    #[error("a client attestation needs client data with a whole public JWK as cnf")]
    ConfirmationMissing,
    /// Other proofs of the same instance kept changing its claims. Nothing was spent.
    #[error("other proofs of the instance came first each time")]
    Overtaken,
    /// The service is being stopped.
    #[error("the service is being stopped")]
    Stopping,
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// In which way the service is unable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inability {
    /// Something that was kept is damaged: trying again will not help.
    Damaged,
    /// More calls wait than the service takes.
    Full,
    /// It may pass.
    Passing,
}

impl CallFault {
    /// In which way the service is unable, where the fault is its own.
    pub const fn inability(&self) -> Inability {
        match self {
            Self::Store(StoreFault::Unreadable(_)) => Inability::Damaged,
            Self::Store(StoreFault::Full) => Inability::Full,
            _ => Inability::Passing,
        }
    }
}

/// Why the role cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildFault {
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A lab root is not a certificate.
    #[error("a lab root of the app {0} is not a certificate")]
    LabRoot(AppName),
    /// The signing keys cannot be taken up.
    #[error(transparent)]
    SigningKeys(#[from] KeysFault),
}
