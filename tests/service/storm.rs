//! Proofs that come without a pause while their instance is revoked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bonafide::grpc::proto::{AssertRequest, Verdict};
use tokio::task::JoinSet;

use crate::revocation::{Replica, World, each_shared, is_revoked};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_no_proof_is_allowed_after_a_revocation_was_answered() {
    let world = World::new();
    for store in each_shared(&world) {
        let replicas = [Arc::new(world.replica_on(&store).await), Arc::new(world.replica_on(&store).await)];
        for _ in 0..5 {
            proofs_around_a_revocation(&world, &replicas).await;
        }
    }
}

async fn begun(replica: Arc<Replica>, proof: AssertRequest) -> (Instant, Verdict) {
    (Instant::now(), replica.assert(proof).await)
}

/// How many proofs begin after the answer, however busy the machine is.
const LATE: usize = 4;

/// Proofs come without a pause while the instance is revoked: whatever is asked after the answer is refused, at both replicas.
async fn proofs_around_a_revocation(world: &World, replicas: &[Arc<Replica>; 2]) {
    let mut phone = world.phone();
    let instance = replicas[0].enrolled("shop", &phone, "").await;
    let mut proofs = Vec::new();
    for number in 0..24 + LATE {
        let replica = &replicas[number % 2];
        proofs.push((Arc::clone(replica), replica.signed("shop", &instance, &mut phone).await));
    }
    let late = proofs.split_off(24);
    let mut tasks = JoinSet::new();
    for (number, (replica, proof)) in proofs.into_iter().enumerate() {
        tasks.spawn(async move {
            tokio::time::sleep(Duration::from_millis(number as u64 / 2)).await;
            begun(replica, proof).await
        });
    }
    tokio::time::sleep(Duration::from_millis(4)).await;
    replicas[0].revoke(&instance, None).await;
    let answered = Instant::now();
    for (replica, proof) in late {
        tasks.spawn(begun(replica, proof));
    }
    let mut after = 0;
    for (begun, verdict) in tasks.join_all().await {
        if begun > answered {
            is_revoked(&verdict);
            after += 1;
        }
    }
    assert!(after >= LATE, "{after}");
}
