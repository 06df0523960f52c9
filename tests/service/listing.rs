//! What operators ask lists for, each filter by itself and together.

use std::sync::Arc;
use std::time::Duration;

use bonafide::crypto::digest::sha256;
use bonafide::grpc::CallerKey;
use bonafide::grpc::proto::{
    AccountName, AttestRequest, InstanceName, ListInstancesRequest, LookUpInstanceRequest, Purpose, instance_name,
};
use bonafide::lab::app_attest::LabDevice;
use bonafide::store::Store;
use bonafide::verifier::{Caller, Grants, Role};
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::harness::{START, attest_request};
use crate::revocation::{Replica, World, by, everything, shared};

/// So many seconds after the start.
fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: START.as_secs().cast_signed() + seconds, nanos: 0 })
}

fn account(account: &str, relying_party: &str) -> Option<AccountName> {
    Some(AccountName { account: account.to_owned(), relying_party: relying_party.to_owned() })
}

async fn listed(service: &Replica, request: &ListInstancesRequest) -> Result<Vec<String>, Status> {
    let answer = service.instances().list_instances(by("desk", request.clone())).await?.into_inner();
    assert_eq!(answer.next_page_token, "", "one page");
    Ok(answer.instances.into_iter().map(|found| found.instance).collect())
}

/// A service that another relying party's auth server calls as well.
async fn service(world: &World, store: &Arc<dyn Store>) -> Replica {
    let mut config = world.config();
    let name = |text: &str| text.parse().expect("a name");
    let caller =
        Caller { name: name("partner"), relying_party: name("partner"), role: Role::AuthServer, apps: Grants::All };
    config.grpc.callers.push(CallerKey { key_sha256: sha256(b"partner-key"), caller });
    world.replica_as(store, config).await
}

async fn enrol(service: &Replica, caller: &str, phone: &LabDevice, account: &str) {
    let client_data = service.challenge("shop", Purpose::Attest).await;
    let request = AttestRequest { account: account.to_owned(), ..attest_request("shop", phone, &client_data) };
    service.attestation().attest(by(caller, request)).await.expect("an answer");
}

/// The pseudonym of a phone, as the operator knows it.
async fn seen(service: &Replica, phone: &LabDevice) -> String {
    let key_id = phone.attest(b"x").expect("attests").key_id.to_vec();
    let name = Some(InstanceName { name: Some(instance_name::Name::KeyId(key_id.into())) });
    let request = LookUpInstanceRequest { app: "shop".to_owned(), name };
    let answer = service.instances().look_up_instance(by("desk", request)).await.expect("an answer");
    answer.into_inner().instance.expect("an instance").instance
}

#[tokio::test]
async fn a_list_holds_what_every_filter_lets_through() {
    let (world, store) = (World::new(), shared());
    let service = service(&world, &store).await;
    let (mut first, second, third) = (world.phone(), world.phone(), world.phone());
    enrol(&service, "login", &first, "alice").await;
    let serials = store.instances(everything("shop")).await.expect("an answer").remove(0).instance.serials;
    let [leaf, issuer] = serials.as_slice() else { panic!("{serials:?}") };
    world.later(Duration::from_secs(100));
    enrol(&service, "login", &second, "bob").await;
    world.later(Duration::from_secs(100));
    enrol(&service, "partner", &third, "alice").await;
    world.later(Duration::from_secs(100));
    let phones = [seen(&service, &first).await, seen(&service, &second).await, seen(&service, &third).await];
    service.assert(service.signed("shop", &phones[0], &mut first).await).await;
    let shop = || ListInstancesRequest { app: "shop".to_owned(), ..Default::default() };
    let cases: [(ListInstancesRequest, &[usize]); 19] = [
        (shop(), &[0, 1, 2]),
        (ListInstancesRequest { app: "bank".to_owned(), ..shop() }, &[]),
        (ListInstancesRequest { account: account("alice", ""), ..shop() }, &[0]),
        (ListInstancesRequest { account: account("alice", "shop"), ..shop() }, &[0]),
        (ListInstancesRequest { account: account("alice", "partner"), ..shop() }, &[2]),
        (ListInstancesRequest { account: account("bob", "partner"), ..shop() }, &[]),
        (ListInstancesRequest { chain_serial: leaf.clone(), ..shop() }, &[0]),
        (ListInstancesRequest { chain_serial: format!("00{}", leaf.to_uppercase()), ..shop() }, &[0]),
        (ListInstancesRequest { chain_serial: issuer.clone(), ..shop() }, &[0, 1, 2]),
        (ListInstancesRequest { chain_serial: "ab12".to_owned(), ..shop() }, &[]),
        (ListInstancesRequest { enrolled_from: at(100), ..shop() }, &[1, 2]),
        (ListInstancesRequest { enrolled_before: at(100), ..shop() }, &[0]),
        (ListInstancesRequest { enrolled_from: at(100), enrolled_before: at(200), ..shop() }, &[1]),
        (ListInstancesRequest { proven_from: at(201), ..shop() }, &[0]),
        (ListInstancesRequest { proven_before: at(300), ..shop() }, &[1, 2]),
        (ListInstancesRequest { proven_from: at(200), proven_before: at(300), ..shop() }, &[2]),
        (ListInstancesRequest { enrolled_before: at(200), proven_before: at(300), ..shop() }, &[1]),
        (ListInstancesRequest { account: account("alice", ""), proven_before: at(300), ..shop() }, &[]),
        (ListInstancesRequest { chain_serial: issuer.clone(), proven_from: at(300), ..shop() }, &[0]),
    ];
    for (request, expected) in cases {
        let mut found = listed(&service, &request).await.expect("a list");
        let mut expected: Vec<_> = expected.iter().map(|at| phones[*at].clone()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{request:?}");
    }
}

#[tokio::test]
async fn a_filter_that_says_nothing_is_refused_by_its_name() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let shop = || ListInstancesRequest { app: "shop".to_owned(), ..Default::default() };
    let never = Some(Timestamp { seconds: -1, nanos: 0 });
    for (field, request) in [
        ("account", ListInstancesRequest { account: account("", ""), ..shop() }),
        ("relying_party", ListInstancesRequest { account: account("alice", "No Party"), ..shop() }),
        ("status", ListInstancesRequest { status: 3, ..shop() }),
        ("chain_serial", ListInstancesRequest { chain_serial: "1".to_owned(), ..shop() }),
        ("enrolled_from", ListInstancesRequest { enrolled_from: never, ..shop() }),
        ("enrolled_before", ListInstancesRequest { enrolled_before: never, ..shop() }),
        ("proven_from", ListInstancesRequest { proven_from: never, ..shop() }),
        ("proven_before", ListInstancesRequest { proven_before: never, ..shop() }),
    ] {
        let status = listed(&service, &request).await.expect_err("refused");
        let told = status.message().starts_with(&format!("{field}: "));
        assert_eq!((status.code(), told), (Code::InvalidArgument, true), "{field}: {status}");
    }
}
