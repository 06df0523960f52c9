//! The file itself, before anything of it is believed.

use std::fs::File;
use std::io::{self, Read};
use std::iter;
use std::path::{Path, PathBuf};

use super::fault::Finding;
use super::{Config, Faults, TEXT_LIMIT, read};
use crate::crypto::digest::{Digest, sha256};

/// The bytes of a configuration file at one moment.
#[derive(Clone)]
pub struct Document {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Document {
    /// Reads a file, and no more of it than it takes to see that it is too long.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let unreadable =
            |error: io::Error| Faults::unreadable(path.display().to_string(), format!("cannot be read: {error}"));
        let mut bytes = Vec::new();
        let limit = TEXT_LIMIT as u64 + 1;
        let opened = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        opened.map(|_| Self { path: path.to_owned(), bytes }).map_err(unreadable)
    }

    /// SHA-256 of the bytes.
    pub fn digest(&self) -> Digest {
        sha256(&self.bytes)
    }

    /// The tables it consists of; `None` where it is no TOML.
    pub(super) fn table(&self) -> Option<toml::Table> {
        let text = str::from_utf8(&self.bytes).ok()?;
        text.strip_prefix('\u{feff}').unwrap_or(text).parse().ok()
    }

    /// A document in the same place that consists of these tables.
    pub(super) fn saying(&self, table: &toml::Table) -> Self {
        Self { path: self.path.clone(), bytes: table.to_string().into_bytes() }
    }

    /// What it says. Paths in it are seen from its folder; the files that it names are read now.
    pub fn config(&self) -> Result<Config, Faults> {
        let file = self.path.display().to_string();
        let base = self.path.parent().unwrap_or(Path::new(""));
        match str::from_utf8(&self.bytes) {
            Ok(text) => read(text, base, &file),
            Err(error) => Err(not_text(&self.bytes, error.valid_up_to(), &file)),
        }
    }
}

/// The fault of a file that is not UTF-8, at the first byte that is not.
fn not_text(bytes: &[u8], valid: usize, file: &str) -> Faults {
    let text = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default()).into_owned();
    let message = "the file is not UTF-8 from here on".to_owned();
    Faults::found_in(text, file, iter::once(Finding { span: valid..valid, message, hint: None }))
}
