//! The AR4SI trustworthiness vector (draft-ietf-rats-ar4si) and its tiers.

use serde::{Deserialize, Serialize};

/// How far something is trusted, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Trusted.
    Affirming,
    /// Nothing is known.
    None,
    /// Trusted with doubts.
    Warning,
    /// Not trusted.
    Contraindicated,
}

impl Tier {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Affirming => "affirming",
            Self::None => "none",
            Self::Warning => "warning",
            Self::Contraindicated => "contraindicated",
        }
    }
}

/// A value of one claim of the vector; its size tells the tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Worth(pub i8);

impl Worth {
    /// Nothing is claimed.
    pub const NO_CLAIM: Self = Self(0);
    /// Recognised, genuine, approved: the affirming value of every claim.
    pub const AFFIRMED: Self = Self(2);
    /// The warning value of every claim.
    pub const DOUBTFUL: Self = Self(32);
    /// Running code that is not recognised.
    pub const UNRECOGNISED_CODE: Self = Self(33);
    /// The contraindicated value of every claim.
    pub const CONTRAINDICATED: Self = Self(96);
    /// Instance or hardware that is not recognised.
    pub const UNRECOGNISED: Self = Self(97);
    /// A cryptographic check failed.
    pub const CRYPTOGRAPHY_FAILED: Self = Self(99);

    /// The tier of this value.
    pub const fn tier(self) -> Tier {
        match self.0.unsigned_abs() {
            0 | 1 => Tier::None,
            2..=31 => Tier::Affirming,
            32..=95 => Tier::Warning,
            _ => Tier::Contraindicated,
        }
    }

    /// The worse of two values; one that claims nothing gives way.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |worth: Self| (worth.tier() != Tier::None, worth.0.unsigned_abs());
        if rank(other) > rank(self) { other } else { self }
    }
}

/// What a claim of the vector is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// Whether this is the instance it claims to be.
    InstanceIdentity,
    /// Whether it is configured safely.
    Configuration,
    /// Whether the running code is the expected one.
    Executables,
    /// Whether the hardware is genuine.
    Hardware,
    /// Whether keys are kept by hardware.
    StorageOpaque,
}

/// What is claimed about a device, aspect by aspect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustVector {
    /// Is this the instance it claims to be?
    pub instance_identity: Worth,
    /// Is it configured safely?
    pub configuration: Worth,
    /// Is the running code the expected one?
    pub executables: Worth,
    /// Is the hardware genuine?
    pub hardware: Worth,
    /// Are keys kept by hardware?
    pub storage_opaque: Worth,
}

impl TrustVector {
    /// The vector of evidence whose verification failed.
    pub const UNVERIFIED: Self = Self {
        instance_identity: Worth::CRYPTOGRAPHY_FAILED,
        configuration: Worth::NO_CLAIM,
        executables: Worth::CRYPTOGRAPHY_FAILED,
        hardware: Worth::CRYPTOGRAPHY_FAILED,
        storage_opaque: Worth::NO_CLAIM,
    };

    /// The vector when nothing can be said.
    pub const SILENT: Self = Self {
        instance_identity: Worth::NO_CLAIM,
        configuration: Worth::NO_CLAIM,
        executables: Worth::NO_CLAIM,
        hardware: Worth::NO_CLAIM,
        storage_opaque: Worth::NO_CLAIM,
    };

