//! The status list from a file.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use bonafide::endorsement::status_list::LIST_LIMIT;
use bonafide::time::Timestamp;
use bonafide::upstream::file::FileListSource;
use bonafide::upstream::{Fetched, StatusListSource, UpstreamFault, renew};

const LIST: &[u8] = br#"{"entries":{"2a":{"status":"REVOKED"}}}"#;

#[tokio::test]
async fn a12_a_file_is_as_old_as_its_last_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("status.json");
    fs::write(&path, LIST).expect("a file");
    let three_days = Duration::from_secs(3 * 24 * 3600);
    let file = File::options().write(true).open(&path).expect("a file");
    file.set_modified(SystemTime::now() - three_days).expect("a date");
    let (source, now) = (FileListSource::new(path.clone()), Timestamp::from_millis(1_800_000_000_000));
    let first = renew(None, source.fetch(None).await.expect("a file"), now, 50).expect("a list");
    assert!(first.kept.is_stale(now, three_days / 2) && !first.kept.is_stale(now, three_days * 2));
    let again = source.fetch(first.tag.as_ref()).await.expect("a file");
    assert!(matches!(again, Fetched::Unchanged { age, .. } if age >= three_days), "{again:?}");
    fs::write(&path, LIST).expect("a file");
    let touched = renew(Some((&first.kept, first.tag.as_ref())), source.fetch(None).await.expect("a file"), now, 50);
    assert!(!touched.expect("a list").kept.is_stale(now, Duration::from_secs(60)));
}

/// Such a file would count as fresh until its time has come, and be believed for as long.
#[tokio::test]
async fn a12_a_file_of_a_time_that_has_not_come_gives_no_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("status.json");
    fs::write(&path, LIST).expect("a file");
    let ahead = |span: u64| {
        let file = File::options().write(true).open(&path).expect("a file");
        file.set_modified(SystemTime::now() + Duration::from_secs(span)).expect("a date");
    };
    let source = FileListSource::new(path.clone());
    ahead(60);
    assert!(source.fetch(None).await.is_ok(), "clocks differ a little");
    ahead(3600);
    assert_eq!(source.fetch(None).await, Err(UpstreamFault::File(std::io::ErrorKind::InvalidData)));
}

#[tokio::test]
async fn what_is_no_file_of_a_fit_size_gives_no_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let fetch = async |name: &str| FileListSource::new(folder.path().join(name)).fetch(None).await;
    assert_eq!(fetch("absent").await, Err(UpstreamFault::File(std::io::ErrorKind::NotFound)));
    assert_eq!(fetch("").await, Err(UpstreamFault::File(std::io::ErrorKind::InvalidInput)));
    let large = File::create(folder.path().join("large")).expect("a file");
    large.set_len(1 + u64::try_from(LIST_LIMIT).expect("a size")).expect("a sparse file");
    assert_eq!(fetch("large").await, Err(UpstreamFault::TooLarge));
}
