//! Signing keys and uses in tables.

use rusqlite::{Connection, params};

use super::batch::Batch;
use super::rows::{Millis, fault, one, run};
use super::sql;
use crate::crypto::jwk::Thumbprint;
use crate::store::ledger::TokenLedger;
use crate::store::{StoreFault, StoredKey, Use, UseKind};
use crate::time::Timestamp;

/// All keys, the one that was added first in front.
pub(super) fn signing_keys(connection: &Connection) -> Result<Vec<StoredKey>, StoreFault> {
    let read = || {
        let mut statement = connection.prepare_cached(sql::SIGNING_KEYS)?;
        let rows = statement.query_map([], |row| {
            let (Millis(created_at), Millis(signs_from)) = (row.get(1)?, row.get(2)?);
            Ok(StoredKey { id: Thumbprint(row.get(0)?), created_at, signs_from, sealed: row.get(3)? })
        })?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    read().map_err(|error| fault(&error))
}

/// Whether this was used, for batches and for readers.
fn was_consumed(connection: &Connection, once: &Use) -> Result<bool, StoreFault> {
    let values = params![name(once.kind), Millis(once.expires_at), once.id];
    Ok(one(connection, sql::WAS_CONSUMED, values, |_| Ok(()))?.is_some())
}

fn consumed_until(connection: &Connection, kind: UseKind) -> Result<Timestamp, StoreFault> {
    let mark = one(connection, sql::CONSUMED_UNTIL, [name(kind)], |row| row.get(0))?;
    mark.map(|Millis(until)| until)
        .ok_or_else(|| StoreFault::Unreadable("the mark of forgotten uses is missing".into()))
}

const fn name(kind: UseKind) -> &'static str {
    match kind {
        UseKind::Proof => "proof",
        UseKind::Token => "token",
    }
}

/// [`crate::store::rules::is_consumed`] on a connection that only reads.
pub(super) fn is_consumed(connection: &Connection, once: &Use) -> Result<bool, StoreFault> {
    // The mark last: a purge in between raises it before it is read.
    Ok(was_consumed(connection, once)? || once.expires_at <= consumed_until(connection, once.kind)?)
}

impl TokenLedger for Batch<'_> {
    fn newest_key(&self) -> Result<Option<Thumbprint>, StoreFault> {
        Ok(one(self.connection(), sql::NEWEST_SIGNING_KEY, [], |row| row.get(0))?.map(Thumbprint))
    }

    fn add_key(&mut self, key: &StoredKey) -> Result<(), StoreFault> {
        let values = params![key.id.0, Millis(key.created_at), Millis(key.signs_from), key.sealed];
        run(self.connection(), sql::ADD_SIGNING_KEY, values).map(drop)
    }

    fn remove_key(&mut self, id: &Thumbprint) -> Result<(), StoreFault> {
        run(self.connection(), sql::REMOVE_SIGNING_KEY, [id.0]).map(drop)
    }

    fn was_consumed(&self, once: &Use) -> Result<bool, StoreFault> {
        was_consumed(self.connection(), once)
    }

    fn consumed_until(&self, kind: UseKind) -> Result<Timestamp, StoreFault> {
        consumed_until(self.connection(), kind)
    }

    fn mark_consumed(&mut self, once: &Use) -> Result<(), StoreFault> {
        let values = params![name(once.kind), Millis(once.expires_at), once.id];
        run(self.connection(), sql::MARK_CONSUMED, values).map(drop)
    }

    fn forget_consumed(&mut self, expired: Timestamp) -> Result<u64, StoreFault> {
        run(self.connection(), sql::RAISE_CONSUMED_UNTIL, [Millis(expired)])?;
        run(self.connection(), sql::FORGET_CONSUMED, [Millis(expired)])
    }
}
