//! Callers: the authenticated relying parties of calls.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::crypto::digest::{Digest, sha256};
use crate::ids::{AppName, Name, NameMalformed};

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

    /// Whether verdicts come with facts. A gateway decides by the decision.
    pub const fn sees_facts(self) -> bool {
        matches!(self, Self::AuthServer | Self::Operator)
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

/// A caller, known by a key that it sends as `authorization: Bearer KEY`. `Debug` shows the caller alone.
#[derive(Clone, PartialEq, Eq)]
pub struct CallerKey {
    /// SHA-256 of the key.
    pub key_sha256: Digest,
    /// Who it is.
    pub caller: Caller,
}

impl fmt::Debug for CallerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CallerKey").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// Everyone who may call.
#[derive(Debug)]
pub enum Callers {
    /// Nobody is authenticated: whoever reaches the socket is this caller.
    Anyone(Arc<Caller>),
    /// By the digest of the key, so that looking one up tells nothing about the others.
    Keys(HashMap<Digest, Arc<Caller>>),
}

impl Callers {
    /// The holders of these keys; without any, everyone is the auth server `local`.
    ///
    /// Errors only if that name does not fit its own grammar.
    pub fn new(keys: Vec<CallerKey>) -> Result<Self, NameMalformed> {
        if keys.is_empty() {
            let local: Name = "local".parse()?;
            let caller =
                Caller { name: local.clone(), relying_party: local, role: Role::AuthServer, apps: Grants::All };
            return Ok(Self::Anyone(Arc::new(caller)));
        }
        Ok(Self::Keys(keys.into_iter().map(|key| (key.key_sha256, Arc::new(key.caller))).collect()))
    }

    /// Who shows this key; `None` for a key that nobody has, and for none at all where one is needed.
    pub fn with_key(&self, key: Option<&[u8]>) -> Option<Arc<Caller>> {
        match self {
            Self::Anyone(caller) => Some(Arc::clone(caller)),
            Self::Keys(keys) => keys.get(&sha256(key?)).cloned(),
        }
    }
}
