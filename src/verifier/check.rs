//! What an instance is worth now: the question of every request.

use std::sync::Arc;

use super::Verifier;
use super::app::App;
use super::caller::Caller;
use super::fault::CallFault;
use super::refusal::Refusal;
use crate::appraisal::{Reason, Remedy, Tier, TrustVector, Worth};
use crate::ids::{AppName, InstanceId};
use crate::time::Timestamp;
use crate::verdict::{Decision, Freshness, Subject, Verdict};

pub(super) const INSTANCE_UNKNOWN: Reason =
    Reason::new("instance_unknown", "no such instance is enrolled", Remedy::ReEnrol);
const PROOF_EXPIRED: Reason =
    Reason::new("proof_expired", "the last proof is too old; a fresh assertion is needed", Remedy::NewChallenge);
pub(super) const UNRECOGNISED: TrustVector =
    TrustVector { instance_identity: Worth::UNRECOGNISED, ..TrustVector::SILENT };

impl Verifier {
    /// The verdict that holds now for the instance behind a pseudonym of this caller's relying party.
    ///
    /// Errors with [`CallFault`] when there can be no verdict. An answer from memory costs no I/O.
    pub async fn check(&self, caller: &Caller, app: &AppName, pseudonym: &str) -> Result<Arc<Verdict>, CallFault> {
        let app = self.app(app)?;
        let now = self.clock.now();
        let current = match self.instance_behind(caller, pseudonym) {
            Some(id) => self.current(app, id, now).await?,
            None => None,
        };
        match current {
            Some(verdict) if verdict.holds_at(now) => Ok(verdict),
            Some(verdict) => Ok(Arc::new(held(Verdict::clone(&verdict), now))),
            None => Ok(Arc::new(Refusal::of(UNRECOGNISED, INSTANCE_UNKNOWN).stated(app, now))),
        }
    }

    /// The verdict on the instance's latest proof, from memory or from the store.
    pub(super) async fn current(
        &self,
        app: &App,
        id: InstanceId,
        now: Timestamp,
    ) -> Result<Option<Arc<Verdict>>, CallFault> {
        let fits = |verdict: &Arc<Verdict>| verdict.app == app.name && app.is_current(verdict);
        if let Some(verdict) = self.cache.cached(id).await {
            return Ok(Some(verdict).filter(fits));
        }
        let load = async {
            let instance = self.store.instance(id).await?.filter(|instance| instance.app == app.name);
            Ok(instance
                .map(|instance| self.verdict(app, Subject::Instance(id), instance.claims, instance.proven_at, now)))
        };
        self.cache.loaded(id, now, load).await.map(|verdict| verdict.filter(fits))
    }
}

/// A verdict as it holds now: unchanged while it lasts, afterwards only a request for a fresh proof.
pub(super) fn held(verdict: Verdict, now: Timestamp) -> Verdict {
    if verdict.holds_at(now) {
        return verdict;
    }
    let mut reasons = verdict.reasons;
    reasons.push(PROOF_EXPIRED);
    let decision = if verdict.decision == Decision::Deny { Decision::Deny } else { Decision::StepUp };
    Verdict { decision, tier: Tier::None, reasons, freshness: Freshness::NEVER, ..verdict }
}
