//! Files and functions that fit into a head.

use crate::source::{Source, body, closing, root, sources};
use crate::{ALL, FILE_CEILING, FUNCTION_CEILING};

/// How many lines the function that is declared at `at` takes; none for a declaration without a body.
fn length(source: &Source, at: usize) -> usize {
    let opening = body(&source.code, at);
    if source.code[opening..].starts_with('{') {
        source.line(closing(&source.code, opening)) - source.line(at) + 1
    } else {
        0
    }
}

#[test]
fn files_are_short() {
    for source in sources(&ALL) {
        let lines = source.text.lines().count();
        assert!(lines <= FILE_CEILING, "{} has {lines} lines", source.path);
    }
}

#[test]
fn functions_are_short() {
    for source in sources(&ALL) {
        for (at, name) in source.declarations(&["fn"]) {
            let lines = length(&source, at);
            assert!(lines <= FUNCTION_CEILING, "{}: {name} has {lines} lines", source.path);
        }
    }
}

#[test]
fn the_lines_of_a_function_are_counted() {
    let source = Source::read(&root().join("tests/architecture/size.rs"));
    let lengths: Vec<usize> = source.declarations(&["fn"]).iter().map(|(at, _)| length(&source, *at)).collect();
    assert!(lengths.len() >= 4 && lengths.iter().all(|lines| (2..20).contains(lines)), "{lengths:?}");
}
