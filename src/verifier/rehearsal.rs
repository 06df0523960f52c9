//! Another configuration tried on claims that are known: what would be stated now, and what then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::config::AppConfig;
use super::fault::BuildFault;
use super::reload::{Apps, built};
use super::status_list::read_kept;
use crate::appraisal::{Appraisal, Circumstances, Policy, Tier, TrustVector};
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

/// The policies of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Under the configuration that runs; `None` where it does not know the app.
    pub running: Option<Policy>,
    /// Under the candidate.
    pub candidate: Option<Policy>,
}

impl Policies {
    /// The codes of the rules of either that look at requests: no request is kept, so they are not rehearsed.
    pub fn request_rules(&self) -> BTreeSet<&str> {
        let both = [&self.running, &self.candidate];
        both.into_iter().flatten().flat_map(Policy::request_rules).collect()
    }

    /// Whether requests have to have something else in common with the proof, which is not rehearsed either.
    pub fn bind_differently(&self) -> bool {
        let both = self.running.as_ref().zip(self.candidate.as_ref());
        both.is_some_and(|(running, candidate)| !running.binds_like(candidate))
    }
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

    /// The policies of each app.
    pub fn policies(&self) -> BTreeMap<AppName, Policies> {
        let names: BTreeSet<&AppName> = self.running.keys().chain(self.candidate.keys()).collect();
        let policy = |apps: &'_ Apps, name| apps.get(name).map(|app| app.policy().clone());
        let both = |name| Policies { running: policy(&self.running, name), candidate: policy(&self.candidate, name) };
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
