//! Whether a request comes from where its instance gave proof.

use super::weighing::Weighing;
use super::{Appraisal, Circumstances, Firmness, instance};
use crate::appraisal::policy::{Policy, Stance};
use crate::appraisal::reason::{Reason, Remedy};
use crate::crypto::digest::equal_in_constant_time;

/// One thing that a verdict may be bound to, under a keyed hash: at the proof, and in the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// What was bound at the proof; `None` where nothing was.
    pub bound: Option<[u8; 16]>,
    /// What the request presents; `None` where it says nothing.
    pub presented: Option<[u8; 16]>,
}

/// Everything that a verdict may be bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bonds {
    /// The network of the client's address.
    pub address: Bond,
    /// The fingerprint of the client's TLS.
    pub tls_fingerprint: Bond,
    /// The user's session.
    pub user_session: Bond,
}

/// The reasons about one thing.
struct Findings {
    mismatch: Reason,
    missing: Reason,
    unbound: Reason,
}

const ADDRESS: Findings = Findings {
    mismatch: Reason::new(
        "binding_address_mismatch",
        "the request comes from another network than the proof",
        Remedy::NewChallenge,
    ),
    missing: Reason::new(
        "binding_address_missing",
        "the relying party does not say where the request comes from",
        Remedy::ContactSupport,
    ),
    unbound: Reason::new(
        "binding_address_unbound",
        "the proof was not bound to the client's network",
        Remedy::NewChallenge,
    ),
};

const TLS_FINGERPRINT: Findings = Findings {
    mismatch: Reason::new(
        "binding_tls_mismatch",
        "the request comes with another TLS fingerprint than the proof",
        Remedy::NewChallenge,
    ),
    missing: Reason::new(
        "binding_tls_missing",
        "the relying party states no TLS fingerprint of the request",
        Remedy::ContactSupport,
    ),
    unbound: Reason::new("binding_tls_unbound", "the proof was not bound to a TLS fingerprint", Remedy::NewChallenge),
};

const USER_SESSION: Findings = Findings {
    mismatch: Reason::new(
        "binding_session_mismatch",
        "the request belongs to another user session than the proof",
        Remedy::NewChallenge,
    ),
    missing: Reason::new(
        "binding_session_missing",
        "the relying party states no user session of the request",
        Remedy::ContactSupport,
    ),
    unbound: Reason::new("binding_session_unbound", "the proof was not bound to a user session", Remedy::NewChallenge),
};

/// Everything that may be found, each by a rule of its own.
pub(super) fn reasons() -> impl Iterator<Item = Reason> {
    let each = [ADDRESS, TLS_FINGERPRINT, USER_SESSION];
    each.into_iter().flat_map(|Findings { mismatch, missing, unbound }| [mismatch, missing, unbound])
}

/// What a request is worth beside its verdict: nothing that is found says anything good.
pub fn appraise_binding(policy: &Policy, bonds: &Bonds, circumstances: &Circumstances<'_>) -> Appraisal {
    let mut weighing = Weighing::new(policy, *circumstances);
    let each = [
        (policy.binding.address, bonds.address, ADDRESS),
        (policy.binding.tls_fingerprint, bonds.tls_fingerprint, TLS_FINGERPRINT),
        (policy.binding.user_session, bonds.user_session, USER_SESSION),
    ];
    for (stance, bond, findings) in each {
        if let Some((worth, reason)) = Stance::worth(stance).zip(bond.broken(findings)) {
            weighing.find(reason, Firmness::Yielding, &instance(worth));
        }
    }
    weighing.appraisal
}

impl Bonds {
    /// A request that has nothing in common with the proof.
    pub const BROKEN: Self = {
        let broken = Bond { bound: Some([0; 16]), presented: Some([1; 16]) };
        Self { address: broken, tls_fingerprint: broken, user_session: broken }
    };
}

impl Bond {
    /// Why the request is not known to come from where the proof came from.
    fn broken(&self, findings: Findings) -> Option<Reason> {
        match (self.bound, self.presented) {
            (None, _) => Some(findings.unbound),
            (Some(_), None) => Some(findings.missing),
            (Some(bound), Some(presented)) => {
                (!equal_in_constant_time(&bound, &presented)).then_some(findings.mismatch)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::{BindingPolicy, Tier};
    use crate::time::Timestamp;

    const BONDS: [(Bond, &str); 4] = [
        (Bond { bound: Some([1; 16]), presented: Some([1; 16]) }, ""),
        (Bond { bound: Some([1; 16]), presented: Some([2; 16]) }, "mismatch"),
        (Bond { bound: Some([1; 16]), presented: None }, "missing"),
        (Bond { bound: None, presented: Some([1; 16]) }, "unbound"),
    ];

    fn found(binding: &BindingPolicy, bonds: &Bonds) -> (Tier, Vec<String>) {
        let policy = Policy { binding: *binding, ..Policy::default() };
        let found = appraise_binding(&policy, bonds, &Circumstances::at(Timestamp::EPOCH));
        (found.tier(), found.reasons.iter().map(|reason| reason.code.to_string()).collect())
    }

    #[test]
    fn each_bond_in_each_mode_ends_in_its_reason() {
        for (bond, what) in BONDS {
            for (stance, tier) in [(Stance::StepUp, Tier::Warning), (Stance::Deny, Tier::Contraindicated)] {
                let of = |of: &str| match what {
                    "" => (Tier::None, vec![]),
                    what => (tier, vec![format!("binding_{of}_{what}")]),
                };
                let ignored = BindingPolicy::IGNORED;
                let policy = BindingPolicy { address: stance, ..ignored };
                assert_eq!(found(&policy, &Bonds { address: bond, ..Bonds::default() }), of("address"));
                let policy = BindingPolicy { tls_fingerprint: stance, ..ignored };
                assert_eq!(found(&policy, &Bonds { tls_fingerprint: bond, ..Bonds::default() }), of("tls"));
                let policy = BindingPolicy { user_session: stance, ..ignored };
                assert_eq!(found(&policy, &Bonds { user_session: bond, ..Bonds::default() }), of("session"));
            }
            let everything = Bonds { address: bond, tls_fingerprint: bond, user_session: bond };
            assert_eq!(found(&BindingPolicy::IGNORED, &everything), (Tier::None, vec![]));
        }
    }

    #[test]
    fn every_broken_bond_is_named_and_the_worst_decides() {
        let policy = BindingPolicy { address: Stance::StepUp, user_session: Stance::Deny, ..BindingPolicy::IGNORED };
        let expected = ["binding_address_unbound", "binding_session_unbound"].map(str::to_owned).to_vec();
        assert_eq!(found(&policy, &Bonds::default()), (Tier::Contraindicated, expected));
    }
}
