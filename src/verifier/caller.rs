//! Callers: the authenticated relying parties of calls.

use std::collections::BTreeSet;

use crate::ids::{AppName, Name};

/// The authenticated relying party of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its name, in logs and idempotency.
    pub name: Name,
    /// The party it belongs to: callers of one party see the same pseudonyms.
    pub relying_party: Name,
    /// What it may do.
    pub role: Role,
    /// The apps that it may touch.
    pub apps: Grants,
}

/// What a caller may do and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May issue challenges, attest, assert, check and watch, and sees all facts.
    AuthServer,
    /// May check and watch, and sees decisions and reasons.
    Gateway,
    /// May look up, list, revoke and reinstate instances, check and watch, and sees all facts.
    Operator,
}

impl Role {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthServer => "auth-server",
            Self::Gateway => "gateway",
            Self::Operator => "operator",
        }
    }
}

/// The apps that a caller may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grants {
    /// All of the configuration.
    #[default]
    All,
    /// These.
    Only(BTreeSet<AppName>),
}

impl Grants {
    /// Whether the caller may touch this app.
    pub fn include(&self, app: &AppName) -> bool {
        match self {
            Self::All => true,
            Self::Only(apps) => apps.contains(app),
        }
    }
}
