//! Keys that sign tokens, and what may be used once only.

use crate::crypto::digest::Digest;
use crate::crypto::jwk::Thumbprint;
use crate::time::Timestamp;

/// A key that signs tokens, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The thumbprint of its public half.
    pub id: Thumbprint,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs; until then it is published only.
    pub signs_from: Timestamp,
    /// The key, sealed under a secret that the store does not have.
    pub sealed: Vec<u8>,
}

/// A key that is to sign tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The key.
    pub key: StoredKey,
    /// The key that was added last, as far as the caller knows.
    pub after: Option<Thumbprint>,
}

/// What became of a new key. Only [`AddKeyOutcome::Added`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddKeyOutcome {
    /// It is the newest.
    Added,
    /// Somebody else has added a key meanwhile: read them again.
    Overtaken,
}

/// What kinds of things may be used once. What is forgotten of one kind says nothing of another, which expires sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// A DPoP proof.
    Proof,
    /// A single-use token.
    Token,
}

/// Something that may be used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its kind.
    pub kind: UseKind,
    /// What it is, hashed together with its kind.
    pub id: Digest,
    /// When it is worth nothing any more; it is remembered until then.
    pub expires_at: Timestamp,
}

/// What became of uses. Only [`ConsumeOutcome::Consumed`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumeOutcome {
    /// This was the first use of each, and the last.
    Consumed,
    /// The first of them that was used before, or expired so long ago that this may have been forgotten.
    AlreadyConsumed(Use),
}
