//! Tokens and quotas in tables.

use rusqlite::{Connection, params};

use super::batch::Batch;
use super::rows::{Millis, one, run};
use super::sql;
use crate::crypto::digest::Digest;
use crate::ids::AppName;
use crate::store::ledger::{Begun, DecodingLedger};
use crate::store::{Decoding, Spend, StoreFault};

/// What the app has used of the day's quota, for batches and for readers.
pub(super) fn quota_used(connection: &Connection, app: &AppName, day: u32) -> Result<u32, StoreFault> {
    Ok(one(connection, sql::QUOTA, params![app.as_str(), day], |row| row.get(0))?.unwrap_or_default())
}

impl DecodingLedger for Batch<'_> {
    fn decoding(&self, token: &Digest) -> Result<Option<Begun>, StoreFault> {
        one(self.connection(), sql::DECODING, [token], |row| {
            let Millis(begun_at) = row.get(3)?;
            Ok(Begun { request: row.get(0)?, app: row.get(1)?, day: row.get(2)?, begun_at, decoded: row.get(4)? })
        })
    }

    fn begun_for(&self, challenge: &Spend) -> Result<u32, StoreFault> {
        Ok(one(self.connection(), sql::BEGUN_FOR, [challenge.id], |row| row.get(0))?.unwrap_or_default())
    }

    fn quota_used(&self, app: &AppName, day: u32) -> Result<u32, StoreFault> {
        quota_used(self.connection(), app, day)
    }

    fn add_decoding(&mut self, decoding: &Decoding) -> Result<(), StoreFault> {
        let Decoding { token, request, challenge, app, day, now, kept_until, .. } = decoding;
        let values = params![token, request, challenge.id, app.as_str(), day, Millis(*now), Millis(*kept_until)];
        run(self.connection(), sql::ADD_DECODING, values).map(drop)
    }

    fn set_decoded(&mut self, token: &Digest, decoded: &[u8]) -> Result<(), StoreFault> {
        run(self.connection(), sql::SET_DECODED, params![token, decoded]).map(drop)
    }

    fn remove_decoding(&mut self, token: &Digest) -> Result<(), StoreFault> {
        run(self.connection(), sql::REMOVE_DECODING, [token]).map(drop)
    }

    fn set_quota_used(&mut self, app: &AppName, day: u32, used: u32) -> Result<(), StoreFault> {
        run(self.connection(), sql::SET_QUOTA, params![app.as_str(), day, used]).map(drop)
    }
}
