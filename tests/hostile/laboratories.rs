//! What rests on a laboratory rests on the one that was named for its format.

use bonafide::lab::play_integrity::LabKeys;
use bonafide::verdict::Decision;
use bonafide::verifier::Purpose;

use crate::bench::{Bench, codes};

/// The root of the chain's laboratory is withdrawn, while the app goes on to take tokens of another laboratory.
#[tokio::test]
async fn g03_a_laboratory_of_tokens_does_not_stand_behind_chains() {
    let mut bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let token = bench.token("good", &client_data, |_| ());
    let first = bench.attest(&client_data, &bench.chain(&client_data), &token, "").await;
    assert_eq!(first.decision, Decision::Allow, "{:?}", codes(&first));
    let other = LabKeys::from_seed(&[9; 32]).expect("keys").integrity_keys();
    bench
        .reconfigured(|app| {
            app.key_attestation.as_mut().expect("a section").lab_roots.clear();
            app.play_integrity.as_mut().expect("a section").lab_keys.push(other);
        })
        .await;
    let next = bench.challenge(Purpose::Assert);
    let verdict = bench.assert(&next, 1, "").await;
    assert_eq!(verdict.decision, Decision::Deny, "{:?}", codes(&verdict));
}
