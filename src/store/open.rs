//! Opens the store that a configuration asks for.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{MemoryStore, SqliteStore, Store, StoreConfig, StoreReader};

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// Somebody else has the file, perhaps this very process.
    #[error("the store {} is already open; only one process may open it at a time", path.display())]
    AlreadyOpen {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of this program has written the file.
    #[error("the store {} has schema {found}, and this version knows schemas up to {known}; start a newer version",
        path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// An earlier version of this program wrote the file last, and whoever only reads changes no schema.
    #[error("the store {} has schema {found}, and this version reads schema {known}; start the service once to upgrade it",
        path.display())]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The schema that this version reads.
        known: i64,
    },
    /// The file is not a SQLite database, or one of another program.
    #[error("{} is not a store of this service; it has been left as it is", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made, read or locked.
    #[error("the store {} cannot be opened: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The database refuses to work.
    #[error("the store {} cannot be opened: {reason}", path.display())]
    Backend {
        /// The file.
        path: PathBuf,
        /// What the database says.
        reason: String,
    },
}

/// Opens the store; it closes when the last reference to it is dropped.
pub fn open(config: &StoreConfig) -> Result<Arc<dyn Store>, OpenFault> {
    Ok(match config {
        StoreConfig::Sqlite { path } => Arc::new(SqliteStore::open(path)?),
        StoreConfig::Memory => Arc::new(MemoryStore::new()),
    })
}

/// Opens the store to read it alone, whether a service has it open or not; `None` when it keeps nothing that could be read.
pub fn read_only(config: &StoreConfig) -> Result<Option<StoreReader>, OpenFault> {
    match config {
        StoreConfig::Sqlite { path } => StoreReader::open(path).map(Some),
        StoreConfig::Memory => Ok(None),
    }
}
