//! `bonafide corpus`.

use std::fs;

use serde_json::{Value, json};

use super::bonafide;
use super::forge::{case, folder, write};

fn accepted() -> Value {
    json!({"accept": true, "reason": null, "facts": {"counter": 5, "flags": 64, "token": "not ours to know"}})
}

fn refused(reason: &str) -> Value {
    json!({"accept": false, "reason": reason})
}

fn path(folder: &tempfile::TempDir) -> &str {
    folder.path().to_str().expect("UTF-8")
}

#[test]
fn agreement_exits_with_0_and_counts_by_kind() {
    let foreign = json!({"id": "f", "kind": "app_attest_receipt", "verify_at": "2026-01-01T00:00:00Z", "input": {},
        "trust": [], "expect": refused("expired")});
    let cases = folder(&[case("a", 4, &accepted()), case("b", 5, &refused("counter_not_advanced")), foreign]);
    for beside in ["trust_anchors", "revocation"] {
        fs::create_dir(cases.path().join(beside)).expect("a folder");
        fs::write(cases.path().join(beside).join("list.json"), "{}").expect("written");
    }
    let ran = bonafide(&["corpus", path(&cases)], &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let row = |kind: &str| {
        let line = ran.out.lines().find(|line| line.starts_with(&format!("{kind} "))).expect(kind);
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("app_attest_assertion"), "2 1 1 1 0 0");
    assert_eq!(row("app_attest_receipt"), "1 0 0 0 0 1");
    assert!(ran.out.contains("no difference in 2 cases"), "{}", ran.out);
}

#[test]
fn a_wrong_outcome_reason_or_fact_exits_with_1_and_names_the_case() {
    let wrong_fact = json!({"accept": true, "reason": null, "facts": {"counter": 6}});
    let other_reason = json!({"accept": false, "reason": "expired", "reason_any": ["counter_not_advanced"]});
    for (expect, previous, said) in [
        (refused("expired"), 4, "a: expected refused (expired), is accepted"),
        (accepted(), 5, "a: expected accepted, is refused (counter_not_advanced; sign_count_not_advanced: "),
        (refused("expired"), 5, "a: expected refused (expired), is refused (counter_not_advanced; "),
        (wrong_fact, 4, "a: counter is 5, expected 6"),
    ] {
        let ran = bonafide(&["corpus", path(&folder(&[case("a", previous, &expect)]))], &[]);
        assert_eq!(ran.code, 1);
        assert!(ran.out.starts_with(said), "{said}\n{}", ran.out);
    }
    assert_eq!(bonafide(&["corpus", path(&folder(&[case("a", 5, &other_reason)]))], &[]).code, 0);
}

#[test]
fn a_case_that_cannot_be_read_is_a_difference_with_its_file() {
    let mut orphan = case("orphan", 4, &accepted());
    orphan["kind"] = json!("app_attest");
    orphan["trust"] = json!(["nobody"]);
    orphan["input"] = json!({"attestation_object": "", "key_id": "", "client_data_hash": "", "environment": "production",
        "app_id": "1234567890.x"});
    let mut climber = orphan.clone();
    climber["id"] = json!("climber");
    climber["trust"] = json!(["../../trust_anchors/x"]);
    let cases = folder(&[case("good", 4, &accepted()), orphan, climber]);
    write(cases.path(), "broken", "{\"id\": \u{1b}[2J");
    write(cases.path(), "bare", r#"{"id":"bare","kind":"app_attest"}"#);
    let ran = bonafide(&["corpus", path(&cases)], &[]);
    assert_eq!(ran.code, 1);
    for (name, said) in
        [("broken", "not a case"), ("bare", "missing field"), ("orphan", "nobody"), ("climber", "anchor")]
    {
        let line = ran.out.lines().find(|line| line.contains(&format!("{name}.json: "))).expect(name);
        assert!(line.contains(said), "{line}");
    }
    assert!(ran.out.contains("4 differences in 5 cases"), "{}", ran.out);
}

#[test]
fn json_has_a_row_per_case() {
    let cases = folder(&[case("a", 4, &accepted()), case("b", 5, &refused("expired"))]);
    let ran = bonafide(&["corpus", "--json", path(&cases)], &[]);
    let report = ran.json();
    assert_eq!((ran.code, &report["cases"], &report["differences"]), (1, &json!(2), &json!(1)));
    let row = &report["rows"][1];
    assert_eq!((&row["id"], &row["kind"]), (&json!("b"), &json!("app_attest_assertion")));
    assert_eq!((&row["standing"], &row["code"]), (&json!("differs"), &json!("sign_count_not_advanced")));
    assert_eq!(row["expected"], json!({"accept": false, "reason": "expired"}));
    assert_eq!(row["actual"], json!({"accept": false, "reason": "counter_not_advanced"}));
    assert_eq!(report["rows"][0]["facts"], json!([]));
}

#[test]
fn nothing_to_run_exits_with_2() {
    let empty = folder(&[]);
    let cases = folder(&[case("a", 4, &accepted())]);
    assert_eq!(bonafide(&["corpus", path(&empty)], &[]).code, 2);
    assert_eq!(bonafide(&["corpus", "/nowhere/at/all"], &[]).code, 2);
    assert_eq!(bonafide(&["corpus"], &[]).code, 2);
    assert_eq!(bonafide(&["corpus", path(&cases), "--kind", "key_attestation"], &[]).code, 2);
    let both = ["corpus", path(&cases), "--kind", "key_attestation", "--kind", "app_attest_assertion"];
    assert_eq!(bonafide(&both, &[]).code, 0);
}
