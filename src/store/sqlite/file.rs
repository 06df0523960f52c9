//! The file: made private, claimed for this process alone, and opened.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema::{self, SchemaFault};
use crate::ids::Position;
use crate::store::OpenFault;

/// Pages of the log after which SQLite copies them into the file: 16 MB, so that pages written often are copied once.
const CHECKPOINT_PAGES: i64 = 4096;

/// Prepared statements that a connection keeps: all that there are.
const STATEMENTS: usize = 80;

/// A file that no other store has open, for as long as this lives.
pub(super) struct ClaimedFile {
    path: PathBuf,
    _locks: [Lock; 2],
}

/// Given up by word when it goes: a child that was forked a moment ago keeps copies of all that is open until it runs another program,
/// and the next claim would not wait for that.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Where this fails, closing the file does the same.
        self.0.unlock().ok();
    }
}

impl ClaimedFile {
    /// Makes the file if need be and claims it. The claim is on its real path, so that a symbolic link is no way around it. On
    /// Linux, where SQLite's locks are of another kind, it is on the file itself as well: neither a second name of the file nor
    /// the loss of the lock beside it lets another process in.
    pub(super) fn claim(path: &Path) -> Result<Self, OpenFault> {
        let failed = |source| OpenFault::Io { path: path.into(), source };
        let file = private(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let [lock, file] = [private(&lock_path(&path)).map_err(failed)?, file].map(Lock);
        hold(&lock, &path)?;
        if cfg!(target_os = "linux") {
            hold(&file, &path)?;
        }
        Ok(Self { path, _locks: [lock, file] })
    }

    /// The connection that writes, with the newest schema. In a new file, the first change comes after `start`.
    pub(super) fn writer(&self, start: Position) -> Result<Connection, OpenFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&self.path, flags).map_err(SchemaFault::from);
        opened.and_then(|connection| prepare_writer(connection, start)).map_err(|fault| self.fault(fault))
    }

    /// A connection that reads what the writer has committed.
    pub(super) fn reader(&self) -> Result<Connection, OpenFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&self.path, flags).and_then(keeping_statements);
        opened.map_err(|error| self.fault(error.into()))
    }

    fn fault(&self, fault: SchemaFault) -> OpenFault {
        open_fault(&self.path, fault)
    }
}

/// A connection that reads a file which somebody else may have claimed. It claims nothing, makes no file, and takes the file as it
/// is or not at all.
pub(super) fn unclaimed_reader(path: &Path) -> Result<Connection, OpenFault> {
    let path = path.canonicalize().map_err(|source| OpenFault::Io { path: path.into(), source })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&path, flags).and_then(keeping_statements).map_err(SchemaFault::from);
    let checked = opened.and_then(|connection| schema::is_newest(&connection).map(|()| connection));
    checked.map_err(|fault| open_fault(&path, fault))
}

fn open_fault(path: &Path, fault: SchemaFault) -> OpenFault {
    let path = path.to_owned();
    match fault {
        SchemaFault::Foreign => OpenFault::Foreign { path },
        SchemaFault::Older { found, known } => OpenFault::OlderSchema { path, found, known },
        SchemaFault::Newer { found, known } => OpenFault::NewerSchema { path, found, known },
        SchemaFault::Backend(reason) => OpenFault::Backend { path, reason },
    }
}

fn hold(lock: &Lock, path: &Path) -> Result<(), OpenFault> {
    lock.0.try_lock().map_err(|fault| match fault {
        TryLockError::WouldBlock => OpenFault::AlreadyOpen { path: path.into() },
        TryLockError::Error(source) => OpenFault::Io { path: path.into(), source },
    })
}

fn prepare_writer(mut connection: Connection, start: Position) -> Result<Connection, SchemaFault> {
    let version = schema::version(&connection)?;
    write_ahead(&connection)?;
    schema::migrate(&mut connection, version, start)?;
    Ok(keeping_statements(connection)?)
}

/// Statements are prepared once. Without the stability guarantee SQLite would prepare some of them again for every value.
fn keeping_statements(connection: Connection) -> rusqlite::Result<Connection> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// With a write-ahead log readers never wait; with `FULL` every commit is on the disk before it returns.
fn write_ahead(connection: &Connection) -> Result<(), SchemaFault> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(SchemaFault::Backend("the file system cannot hold a write-ahead log".into()));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -32 * 1024)?;
    Ok(())
}

fn lock_path(path: &Path) -> PathBuf {
    let mut lock = OsString::from(path);
    lock.push(".lock");
    lock.into()
}

/// Opens the file, made for its owner alone if it was not there. SQLite gives the files beside it the same mode.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_descriptors_keeps_no_claim() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let claim = ClaimedFile::claim(&path).expect("claims");
        let copies = claim._locks.each_ref().map(|lock| lock.0.try_clone().expect("a copy"));
        assert!(matches!(ClaimedFile::claim(&path), Err(OpenFault::AlreadyOpen { .. })), "nor does a refusal end one");
        drop(claim);
        ClaimedFile::claim(&path).expect("claims again");
        drop(copies);
    }
}
