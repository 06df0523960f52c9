//! What is a list, and what is on it.

use std::fmt::Write as _;
use std::io::{Write as _, stderr};
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<StatusList, ListFault> {
    StatusList::parse(text.as_bytes())
}

fn list(entries: &[(&str, &str)]) -> StatusList {
    let each: Vec<_> = entries.iter().map(|(key, status)| format!(r#""{key}":{{"status":"{status}"}}"#)).collect();
    parse(&format!(r#"{{"entries":{{{}}}}}"#, each.join(","))).expect("a list")
}

fn serial(hex: &str) -> Serial {
    hex.parse().expect("a serial")
}

fn status(list: &StatusList, hex: &str) -> Option<Status> {
    list.listed(&[serial(hex)]).map(|listed| listed.status)
}

#[test]
fn a_list_says_what_it_knows() {
    let text = r#" {"version":3,"entries":{"2A":{"status":"REVOKED","reason":"KEY_COMPROMISE","comment":"c",
        "expires":"2020-11-13","later":[{}]}}} "#;
    let list = parse(text).expect("a list");
    let listed = Listed { status: Status::Revoked, reason: Some("KEY_COMPROMISE".into()) };
    assert_eq!(list.listed(&[serial("1"), serial("2a")]), Some(listed));
    assert_eq!(list.listed(&[serial("2b")]), None);
    assert_eq!(list.listed(&[]), None);
    assert_eq!((list.len(), list.unreadable(), *list.digest()), (1, 0, sha256(text.as_bytes())));
    assert_eq!(list.serials().collect::<Vec<_>>(), [serial("2a")]);
}

#[test]
fn a10_serials_are_found_however_the_list_writes_them() {
    let listed = list(&[
        ("2a", "REVOKED"),
        ("C35747A084470C3135AEEFE2B8D40CD6", "REVOKED"),
        ("8350192447815228107", "REVOKED"),
        ("00ab", "REVOKED"),
        ("29658104111242240761432164383897452492", "REVOKED"),
    ]);
    for hex in ["2a", "c35747a084470c3135aeefe2b8d40cd6", "73e1d7ca422d1acb", "ab", "164ff16db38ad33d19045f7dc30c7fcc"]
    {
        assert_eq!(status(&listed, hex), Some(Status::Revoked), "{hex}");
    }
    // The digits may have been hex after all.
    assert_eq!(status(&listed, "8350192447815228107"), Some(Status::Revoked));
    assert_eq!(status(&listed, "2a0"), None);
}

#[test]
fn a10_serials_in_hex_are_looked_for_as_the_numbers_they_are() {
    let listed = list(&[("2a", "REVOKED")]);
    let look = |serials: &[&str]| {
        let serials: Vec<String> = serials.iter().map(|serial| (*serial).to_owned()).collect();
        listed.listed_hex(&serials).map(|found| found.map(|found| found.status))
    };
    assert_eq!(look(&["1", "002A"]), Ok(Some(Status::Revoked)));
    assert_eq!(look(&["1", "2b"]), Ok(None));
    assert_eq!(look(&["2a", &"f".repeat(41)]), Err(SerialMalformed));
}

#[test]
fn a11_every_status_is_a_listing_and_the_worst_counts() {
    let listed = list(&[("2a", "SUSPENDED"), ("2b", "HELD"), ("2c", "REVOKED"), ("2d", "")]);
    let held = Status::Unrecognised("HELD".into());
    assert_eq!(status(&listed, "2a"), Some(Status::Suspended));
    assert_eq!(status(&listed, "2b"), Some(held.clone()));
    assert_eq!(status(&listed, "2d"), Some(Status::Unrecognised("".into())));
    let worst = |serials: &[&str]| listed.listed(&serials.iter().map(|hex| serial(hex)).collect::<Vec<_>>());
    assert_eq!(worst(&["2b", "2a"]).map(|found| found.status), Some(Status::Suspended));
    assert_eq!(worst(&["2c", "2a", "2b"]).map(|found| found.status), Some(Status::Revoked));
    assert_eq!(worst(&["3", "2b"]).map(|found| found.status), Some(held));
}

#[test]
fn a11_two_entries_for_one_number_count_as_the_worse() {
    for order in [["42", "2a"], ["2a", "42"], ["2A", "02a"]] {
        for statuses in [["HELD", "REVOKED"], ["REVOKED", "SUSPENDED"], ["SUSPENDED", "REVOKED"]] {
            let listed = list(&[(order[0], statuses[0]), (order[1], statuses[1])]);
            assert_eq!(status(&listed, "2a"), Some(Status::Revoked), "{order:?} {statuses:?}");
        }
    }
    assert_eq!(status(&list(&[("42", "HELD"), ("2a", "SUSPENDED")]), "2a"), Some(Status::Suspended));
}

#[test]
fn a10_the_serial_of_every_leaf_is_never_listed() {
    let entries: Vec<_> = (2..12).map(|number| format!("a{number}")).collect();
    let mut entries: Vec<_> = entries.iter().map(|key| (key.as_str(), "REVOKED")).collect();
    entries.push(("1", "REVOKED"));
    let listed = list(&entries);
    assert_eq!((status(&listed, "1"), listed.unreadable()), (None, 1));
}

#[test]
fn a12_what_is_no_list_is_refused() {
    let malformed = [
        "",
        "null",
        "[]",
        "{}",
        "<html></html>",
        r#"{"entries":[]}"#,
        r#"{"entries":null}"#,
        r#"[{"entries":{"2a":{"status":"REVOKED"}}}]"#,
        r#"{"entries":{"2a":["REVOKED"]}}"#,
        r#"{"entries":{"2a":"REVOKED"}}"#,
        r#"{"entries":{"2a":{}}}"#,
        r#"{"entries":{"2a":{"status":null}}}"#,
        r#"{"entries":{"2a":{"status":7}}}"#,
        r#"{"entries":{"2a":{"status":"REVOKED","status":"REVOKED"}}}"#,
        r#"{"entries":{"2a":{"status":"REVOKED","reason":1}}}"#,
        r#"{"entries":{"2a":{"status":"REVOKED"}}"#,
        r#"{"entries":{"2a":{"status":"REVOKED"}}}}"#,
    ];
    for text in malformed {
        assert!(matches!(parse(text), Err(ListFault::Malformed { .. })), "{text}");
    }
    assert_eq!(parse(r#"{"entries":{}}"#), Err(ListFault::Empty));
    let twice = r#"{"entries":{"2a":{"status":"REVOKED"},"2a":{"status":"HELD"}}}"#;
    assert_eq!(parse(twice), Err(ListFault::DuplicateKey));
    let two_lists = r#"{"entries":{"2a":{"status":"REVOKED"}},"entries":{"2b":{"status":"REVOKED"}}}"#;
    assert_eq!(parse(two_lists), Err(ListFault::DuplicateKey));
    let deep = format!(r#"{{"later":{}{},"entries":{{}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(parse(&deep), Err(ListFault::Empty));
    assert_eq!(StatusList::parse(&vec![b' '; LIST_LIMIT + 1]), Err(ListFault::TooLarge));
}

#[test]
fn a12_a_list_cut_at_any_byte_is_refused() {
    let whole = r#"{"entries":{"2a":{"status":"REVOKED"},"2b":{"status":"HELD","reason":"x"}}}"#;
    for end in 0..whole.len() {
        assert!(matches!(parse(&whole[..end]), Err(ListFault::Malformed { .. })), "{end}");
    }
}

#[test]
fn a12_a_list_of_other_keys_is_refused() {
    let mut entries = vec![("sha256:00", "REVOKED")];
    entries.extend(["2", "3", "4", "5", "6", "7", "8", "9"].map(|key| (key, "REVOKED")));
    let each: Vec<_> = entries.iter().map(|(key, status)| format!(r#""{key}":{{"status":"{status}"}}"#)).collect();
    let refused = parse(&format!(r#"{{"entries":{{{}}}}}"#, each.join(",")));
    assert_eq!(refused, Err(ListFault::Unreadable { unreadable: 1, published: 9 }));
    entries.push(("a", "REVOKED"));
    let usable = list(&entries);
    assert_eq!((usable.unreadable(), usable.len()), (1, 10));
}

#[test]
fn a12_a_list_that_shrinks_too_far_may_not_follow() {
    let of = |count: usize| {
        let keys: Vec<_> = (0..count).map(|number| format!("a{number:04x}")).collect();
        list(&keys.iter().map(|key| (key.as_str(), "REVOKED")).collect::<Vec<_>>())
    };
    assert_eq!(of(50).may_follow(&of(100), 50), Ok(()));
    assert_eq!(of(49).may_follow(&of(100), 50), Err(Shrunk { from: 100, to: 49 }));
    assert_eq!(of(1).may_follow(&of(100), 255), Ok(()));
    assert_eq!(of(99).may_follow(&of(100), 0), Err(Shrunk { from: 100, to: 99 }));
    assert_eq!(of(200).may_follow(&of(100), 0), Ok(()));
}

#[test]
fn a_long_word_is_kept_in_part() {
    let long = "é".repeat(1000);
    let listed = list(&[("2a", &long)]);
    assert_eq!(status(&listed, "2a"), Some(Status::Unrecognised("é".repeat(WORD_LIMIT).into())));
}

#[test]
fn a_hundred_thousand_entries_stay_lean() {
    let mut text = r#"{"entries":{"#.to_owned();
    for number in 0..100_000_u128 {
        let key = (number + 1) * 0xc35747a084470c3135aeefe2b8d;
        write!(
            text,
            r#"{}"{key:x}":{{"status":"REVOKED","reason":"KEY_COMPROMISE"}}"#,
            if number == 0 { "" } else { "," }
        )
        .expect("memory");
    }
    text.push_str("}}");
    let listed = parse(&text).expect("a list");
    assert_eq!(listed.len(), 100_000);
    assert_eq!((size_of::<Entry>(), listed.words.len()), (32, 2));
    assert_eq!(status(&listed, &format!("{:x}", 77_777 * 0xc35747a084470c3135aeefe2b8d_u128)), Some(Status::Revoked));
}

#[test]
fn a10_the_real_lists_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/revocation");
    let Ok(files) = std::fs::read_dir(&folder) else {
        let _ = writeln!(stderr(), "NOT TESTED: there are no recorded lists at {}", folder.display());
        return;
    };
    for file in files {
        let path = file.expect("a file").path();
        let listed = StatusList::parse(&std::fs::read(&path).expect("a file")).expect("a list");
        assert_eq!(listed.unreadable(), 0, "{}", path.display());
        assert_eq!(status(&listed, "1"), None);
        assert!(listed.serials().all(|serial| listed.listed(&[serial]).is_some()));
        if path.ends_with("derived_revoked_decimal.json") {
            assert_eq!(status(&listed, "164ff16db38ad33d19045f7dc30c7fcc"), Some(Status::Revoked));
        }
    }
}

proptest! {
    #[test]
    fn a10_a_listed_number_is_found_however_it_is_written(number in 2..u128::MAX, form in 0..5) {
        let key = match form {
            0 => format!("{number:x}"),
            1 => format!("{number:X}"),
            2 => format!("{number:040x}"),
            3 => format!("{number}"),
            _ => format!("0{number:x}"),
        };
        let listed = list(&[(&key, "REVOKED")]);
        let wanted = Serial::from_be_bytes(&number.to_be_bytes()).expect("16 bytes");
        prop_assert_eq!(listed.listed(&[wanted]).map(|listed| listed.status), Some(Status::Revoked));
    }

    #[test]
    fn a11_no_status_is_a_good_one(word in "\\PC{0,80}") {
        let text = serde_json::json!({ "entries": { "2a": { "status": word } } }).to_string();
        prop_assert!(parse(&text).expect("a list").listed(&[serial("2a")]).is_some());
    }

    #[test]
    fn a12_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = StatusList::parse(&bytes);
    }
}
