//! `bonafide inspect`.

use std::process::Command;

use data_encoding::{BASE64, BASE64_MIME, BASE64URL_NOPAD, HEXUPPER};
use serde_json::json;

use super::forge::{APP, CLIENT_DATA, assertion, case, certificate, folder};
use super::{Ran, bonafide, run};

fn inspect(flags: &[&str], input: &[u8]) -> Ran {
    bonafide(&[&["inspect", "-"], flags].concat(), input)
}

#[test]
fn every_check_is_ticked_where_everything_is_named() {
    let forged = assertion(5, &[]);
    let key = forged.public_key.as_str();
    let flags = ["--client-data", CLIENT_DATA, "--app-id", APP, "--public-key", key, "--previous-count", "4"];
    for input in [
        forged.bytes.clone(),
        BASE64.encode(&forged.bytes).into_bytes(),
        BASE64_MIME.encode(&forged.bytes).into_bytes(),
        BASE64URL_NOPAD.encode(&forged.bytes).into_bytes(),
        HEXUPPER.encode(&forged.bytes).into_bytes(),
    ] {
        let ran = inspect(&flags, &input);
        assert_eq!((ran.code, ran.out.matches('✓').count()), (0, 5), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains("sign count: 5") && ran.out.contains("0x40 (attested credential)"), "{}", ran.out);
    }
}

#[test]
fn what_nobody_named_is_not_checked() {
    let ran = inspect(&[], &assertion(5, &[]).bytes);
    assert_eq!(ran.code, 0);
    assert_eq!((ran.out.matches('✓').count(), ran.out.matches("not checked: needs --").count()), (2, 3), "{}", ran.out);
}

#[test]
fn a_failed_check_is_crossed_with_its_code() {
    let forged = assertion(5, &[]);
    let ran = inspect(&["--client-data", "other", "--public-key", &forged.public_key], &forged.bytes);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("✗ signature") && ran.out.contains("(app_attest_signature_invalid)"), "{}", ran.out);
    let replayed = inspect(&["--previous-count", "5"], &forged.bytes);
    assert_eq!(replayed.code, 1);
    assert!(replayed.out.contains("(sign_count_not_advanced)"), "{}", replayed.out);
}

#[test]
fn the_extension_map_is_shown_with_names() {
    let category = [&[0xA1, 0x78, 28][..], b"apple_validation_category_01", &[0x44, 4, 0, 0, 0]].concat();
    let ran = inspect(&[], &assertion(5, &category).bytes);
    assert!(ran.out.contains("apple_validation_category_01: 4 (app-store)"), "{}", ran.out);
}

#[test]
fn what_is_malformed_is_shown_up_to_its_fault() {
    let whole = assertion(5, &[]).bytes;
    let ran = inspect(&["--json"], &whole[..whole.len() - 2]);
    let report = ran.json();
    assert_eq!((ran.code, &report["holds"], &report["kind"]), (1, &json!(false), &json!("assertion")));
    assert_eq!(report["checks"][0]["code"], json!("app_attest_not_cbor"));
    assert_eq!(report["checks"][1]["outcome"], json!("not_checked"));
    let shown = report["contents"].to_string();
    assert!(shown.contains("rpIdHash") && shown.contains("from byte"), "{shown}");
}

#[test]
fn a_case_brings_its_expectations_and_flags_win() {
    let expect = json!({"accept": true, "reason": null});
    let cases = folder(&[case("a", 4, &expect)]);
    let file = cases.path().join("cases/a.json");
    let file = file.to_str().expect("UTF-8");
    let ran = bonafide(&["inspect", file], &[]);
    assert_eq!((ran.code, ran.out.matches('✓').count()), (0, 5), "{}", ran.out);
    assert_eq!(bonafide(&["inspect", file, "--previous-count", "5"], &[]).code, 1);
    assert_eq!(bonafide(&["inspect", file, "--app-id", "1234567890.com.example.other"], &[]).code, 1);
}

#[test]
fn authenticator_data_stands_by_itself() {
    let data = [&[7; 32][..], &[0x40, 0, 0, 0, 9]].concat();
    let ran = inspect(&["--json", "--app-id", APP], &data);
    let report = ran.json();
    assert_eq!((ran.code, &report["kind"]), (1, &json!("authenticator_data")));
    assert_eq!(report["contents"][2], json!({"name": "sign count", "value": "9"}));
    assert_eq!(report["checks"][1]["code"], json!("app_attest_app_mismatch"));
}

#[test]
fn f12_hostile_names_never_reach_the_terminal() {
    let der = certificate(&format!("\u{1b}]0;owned\u{7}\r\u{9b}2J\u{202e}{}", "x".repeat(200)));
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_MIME.encode(&der));
    for (input, flags) in [(der, &[][..]), (pem.clone().into_bytes(), &[]), (pem.into_bytes(), &["--json"])] {
        let ran = inspect(flags, &input);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains("]0;owned"), "{}", ran.out);
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ran.out.contains(acts), "{:?}", ran.out);
    }
}

#[test]
fn what_cannot_be_read_exits_with_2() {
    let large = vec![0xA2; 1024 * 1024 + 1];
    for input in [&b""[..], b" \n", b"hello, world", b"{}", &[0xFF, 1, 2], &large] {
        let ran = inspect(&[], input);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{input:.20?}");
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
    assert_eq!(bonafide(&["inspect", "/nowhere/at/all"], &[]).code, 2);
    assert_eq!(inspect(&["--at", "yesterday"], &[0xA0]).code, 2);
    assert_eq!(inspect(&["--no-such-flag"], &[0xA0]).code, 2);
}

#[test]
fn no_color_wins_over_forced_colour() {
    let bytes = assertion(5, &[]).bytes;
    let coloured = |name: &str, value: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        let command = command.args(["inspect", "-"]).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR").env(name, value);
        run(command, &bytes).out.contains('\u{1b}')
    };
    assert!(coloured("TERM", "xterm-256color"));
    assert!(!coloured("NO_COLOR", "1"));
}
