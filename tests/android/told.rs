//! Which proofs are news to those who keep verdicts.

use std::time::Duration;

use bonafide::appraisal::{Decisions, Stance};
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

/// A token that had grown old is no more than a doubt here, and both are allowed.
#[tokio::test]
async fn d07_a_time_that_lifts_a_doubt_is_told() {
    let desk = Desk::open(|config| {
        for app in &mut config.verifier.apps {
            app.decisions = Decisions { warning: Stance::Allow, ..app.decisions };
            if let Some(format) = &mut app.play_integrity {
                format.policy.refresh_every = Some(Duration::from_secs(300));
            }
        }
    })
    .await;
    desk.renew().await.expect("a list");
    let phone = phone();
    desk.attest(&phone).await;
    for (count, minutes, is_news) in [(1, 1, true), (2, 1, false), (3, 6, true)] {
        desk.verifier.look().await.expect("looks");
        let before = desk.verifier.position();
        desk.world.later(Duration::from_secs(60 * minutes));
        desk.renew().await.expect("a list");
        let told = desk.assert_with(&phone, count, |data| desk.world.classic_with(data, |_| ())).await;
        assert_told(&told, Allow, &["lab_anchor"]);
        desk.verifier.look().await.expect("looks");
        assert_eq!(desk.verifier.position() > before, is_news, "{count}");
    }
}
