//! How a rule applies: whether it counts, for how many instances, and how much.

use serde::{Deserialize, Serialize};

use crate::appraisal::vector::Worth;
use crate::crypto::digest::sha256_of_parts;

/// How a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Whether what it finds counts.
    pub mode: Mode,
    /// For how many instances it counts, where it does; for the others it reports.
    pub percent: Percent,
    /// How much it counts, instead of what the rule itself says.
    pub tier: Option<Concern>,
}

/// Whether what a rule finds counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It does.
    #[default]
    Enforce,
    /// It is told and changes nothing.
    Report,
    /// It is neither counted nor told.
    Off,
}

/// What a rule may make of an instance. No rule ever affirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// One that is doubted.
    Warning,
    /// One that is not trusted.
    Contraindicated,
}

/// A share of all instances: 1 to 100 in a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

/// A number is not from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a share is 1 to 100 percent")]
pub struct PercentMalformed;

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::appraisal) enum Effect {
    Counts,
    IsReported,
    IsIgnored,
}

impl Application {
    /// The rule counts for everybody, as much as it says itself.
    pub const USUAL: Self = Self { mode: Mode::Enforce, percent: Percent::ALL, tier: None };

    /// Whether what the rule finds counts for every instance.
    pub fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce && self.percent == Percent::ALL
    }

    /// What becomes of what the rule with this code finds about `subject`.
    pub(in crate::appraisal) fn effect(&self, code: &str, subject: &[u8]) -> Effect {
        match self.mode {
            Mode::Off => Effect::IsIgnored,
            Mode::Report => Effect::IsReported,
            Mode::Enforce if self.percent.includes(code, subject) => Effect::Counts,
            Mode::Enforce => Effect::IsReported,
        }
    }
}

impl Concern {
    /// What a finding is worth.
    pub(in crate::appraisal) const fn worth(self) -> Worth {
        match self {
            Self::Warning => Worth::DOUBTFUL,
            Self::Contraindicated => Worth::CONTRAINDICATED,
        }
    }
}

impl Percent {
    /// Everybody.
    pub const ALL: Self = Self(100);

    /// Whether `subject` belongs to the share for which the rule counts. A larger share has everybody that a smaller one has,
    /// and each rule has a share of its own. Whoever is not known (empty) belongs to every share.
    fn includes(self, code: &str, subject: &[u8]) -> bool {
        if self == Self::ALL || subject.is_empty() {
            return true;
        }
        let digest = sha256_of_parts(&[b"bonafide share 1", code.as_bytes(), subject]);
        let place = digest.iter().take(8).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        (place * 100) >> 64 < u128::from(self.0)
    }
}

impl TryFrom<u8> for Percent {
    type Error = PercentMalformed;

    fn try_from(number: u8) -> Result<Self, PercentMalformed> {
        if (1..=100).contains(&number) { Ok(Self(number)) } else { Err(PercentMalformed) }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percent(number: u8) -> Percent {
        Percent::try_from(number).expect("a share")
    }

    proptest! {
        #[test]
        fn a_larger_share_keeps_whom_a_smaller_one_has(subject: [u8; 16], small in 1_u8..=100, more in 0_u8..100) {
            let large = percent((small + more).min(100));
            prop_assert!(!percent(small).includes("a_rule", &subject) || large.includes("a_rule", &subject));
        }
    }

    #[test]
    fn a_share_is_about_as_large_as_it_says() {
        let subjects: Vec<[u8; 16]> = (0..10_000_u128).map(u128::to_be_bytes).collect();
        for number in [1, 10, 50, 90, 99] {
            let count = subjects.iter().filter(|subject| percent(number).includes("a_rule", *subject)).count();
            let off = count.abs_diff(usize::from(number) * 100);
            assert!(off < 200, "{number} percent are {count} of 10000");
        }
    }

    #[test]
    fn shares_of_two_rules_are_not_the_same_instances() {
        let half = percent(50);
        let same = (0..1_000_u128).map(u128::to_be_bytes);
        let same = same.filter(|subject| half.includes("a_rule", subject) == half.includes("b_rule", subject)).count();
        assert!((400..600).contains(&same), "{same}");
    }

    #[test]
    fn the_place_of_an_instance_never_moves() {
        let first = (1..=100).find(|number| percent(*number).includes("os_outdated", &[7; 16]));
        assert_eq!(first, Some(36));
    }

    #[test]
    fn everybody_and_whoever_is_not_known_belong_to_it() {
        assert!(percent(1).includes("a_rule", &[]));
        assert!((0..100_u128).all(|subject| Percent::ALL.includes("a_rule", &subject.to_be_bytes())));
        assert_eq!([0, 101].map(Percent::try_from), [Err(PercentMalformed); 2]);
    }

    #[test]
    fn modes_say_what_becomes_of_a_finding() {
        let effect = |mode| Application { mode, ..Application::USUAL }.effect("a_rule", &[1]);
        let effects = [Mode::Enforce, Mode::Report, Mode::Off].map(effect);
        assert_eq!(effects, [Effect::Counts, Effect::IsReported, Effect::IsIgnored]);
    }
}
