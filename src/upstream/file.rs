//! The status list from a file, for places without a way out: somebody else keeps the file current.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;

use super::{EntityTag, Fetched, Reply, StatusListSource, UpstreamFault};
use crate::crypto::digest::sha256;
use crate::endorsement::status_list::{AHEAD_LIMIT, LIST_LIMIT};

/// How long a file need not be looked at again.
const FRESH_FOR: Duration = Duration::from_secs(300);

/// A list in a file. It is as old as the file's modification time says: a file that nobody renews becomes stale.
#[derive(Clone, Debug)]
pub struct FileListSource {
    path: PathBuf,
}

impl FileListSource {
    /// The list in this file, which need not be there yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl StatusListSource for FileListSource {
    fn fetch<'a>(&'a self, known: Option<&'a EntityTag>) -> Reply<'a, Result<Fetched, UpstreamFault>> {
        Box::pin(async move {
            let path = self.path.clone();
            let read = tokio::task::spawn_blocking(move || read(&path)).await;
            let (body, age) = read.map_err(|_| UpstreamFault::File(std::io::ErrorKind::Other))??;
            let tag = EntityTag::parse(&format!("\"{}\"", HEXLOWER.encode(&sha256(&body))));
            if tag.is_some() && tag.as_ref() == known {
                return Ok(Fetched::Unchanged { fresh_for: FRESH_FOR, age });
            }
            Ok(Fetched::New { body, fresh_for: FRESH_FOR, age, tag })
        })
    }
}

/// The file's bytes and age. One of a time that has not come would never become stale, and is refused. What is not a plain file, a pipe above all, is not opened: it might never end.
fn read(path: &Path) -> Result<(Vec<u8>, Duration), UpstreamFault> {
    let fault = |error: std::io::Error| UpstreamFault::File(error.kind());
    if !std::fs::metadata(path).map_err(fault)?.is_file() {
        return Err(UpstreamFault::File(std::io::ErrorKind::InvalidInput));
    }
    let file = File::open(path).map_err(fault)?;
    let modified = file.metadata().and_then(|metadata| metadata.modified()).map_err(fault)?;
    let limit = u64::try_from(LIST_LIMIT).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    file.take(limit + 1).read_to_end(&mut body).map_err(fault)?;
    if body.len() > LIST_LIMIT {
        return Err(UpstreamFault::TooLarge);
    }
    let age = SystemTime::now().duration_since(modified).or_else(|ahead| match ahead.duration() {
        slight if slight <= AHEAD_LIMIT => Ok(Duration::ZERO),
        _ => Err(UpstreamFault::File(std::io::ErrorKind::InvalidData)),
    })?;
    Ok((body, age))
}
