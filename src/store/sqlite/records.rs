//! Pages of instances and of recorded appraisals, and the record itself.

use rusqlite::{Connection, Params, Row, params};

use super::batch::Batch;
use super::rows::{Json, fault, run};
use super::sql;
use crate::ids::InstanceId;
use crate::store::ledger::RecordLedger;
use crate::store::{KeptClaims, NumberedAppraisal, RecordedAppraisal, StoreFault};

/// A page of instances; the id of sixteen zero bytes comes first like any other.
pub(super) fn claims_after(
    connection: &Connection,
    after: Option<InstanceId>,
    limit: u32,
) -> Result<Vec<KeptClaims>, StoreFault> {
    page(connection, sql::CLAIMS_AFTER, params![after.map(|id| id.0), limit], |row| {
        let Json(claims) = row.get(2)?;
        Ok(KeptClaims { instance: InstanceId(row.get(0)?), app: row.get(1)?, claims })
    })
}

/// A page of recorded appraisals.
pub(super) fn appraisals_before(
    connection: &Connection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<NumberedAppraisal>, StoreFault> {
    page(connection, sql::APPRAISALS_BEFORE, params![before.unwrap_or(i64::MAX), limit], |row| {
        let Json(appraisal) = row.get(1)?;
        Ok(NumberedAppraisal { number: row.get(0)?, appraisal })
    })
}

fn page<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreFault> {
    let rows = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(params, read)?.collect::<rusqlite::Result<Vec<T>>>());
    rows.map_err(|error| fault(&error))
}

impl RecordLedger for Batch<'_> {
    fn record(&mut self, appraisal: &RecordedAppraisal) -> Result<(), StoreFault> {
        run(self.connection(), sql::RECORD_APPRAISAL, [Json(appraisal)]).map(drop)
    }

    fn trim_appraisals(&mut self, keep: u32) -> Result<u64, StoreFault> {
        run(self.connection(), sql::TRIM_APPRAISALS, [keep])
    }
}
