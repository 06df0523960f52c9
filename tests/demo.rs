//! `bonafide demo` as a process of its own: it tells what it must, and leaves nothing behind.
#![allow(clippy::expect_used, reason = "a test stops at a surprise")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn demo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.arg("demo").env("TMPDIR", folder).env("NO_COLOR", "1");
    command
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").next().is_none()
}

#[test]
fn everything_goes_as_it_must() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = demo(folder.path()).output().expect("runs");
    let told = String::from_utf8(ran.stdout).expect("text");
    assert_eq!((ran.status.code(), told.contains('✗')), (Some(0), false), "{told}");
    // How wide the columns are does not matter.
    let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = words.as_str();
    for step in [
        "deny challenge_replayed",
        "deny sign_count_replayed",
        "deny app_attest_signature_invalid",
        "deny instance_unknown",
        "forged whole",
        "allow lab_anchor",
        "security_level trusted_environment",
        "asked about it: 1, decoded: 1",
        "sign count 1",
        "deny sign_count_replayed",
        "deny key_attestation_description_above_leaf",
        "asked about it: 0, decoded: 0",
        "key_attestation_boot_state_unexpected",
        "key_attestation_bootloader_unlocked",
        "chain_revoked",
        "wants a token allow lab_anchor",
        "{\"alg\":\"ES256\",\"kid\":\"",
        "\"typ\":\"eat+jwt\"}",
        "aud \"shop\"",
        "submods: ear_status \"affirming\"",
        "\"decision\":\"allow\"",
        "✓ verified with the published keys",
        "refused: the signature is of something else",
        "Envoy (ext_authz), GET /cart 200",
        "bonafide-verdict allow",
        "nginx (forward-auth), GET /cart 200",
        "GET /pay 401",
        "\"custom_pay_needs_ios_18\"",
        "✓ without a challenge to sign",
        "✓ RevokeInstance: reported stolen",
        "✓ WatchVerdicts tells a cache after",
        "✓ Envoy, the same request 403 after",
        "application/problem+json",
        "\"instance_revoked\"",
        "✓ nginx, the same request 403",
        "signs in again deny lab_anchor; instance_revoked",
        "and gets a token no",
        "store closed, folder removed",
    ] {
        rest = rest.split_once(step).map(|(_, after)| after).expect(step);
    }
    // Of a token, only its beginning is shown.
    assert!(told.split_whitespace().all(|word| word.matches('.').count() < 2 || !word.starts_with("eyJ")), "{told}");
    assert!(is_empty(folder.path()));
}

#[test]
fn an_interrupt_ends_it_and_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = demo(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    // The rest is read as well, so that nothing of it is lost in a closed pipe.
    let mut interrupted = false;
    for line in lines {
        if !interrupted && line.expect("a line").contains("allow lab_anchor") {
            let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
            interrupted = sent.expect("a shell").success();
        }
    }
    let ended = child.wait_with_output().expect("ends");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!((interrupted, ended.status.code()), (true, Some(2)), "{told}");
    assert!(told.contains("the demo was interrupted"), "{told}");
    assert!(is_empty(folder.path()));
}
