//! A policy tried on what the store keeps, before it is in force.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bonafide::config::Config;
use bonafide::evidence::claims::Environment;
use bonafide::grpc::proto::Decision;
use bonafide::lab::app_attest::LabDevice;
use serde_json::{Value, json};

use crate::harness::APP_ID;
use crate::program::{Program, stage};

fn candidate(folder: &Path) {
    let text = fs::read_to_string(folder.join("bonafide.toml")).expect("reads");
    let next = text.replace("environment = \"production\"", "environment = \"production\"\nmin_os_version = \"99.0\"");
    fs::write(folder.join("next.toml"), next).expect("writes");
}

fn rehearse(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.args(["policy", "rehearse", "--config"]).arg(folder.join("bonafide.toml"));
    command.arg("--candidate").arg(folder.join("next.toml")).args(more).output().expect("runs")
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn g04_a_stricter_policy_is_rehearsed_beside_the_running_service_and_after_it() {
    let (folder, lab) = stage();
    let phone =
        |_| -> LabDevice { lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone") };
    let mut program = Program::start(folder.path()).await;
    for phone in (0..7).map(phone) {
        assert_eq!(program.enrol(&phone).await.decision(), Decision::Allow);
    }
    candidate(folder.path());
    let running = rehearse(folder.path(), &["--json", "--fail-on-worse", "100"]);
    assert_eq!(running.status.code(), Some(0), "{running:?}");
    let from = json!({"decision": "allow", "tier": "affirming"});
    let to = json!({"decision": "deny", "tier": "contraindicated"});
    let row = json!({"app": "shop", "platform": "apple", "from": from, "to": to, "count": 7});
    let reason = json!({
        "app": "shop", "platform": "apple", "code": "os_outdated", "newly_found": 7, "no_longer_found": 0,
        "weighed_otherwise": 0, "tier_worse": 7, "tier_better": 0,
    });
    let sums = json!({
        "looked_at": 7, "unknown": 0, "tier_changed": 7, "decision_changed": 7, "worse": 7, "better": 0,
        "moves": [row], "reasons": [reason],
    });
    let report = told(&running);
    assert_eq!((&report["instances"], &report["appraisals"]), (&sums, &sums));
    assert_ne!(report["policies"][0]["running"], report["policies"][0]["candidate"]);
    assert_eq!(program.enrol(&phone(7)).await.decision(), Decision::Allow, "the service goes on");
    program.signal("TERM");
    assert_eq!(program.child.wait().expect("ends").code(), Some(0));
    let stopped = rehearse(folder.path(), &["--json", "--last", "3"]);
    assert_eq!((&told(&stopped)["instances"]["worse"], &told(&stopped)["appraisals"]["worse"]), (&json!(8), &json!(3)));
    let failing = rehearse(folder.path(), &["--fail-on-worse", "99.5"]);
    assert_eq!(failing.status.code(), Some(1), "{failing:?}");
    let text = String::from_utf8(failing.stdout).expect("text");
    assert!(
        text.contains("8 looked at, 8 change tier, 8 change decision, 8 get worse (100.0 %), 0 get better"),
        "{text}"
    );
    assert!(text.contains("shop  apple  allow, affirming  ->  deny, contraindicated  8"), "{text}");
    let heading = "app   platform  rule         found  not found  weighed otherwise  tier worse  tier better";
    assert!(text.contains(heading), "{text}");
    assert!(text.contains("shop  apple     os_outdated  +8     -0         0                  8           0"), "{text}");
    let again = Program::start(folder.path()).await;
    assert!(again.address.starts_with("127."), "the store was left as it was");
}

#[test]
fn a_store_that_is_not_there_or_keeps_nothing_is_said_to_be() {
    let (folder, _lab) = stage();
    candidate(folder.path());
    let missing = rehearse(folder.path(), &[]);
    assert_eq!(missing.status.code(), Some(2), "{missing:?}");
    assert!(!folder.path().join("bonafide.db").exists(), "no file is made");
    let text = fs::read_to_string(folder.path().join("bonafide.toml")).expect("reads");
    let memory = text.replace("path = \"bonafide.db\"", "kind = \"memory\"");
    fs::write(folder.path().join("bonafide.toml"), memory).expect("writes");
    let memory = rehearse(folder.path(), &[]);
    assert_eq!(memory.status.code(), Some(0), "{memory:?}");
    assert!(String::from_utf8_lossy(&memory.stdout).contains("nothing to rehearse"), "{memory:?}");
    fs::write(folder.path().join("next.toml"), "[[app]]\n").expect("writes");
    let faulty = rehearse(folder.path(), &[]);
    assert_eq!(faulty.status.code(), Some(2), "{faulty:?}");
    assert!(String::from_utf8_lossy(&faulty.stderr).contains("next.toml"), "{faulty:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_about_requests_and_bindings_are_said_not_to_be_rehearsed() {
    let (folder, _lab) = stage();
    let mut program = Program::start(folder.path()).await;
    program.signal("TERM");
    assert_eq!(program.child.wait().expect("ends").code(), Some(0));
    let text = fs::read_to_string(folder.path().join("bonafide.toml")).expect("reads");
    let rule = "[[app.rule]]\nname = \"always\"\nwhen = 'request.method != \"\" || true'\ntier = \"warning\"";
    let more = format!("{rule}\n[app.binding]\naddress = \"require\"\n[app.app_attest]");
    fs::write(folder.path().join("next.toml"), text.replacen("[app.app_attest]", &more, 1)).expect("writes");
    let output = rehearse(folder.path(), &[]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("\n  rules that look at requests are not rehearsed: 1 (custom_always)\n"), "{output:?}");
    assert!(told.contains("\n  [app.binding] differs, which is not rehearsed\n"), "{output:?}");
    let policy = &self::told(&rehearse(folder.path(), &["--json"]))["policies"][0];
    assert_eq!((&policy["request_rules"], &policy["binding_differs"]), (&json!(["custom_always"]), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_that_runs_is_looked_for_in_the_working_folder() {
    let (folder, _lab) = stage();
    candidate(folder.path());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        command.args(arguments).current_dir(folder.path()).env_remove("BONAFIDE_CONFIG").output().expect("runs")
    };
    let mut program = Program::start(folder.path()).await;
    program.signal("TERM");
    assert_eq!(program.child.wait().expect("ends").code(), Some(0));
    for arguments in
        [&["config", "check"][..], &["policy", "check"], &["policy", "rehearse", "--candidate", "next.toml"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    }
    fs::remove_file(folder.path().join("bonafide.toml")).expect("is there");
    for arguments in [&["serve"][..], &["policy", "rehearse", "--candidate", "next.toml"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("cannot be read") && said.contains("bonafide.toml"), "{output:?}");
    }
}

#[test]
fn a_check_says_revisions_and_what_is_not_usual() {
    let (folder, _lab) = stage();
    candidate(folder.path());
    let check = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        let output = command.args(["policy", "check"]).arg(folder.path().join(name)).output().expect("runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, usual) = check("bonafide.toml");
    assert_eq!(code, Some(0), "{usual}");
    let config = Config::load(&folder.path().join("bonafide.toml")).expect("is sound");
    let revision = config.verifier.apps[0].policy().revision();
    let revision = revision.to_string();
    let told = "  takes app_attest\n  [app.app_attest] lab_roots = [\"lab.pem\"]\n  \
        [app.app_attest] sign_count = \"window\"\n  [app.app_attest] sign_count_window = 64\n";
    assert!(usual.ends_with(told), "{usual}");
    let (code, stricter) = check("next.toml");
    assert_eq!(code, Some(0), "{stricter}");
    assert!(stricter.contains("  [app.app_attest] min_os_version = \"99.0\"\n"), "{stricter}");
    assert!(usual.starts_with(&format!("shop policy {revision}\n")) && !stricter.contains(&revision), "{usual}");
    fs::write(folder.path().join("next.toml"), "[[app]]\n").expect("writes");
    assert_eq!(check("next.toml").0, Some(1));
    assert_eq!(check("none.toml").0, Some(2));
}

const UNUSUAL: &str = r#"
[[app]]
name = "shop"
verdict_lifetime = "10m"
fresh_for = "1m"
[app.app_attest]
app_ids = ["1234567890.com.example.shop"]
environment = "production"
absent_category = "step-up"
[app.key_attestation]
package_names = ["com.example.shop"]
signer_digests = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
bootloader = "any"
boot_states = ["verified", "self_signed"]
self_signed_keys = ["0101010101010101010101010101010101010101010101010101010101010101"]
os_patch_months = 12
status_list_stale = "deny"
[app.play_integrity]
package_name = "com.example.shop"
signer_digests = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
refresh_every = "24h"
outage = "hold"
outage_hold = "10m"
[app.signals]
hook = "deny"
debugger = "step-up"
[app.binding]
address = "require"
[app.decisions]
none = "step-up"
[[app.rule]]
name = "os_unknown"
tier = "warning"
[[app.rule]]
name = "pay"
when = 'request.path.startsWith("/pay") && lab'
tier = "contraindicated"
effect = "instance-identity"
percent = 20
[[app]]
name = "plain"
app_attest = { app_ids = ["1234567890.com.example.plain"], device = "mobile" }
"#;

const UNUSUAL_TOLD: &str = r#"  takes app_attest, key_attestation, play_integrity
  [[app]] fresh_for = "1m"
  [app.app_attest] absent_category = "step-up"
  [app.binding] address = "require"
  [app.decisions] none = "step-up"
  [app.key_attestation] boot_states = ["verified", "self_signed"]
  [app.key_attestation] bootloader = "any"
  [app.key_attestation] os_patch_months = 12
  [app.key_attestation] self_signed_keys = ["0101010101010101010101010101010101010101010101010101010101010101"]
  [app.play_integrity] outage = "hold"
  [app.play_integrity] outage_hold = "10m"
  [app.play_integrity] refresh_every = "24h"
  [app.signals] hook = "deny"
  rule        looks for                               tier             effect             mode     percent
  os_unknown  built in                                warning          its own            enforce  100
  pay         request.path.startsWith("/pay") && lab  contraindicated  instance-identity  enforce  20
"#;

#[test]
fn a_check_speaks_the_words_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("bonafide.toml"), UNUSUAL).expect("writes");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    let output = command.args(["policy", "check"]).arg(folder.path().join("bonafide.toml")).output().expect("runs");
    let told = String::from_utf8(output.stdout).expect("text");
    let apps: Vec<_> = told.split("policy ").skip(1).filter_map(|app| app.split_once('\n')).collect();
    let [(_, shop), (_, plain)] = apps.as_slice() else { panic!("{told} {:?}", output.stderr) };
    assert_eq!(shop.strip_suffix("plain ").expect("another app"), UNUSUAL_TOLD, "{told}");
    assert_eq!(*plain, "  takes app_attest\n  every rule is as usual\n");
}
