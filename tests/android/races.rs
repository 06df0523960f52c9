//! Many at once.

use std::collections::BTreeSet;

use bonafide::grpc::proto::{AttestRequest, Decision, Purpose};
use futures_util::future::join_all;

use crate::harness::{Harness, assert_allowed, attest_request, chain, integrity, key, phone, said};

#[tokio::test]
async fn d11_many_enrolments_of_one_phone_make_one_instance() {
    let service = Harness::start().await;
    let (request, _) = service.enrolment("key", &phone()).await;
    let verdicts = join_all((0..100).map(|_| service.attest(request.clone()))).await;
    verdicts.iter().for_each(assert_allowed);
    let instances: BTreeSet<_> = verdicts.iter().map(|verdict| verdict.instance.as_str()).collect();
    assert_eq!(instances.len(), 1);
}

#[tokio::test]
async fn d01_a_challenge_enrols_one_of_many_phones() {
    let service = Harness::start().await;
    let data = service.challenge("key", Purpose::Attest, b"").await;
    let requests = (0..10).map(|_| attest_request("key", &data, vec![key(&chain(&phone(), &data))]));
    let verdicts = join_all(requests.collect::<Vec<_>>().into_iter().map(|request| service.attest(request))).await;
    let allowed = verdicts.iter().filter(|verdict| verdict.decision() == Decision::Allow).count();
    let replayed =
        verdicts.iter().filter(|verdict| said(verdict) == (Decision::Deny, vec!["challenge_replayed"])).count();
    assert_eq!((allowed, replayed), (1, 9));
}

#[tokio::test]
async fn c08_of_many_calls_with_one_token_one_sends_it() {
    let service = Harness::start().await;
    let (request, token) = service.enrolment("both", &phone()).await;
    let verdicts = join_all((0..20).map(|_| service.attest(request.clone()))).await;
    verdicts.iter().for_each(assert_allowed);
    let instances: BTreeSet<_> = verdicts.iter().map(|verdict| verdict.instance.as_str()).collect();
    assert_eq!((instances.len(), service.world.decodes(&token)), (1, (1, 1)));
}

#[tokio::test]
async fn c08_of_many_calls_with_a_token_alone_one_sends_it() {
    let service = Harness::start().await;
    let data = service.challenge("token", Purpose::Attest, b"s").await;
    let token = service.world.token(&data);
    let request = attest_request("token", &data, vec![integrity(&token)]);
    let session = b"s".to_vec().into();
    let request = AttestRequest { session, idempotency_key: "call 1".to_owned(), ..request };
    let verdicts = join_all((0..20).map(|_| service.attest(request.clone()))).await;
    verdicts.iter().for_each(assert_allowed);
    assert!(verdicts.iter().all(|verdict| verdict == &verdicts[0]));
    assert_eq!(service.world.decodes(&token), (1, 1));
}
