//! The shape of the sources: who may import whom, how long a file and a function may be, and which names say too little.
//!
//! `docs/architecture.md` shows the same table to readers; a test here compares the two.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/size.rs"]
mod size;
#[allow(dead_code, reason = "the tests of the documents use the rest")]
mod source;
#[path = "architecture/threats.rs"]
mod threats;

/// Some parts of the program: their layer, their modules, and what they may import beside themselves.
struct Row {
    layer: &'static str,
    parts: &'static [&'static str],
    may_import: &'static [&'static str],
}

const fn row(layer: &'static str, parts: &'static [&'static str], may_import: &'static [&'static str]) -> Row {
    Row { layer, parts, may_import }
}

/// The rule. Numbers stand for all parts of a layer.
const TABLE: [Row; 15] = [
    row("0 ground", &["wire", "crypto", "ids", "time"], &["0"]),
    row("1 facts", &["evidence", "endorsement"], &["0"]),
    row("2 worth", &["appraisal"], &["0", "1"]),
    row("3 answer", &["verdict"], &["0", "1", "2"]),
    row("4 ports", &["store", "cache", "clock", "token", "upstream"], &["0", "1", "2", "3"]),
    row("5 role", &["verifier"], &["0", "1", "2", "3", "4"]),
    row(
        "6 adapters",
        &["store::sqlite", "store::memory", "store::open", "upstream::google", "upstream::file"],
        &["0", "1", "2", "3", "4"],
    ),
    row("7 edges", &["telemetry"], &["3"]),
    row("7 edges", &["gateway"], &["0", "3", "5", "telemetry"]),
    row("7 edges", &["grpc", "http"], &["0", "1", "3", "5", "gateway", "telemetry"]),
    row("7 edges", &["config"], &["0", "1", "2", "3", "4", "5", "gateway", "grpc", "http", "telemetry"]),
    row("7 edges", &["cli"], &["0", "1", "2", "3", "5", "config"]),
    row("8 root", &["app"], &["0", "1", "2", "3", "4", "5", "6", "7", "lab", "lab::google"]),
    row("beside", &["lab"], &["0", "1"]),
    row("beside", &["lab::google"], &["0", "1", "clock", "lab"]),
];

/// What the store's port offers under its own name although it belongs to the adapters.
const ADAPTERS_FACE: [(&str, &str); 3] =
    [("SqliteStore", "store::sqlite"), ("StoreReader", "store::sqlite"), ("MemoryStore", "store::memory")];

/// The most lines of a file.
const FILE_CEILING: usize = 500;
/// The most lines of a function.
const FUNCTION_CEILING: usize = 60;

/// Words that name nothing.
const BANNED: [&str; 8] = ["utils", "helpers", "common", "misc", "types", "manager", "handler", "process"];
/// Names from standards that contain such a word: a certificate's common name (RFC 5280).
const STANDARD: [&str; 1] = ["common_name"];

/// Everything that is written in Rust here.
const ALL: [&str; 4] = ["src", "tests", "benches", "fuzz/src"];
