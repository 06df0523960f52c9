//! Streams of changes: resumed, too late, slow, too many, and ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bonafide::grpc::Stopped;
use bonafide::grpc::proto::watch_verdicts_response::Change;
use bonafide::grpc::proto::{Reset, WatchVerdictsRequest, instance_group};
use bonafide::store::{ANNOUNCEMENTS_KEPT_FOR, Announcement, Store};
use tonic::Code;

use crate::harness::START;
use crate::promise::EVER;
use crate::revocation::{World, is_revoked, news, shared};

fn from(position: u64) -> WatchVerdictsRequest {
    WatchVerdictsRequest { position, ..Default::default() }
}

async fn beat(store: &Arc<dyn Store>, revision: u32) -> u64 {
    let policy = Announcement::Policy { app: "shop".parse().expect("a name"), revision: revision.to_string() };
    store.announce(policy, START).await.expect("an answer");
    store.latest_position().await.expect("an answer").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_a_stream_is_taken_up_where_it_broke_off() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let (first, second) = (world.phone(), world.phone());
    let (first, second) = (service.enrolled("shop", &first, "").await, service.enrolled("shop", &second, "").await);
    let mut stream = service.watch("edge", from(0)).await.expect("a stream");
    let begun = stream.message().await.expect("a stream").expect("a message").position;
    service.revoke(&first, None).await;
    assert!(matches!(news(&mut stream).await, Change::Revoked(told) if told.instance == first));
    drop(stream);
    service.revoke(&second, None).await;
    service.reinstate(&first).await;
    service.revoke_group(instance_group::Group::All(true)).await;
    for _ in 0..2 {
        let mut stream = service.watch("edge", from(begun)).await.expect("a stream");
        assert!(matches!(news(&mut stream).await, Change::Revoked(told) if told.instance == first));
        assert!(matches!(news(&mut stream).await, Change::Revoked(told) if told.instance == second));
        assert!(matches!(news(&mut stream).await, Change::Reinstated(told) if told.instance == first));
        assert_eq!(news(&mut stream).await, Change::Reset(Reset { app: "shop".into() }));
    }
    is_revoked(&service.check("shop", &second).await);
}

#[tokio::test]
async fn d07_who_has_missed_something_is_told_to_drop_everything() {
    let (world, store) = (World::new(), shared());
    let begun = store.latest_position().await.expect("an answer").0;
    for revision in 0..10 {
        beat(&store, revision).await;
    }
    store.purge(START.plus(2 * ANNOUNCEMENTS_KEPT_FOR)).await.expect("purges");
    let service = world.replica_on(&store).await;
    // Before what was forgotten, and of other stores.
    for position in [begun + 3, 1, begun + 1_000_000] {
        let mut stream = service.watch("edge", from(position)).await.expect("a stream");
        let message = stream.message().await.expect("a stream").expect("a message");
        assert_eq!(message.change, Some(Change::Reset(Reset { app: String::new() })));
        assert!(message.position >= begun + 10, "and it goes on from now: {}", message.position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_a_slow_reader_misses_nothing() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let mut stream = service.watch("edge", from(0)).await.expect("a stream");
    let begun = stream.message().await.expect("a stream").expect("a message").position;
    let mut latest = begun;
    for revision in 0..3_000 {
        latest = beat(&store, revision).await;
    }
    let mut position = begun;
    while position < latest {
        let message = stream.message().await.expect("a stream").expect("a message");
        if !matches!(message.change, Some(Change::Heartbeat(_))) {
            assert_eq!(message.position, position + 1, "{message:?}");
        }
        position = message.position;
    }
}

#[tokio::test]
async fn f19_a_stream_tells_of_granted_apps_alone() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let phone = world.phone();
    let shop = service.enrolled("shop", &phone, "").await;
    let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let request = WatchVerdictsRequest { heartbeat, ..Default::default() };
    let mut stream = service.watch("bank-edge", request).await.expect("a stream");
    service.revoke(&shop, None).await;
    service.revoke_group(instance_group::Group::All(true)).await;
    let latest = store.latest_position().await.expect("an answer").0;
    loop {
        let message = stream.message().await.expect("a stream").expect("a message");
        match message.change.expect("a change") {
            Change::Heartbeat(_) if message.position >= latest => break,
            Change::Heartbeat(_) => {}
            Change::Policy(told) => assert_eq!(told.app, "bank"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_stream_outlives_the_longest_call() {
    let (world, store) = (World::new(), shared());
    let mut config = world.config();
    config.grpc.call_timeout = Duration::from_secs(2);
    let service = world.replica_as(&store, config).await;
    let heartbeat = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let request = WatchVerdictsRequest { heartbeat, ..from(0) };
    let mut stream = service.watch("edge", request).await.expect("a stream");
    let opened = Instant::now();
    while opened.elapsed() < Duration::from_secs(5) {
        stream.message().await.expect("a stream").expect("a message");
    }
}

#[tokio::test]
async fn streams_of_one_caller_are_so_many_and_end_with_the_service() {
    let (world, store) = (World::new(), shared());
    let mut config = world.config();
    config.grpc.drain_deadline = 4 * EVER;
    let service = world.replica_as(&store, config).await;
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for heartbeat in [seconds(0), seconds(61), seconds(-1)] {
        let status = service.watch("edge", WatchVerdictsRequest { heartbeat, ..from(0) }).await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(service.watch("edge", from(0)).await.expect("a stream"));
    }
    let mut more = Vec::new();
    let refused = loop {
        let channel = tonic::transport::Channel::from_shared(service.address()).expect("an address");
        let channel = channel.connect().await.expect("connects");
        let mut client = bonafide::grpc::proto::verdict_service_client::VerdictServiceClient::new(channel);
        let mut opened = Ok(());
        for _ in 0..57 {
            match client.watch_verdicts(crate::revocation::by("edge", from(0))).await {
                Ok(stream) => more.push(stream.into_inner()),
                Err(status) => opened = Err(status),
            }
        }
        if let Err(status) = opened {
            break status;
        }
    };
    assert_eq!((refused.code(), more.len()), (Code::ResourceExhausted, 56));
    more.clear();
    assert!(service.watch("desk", from(0)).await.is_ok(), "another caller's streams are its own");
    let stopping = Instant::now();
    let (_channel, stopped) = service.stop_under().await;
    assert_eq!(stopped, Stopped::Drained);
    assert!(stopping.elapsed() < 2 * EVER, "{:?}", stopping.elapsed());
    for mut stream in streams {
        while let Ok(Some(_)) = stream.message().await {}
    }
}
