//! Which proofs are news to those who keep verdicts.

use std::time::Duration;

use bonafide::lab::play_integrity::PayloadPlan;
use bonafide::verdict::Decision::Allow;
use serde_json::json;

use crate::harness::phone;
use crate::role::{Desk, assert_told};

/// Neither a sign count nor the time of a token is news, what the token says is, whatever the policy makes of it.
#[tokio::test]
async fn d07_a_proof_is_told_for_what_it_says_and_not_for_when() {
    let desk = Desk::open(|_| ()).await;
    desk.renew().await.expect("a list");
    let phone = phone();
    desk.attest(&phone).await;
    let version = |version: &'static str| move |plan: &mut PayloadPlan| plan.version_code = Some(json!(version));
    let mut count = 0;
    for (said, is_news) in [
        (None, false),
        (Some("7"), true),
        (Some("7"), false),
        (None, false),
        (Some("7"), false),
        (Some("8"), true),
        (Some("7"), true),
    ] {
        desk.verifier.look().await.expect("looks");
        let before = desk.verifier.position();
        desk.world.later(Duration::from_secs(60));
        count += 1;
        let token = |data: &[u8]| said.map_or_else(String::new, |said| desk.world.classic_with(data, version(said)));
        assert_told(&desk.assert_with(&phone, count, token).await, Allow, &["lab_anchor"]);
        desk.verifier.look().await.expect("looks");
        assert_eq!(desk.verifier.position() > before, is_news, "{count}: {said:?}");
    }
}
