//! What a request has to have in common with the proof that its verdict rests on.

use serde::{Deserialize, Serialize};

use super::Stance;

/// What it is worth that a request differs from what its instance was bound to. [`Stance::Allow`] does not look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingPolicy {
    /// The network that the client's address is in.
    pub address: Stance,
    /// The fingerprint of the client's TLS.
    pub tls_fingerprint: Stance,
    /// The user's session at the relying party.
    pub user_session: Stance,
    /// How many bits of an IPv4 address name its network, 1 to 32.
    pub address_prefix_v4: u8,
    /// How many bits of an IPv6 address name its network, 1 to 128.
    pub address_prefix_v6: u8,
}

impl BindingPolicy {
    /// Nothing is looked at; networks are /24 and /56.
    pub const IGNORED: Self = Self {
        address: Stance::Allow,
        tls_fingerprint: Stance::Allow,
        user_session: Stance::Allow,
        address_prefix_v4: 24,
        address_prefix_v6: 56,
    };

    /// Whether anything of a request is looked at.
    pub const fn is_felt(&self) -> bool {
        self.address.is_felt() || self.tls_fingerprint.is_felt() || self.user_session.is_felt()
    }
}

impl Default for BindingPolicy {
    fn default() -> Self {
        Self::IGNORED
    }
}
