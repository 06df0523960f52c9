//! Documents as a whole: many faults, broken ones, hostile ones.

use std::path::Path;

use annotate_snippets::Renderer;
use proptest::prelude::*;

use super::{each_has_one_fault, faults, parse, with_app};
use crate::config::{Config, Place, TEXT_LIMIT, Warning};
use crate::store::StoreConfig;

const SAMPLE: &str = include_str!("../../../deploy/bonafide.toml");

#[test]
fn the_smallest_configuration_has_an_app() {
    let config = parse(&with_app("")).expect("a configuration");
    assert_eq!(config.grpc.listen.to_string(), "127.0.0.1:7443");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bonafide.db");
    assert_eq!(config.store, StoreConfig::Sqlite { path });
    assert_eq!(config.verifier.cache_capacity, 64 << 20);
    assert_eq!(config.verifier.challenge_lifetime.as_secs(), 300);
    assert_eq!(config.log.filter.to_string(), "info");
    assert_eq!(config.warnings(), [Warning::NobodyAuthenticates]);
}

#[test]
fn all_faults_come_out_at_once_in_order() {
    let text = "[server]\nlisten = 1\nlisen = 2\n[log]\nformat = \"xml\"\n[cahce]\n[[app]]\n[app.app_attest]\napp_ids = [\"x\"]\n";
    let places = faults(text).iter().map(|fault| fault.split(": ").next().unwrap_or("").to_owned()).collect::<Vec<_>>();
    assert_eq!(places, ["2:10", "3:1", "5:10", "6:2", "7:1", "9:12"]);
}

#[test]
fn syntax_faults_come_with_the_others() {
    let quoted = "2:12: string values must be quoted, expected literal string";
    assert_eq!(
        faults("[challenge]\nlifetime = 5m\n[log]\nformat = 3\n"),
        [quoted, "4:10: expected one of \"text\", \"json\", found an integer",]
    );
    each_has_one_fault(&[
        ("[server\nlisten = \"x\"\n".to_owned(), "1:8: unclosed table, expected `]`"),
        (with_app("[log]\n[log]"), "2:2: duplicate key"),
        (with_app("[log]\nformat = \"text\"\nformat = \"json\""), "3:1: duplicate key"),
    ]);
}

#[test]
fn a_fault_is_shown_with_its_line() {
    let shown = parse(&with_app("[store]\n  kind = \"sqlit\"")).expect_err("a fault");
    let expected = "error: expected one of \"sqlite\", \"memory\"\n --> configuration:2:10\n  |\n\
        2 |   kind = \"sqlit\"\n  |          ^^^^^^^\n  |\n  = help: did you mean \"sqlite\"?";
    assert_eq!(shown.render(&Renderer::plain()), expected);
    let fault = &shown.as_slice()[0];
    assert_eq!(fault.place, Some(Place { line: 2, column: 10 }));
    assert_eq!(
        fault.to_string(),
        "configuration:2:10: expected one of \"sqlite\", \"memory\"; did you mean \"sqlite\"?"
    );
}

#[test]
fn columns_count_characters_and_lines_may_end_in_any_way() {
    let unknown = |place: &str, key: &str| format!("{place}: unknown key \"{key}\" in [log]");
    let inline = with_app("log = { \"üü\" = 1, x = 2 }");
    assert_eq!(faults(&inline), [unknown("1:9", "üü"), unknown("1:19", "x")]);
    let marked = "\u{feff}".to_owned() + &with_app("[log]\nx = 2").replace('\n', "\r\n");
    assert_eq!(faults(&marked), [unknown("2:1", "x")]);
    assert_eq!(faults("\u{feff}x = 1"), ["1:1: [[app]] is missing", "1:1: unknown key \"x\""]);
}

#[test]
fn warnings_name_what_should_not_be_done_unknowingly() {
    let lab = "environment = \"development\"\nlab_roots = [\"testdata/tls/ca.pem\"]";
    let caller =
        "[[caller]]\nname = \"edge\"\nrole = \"gateway\"\nkey_sha256 = \"".to_owned() + &"ab".repeat(32) + "\"";
    let server = "[server]\nlisten = \"0.0.0.0:1\"\nplaintext = \"anywhere\"\n[http]\nlisten = \"0.0.0.0:2\"\n\
        plaintext = \"anywhere\"\n[store]\nkind = \"memory\"\n";
    let config = parse(&(with_app(&format!("{server}{caller}")) + lab)).expect("a configuration");
    let said = config.warnings().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        said,
        [
            "plaintext on 0.0.0.0:1: something in front has to speak TLS",
            "metrics and health on 0.0.0.0:2: whoever reaches it reads them",
            "the store is memory: a restart forgets every instance and sign count",
            "app shop: the development environment is accepted",
            "app shop: roots or keys of a laboratory are trusted, so evidence for it can be forged",
        ]
    );
}

fn read_and_show(text: &str) {
    if let Err(faults) = Config::parse(text, Path::new("")) {
        assert!(faults.as_slice().is_sorted_by_key(|fault| fault.place));
        let _ = faults.render(&Renderer::styled());
        let _ = faults.to_string();
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        read_and_show(&text);
    }

    #[test]
    fn no_toml_like_text_makes_it_panic(text in "([\\[\\]{}=.,#\"'\n a-z0-9-]|app|caller|key|ü|\u{feff}|\"\"\"|\\\\u00){0,60}") {
        read_and_show(&text);
    }

    #[test]
    fn no_change_of_the_sample_makes_it_panic(at in 0..SAMPLE.len(), cut in 0..200_usize, put in "[\\[\\]{}=.,#\"'\n ü0]{0,4}") {
        let start = SAMPLE.floor_char_boundary(at);
        let end = SAMPLE.ceil_char_boundary((start + cut).min(SAMPLE.len()));
        read_and_show(&format!("{}{put}{}", &SAMPLE[..start], &SAMPLE[end..]));
    }
}

#[test]
fn garbage_of_any_length_is_refused() {
    for line in ["=\n", "x=\n", "[[caller]]\n", "[", "a.", "x=1\n", "x=[", "\"\n"] {
        let text = line.repeat(TEXT_LIMIT / 4 / line.len());
        assert!(Config::parse(&text, Path::new("")).is_err(), "{line:?}");
        read_and_show(&text);
    }
}
