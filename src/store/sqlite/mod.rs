//! The embedded default: SQLite in one file, durable before the answer.

mod batch;
mod file;
mod readers;
mod rows;
mod schema;
mod sql;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;

use rusqlite::{Connection, Row};

use super::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, Instance, OpenFault, Purged};
use super::{Answer, CallId, FirstAnswer, Store, StoreFault, rules};
use crate::crypto::jwk::Thumbprint;
use crate::crypto::secret::Secret;
use crate::ids::{AccountTag, InstanceId, KeyId};
use crate::time::Timestamp;
use file::ClaimedFile;
use readers::Readers;
use rows::{Json, Millis};
use writer::Writer;

/// How many queries read at a time.
const READERS: usize = 4;

/// A store in one file that this process alone has open.
///
/// Its parts close in this order: the readers, the writer with what still waits for it, and then the claim on the file.
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
    _file: ClaimedFile,
}

impl SqliteStore {
    /// Opens the file, makes it when it does not exist, and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, OpenFault> {
        let file = ClaimedFile::claim(path)?;
        let writer = Writer::start(file.writer()?).map_err(|source| OpenFault::Io { path: path.into(), source })?;
        let readers = (0..READERS).map(|_| file.reader()).collect::<Result<_, _>>()?;
        Ok(Self { readers: Readers::new(readers), writer, _file: file })
    }
}

impl Store for SqliteStore {
    fn enrol(&self, enrolment: Enrolment) -> Answer<'_, EnrolOutcome> {
        Box::pin(self.writer.run(move |batch| rules::enrol(batch, &enrolment)))
    }

    fn advance(&self, advance: Advance) -> Answer<'_, AdvanceOutcome> {
        Box::pin(self.writer.run(move |batch| rules::advance(batch, &advance)))
    }

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<Instance>> {
        Box::pin(self.readers.read(move |connection| instance(connection, id)))
    }

    fn first_answer(&self, call: CallId, now: Timestamp) -> Answer<'_, Option<FirstAnswer>> {
        Box::pin(
            self.readers.read(move |connection| Ok(batch::answer(connection, &call)?.and_then(|kept| kept.at(now)))),
        )
    }

    fn secret(&self) -> Answer<'_, Secret> {
        Box::pin(self.writer.run(|batch| rules::secret(batch)))
    }

    fn purge(&self, now: Timestamp) -> Answer<'_, Purged> {
        Box::pin(self.writer.run(move |batch| rules::purge(batch, now)))
    }
}

fn instance(connection: &Connection, id: InstanceId) -> Result<Option<Instance>, StoreFault> {
    rows::one(connection, sql::INSTANCE, [id.0], |row| read_instance(row, id))
}

fn read_instance(row: &Row<'_>, id: InstanceId) -> rusqlite::Result<Instance> {
    let (Json(claims), Json(serials)) = (row.get(5)?, row.get(6)?);
    let (Millis(enrolled_at), Millis(proven_at)) = (row.get(8)?, row.get(9)?);
    Ok(Instance {
        id,
        app: row.get(0)?,
        key: row.get(1)?,
        key_id: KeyId(row.get(2)?),
        account: row.get::<_, Option<_>>(3)?.map(AccountTag),
        confirmation: row.get::<_, Option<_>>(4)?.map(Thumbprint),
        claims,
        serials,
        receipt: row.get(7)?,
        enrolled_at,
        proven_at,
        sign_count: row.get(10)?,
        claims_at: row.get(11)?,
    })
}
