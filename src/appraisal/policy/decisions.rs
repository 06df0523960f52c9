//! Decisions: what is done at each tier.

use serde::{Deserialize, Serialize};

use super::Stance;
use crate::appraisal::vector::Tier;

/// What is done at the tiers below affirming, which always allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// Where there are doubts.
    pub warning: Stance,
    /// Where nothing is known.
    pub none: Restraint,
    /// Where something speaks against the device.
    pub contraindicated: Restraint,
}

/// What is done with somebody who is never let in at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restraint {
    /// A step-up is asked for.
    StepUp,
    /// Access is denied.
    Deny,
}

impl Default for Decisions {
    fn default() -> Self {
        Self::CAREFUL
    }
}

impl Restraint {
    const fn stance(self) -> Stance {
        match self {
            Self::StepUp => Stance::StepUp,
            Self::Deny => Stance::Deny,
        }
    }
}

impl Decisions {
    /// Doubts ask for a step-up; the unknown and the untrusted are denied.
    pub const CAREFUL: Self = Self { warning: Stance::StepUp, none: Restraint::Deny, contraindicated: Restraint::Deny };

    /// What is done at this tier.
    pub const fn at(&self, tier: Tier) -> Stance {
        match tier {
            Tier::Affirming => Stance::Allow,
            Tier::Warning => self.warning,
            Tier::None => self.none.stance(),
            Tier::Contraindicated => self.contraindicated.stance(),
        }
    }

    /// Whether somebody is treated more kindly than a careful team would.
    pub fn are_lenient(&self) -> bool {
        let usual = Self::CAREFUL;
        self.warning < usual.warning || self.none < usual.none || self.contraindicated < usual.contraindicated
    }

    pub(super) fn are_usual(&self) -> bool {
        *self == Self::CAREFUL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIERS: [Tier; 4] = [Tier::Affirming, Tier::Warning, Tier::None, Tier::Contraindicated];

    #[test]
    fn only_affirmed_instances_are_allowed_unless_told_otherwise() {
        let decisions = TIERS.map(|tier| Decisions::CAREFUL.at(tier));
        assert_eq!(decisions, [Stance::Allow, Stance::StepUp, Stance::Deny, Stance::Deny]);
        assert!(!Decisions::CAREFUL.are_lenient());
    }

    #[test]
    fn every_threshold_counts_for_its_tier() {
        let usual = Decisions::CAREFUL;
        for (decisions, expected, lenient) in [
            (Decisions { warning: Stance::Allow, ..usual }, [Stance::Allow, Stance::Deny, Stance::Deny], true),
            (Decisions { warning: Stance::Deny, ..usual }, [Stance::Deny; 3], false),
            (Decisions { none: Restraint::StepUp, ..usual }, [Stance::StepUp, Stance::StepUp, Stance::Deny], true),
            (
                Decisions { contraindicated: Restraint::StepUp, ..usual },
                [Stance::StepUp, Stance::Deny, Stance::StepUp],
                true,
            ),
        ] {
            let [affirming, below @ ..] = TIERS.map(|tier| decisions.at(tier));
            assert_eq!((affirming, below, decisions.are_lenient()), (Stance::Allow, expected, lenient));
        }
    }
}
