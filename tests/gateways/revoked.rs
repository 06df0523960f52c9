//! Operators revoke a phone while it uses the API through gateways.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::get;
use crate::promise::{EVER, kept};
use crate::route::{Takes, every};
use crate::stage::Stage;
use crate::upstream::Reached;

async fn assert_served(gateway: SocketAddr, stage: &Stage) {
    let reached = Reached::of(&get(gateway, "/pay", &[&stage.shown(Takes::Token)]).await);
    let told = ["bonafide-verdict", "bonafide-verdict-instance"].map(|name| reached.all(name).join("|"));
    assert_eq!(told, ["allow", stage.instance.as_str()]);
}

async fn assert_refused_in_the_end(gateway: SocketAddr, stage: &Stage, revoked_at: Instant) {
    let token = stage.shown(Takes::Token);
    loop {
        let said = get(gateway, "/pay", &[&token]).await;
        let since = revoked_at.elapsed();
        if said.status == 403 {
            let reasons = said.json()["reasons"].clone();
            assert!(reasons.as_array().is_some_and(|all| all.contains(&"instance_revoked".into())), "{said:?}");
            assert_eq!(said.header("www-authenticate"), None, "a new token would say the same: {said:?}");
            return;
        }
        assert!(said.status == 200 && since < EVER, "after {since:?}: {said:?}");
    }
}

#[tokio::test]
async fn a_revoked_phone_is_refused_within_a_second_behind_every_gateway() {
    kept(async || {
        let stage = Stage::set().await;
        let gateways = every(Takes::Token, &stage).await;
        for gateway in &gateways {
            assert_served(gateway.address, &stage).await;
        }
        stage.revoke().await;
        let revoked_at = Instant::now();
        for gateway in &gateways {
            assert_refused_in_the_end(gateway.address, &stage, revoked_at).await;
        }
        revoked_at.elapsed()
    })
    .await;
}
