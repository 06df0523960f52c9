//! What an app expects of Play Integrity.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Presence, Stance};
use crate::evidence::claims::PlayIntegrity;
use crate::evidence::claims::play_integrity::{AppVerdict, DeviceLabel, LicensingVerdict};
use crate::evidence::play_integrity::TestingResponses;
use crate::time::Timestamp;

/// The reference values and thresholds for Play Integrity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayIntegrityPolicy {
    /// Whether an Android device has to send a token.
    pub presence: Presence,
    /// The verdicts on the app that are accepted; `None` does not look at them.
    pub app_verdicts: Option<BTreeSet<AppVerdict>>,
    /// The oldest version of the app that is accepted.
    pub min_version_code: Option<u64>,
    /// The labels that a device needs, all of them.
    pub device_labels: BTreeSet<DeviceLabel>,
    /// The API level below which the strong label counts for nothing: before 33 it says nothing about security updates. Looked
    /// at where the strong label is needed.
    pub strong_min_sdk: Option<u32>,
    /// The verdicts on the licence that are accepted.
    pub licensing_verdicts: BTreeSet<LicensingVerdict>,
    /// What any other verdict on the licence is worth, or none.
    pub unlicensed: Stance,
    /// Levels of recent activity that speak of automation: 3 and 4.
    pub recent_activity: Signal,
    /// Apps not known to Play that may capture, cover or control the screen.
    pub access_risk: Signal,
    /// Apps known to Play that may do so; for apps that show secrets.
    pub known_access_risk: Stance,
    /// Harmful apps that Play Protect has found.
    pub play_protect: Signal,
    /// A location that may be made up.
    pub location_risk: Signal,
    /// What is done with verdicts that testers had made up.
    pub testing_responses: TestingResponses,
    /// How old a verdict may grow before a fresh token is asked for; `None` asks for none.
    pub refresh_every: Option<Duration>,
    /// What is done while Google cannot be asked.
    pub outage: Outage,
}

/// What an optional part of the verdict is worth. The parts are switched on one by one in the Play Console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Where it speaks against the device.
    pub found: Stance,
    /// Where it is absent, was not evaluated, or says something that is not known.
    pub unknown: Stance,
}

/// What is done with a token while Google cannot be asked about it. Nothing here ever allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// It is refused.
    Refuse,
    /// A step-up is asked for.
    StepUp,
    /// The last verdict goes on for this long after its request, with a step-up; without one, the token is refused.
    Hold(Duration),
}

impl Signal {
    /// It changes nothing, whatever it says.
    pub const IGNORED: Self = Self { found: Stance::Allow, unknown: Stance::Allow };
    /// It casts doubt where it speaks, and may be absent.
    pub const SOFT: Self = Self { found: Stance::StepUp, unknown: Stance::Allow };
}

impl PlayIntegrityPolicy {
    /// When what was said is worth less than now; `None` when that does not depend on its age.
    pub fn until(&self, said: &PlayIntegrity) -> Option<Timestamp> {
        match (said, self.outage) {
            (PlayIntegrity::Decoded(claims), _) => Some(claims.requested_at.plus(self.refresh_every?)),
            (PlayIntegrity::Unavailable { last: Some(last), .. }, Outage::Hold(limit)) => {
                Some(last.requested_at.plus(limit))
            }
            (PlayIntegrity::Unavailable { .. }, _) => None,
        }
    }

    /// What a careful team would ship: the app as Play distributes it, on a certified device. Licence, automation, screen
    /// readers and harmful apps cast doubt; outages refuse.
    pub fn careful() -> Self {
        Self {
            presence: Presence::Required,
            app_verdicts: Some(BTreeSet::from([AppVerdict::PlayRecognized])),
            min_version_code: None,
            device_labels: BTreeSet::from([DeviceLabel::Device]),
            strong_min_sdk: Some(33),
            licensing_verdicts: BTreeSet::from([LicensingVerdict::Licensed]),
            unlicensed: Stance::StepUp,
            recent_activity: Signal::SOFT,
            access_risk: Signal::SOFT,
            known_access_risk: Stance::Allow,
            play_protect: Signal::SOFT,
            location_risk: Signal::IGNORED,
            testing_responses: TestingResponses::Refused,
            refresh_every: None,
            outage: Outage::Refuse,
        }
    }
}
