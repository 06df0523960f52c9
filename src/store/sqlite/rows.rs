//! Values as columns, and columns as values.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::key::P256PublicKey;
use crate::ids::Name;
use crate::store::{SignCounts, StoreFault, WindowSize};
use crate::time::Timestamp;
use crate::verdict::Bound;

/// The row that a statement finds, read by `read`; no row is `None`.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreFault> {
    let found = connection.prepare_cached(sql).and_then(|mut statement| statement.query_row(params, read).optional());
    found.map_err(|error| fault(&error))
}

/// Every row that a statement finds, in its order.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreFault> {
    let found = connection.prepare_cached(sql).and_then(|mut statement| statement.query_map(params, read)?.collect());
    found.map_err(|error| fault(&error))
}

/// Runs a statement; how many rows it has changed.
pub(super) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<u64, StoreFault> {
    let changed = connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
    changed.map(|rows| u64::try_from(rows).unwrap_or(u64::MAX)).map_err(|error| fault(&error))
}

/// What an error of the driver means to the caller of a verb.
pub(super) fn fault(error: &Error) -> StoreFault {
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => StoreFault::Unreadable(error.to_string()),
        _ => StoreFault::Backend(error.to_string()),
    }
}

/// A time as milliseconds. SQLite's integers end in the year 292 million, where times saturate.
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = value.as_i64()?;
        u64::try_from(millis).map(|millis| Self(Timestamp::from_millis(millis))).map_err(|_| unreadable("a time"))
    }
}

/// A value as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<&T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self.0).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let value = serde_json::from_str(value.as_str()?);
        value.map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
}

impl FromSql for Name {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|_| unreadable("a name"))
    }
}

impl FromSql for P256PublicKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_sec1(value.as_blob()?).map_err(|_| unreadable("a public key"))
    }
}

/// A window as [`SignCounts::window_bytes`] gives it.
struct Window(Vec<u8>);

impl FromSql for Window {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let bits = u16::try_from(bytes.len() * 8).ok();
        let whole = bytes.is_empty() || bits.and_then(WindowSize::new).is_some();
        if whole { Ok(Self(bytes.to_vec())) } else { Err(unreadable("a window of sign counts")) }
    }
}

/// The sign counts in two columns, the first of them at `at`.
pub(super) fn sign_counts(row: &Row<'_>, at: usize) -> rusqlite::Result<SignCounts> {
    let Window(window) = row.get(at + 1)?;
    Ok(SignCounts::restore(row.get(at)?, &window))
}

/// What a proof was bound to, in three columns, the first of them at `at`.
pub(super) fn bound(row: &Row<'_>, at: usize) -> rusqlite::Result<Bound> {
    Ok(Bound { address: row.get(at)?, tls: row.get(at + 1)?, session: row.get(at + 2)? })
}

/// What stands in a column is not what belongs there.
pub(super) fn unreadable(what: &str) -> FromSqlError {
    FromSqlError::Other(format!("not {what}").into())
}
