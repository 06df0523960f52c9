//! Names say what a thing is.

use crate::source::{Source, sources};
use crate::{ALL, BANNED, STANDARD};

const DECLARING: [&str; 7] = ["fn", "mod", "struct", "enum", "trait", "type", "union"];

/// The words of a name in any case: `GrpcConfig` and `grpc_config` are grpc and config.
fn words(name: &str) -> Vec<String> {
    let spaced = name.chars().flat_map(|char| if char.is_uppercase() { vec!['_', char] } else { vec![char] });
    let spaced: String = spaced.flat_map(char::to_lowercase).collect();
    spaced.split(['_', '/', '.']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn says_too_little(name: &str) -> bool {
    let banned = |word: &String| BANNED.contains(&word.as_str());
    !STANDARD.contains(&name) && (name.starts_with("get_") || words(name).iter().any(banned))
}

/// A test's name is a sentence: any word may stand in it.
fn is_test(source: &Source, at: usize) -> bool {
    let before: Vec<&str> = source.code[..at].trim_end().rsplitn(3, '\n').take(2).collect();
    before.iter().any(|line| line.contains("#[test]") || line.contains("::test"))
}

#[test]
fn no_name_says_nothing() {
    let mut violations = Vec::new();
    for source in sources(&ALL) {
        if says_too_little(&source.path) {
            violations.push(source.path.clone());
        }
        for (at, name) in source.declarations(&DECLARING) {
            if says_too_little(&name) && !is_test(&source, at) {
                violations.push(format!("{}:{}: {name}", source.path, source.line(at)));
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn no_code_is_unsafe() {
    for source in sources(&ALL) {
        let mut words = source.code.split(|char: char| !(char.is_alphanumeric() || char == '_'));
        assert!(!words.any(|word| word == "unsafe"), "{}", source.path);
    }
}

#[test]
fn words_are_found_in_any_case() {
    assert_eq!(words("src/wire/CborFault_of.rs"), ["src", "wire", "cbor", "fault", "of", "rs"]);
    assert!(says_too_little("ConnectionManager") && says_too_little("get_key") && says_too_little("src/common.rs"));
    assert!(!says_too_little("processed") && !says_too_little("target") && !says_too_little("common_name"));
}