    /// The names and values, in the order of the AR4SI registry.
    pub const fn named(&self) -> [(&'static str, Worth); 5] {
        [
            ("instance-identity", self.instance_identity),
            ("configuration", self.configuration),
            ("executables", self.executables),
            ("hardware", self.hardware),
            ("storage-opaque", self.storage_opaque),
        ]
    }

    /// The vector in which one aspect alone is claimed.
    pub const fn of(aspect: Aspect, worth: Worth) -> Self {
        let mut vector = Self::SILENT;
        match aspect {
            Aspect::InstanceIdentity => vector.instance_identity = worth,
            Aspect::Configuration => vector.configuration = worth,
            Aspect::Executables => vector.executables = worth,
            Aspect::Hardware => vector.hardware = worth,
            Aspect::StorageOpaque => vector.storage_opaque = worth,
        }
        vector
    }

    /// These claims, each of them worth as much; where there are none, a claim about the configuration.
    pub(super) fn restated(&self, worth: Worth) -> Self {
        let restate = |own: Worth| match own.tier() {
            Tier::None => own,
            tier if tier == worth.tier() => own,
            _ => worth,
        };
        if self.tier() == Tier::None {
            return Self::of(Aspect::Configuration, worth);
        }
        Self {
            instance_identity: restate(self.instance_identity),
            configuration: restate(self.configuration),
            executables: restate(self.executables),
            hardware: restate(self.hardware),
            storage_opaque: restate(self.storage_opaque),
        }
    }

    /// Aspect by aspect, the worse of both.
    #[must_use]
    pub fn worse(&self, other: &Self) -> Self {
        Self {
            instance_identity: self.instance_identity.worse(other.instance_identity),
            configuration: self.configuration.worse(other.configuration),
            executables: self.executables.worse(other.executables),
            hardware: self.hardware.worse(other.hardware),
            storage_opaque: self.storage_opaque.worse(other.storage_opaque),
        }
    }

    /// The worst tier that is claimed; [`Tier::None`] when nothing is.
    pub fn tier(&self) -> Tier {
        let claimed = self.named().into_iter().map(|(_, worth)| worth.tier()).filter(|tier| *tier != Tier::None);
        claimed.max().unwrap_or(Tier::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_follow_the_size_of_the_value() {
        for (value, tier) in [
            (-1, Tier::None),
            (0, Tier::None),
            (1, Tier::None),
            (2, Tier::Affirming),
            (31, Tier::Affirming),
            (32, Tier::Warning),
            (95, Tier::Warning),
            (96, Tier::Contraindicated),
            (127, Tier::Contraindicated),
            (-128, Tier::Contraindicated),
        ] {
            assert_eq!(Worth(value).tier(), tier, "{value}");
        }
    }

    #[test]
    fn the_worst_claim_decides_and_silence_affirms_nothing() {
        assert_eq!(TrustVector::SILENT.tier(), Tier::None);
        let one = TrustVector { hardware: Worth::AFFIRMED, ..TrustVector::SILENT };
        assert_eq!(one.tier(), Tier::Affirming);
        assert_eq!(TrustVector { executables: Worth::DOUBTFUL, ..one }.tier(), Tier::Warning);
        assert_eq!(TrustVector::UNVERIFIED.tier(), Tier::Contraindicated);
    }

    #[test]
    fn a_restated_worth_is_about_the_same_aspects() {
        let found = TrustVector { executables: Worth::UNRECOGNISED_CODE, ..TrustVector::SILENT };
        assert_eq!(found.restated(Worth::DOUBTFUL), found, "the tier is that already");
        let worse = TrustVector { executables: Worth::CONTRAINDICATED, ..TrustVector::SILENT };
        assert_eq!(found.restated(Worth::CONTRAINDICATED), worse);
        let silent = TrustVector { configuration: Worth::DOUBTFUL, ..TrustVector::SILENT };
        assert_eq!(TrustVector::SILENT.restated(Worth::DOUBTFUL), silent);
    }

    #[test]
    fn worse_never_improves() {
        assert_eq!(Worth::AFFIRMED.worse(Worth::DOUBTFUL), Worth::DOUBTFUL);
        assert_eq!(Worth::DOUBTFUL.worse(Worth::AFFIRMED), Worth::DOUBTFUL);
        assert_eq!(Worth::AFFIRMED.worse(Worth::NO_CLAIM), Worth::AFFIRMED);
        assert_eq!(Worth::NO_CLAIM.worse(Worth::AFFIRMED), Worth::AFFIRMED);
    }
}
