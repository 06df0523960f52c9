//! The status list in two tables of one row: what is known about it, and its body, which only a reader reads.

use rusqlite::{Connection, params};

use super::batch::Batch;
use super::rows::{Millis, one, run};
use super::sql;
use crate::store::ledger::StatusListLedger;
use crate::store::{Confirmation, KeptStatusList, StoreFault};
use crate::time::Timestamp;

/// The whole list.
pub(super) fn status_list(connection: &Connection) -> Result<Option<KeptStatusList>, StoreFault> {
    one(connection, sql::STATUS_LIST, [], |row| {
        let (Millis(fetched_at), Millis(fresh_until)) = (row.get(2)?, row.get(3)?);
        Ok(KeptStatusList { body: row.get(0)?, etag: row.get(1)?, fetched_at, fresh_until })
    })
}

impl StatusListLedger for Batch<'_> {
    fn status_list_fetched_at(&self) -> Result<Option<Timestamp>, StoreFault> {
        let found = one(self.connection(), sql::STATUS_LIST_FETCHED_AT, [], |row| row.get(0))?;
        Ok(found.map(|Millis(fetched_at)| fetched_at))
    }

    fn set_status_list(&mut self, list: &KeptStatusList) -> Result<(), StoreFault> {
        let values = params![list.etag, Millis(list.fetched_at), Millis(list.fresh_until)];
        run(self.connection(), sql::SET_STATUS_LIST, values)?;
        run(self.connection(), sql::SET_STATUS_LIST_BODY, [&list.body]).map(drop)
    }

    fn set_status_list_times(&mut self, confirmation: &Confirmation) -> Result<(), StoreFault> {
        let values = params![Millis(confirmation.fetched_at), Millis(confirmation.fresh_until)];
        run(self.connection(), sql::SET_STATUS_LIST_TIMES, values).map(drop)
    }
}
