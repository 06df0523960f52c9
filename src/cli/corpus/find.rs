//! The case files of a folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::NothingToRun;
use super::case::CaseFault;

/// Folders that hold what cases refer to, not cases.
const NOT_CASES: [&str; 2] = ["trust_anchors", "revocation"];
/// The largest case file, in bytes.
const CASE_LIMIT: u64 = 4 * 1024 * 1024;
/// The deepest folder below the one that was named; a loop of links ends here.
const DEPTH_LIMIT: usize = 16;

/// A file that should be a case, or a folder below the named one that cannot be read.
#[derive(Debug)]
pub(super) enum Found {
    /// A case file.
    File(PathBuf),
    /// A folder that cannot be read, and why.
    Closed(PathBuf, io::Error),
}

/// All case files below the folders, by path; a file that is named itself counts as well.
pub(super) fn files(folders: &[PathBuf]) -> Result<Vec<Found>, NothingToRun> {
    let mut found = Vec::new();
    for folder in folders {
        let unreadable = |why| NothingToRun::Unreadable { folder: folder.clone(), why };
        if fs::metadata(folder).map_err(unreadable)?.is_dir() {
            collect(folder, DEPTH_LIMIT, &mut found).map_err(unreadable)?;
        } else {
            found.push(Found::File(folder.clone()));
        }
    }
    found.sort_by(|left, right| left.path().cmp(right.path()));
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<Found>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            if path.extension().is_some_and(|extension| extension == "json") {
                found.push(Found::File(path));
            }
        } else if !NOT_CASES.iter().any(|name| path.ends_with(name)) {
            descend(path, depth, found);
        }
    }
    Ok(())
}

fn descend(folder: PathBuf, depth: usize, found: &mut Vec<Found>) {
    let outcome = match depth.checked_sub(1) {
        Some(depth) => collect(&folder, depth, found),
        None => Err(io::Error::other("too many folders in each other")),
    };
    if let Err(why) = outcome {
        found.push(Found::Closed(folder, why));
    }
}

impl Found {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Closed(path, _) => path,
        }
    }

    /// The folder that it stands in.
    pub(super) fn folder(&self) -> &Path {
        self.path().parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
    }

    /// What stands in it.
    pub(super) fn text(&self) -> Result<String, CaseFault> {
        let path = match self {
            Self::File(path) => path,
            Self::Closed(_, why) => return Err(io::Error::new(why.kind(), why.to_string()).into()),
        };
        let mut text = String::new();
        File::open(path)?.take(CASE_LIMIT + 1).read_to_string(&mut text)?;
        if text.len() as u64 > CASE_LIMIT { Err(CaseFault::TooLarge(CASE_LIMIT)) } else { Ok(text) }
    }
}
