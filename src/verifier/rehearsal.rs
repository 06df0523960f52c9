//! Another configuration tried on claims that are known: what would be stated now, and what then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::config::AppConfig;
use super::fault::BuildFault;
use super::reload::{Apps, built};
use super::status_list::read_kept;
use crate::appraisal::{Appraisal, Circumstances, PolicyRevision, Tier, TrustVector};
use crate::endorsement::status_list::KeptList;
use crate::evidence::claims::Claims;
use crate::ids::AppName;
use crate::store::KeptStatusList;
use crate::time::Timestamp;
use crate::verdict::{Decision, Subject};

/// Two configurations of the apps, side by side.
pub struct Rehearsal {
    running: Apps,
    candidate: Apps,
    list: Option<KeptList>,
}

/// What is stated on the same claims under both configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// Whose claims they are.
    pub platform: Platform,
    /// Under the one that runs; `None` where it does not know the app.
    pub running: Option<Stated>,
    /// Under the candidate.
    pub candidate: Option<Stated>,
}

/// What is stated on claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Tier and decision.
    pub standing: Outcome,
    /// The codes of all reasons, and what each of them is worth.
    pub reasons: BTreeMap<String, TrustVector>,
}

/// Tier and decision; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Outcome {
    /// What relying parties are told to do.
    pub decision: Decision,
    /// How far the instance is trusted.
    pub tier: Tier,
}

/// Whose devices claims are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Apple's.
    Apple,
    /// Android's.
    Android,
}

impl Platform {
    /// The platform that claims come from.
    pub fn of(claims: &Claims) -> Self {
        if claims.app_attest.is_some() { Self::Apple } else { Self::Android }
    }

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apple => "apple",
            Self::Android => "android",
        }
    }
}

impl Rehearsal {
    /// Makes both configurations ready, with the status list that the store keeps. A list that cannot be read counts as none, as it
    /// does when the service starts.
    pub fn build(
        running: Vec<AppConfig>,
        candidate: Vec<AppConfig>,
        list: Option<&KeptStatusList>,
    ) -> Result<Self, BuildFault> {
        let list = list.and_then(|kept| read_kept(kept).ok());
        Ok(Self { running: built(running, None)?, candidate: built(candidate, None)?, list })
    }

    /// Weighs claims under both, as of this time. The status list counts as it is today, and then as fetched at that time at the
    /// latest.
    pub fn weigh(&self, app: &AppName, subject: Subject, claims: &Claims, now: Timestamp) -> Weighed {
        let list = self.list.clone().map(|list| KeptList { fetched_at: list.fetched_at.min(now), ..list });
        let circumstances =
            Circumstances { status_list: list.as_ref(), subject: subject.as_bytes(), ..Circumstances::at(now) };
        let claims = Arc::new(claims.clone());
        let under = |apps: &Apps| {
            let app = apps.get(app)?;
            let appraisal = app.appraised(&claims, &circumstances);
            let reasons = worths(&appraisal);
            let verdict = app.stated(subject, Arc::clone(&claims), appraisal, now, &circumstances);
            Some(Stated { standing: Outcome { decision: verdict.decision, tier: verdict.tier }, reasons })
        };
        Weighed { platform: Platform::of(&claims), running: under(&self.running), candidate: under(&self.candidate) }
    }

    /// The policies of each app: under the configuration that runs, and under the candidate.
    pub fn policies(&self) -> BTreeMap<AppName, [Option<PolicyRevision>; 2]> {
        let names: BTreeSet<&AppName> = self.running.keys().chain(self.candidate.keys()).collect();
        let revision = |apps: &Apps, name: &AppName| apps.get(name).map(|app| app.policy().revision());
        let both = |name: &AppName| [revision(&self.running, name), revision(&self.candidate, name)];
        names.into_iter().map(|name| (name.clone(), both(name))).collect()
    }
}

/// What each reason is worth, by its code; the worst where one is given more than once.
fn worths(appraisal: &Appraisal) -> BTreeMap<String, TrustVector> {
    let mut worths = BTreeMap::<String, TrustVector>::new();
    for (reason, worth) in appraisal.reasons.iter().zip(&appraisal.worths) {
        let worst = worths.entry(reason.code.clone().into_owned()).or_default();
        *worst = worst.worse(worth);
    }
    worths
}
