//! When trust was taken from all of an app, kept in memory: tokens about sessions ask for it with every request.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Era;
use crate::ids::AppName;
use crate::time::Timestamp;

/// Trust was taken from all of an app, and not given back since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// When that ends; `None` is never.
    pub until: Option<Timestamp>,
}

impl Withdrawal {
    /// Whether it covers, at `now`, what was proved at another time, of which whole seconds are known: what was proved in the same
    /// second is covered.
    pub fn covers(self, proven_at: Timestamp, now: Timestamp) -> bool {
        proven_at <= self.at && self.until.is_none_or(|until| now < until)
    }
}

/// For each app the withdrawals, and the era in which they were asked for. A statement on all of an app ends the era.
#[derive(Debug, Default)]
pub struct WithdrawalCache {
    kept: RwLock<BTreeMap<AppName, Kept>>,
}

#[derive(Debug)]
struct Kept {
    era: Era,
    withdrawals: Arc<[Withdrawal]>,
}

impl WithdrawalCache {
    /// The app's withdrawals, if they were asked for in this era.
    pub fn kept(&self, app: &AppName, era: Era) -> Option<Arc<[Withdrawal]>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(app).filter(|kept| kept.era == era).map(|kept| Arc::clone(&kept.withdrawals))
    }

    /// Keeps the app's withdrawals. `era` is the one before the store was asked.
    pub fn keep(&self, app: &AppName, era: Era, withdrawals: Arc<[Withdrawal]>) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).insert(app.clone(), Kept { era, withdrawals });
    }
}
