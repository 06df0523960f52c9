//! The status list and the roots.

use std::time::Duration;

use bonafide::lab::google::{FakeGoogle, GoogleFault, GooglePlan};
use serde_json::{Map, json};

use crate::client::{Asking, told};

#[tokio::test]
async fn the_list_is_edited_at_run_time_and_states_its_age() {
    let asking = Asking::start().await;
    let fetch = || async { asking.fetch("/attestation/status").send().await.expect("an answer") };
    let empty = fetch().await;
    assert_eq!(empty.headers()["cache-control"], "public, max-age=86400");
    assert_eq!(empty.headers()["age"], "0");
    assert_eq!(told(empty).await, (200, json!({"entries": {}})));
    asking.google.list("c35747a084470c31", json!({"status": "REVOKED", "reason": "KEY_COMPROMISE"}));
    asking.google.date_list(Duration::from_secs(600), Duration::from_secs(599));
    let listed = fetch().await;
    let tag = listed.headers()["etag"].clone();
    assert_eq!(
        (&listed.headers()["cache-control"], &listed.headers()["age"]),
        (&"public, max-age=600".parse().expect("a value"), &"599".parse().expect("a value"))
    );
    let entries = json!({"c35747a084470c31": {"status": "REVOKED", "reason": "KEY_COMPROMISE"}});
    assert_eq!(told(listed).await, (200, json!({"entries": entries})));
    let ask_again =
        || async { asking.fetch("/attestation/status").header("if-none-match", &tag).send().await.expect("an answer") };
    let unchanged = ask_again().await;
    assert_eq!((unchanged.status().as_u16(), &unchanged.headers()["etag"]), (304, &tag));
    assert_eq!(unchanged.bytes().await.expect("a body").len(), 0);
    asking.google.replace_list(Map::new());
    assert_eq!(told(ask_again().await).await, (200, json!({"entries": {}})));
}

#[tokio::test]
async fn the_roots_are_those_of_the_caller() {
    let asking = Asking::start().await;
    assert_eq!(told(asking.fetch("/attestation/root").send().await.expect("an answer")).await, (200, json!([])));
    asking.google.publish(vec!["-----BEGIN CERTIFICATE-----".to_owned()]);
    let answer = asking.fetch("/attestation/root").send().await.expect("an answer");
    assert_eq!(told(answer).await, (200, json!(["-----BEGIN CERTIFICATE-----"])));
}

#[tokio::test]
async fn it_listens_on_this_machine_alone() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let plan = GooglePlan { listen: address.parse().expect("an address"), ..GooglePlan::of(&[]) };
        let fault = FakeGoogle::start(plan).await.err().expect("refused");
        assert!(matches!(fault, GoogleFault::NotLoopback(_)), "{fault}");
    }
}
