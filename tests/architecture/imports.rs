//! Imports go downwards, as the table says.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{Source, is_word, product, root};
use crate::{ADAPTERS_FACE, Row, TABLE};

/// The part that a module path belongs to: the longest name in the table that it starts with.
fn part_of(path: &[String]) -> Option<&'static str> {
    let face = |name: &String| ADAPTERS_FACE.iter().find(|(item, _)| item == name).map(|(_, part)| *part);
    if let [first, second, ..] = path
        && first == "store"
        && let Some(part) = face(second)
    {
        return Some(part);
    }
    let joined = path.iter().take(2).cloned().collect::<Vec<_>>().join("::");
    let parts = TABLE.iter().flat_map(|row| row.parts).copied();
    parts.filter(|part| joined == *part || joined.starts_with(&format!("{part}::"))).max_by_key(|part| part.len())
}

fn row_of(part: &str) -> &'static Row {
    TABLE.iter().find(|row| row.parts.contains(&part)).expect("a part of the table")
}

fn may_import(from: &str, to: &str) -> bool {
    let (row, layer) = (row_of(from), row_of(to).layer);
    from == to || row.may_import.iter().any(|allowed| *allowed == to || layer.starts_with(&format!("{allowed} ")))
}

/// `src/store/sqlite/file.rs` is `store::sqlite::file`; the two files of the root wire everything, as `app` does.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    match inner {
        "lib" | "main" => vec!["app".to_owned()],
        _ => inner.split('/').map(str::to_owned).collect(),
    }
}

/// Every path in the tree that stands at the start of `code`, as `a::{b, c::d}` does.
fn paths(code: &str, stem: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = stem.to_vec();
    let mut at = 0;
    loop {
        let name: String = code[at..].chars().take_while(|next| is_word(*next)).collect();
        at += name.len();
        if !name.is_empty() {
            path.push(name);
        } else if code[at..].starts_with('{') {
            return at + group(&code[at..], &path, found);
        }
        if !code[at..].starts_with("::") {
            break;
        }
        at += 2;
    }
    found.push(path);
    at
}

/// The trees between the brackets at the start of `code`; gives the length of the group.
fn group(code: &str, stem: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut at = 1;
    loop {
        at += code[at..].len() - code[at..].trim_start_matches([' ', '\n', ',']).len();
        match code[at..].chars().next() {
            None | Some('}') => return at + 1,
            Some(_) if code[at..].starts_with("as ") => at += 3 + code[at + 3..].find([',', '}']).unwrap_or(0),
            Some(next) if is_word(next) => at += paths(&code[at..], stem, found),
            Some(next) => at += next.len_utf8(),
        }
    }
}

/// Where a source names something of this crate: the offset, and the path below the crate.
fn imports(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for (at, word) in source.product.match_indices("crate::") {
        if source.product[..at].ends_with(|before| is_word(before) || before == '$') {
            continue;
        }
        let mut paths_here = Vec::new();
        paths(&source.product[at + word.len()..], &[], &mut paths_here);
        found.extend(paths_here.into_iter().map(|path| (at, path)));
    }
    found
}

#[test]
fn every_module_has_a_place_in_the_table() {
    let lib = Source::read(&root().join("src/lib.rs"));
    let declared: BTreeSet<String> = lib.declarations(&["mod"]).into_iter().map(|(_, name)| name).collect();
    let placed = TABLE.iter().flat_map(|row| row.parts).filter(|part| !part.contains("::"));
    assert_eq!(declared, placed.map(|part| (*part).to_owned()).collect());
}

#[test]
fn imports_go_downwards() {
    let mut violations = Vec::new();
    for source in product() {
        let from = part_of(&module_of(&source.path)).expect(&source.path);
        for (at, path) in imports(&source) {
            let to = part_of(&path).unwrap_or_else(|| panic!("{}: crate::{} is no part", source.path, path.join("::")));
            if !may_import(from, to) {
                violations.push(format!("{}:{}: {from} imports {}", source.path, source.line(at), path.join("::")));
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn no_part_is_reached_around_the_table() {
    for source in product() {
        let depth = module_of(&source.path).len();
        let climbs = format!("{}x", "super::".repeat(depth)).trim_end_matches('x').to_owned();
        assert!(!source.product.contains(&climbs), "{} reaches the crate by super", source.path);
    }
}

#[test]
fn trees_of_imports_are_read_whole() {
    let mut found = Vec::new();
    paths("a::{self, b::{c, d as e}, f::*}, g", &[], &mut found);
    let found: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::self", "a::b::c", "a::b::d", "a::f"]);
    assert!(!may_import("evidence", "appraisal") && may_import("appraisal", "evidence"));
    assert!(!may_import("verifier", "store::sqlite") && may_import("app", "store::sqlite"));
    assert!(!may_import("store", "lab") && may_import("app", "lab") && !may_import("lab", "store"));
}

/// The document's table, row by row: layer, parts, and what they may import.
#[test]
fn the_document_shows_the_same_table() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("the document");
    let quoted = |names: &[&str]| {
        let number = |name: &str| name.chars().all(|each| each.is_ascii_digit());
        let each = names.iter().map(|name| if number(name) { (*name).to_owned() } else { format!("`{name}`") });
        each.collect::<Vec<_>>().join(" ")
    };
    for row in &TABLE {
        let (parts, may_import) = (quoted(row.parts), quoted(row.may_import));
        let shown = text.lines().any(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            matches!(cells[..], ["", layer, of, _, may, ""] if layer == row.layer && of == parts && may == may_import)
        });
        assert!(shown, "docs/architecture.md lacks | {} | {parts} | … | {may_import} |", row.layer);
    }
}
