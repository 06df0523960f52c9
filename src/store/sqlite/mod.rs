//! The embedded default: SQLite in one file, durable before the answer.

mod batch;
mod changes;
mod decodings;
mod file;
mod reader;
mod readers;
mod records;
mod rows;
mod schema;
mod sql;
mod status_list;
#[cfg(test)]
mod tests;
mod tokens;
mod writer;

use std::path::Path;

use rusqlite::{Connection, Row, params};

use super::changes::feed_start;
use super::ledger::TokenLedger;
use super::{AddKeyOutcome, ConsumeOutcome, NewKey, StoredKey, Use};
use super::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, Instance, OpenFault, Purged, RedeemOutcome, Redemption};
use super::{AnnounceOutcome, Announcement, Change, Changes, DeclareOutcome, Found, InstanceList, Newcomer};
use super::{Answer, CallId, FirstAnswer, Store, StoreFault, rules};
use super::{ConfirmOutcome, Confirmation, KeptStatusList, StatusListOutcome};
use super::{DecodedOutcome, Decoding, DecodingOutcome, WithdrawOutcome};
use super::{KeptClaims, NumberedAppraisal, Records};
use super::{Now, Statement, StatementList};
use crate::crypto::digest::Digest;
use crate::crypto::jwk::Thumbprint;
use crate::crypto::secret::Secret;
use crate::crypto::serial::Serial;
use crate::ids::{AccountTag, AppName, InstanceId, KeyId, Position};
use crate::time::Timestamp;
pub use reader::StoreReader;

use super::ledger::RecordLedger;
use changes::Place;
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
    /// Whoever follows the feed waits for no check, however many there are: on its looks hangs what memory is worth.
    feed: Readers,
    writer: Writer,
    _file: ClaimedFile,
}

impl SqliteStore {
    /// Opens the file, makes it when it does not exist, and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, OpenFault> {
        Self::starting_at(path, feed_start())
    }

    /// Opens the file; in one that is new, the first change comes after this position.
    pub(super) fn starting_at(path: &Path, start: Position) -> Result<Self, OpenFault> {
        let file = ClaimedFile::claim(path)?;
        let writer =
            Writer::start(file.writer(start)?).map_err(|source| OpenFault::Io { path: path.into(), source })?;
        let readers = (0..READERS).map(|_| file.reader()).collect::<Result<_, _>>()?;
        let feed = Readers::new(vec![file.reader()?]);
        Ok(Self { readers: Readers::new(readers), feed, writer, _file: file })
    }
}

