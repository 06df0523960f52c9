//! What operators see and may do, and what nobody else may.

use std::time::Duration;

use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{
    CheckVerdictRequest, CreateChallengeRequest, InstanceGroup, InstanceName, InstanceStatus, ListInstancesRequest,
    ListStandingChangesRequest, LookUpInstanceRequest, Purpose, ReinstateInstanceRequest, ReinstateInstancesRequest,
    RevokeInstanceRequest, RevokeInstancesRequest, StandingChange, StandingScope, WatchVerdictsRequest, instance_group,
    instance_name,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::harness::{assert_request, attest_request};
use crate::revocation::{Replica, World, by, named, shared};

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Every call of every service about an app, by a caller of each role; what each comes to.
async fn calls(service: &Replica, world: &World, callers: [&str; 3], app: &str) -> Vec<Result<(), Status>> {
    let [login, edge, desk] = callers;
    let (app, phone) = (app.to_owned(), world.phone());
    let name = || named("x");
    let group = || Some(InstanceGroup { group: Some(instance_group::Group::All(true)) });
    let why = || "a test".to_owned();
    let challenge = CreateChallengeRequest { app: app.clone(), purpose: Purpose::Attest.into(), ..Default::default() };
    let subject = Some(Subject::Instance("x".to_owned()));
    let check = CheckVerdictRequest { app: app.clone(), subject, ..Default::default() };
    let watch = WatchVerdictsRequest { app: app.clone(), ..Default::default() };
    let list = ListInstancesRequest { app: app.clone(), ..Default::default() };
    let revoke = RevokeInstanceRequest { app: app.clone(), name: name(), why: why(), expire_time: None };
    let reinstate = ReinstateInstanceRequest { app: app.clone(), name: name(), why: why() };
    let all = RevokeInstancesRequest { app: app.clone(), group: group(), why: why(), expire_time: None };
    let none = ReinstateInstancesRequest { app: app.clone(), group: group(), why: why() };
    let attest = attest_request(&app, &phone, b"client data");
    let assert = assert_request(&app, "x", b"client data", vec![1]);
    let (mut instances, mut attestation) = (service.instances(), service.attestation());
    let changes = ListStandingChangesRequest { app: app.clone(), ..Default::default() };
    let look_up = LookUpInstanceRequest { app, name: name() };
    vec![
        attestation.create_challenge(by(login, challenge)).await.map(drop),
        attestation.attest(by(login, attest)).await.map(drop),
        attestation.assert(by(login, assert)).await.map(drop),
        service.verdicts().check_verdict(by(edge, check)).await.map(drop),
        service.verdicts().watch_verdicts(by(edge, watch)).await.map(drop),
        instances.look_up_instance(by(desk, look_up)).await.map(drop),
        instances.list_instances(by(desk, list)).await.map(drop),
        instances.revoke_instance(by(desk, revoke)).await.map(drop),
        instances.reinstate_instance(by(desk, reinstate)).await.map(drop),
        instances.revoke_instances(by(desk, all)).await.map(drop),
        instances.reinstate_instances(by(desk, none)).await.map(drop),
        instances.list_standing_changes(by(desk, changes)).await.map(drop),
    ]
}

#[tokio::test]
async fn f19_a_caller_touches_no_app_that_it_was_not_granted() {
    let (world, store) = (World::new(), shared());
    let begun = store.latest_position().await.expect("an answer");
    let service = world.replica_on(&store).await;
    for app in ["shop", "no-such-app"] {
        for outcome in calls(&service, &world, ["bank-login", "bank-edge", "bank-desk"], app).await {
            let status = outcome.expect_err("refused");
            assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "APP_NOT_GRANTED"));
        }
    }
    for outcome in calls(&service, &world, ["bank-login", "bank-edge", "bank-desk"], "bank").await {
        let code = outcome.err().map(|status| status.code());
        assert!(matches!(code, None | Some(Code::NotFound)), "{code:?}");
    }
    assert_eq!(store.latest_position().await.map(|position| position.0 >= begun.0 + 2), Ok(true));
}

#[tokio::test]
async fn f19_only_operators_touch_the_standing_of_instances() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    for caller in ["login", "edge"] {
        for outcome in calls(&service, &world, [caller; 3], "shop").await.into_iter().skip(5) {
            let status = outcome.expect_err("refused");
            assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
        }
    }
    for outcome in calls(&service, &world, ["desk"; 3], "shop").await.into_iter().take(3) {
        let status = outcome.expect_err("refused");
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
    }
}

#[tokio::test]
async fn an_operator_sees_who_changed_what_and_why() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let phone = world.phone();
    let instance = service.enrolled("shop", &phone, "").await;
    let found = service.instances().look_up_instance(by("desk", look_up(&instance))).await.expect("an answer");
    let found = found.into_inner().instance.expect("an instance");
    assert_eq!((found.status(), &found.last_change), (InstanceStatus::Good, &None));
    assert!(found.facts.iter().any(|fact| fact.name == "app_id"));
    let revoked = service.revoke(&instance, None).await;
    let change = revoked.last_change.clone().expect("a change");
    let told = (change.caller.as_str(), change.why.as_str(), change.scope(), change.status());
    assert_eq!(told, ("desk", "stolen", StandingScope::Instance, InstanceStatus::Revoked));
    let key_id = phone.attest(b"x").expect("attests").key_id.to_vec();
    let name = Some(InstanceName { name: Some(instance_name::Name::KeyId(key_id.into())) });
    let by_key = LookUpInstanceRequest { app: "shop".into(), name };
    let answer = service.instances().look_up_instance(by("desk", by_key)).await.expect("an answer");
    assert_eq!(answer.into_inner().instance, Some(revoked));
    let answer = service.instances().look_up_instance(by("desk", look_up("made-up"))).await;
    assert_eq!(answer.expect_err("refused").code(), Code::NotFound);
}

