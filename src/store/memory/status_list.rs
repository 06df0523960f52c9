//! The status list, whole.

use super::Maps;
use crate::store::ledger::StatusListLedger;
use crate::store::{Confirmation, KeptStatusList, StoreFault};
use crate::time::Timestamp;

impl StatusListLedger for Maps {
    fn status_list_fetched_at(&self) -> Result<Option<Timestamp>, StoreFault> {
        Ok(self.status_list.as_ref().map(|list| list.fetched_at))
    }

    fn set_status_list(&mut self, list: &KeptStatusList) -> Result<(), StoreFault> {
        self.status_list = Some(list.clone());
        Ok(())
    }

    fn set_status_list_times(&mut self, confirmation: &Confirmation) -> Result<(), StoreFault> {
        if let Some(list) = &mut self.status_list {
            (list.fetched_at, list.fresh_until) = (confirmation.fetched_at, confirmation.fresh_until);
        }
        Ok(())
    }
}
