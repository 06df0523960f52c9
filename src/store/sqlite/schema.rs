//! The schema and its history. A migration that was once released is never changed; the next one is added below it.

use rusqlite::{Connection, Error, ErrorCode, TransactionBehavior};

use super::changes::signed;
use super::sql;
use crate::ids::Position;

/// Migration `n` leads from schema `n` to schema `n + 1`.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_two_platforms.sql"),
    include_str!("migrations/0003_bound.sql"),
    include_str!("migrations/0004_appraisals.sql"),
    include_str!("migrations/0005_revocation.sql"),
    include_str!("migrations/0006_tokens.sql"),
    include_str!("migrations/0007_reappraisals.sql"),
    include_str!("migrations/0008_kinds_of_uses.sql"),
];

/// SQLite's mark of whose file it is: `Bona`.
const APPLICATION: i64 = 0x426F_6E61;

/// Why a file cannot be brought to the newest schema.
#[derive(Debug)]
pub(super) enum SchemaFault {
    /// It is not ours.
    Foreign,
    /// An earlier version of this program wrote it last.
    Older { found: i64, known: i64 },
    /// It is newer than this program.
    Newer { found: i64, known: i64 },
    /// The database failed.
    Backend(String),
}

impl From<Error> for SchemaFault {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            _ => Self::Backend(error.to_string()),
        }
    }
}

/// Whose schema the file has, before anything is written to it.
pub(super) fn version(connection: &Connection) -> Result<usize, SchemaFault> {
    let application = pragma(connection, "application_id")?;
    let found = pragma(connection, "user_version")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = (application, found, tables) == (0, 0, 0);
    if application != APPLICATION && !empty {
        return Err(SchemaFault::Foreign);
    }
    let newer = SchemaFault::Newer { found, known: i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX) };
    usize::try_from(found).ok().filter(|version| *version <= MIGRATIONS.len()).ok_or(newer)
}

/// Whether the file has the newest schema and can be read as it is.
pub(super) fn is_newest(connection: &Connection) -> Result<(), SchemaFault> {
    let found = version(connection)?;
    if found == MIGRATIONS.len() {
        return Ok(());
    }
    let number = |version| i64::try_from(version).unwrap_or(i64::MAX);
    Err(SchemaFault::Older { found: number(found), known: number(MIGRATIONS.len()) })
}

/// Runs the migrations that the file has not seen, each in its own transaction with its number. A new file's feed starts at `start`.
pub(super) fn migrate(connection: &mut Connection, version: usize, start: Position) -> Result<(), SchemaFault> {
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        if version == 0 && at + 1 == MIGRATIONS.len() {
            transaction.execute(sql::START_FEED, [signed(start)])?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
