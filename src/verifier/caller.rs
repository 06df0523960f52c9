//! Callers: the authenticated relying parties of calls.

use crate::ids::Name;

/// The authenticated relying party of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its name, in logs and idempotency.
    pub name: Name,
    /// The party it belongs to: callers of one party see the same pseudonyms.
    pub relying_party: Name,
    /// What it may do.
    pub role: Role,
}

/// What a caller may do and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May issue challenges, attest, assert and check, and sees all facts.
    AuthServer,
    /// May check, and sees decisions and reasons.
    Gateway,
}

impl Role {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthServer => "auth-server",
            Self::Gateway => "gateway",
        }
    }
}
