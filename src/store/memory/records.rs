//! Pages and the record in maps.

use super::{Maps, MemoryStore};
use crate::ids::InstanceId;
use crate::store::ledger::RecordLedger;
use crate::store::{Answer, KeptClaims, NumberedAppraisal, RecordedAppraisal, Records, StoreFault};

impl Records for MemoryStore {
    fn claims_after(&self, after: Option<InstanceId>, limit: u32) -> Answer<'_, Vec<KeptClaims>> {
        Box::pin(async move {
            let maps = self.maps();
            let mut ids: Vec<_> = maps.instances.keys().copied().filter(|id| Some(*id) > after).collect();
            ids.sort_unstable();
            let kept = ids.iter().filter_map(|id| maps.instances.get(id)).map(|record| KeptClaims {
                instance: record.instance.id,
                app: record.instance.app.clone(),
                claims: record.instance.claims.clone(),
            });
            Ok(kept.take(many(limit)).collect())
        })
    }

    fn appraisals_before(&self, before: Option<i64>, limit: u32) -> Answer<'_, Vec<NumberedAppraisal>> {
        Box::pin(async move {
            let maps = self.maps();
            let earlier = maps.appraisals.range(..before.unwrap_or(i64::MAX)).rev().take(many(limit));
            let numbered =
                earlier.map(|(number, appraisal)| NumberedAppraisal { number: *number, appraisal: appraisal.clone() });
            Ok(numbered.collect())
        })
    }
}

impl RecordLedger for Maps {
    fn record(&mut self, appraisal: &RecordedAppraisal) -> Result<(), StoreFault> {
        let number = self.appraisals.last_key_value().map_or(1, |(last, _)| last + 1);
        self.appraisals.insert(number, appraisal.clone());
        Ok(())
    }

    fn trim_appraisals(&mut self, keep: u32) -> Result<u64, StoreFault> {
        let before = self.appraisals.len();
        while self.appraisals.len() > many(keep) {
            self.appraisals.pop_first();
        }
        Ok(u64::try_from(before - self.appraisals.len()).unwrap_or(u64::MAX))
    }
}

fn many(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
