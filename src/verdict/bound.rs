//! What a verdict is bound to.

use serde::{Deserialize, Serialize};

/// Keyed hashes of what the client had in common with the proof; `None` where nothing was bound. No plain value is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Of the network of the client's address.
    pub address: Option<[u8; 16]>,
    /// Of the fingerprint of the client's TLS.
    pub tls: Option<[u8; 16]>,
    /// Of the user's session at the relying party.
    pub session: Option<[u8; 16]>,
}
