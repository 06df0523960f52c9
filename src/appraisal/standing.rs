//! Standing: whether an instance still has the operator's trust, whatever it proves.

use super::reason::{Reason, Remedy};
use crate::time::Timestamp;

/// Why an instance is refused that the operator has revoked. What the operator had in mind is not for devices to know.
pub(super) const INSTANCE_REVOKED: Reason =
    Reason::new("instance_revoked", "trust in the instance was withdrawn", Remedy::ContactSupport);

/// Whether an instance still has the operator's trust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has taken it away.
    #[default]
    Good,
    /// It was taken away.
    Revoked {
        /// When the revocation ends; `None` is never.
        until: Option<Timestamp>,
    },
}

impl Standing {
    /// Whether the instance is revoked at `now`.
    pub fn is_revoked(self, now: Timestamp) -> bool {
        match self {
            Self::Good => false,
            Self::Revoked { until } => until.is_none_or(|until| now < until),
        }
    }

    /// When a revocation ends that has an end.
    pub const fn ends(self) -> Option<Timestamp> {
        match self {
            Self::Good => None,
            Self::Revoked { until } => until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_holds_until_its_end() {
        let at = Timestamp::from_millis;
        assert!(!Standing::Good.is_revoked(at(0)));
        assert!(Standing::Revoked { until: None }.is_revoked(at(u64::MAX)));
        let ending = Standing::Revoked { until: Some(at(10)) };
        assert_eq!([0, 9, 10, 11].map(|now| ending.is_revoked(at(now))), [true, true, false, false]);
    }
}