impl Store for SqliteStore {
    fn enrol(&self, enrolment: Enrolment) -> Answer<'_, EnrolOutcome> {
        Box::pin(self.writer.run(move |batch| rules::enrol(batch, &enrolment)))
    }

    fn advance(&self, advance: Advance) -> Answer<'_, AdvanceOutcome> {
        Box::pin(self.writer.run(move |batch| rules::advance(batch, &advance)))
    }

    fn redeem(&self, redemption: Redemption) -> Answer<'_, RedeemOutcome> {
        Box::pin(self.writer.run(move |batch| rules::redeem(batch, &redemption)))
    }

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<Found>> {
        Box::pin(self.readers.read_whole(move |connection| instance(connection, id)))
    }

    fn newcomer(&self, app: AppName, serials: Vec<Serial>) -> Answer<'_, Newcomer> {
        Box::pin(self.readers.read_whole(move |connection| {
            rules::newcomer(connection, &app, &serials, changes::progress(connection)?.latest)
        }))
    }

    fn instances(&self, list: InstanceList) -> Answer<'_, Vec<Found>> {
        Box::pin(self.readers.read_whole(move |connection| instances(connection, &list)))
    }

    fn declare(&self, statement: Statement, now: Now) -> Answer<'_, DeclareOutcome> {
        Box::pin(self.writer.run(move |batch| rules::declare(batch, &statement, now())))
    }

    fn announce(&self, announcement: Announcement, at: Timestamp) -> Answer<'_, AnnounceOutcome> {
        Box::pin(self.writer.run(move |batch| rules::announce(batch, &announcement, at)))
    }

    fn statements(&self, list: StatementList) -> Answer<'_, Vec<Change>> {
        Box::pin(self.readers.read(move |connection| changes::statements(connection, &list)))
    }

    fn changes_after(&self, position: Position, limit: u32) -> Answer<'_, Changes> {
        Box::pin(self.feed.read_whole(move |connection| changes::changes_after(connection, position, limit)))
    }

    fn latest_position(&self) -> Answer<'_, Position> {
        Box::pin(self.feed.read(|connection| Ok(changes::progress(connection)?.latest)))
    }

    fn first_answer(&self, call: CallId, now: Timestamp) -> Answer<'_, Option<FirstAnswer>> {
        Box::pin(
            self.readers.read(move |connection| Ok(batch::answer(connection, &call)?.and_then(|kept| kept.at(now)))),
        )
    }

    fn secret(&self) -> Answer<'_, Secret> {
        Box::pin(self.writer.run(|batch| rules::secret(batch)))
    }

    fn begin_decoding(&self, decoding: Decoding) -> Answer<'_, DecodingOutcome> {
        Box::pin(self.writer.run(move |batch| rules::begin_decoding(batch, &decoding)))
    }

    fn keep_decoded(&self, token: Digest, decoded: Vec<u8>) -> Answer<'_, DecodedOutcome> {
        Box::pin(self.writer.run(move |batch| rules::keep_decoded(batch, &token, &decoded)))
    }

    fn withdraw_decoding(&self, token: Digest) -> Answer<'_, WithdrawOutcome> {
        Box::pin(self.writer.run(move |batch| rules::withdraw_decoding(batch, &token)))
    }

    fn quota_used(&self, app: AppName, day: u32) -> Answer<'_, u32> {
        Box::pin(self.readers.read(move |connection| decodings::quota_used(connection, &app, day)))
    }

    fn keep_status_list(&self, list: KeptStatusList, now: Timestamp) -> Answer<'_, StatusListOutcome> {
        Box::pin(self.writer.run(move |batch| rules::keep_status_list(batch, &list, now)))
    }

    fn confirm_status_list(&self, confirmation: Confirmation) -> Answer<'_, ConfirmOutcome> {
        Box::pin(self.writer.run(move |batch| rules::confirm_status_list(batch, &confirmation)))
    }

    fn status_list(&self) -> Answer<'_, Option<KeptStatusList>> {
        Box::pin(self.feed.read(status_list::status_list))
    }

    fn signing_keys(&self) -> Answer<'_, Vec<StoredKey>> {
        Box::pin(self.readers.read(tokens::signing_keys))
    }

    fn add_signing_key(&self, key: NewKey) -> Answer<'_, AddKeyOutcome> {
        Box::pin(self.writer.run(move |batch| rules::add_signing_key(batch, &key)))
    }

    fn remove_signing_keys(&self, ids: Vec<Thumbprint>) -> Answer<'_, ()> {
        Box::pin(self.writer.run(move |batch| ids.iter().try_for_each(|id| batch.remove_key(id))))
    }

    fn consume(&self, uses: Vec<Use>) -> Answer<'_, ConsumeOutcome> {
        Box::pin(self.writer.run(move |batch| rules::consume(batch, &uses)))
    }

    fn is_consumed(&self, once: Use) -> Answer<'_, bool> {
        Box::pin(self.readers.read(move |connection| tokens::is_consumed(connection, &once)))
    }

    fn purge(&self, now: Timestamp) -> Answer<'_, Purged> {
        Box::pin(self.writer.run(move |batch| rules::purge(batch, now)))
    }

    fn trim_appraisals(&self, keep: u32) -> Answer<'_, u64> {
        Box::pin(self.writer.run(move |batch| batch.trim_appraisals(keep)))
    }
}

impl Records for SqliteStore {
    fn claims_after(&self, after: Option<InstanceId>, limit: u32) -> Answer<'_, Vec<KeptClaims>> {
        Box::pin(self.readers.read(move |connection| records::claims_after(connection, after, limit)))
    }

    fn appraisals_before(&self, before: Option<i64>, limit: u32) -> Answer<'_, Vec<NumberedAppraisal>> {
        Box::pin(self.readers.read(move |connection| records::appraisals_before(connection, before, limit)))
    }
}

fn instance(connection: &Connection, id: InstanceId) -> Result<Option<Found>, StoreFault> {
    let Some((instance, enrolled_after)) = rows::one(connection, sql::INSTANCE, [id.0], read_instance)? else {
        return Ok(None);
    };
    let seen = changes::progress(connection)?.latest;
    rules::found(connection, instance, enrolled_after, seen).map(Some)
}

fn instances(connection: &Connection, list: &InstanceList) -> Result<Vec<Found>, StoreFault> {
    let (app, after) = (list.app.as_str(), list.after.map_or_else(Vec::new, |id| id.0.to_vec()));
    let found = match list.account {
        None => rows::all(connection, sql::INSTANCES_OF_APP, params![app, after, list.limit], read_instance)?,
        Some(AccountTag(tag)) => {
            rows::all(connection, sql::INSTANCES_OF_ACCOUNT, params![app, after, list.limit, tag], read_instance)?
        }
    };
    let seen = changes::progress(connection)?.latest;
    let each = found.into_iter().map(|(instance, after)| rules::found(connection, instance, after, seen));
    each.collect()
}

/// An instance, and the latest change before its enrolment.
fn read_instance(row: &Row<'_>) -> rusqlite::Result<(Instance, Position)> {
    let Place(enrolled_after) = row.get(12)?;
    let (Json(claims), Json(serials)) = (row.get(5)?, row.get(6)?);
    let (Millis(enrolled_at), Millis(proven_at)) = (row.get(8)?, row.get(9)?);
    let instance = Instance {
        id: InstanceId(row.get(13)?),
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
        bound: rows::bound(row, 14)?,
    };
    Ok((instance, enrolled_after))
}
