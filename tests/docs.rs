//! The documents say what is so: every reason is explained, every link leads somewhere, every command exists.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

#[allow(dead_code, reason = "the tests of the architecture use the rest")]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use source::{Source, body, closing, files, product, root};

/// The text between the quotes that open at the start.
fn literal(text: &str) -> Option<String> {
    Some(text.strip_prefix('"')?.split('"').next()?.to_owned())
}

/// The first argument of every call of `call`, where it is a literal.
fn first_arguments(source: &Source, call: &str) -> Vec<String> {
    let calls = source.product.match_indices(call);
    calls.filter_map(|(at, _)| literal(source.text[at + call.len()..].trim_start())).collect()
}

/// Every literal in the functions of this name: what `code` gives for each variant.
fn literals_of(source: &Source, function: &str) -> Vec<String> {
    let inside = |(at, _): (usize, &str)| {
        let opening = body(&source.product, at);
        let text = &source.text[opening..closing(&source.product, opening)];
        text.match_indices("=> \"").filter_map(|(at, _)| literal(&text[at + 3..])).collect::<Vec<_>>()
    };
    source.product.match_indices(&format!("fn {function}(")).flat_map(inside).collect()
}

fn codes_in_sources() -> Vec<String> {
    let each = |source: &Source| {
        let called = ["Reason::new(", " rule(", " firm_rule("].map(|call| first_arguments(source, call)).concat();
        [called, literals_of(source, "code")].concat()
    };
    product().iter().flat_map(each).collect()
}

fn codes_in_document() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/reasons.md")).expect("the document");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.filter(|code| code.chars().all(|char| char.is_ascii_lowercase() || char == '_')).map(str::to_owned).collect()
}

#[test]
fn every_reason_is_explained_once_and_no_other_is() {
    let (written, told) = (codes_in_sources(), codes_in_document());
    let (in_sources, in_document) = (BTreeSet::from_iter(&written), BTreeSet::from_iter(&told));
    let unexplained: Vec<_> = in_sources.difference(&in_document).collect();
    let unknown: Vec<_> = in_document.difference(&in_sources).collect();
    assert!(unexplained.is_empty() && unknown.is_empty(), "unexplained: {unexplained:?}, unknown: {unknown:?}");
    assert_eq!((written.len(), told.len()), (in_sources.len(), in_document.len()), "a code stands twice");
    assert!(written.iter().any(|code| code == "lab_anchor") && written.iter().any(|code| code == "proof_expired"));
}

/// What stands in the reasons beside keys and fields of this service.
const FOREIGN: [&str; 10] =
    ["fmt", "x5c", "mac", "secp256r1", "ath", "bonafide_verdict", "custom_", "context.method", "request", "cnf"];

/// Every setting of the reference as `section.key`, and every section.
fn settings() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/configuration.md")).expect("the reference");
    let (mut section, mut found) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## `") {
            section = title.trim_matches(['[', ']', '`']).to_owned();
            found.insert(section.clone());
        }
        let key = line.strip_prefix("| `").and_then(|row| row.split('`').next());
        found.extend(key.map(|key| format!("{section}.{key}")));
    }
    found
}

/// The names of the fields of all messages.
fn fields() -> BTreeSet<String> {
    let texts = files(&["proto/bonafide"], "proto").into_iter().map(|file| fs::read_to_string(file).expect("a text"));
    let name = |line: &str| Some(line.split_once(" = ")?.0.split_whitespace().last()?.to_owned());
    texts.flat_map(|text| text.lines().filter_map(name).collect::<Vec<_>>()).collect()
}

/// The names between backticks.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte);
    let quoted = text.split('`').skip(1).step_by(2).map(|name| name.trim_matches(['[', ']']));
    quoted.filter(move |name| name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(plain))
}

#[test]
fn reasons_advise_settings_that_there_are() {
    let (settings, fields) = (settings(), fields());
    let is_setting =
        |name: &str| settings.contains(name) || settings.iter().any(|of| of.ends_with(&format!(".{name}")));
    let text = fs::read_to_string(root().join("docs/reasons.md")).expect("the document");
    let mut count = 0;
    for line in text.lines() {
        let (code, rest) = line.strip_prefix("| `").and_then(|row| row.split_once('`')).unwrap_or(("", line));
        for name in names(rest) {
            assert!(is_setting(name) || fields.contains(name) || FOREIGN.contains(&name), "{code}: {name}");
        }
        let format = ["app_attest", "key_attestation", "play_integrity"].into_iter().find(|of| code.starts_with(of));
        for (format, advice) in
            format.into_iter().flat_map(|of| rest.split("check `").skip(1).map(move |key| (of, key)))
        {
            let key = advice.split('`').next().unwrap_or_default();
            assert!(settings.contains(&format!("app.{format}.{key}")), "{code}: {key} is no key of [app.{format}]");
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} pieces of advice were found");
}

fn documents() -> Vec<PathBuf> {
    let mut found = files(&["docs", "testdata"], "md");
    found.extend(
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "fuzz/README.md"].map(|name| root().join(name)),
    );
    found
}

/// The address that a heading gets: lower case, blanks as hyphens, nothing else but letters and digits.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim_matches(['#', ' ']).chars().filter(|char| char.is_alphanumeric() || [' ', '-'].contains(char));
    kept.map(|char| if char == ' ' { '-' } else { char.to_ascii_lowercase() }).collect()
}

fn leads_somewhere(document: &Path, target: &str) -> bool {
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { document.to_owned() } else { document.parent().expect("a folder").join(file) };
    let has = |text: String| text.lines().any(|line| line.starts_with('#') && anchor(line) == fragment);
    path.exists() && (fragment.is_empty() || fs::read_to_string(path).is_ok_and(has))
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap_or_else(|why| panic!("{}: {why}", document.display()));
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            let elsewhere = target.starts_with("https://");
            assert!(elsewhere || leads_somewhere(&document, target), "{}: {target}", document.display());
        }
    }
}

/// What the program says about a command.
fn help(words: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_bonafide")).args(words).arg("--help").output().expect("runs");
    assert!(ran.status.success(), "there is no command {words:?}");
    String::from_utf8(ran.stdout).expect("text")
}

/// The words of every command line of the program that a text shows, with the lines that continue it.
fn commands(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| {
        let (before, rest) = line.split_once("bonafide ").or_else(|| line.split_once("cargo run --release -- "))?;
        let shown = before.ends_with('/') || before.ends_with('`') || before.is_empty();
        let words = rest.split('`').next()?.split_whitespace().map(str::to_owned);
        shown.then(|| words.collect())
    });
    lines.collect()
}

#[test]
fn every_command_in_the_documents_exists() {
    let mut count = 0;
    for document in documents() {
        for command in commands(&fs::read_to_string(&document).expect("a text")) {
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            let named = if ["config", "lab", "policy"].contains(&words[0]) { 2 } else { 1 };
            let help = help(&words[..named]);
            let flags = words.iter().filter(|word| word.starts_with("--"));
            flags.for_each(|flag| assert!(help.contains(flag), "{}: {words:?}: {flag}", document.display()));
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} commands were found");
}