/// The record of an app: nothing that was said is lost, whoever it was said of and whatever was said since.
#[tokio::test]
async fn an_operator_reads_all_that_was_ever_said() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let instance = service.enrolled("shop", &world.phone(), "").await;
    let other = service.enrolled("shop", &world.phone(), "").await;
    service.revoke(&instance, Some(Duration::from_secs(60))).await;
    service.revoke_group(instance_group::Group::All(true)).await;
    service.reinstate_group(instance_group::Group::All(true)).await;
    service.revoke_group(instance_group::Group::ChainSerial("00AB12".to_owned())).await;
    service.revoke(&other, None).await;

    let list = async |name: Option<&str>, after_position, page_size| {
        let name = name.and_then(named);
        let request = ListStandingChangesRequest { app: "shop".into(), name, after_position, page_size };
        service.instances().list_standing_changes(by("desk", request)).await.expect("an answer").into_inner()
    };
    let mut said = Vec::new();
    let mut after = 0;
    for size in [3, 3] {
        let page = list(None, after, size).await;
        said.extend(page.changes);
        after = page.next_after_position;
    }
    assert_eq!(after, 0, "that was all");
    let told = |change: &StandingChange| {
        let StandingChange { caller, why, instance, chain_serial, .. } = change.clone();
        assert_eq!(caller, "desk");
        (why, change.scope(), format!("{instance}{chain_serial}"), change.status(), change.end_time.is_some())
    };
    let (good, revoked) = (InstanceStatus::Good, InstanceStatus::Revoked);
    let expected = [
        ("stolen", StandingScope::Instance, instance.as_str(), revoked, true),
        ("a leak", StandingScope::App, "", revoked, false),
        ("a mistake", StandingScope::App, "", good, false),
        ("a leak", StandingScope::ChainSerial, "ab12", revoked, false),
        ("stolen", StandingScope::Instance, &other, revoked, false),
    ];
    let expected =
        expected.map(|(why, scope, named, status, ends)| (why.to_owned(), scope, named.to_owned(), status, ends));
    assert_eq!(said.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(list(Some(&other), 0, 0).await.changes, said[4..]);
    assert_eq!(list(None, u64::MAX, 0).await.changes, []);
}

fn look_up(instance: &str) -> LookUpInstanceRequest {
    LookUpInstanceRequest { app: "shop".into(), name: named(instance) }
}

#[tokio::test]
async fn why_is_a_line_of_text() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    for why in ["", "two\nlines", &"x".repeat(257)] {
        let request =
            RevokeInstanceRequest { app: "shop".into(), name: named("x"), why: why.to_owned(), expire_time: None };
        let status = service.instances().revoke_instance(by("desk", request)).await.expect_err("refused");
        assert_eq!((status.code(), status.message().starts_with("why: ")), (Code::InvalidArgument, true));
    }
    for serial in ["0", "1", "0001", "", "xyz", &"f".repeat(41)] {
        let group = Some(InstanceGroup { group: Some(instance_group::Group::ChainSerial(serial.to_owned())) });
        let request = RevokeInstancesRequest { app: "shop".into(), group, why: "a leak".into(), expire_time: None };
        let status = service.instances().revoke_instances(by("desk", request)).await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{serial}");
    }
}

#[tokio::test]
async fn f19_lists_are_read_page_by_page_and_by_those_who_asked_for_them() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let mut enrolled = Vec::new();
    for _ in 0..5 {
        let phone = world.phone();
        enrolled.push(service.enrolled("shop", &phone, "alice").await);
    }
    service.revoke(&enrolled[0], None).await;
    let list = ListInstancesRequest { app: "shop".into(), page_size: 2, ..Default::default() };
    let (mut listed, mut tokens) = (Vec::new(), vec![String::new()]);
    while let Some(page_token) = tokens.last().cloned().filter(|token| tokens.len() == 1 || !token.is_empty()) {
        let request = ListInstancesRequest { page_token, ..list.clone() };
        let page = service.instances().list_instances(by("desk", request)).await.expect("a page").into_inner();
        listed.extend(page.instances.into_iter().map(|instance| instance.instance));
        tokens.push(page.next_page_token);
        if tokens.len() == 2 {
            // Whoever comes in between disturbs nothing.
            service.enrolled("shop", &world.phone(), "bob").await;
        }
    }
    assert!(enrolled.iter().all(|instance| listed.iter().filter(|other| *other == instance).count() == 1));
    let revoked = ListInstancesRequest { status: InstanceStatus::Revoked.into(), ..list.clone() };
    let page = service.instances().list_instances(by("desk", revoked.clone())).await.expect("a page").into_inner();
    assert_eq!(page.instances.iter().map(|found| &found.instance).collect::<Vec<_>>(), [&enrolled[0]]);
    let mut forged = tokens[1].clone();
    forged.replace_range(..1, if forged.starts_with('A') { "B" } else { "A" });
    for request in [
        ListInstancesRequest { page_token: tokens[1].clone(), ..revoked },
        ListInstancesRequest { page_token: tokens[1].clone(), app: "bank".into(), ..list.clone() },
        ListInstancesRequest { page_token: forged, ..list.clone() },
        ListInstancesRequest { page_token: "x".repeat(65), ..list.clone() },
        ListInstancesRequest { page_size: 1001, ..list.clone() },
    ] {
        let status = service.instances().list_instances(by("desk", request)).await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
}
