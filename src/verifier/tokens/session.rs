//! Tokens about a session: no key is known by which there could be an instance that is appraised again.

use std::sync::Arc;

use super::checking::stated_by_token;
use crate::appraisal::{Reason, Remedy, Tier};
use crate::cache::Withdrawal;
use crate::ids::Position;
use crate::store::{Change, News, Ruling, Scope, Statement, StatementList, StoreFault};
use crate::token::TokenRejection;
use crate::verdict::ear::TokenClaims;
use crate::verdict::{Decision, Verdict};
use crate::verifier::app::App;
use crate::verifier::refusal::Setback;
use crate::verifier::{Moment, Verifier};

const POLICY_CHANGED: Reason = Reason::new(
    "token_policy_changed",
    "the policy has changed since the token was signed, and there is no instance to appraise again",
    Remedy::NewChallenge,
);

impl Verifier {
    /// The token's own statement, unless trust was taken since from all of the app.
    pub(super) async fn stated_on_session(
        &self,
        app: &App,
        claims: &TokenClaims,
        at: Moment,
    ) -> Result<Verdict, Setback> {
        let withdrawals = self.withdrawals(app, at).await?;
        if withdrawals.iter().any(|withdrawal| withdrawal.covers(claims.proven_at, at.now)) {
            return Err(TokenRejection::Revoked.into());
        }
        Ok(stated(app, claims))
    }

    /// When trust was taken from all of the app, from memory or from the store.
    async fn withdrawals(&self, app: &App, at: Moment) -> Result<Arc<[Withdrawal]>, StoreFault> {
        if let Some(kept) = self.withdrawals.kept(&app.name, at.era).filter(|_| self.cache.lease().is_current()) {
            return Ok(kept);
        }
        let (app_name, scope) = (app.name.clone(), Some(Scope::App));
        let list = StatementList { app: app_name, scope, after: Position::START, limit: u32::MAX };
        let withdrawals: Arc<[_]> = in_force(&self.store.statements(list).await?).into();
        self.withdrawals.keep(&app.name, at.era, Arc::clone(&withdrawals));
        Ok(withdrawals)
    }
}

/// The withdrawals among statements on all of an app. A reinstatement lifts those before it.
fn in_force(said: &[Change]) -> Vec<Withdrawal> {
    let mut withdrawals = Vec::new();
    for change in said {
        match change.news {
            News::Statement(Statement { ruling: Ruling::Revoked { until }, .. }) => {
                withdrawals.push(Withdrawal { at: change.at, until });
            }
            _ => withdrawals.clear(),
        }
    }
    withdrawals
}

fn stated(app: &App, claims: &TokenClaims) -> Verdict {
    let frame = app.frame(claims.proven_at);
    let changed = frame.policy != claims.policy;
    let freshness = frame.freshness;
    let reasons = claims.reasons.iter().map(|code| stated_by_token(code));
    let reasons = reasons.chain(changed.then_some(POLICY_CHANGED)).collect();
    let mut verdict = Verdict {
        decision: if changed { claims.decision.max(Decision::StepUp) } else { claims.decision },
        tier: if changed { claims.tier.max(Tier::None) } else { claims.tier },
        vector: claims.vector,
        session: claims.session.map(Box::new),
        expires_at: claims.expires_at,
        ..Verdict::refusal(claims.vector, reasons, frame)
    };
    verdict.freshness = freshness;
    verdict.carry_by(claims);
    verdict
}
