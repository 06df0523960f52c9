//! What sets two configurations apart.

use super::{parse, with_app};
use crate::config::Config;
use crate::evidence::claims::Anchor;

const DIGEST: &str = "5f2c6d3a9be04718c2d5a60b7f4e1938a1c3d70e92b6f85447ce0d1b3a68f29c";
const PLAY: &str = "[[app]]\nname = \"droid\"\n[app.play_integrity]\npackage_name = \"com.example.shop\"\n\
    signer_digests = [\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]\n";

fn config(text: &str) -> Config {
    parse(&with_app(text)).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn each_section_is_named_by_what_it_changes() {
    let caller =
        format!("[[caller]]\nname = \"a\"\nrelying_party = \"a\"\nrole = \"gateway\"\nkey_sha256 = \"{DIGEST}\"");
    let cases = [
        ("[server]\ncall_timeout = \"9s\"", "[server]"),
        ("[server.tls]\ncertificate = \"testdata/tls/server.pem\"\nkey = \"testdata/tls/server-key.pem\"", "[server]"),
        (caller.as_str(), "[[caller]]"),
        ("[http]", "[http]"),
        ("[store]\nkind = \"memory\"", "[store]"),
        ("[store]\nappraisals_kept = 9", "[store]"),
        ("[challenge]\nlifetime = \"1m\"", "[challenge]"),
        ("[cache]\ncapacity = \"1MiB\"", "[cache]"),
        ("[log]\nfilter = \"warn\"", "[log]"),
        ("[google]\nconnect_timeout = \"1s\"", "[google]"),
        ("[google]\nmetadata_server = \"google-cloud\"", "[google]"),
        ("[google]\nplay_integrity = \"https://127.0.0.1:1\"", "[google]"),
        ("[status_list]\nsource = \"off\"", "[status_list]"),
        ("[status_list]\nurl = \"https://127.0.0.1:1\"", "[status_list]"),
        ("[status_list]\ntimeout = \"1s\"", "[status_list]"),
        ("[status_list]\nmax_shrink = 1", "[status_list]"),
    ];
    let plain = config("");
    for (text, section) in cases {
        let other = config(text);
        assert_eq!((plain.sections_apart(&other), other.sections_apart(&plain)), (vec![section], vec![section]));
        assert_eq!(other.sections_apart(&config(text)), [""; 0], "{text}");
    }
    let other = config("[challenge]\nlifetime = \"1m\"\n[cache]\ncapacity = \"1MiB\"");
    assert_eq!(plain.sections_apart(&other), ["[challenge]", "[cache]"]);
}

#[test]
fn apps_are_not_among_the_sections_and_are_told_apart_by_what_files_hold() {
    let plain = config("");
    let other = config(PLAY);
    assert_eq!(plain.sections_apart(&other), [""; 0]);
    assert_ne!(plain.verifier.apps, other.verifier.apps);
    assert_eq!(other.verifier.apps, config(PLAY).verifier.apps);
}

#[test]
fn g03_a_new_address_in_the_file_does_not_make_a_laboratory_google() {
    let lab = config(&format!("[google]\nplay_integrity = \"https://127.0.0.1:1\"\n{PLAY}"));
    let genuine = config(PLAY);
    let origin = |config: &Config, beside: &Config| {
        let apps = config.apps_beside(&beside.upstream);
        apps.into_iter().find_map(|app| app.play_integrity).expect("a section").decoder_origin
    };
    assert_eq!(origin(&genuine, &lab), Anchor::Lab, "tokens are still opened there");
    assert_eq!(origin(&lab, &genuine), Anchor::Vendor);
    assert_eq!(origin(&genuine, &genuine), Anchor::Vendor);
}
