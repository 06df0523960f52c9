//! Policies that have come in force are told on watch streams, whatever the store does meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bonafide::app::Service;
use bonafide::cache::LEASE;
use bonafide::clock::SystemClock;
use bonafide::config::Config;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::watch_verdicts_response::Change;
use bonafide::grpc::proto::{WatchVerdictsRequest, WatchVerdictsResponse};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tonic::Streaming;
use tonic::transport::Channel;

use crate::interrupted::Slow;
use crate::program::{Program, stage};
use crate::reloaded::{replace, revision, stricter, text};

const SOON: Duration = Duration::from_secs(30);

async fn watch(channel: &Channel) -> Streaming<WatchVerdictsResponse> {
    let request = WatchVerdictsRequest::default();
    VerdictServiceClient::new(channel.clone()).watch_verdicts(request).await.expect("a stream").into_inner()
}

/// The revision of the app `shop` that is told next.
async fn told(stream: &mut Streaming<WatchVerdictsResponse>) -> String {
    let next = async {
        loop {
            let message = stream.message().await.expect("a stream").expect("a message");
            match message.change.expect("a change") {
                Change::Policy(told) if told.app == "shop" => return told.policy_revision,
                Change::Policy(_) | Change::Heartbeat(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(SOON, next).await.expect("is told soon")
}

/// Waits until the stream tells of this policy; the one of the start may come first.
async fn until_told(stream: &mut Streaming<WatchVerdictsResponse>, policy: &str) {
    while told(stream).await != policy {}
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_a_policy_that_comes_in_force_is_told_to_those_who_watch() {
    let (folder, _lab) = stage();
    let program = Program::start(folder.path()).await;
    let first = text(folder.path());
    let second = stricter(&first);
    let mut stream = watch(&program.channel).await;
    for next in [&second, &first, &second] {
        replace(folder.path(), next);
        until_told(&mut stream, &revision(next, folder.path())).await;
    }
}

/// An app that is configured no longer is unknown to checks: whoever keeps verdicts on it hears of that as of any policy, and of its
/// return although it is the same.
#[tokio::test(flavor = "multi_thread")]
async fn d07_an_app_that_is_gone_is_told_to_those_who_watch() {
    let (folder, _lab) = stage();
    let program = Program::start(folder.path()).await;
    let first = text(folder.path());
    let other = first.replace(r#"name = "shop""#, r#"name = "other""#);
    assert_ne!(first, other);
    let mut stream = watch(&program.channel).await;
    for (next, policy) in [(&other, ""), (&first, &*revision(&first, folder.path()))] {
        replace(folder.path(), next);
        until_told(&mut stream, policy).await;
    }
}

async fn following(store: &Arc<Slow>, file: &Path, text: &str) -> (Channel, oneshot::Sender<()>) {
    let config = Config::parse(text, file.parent().expect("a folder")).expect("is sound");
    let hangups = signal(SignalKind::hangup()).expect("a signal");
    let store = Arc::<Slow>::clone(store);
    let service = Service::start_over(store, config.clone(), Arc::new(SystemClock)).await.expect("starts");
    let service = service.following(file, config, hangups);
    let channel = Channel::from_shared(format!("http://{}", service.address())).expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(service.run(async { drop(stopped.await) }));
    (channel.connect().await.expect("connects"), stop)
}

/// At the start, and when a file is taken up: the store fails some times, and everybody hears of the policy once, however often it
/// was tried.
#[tokio::test(flavor = "multi_thread")]
async fn d07_a_policy_is_told_although_the_store_failed_at_first() {
    let (folder, _lab) = stage();
    let store = Arc::new(Slow::new());
    // Until somebody watches.
    store.deaf.store(u32::MAX, Ordering::SeqCst);
    let first = text(folder.path());
    let (channel, _stop) = following(&store, &folder.path().join("bonafide.toml"), &first).await;
    let mut stream = watch(&channel).await;
    store.deaf.store(3, Ordering::SeqCst);
    let mut expected = first.clone();
    for next in [stricter(&first), first] {
        assert_eq!(told(&mut stream).await, revision(&expected, folder.path()));
        assert_eq!(store.deaf.load(Ordering::SeqCst), 0, "it has failed");
        let tried = store.announcements.load(Ordering::SeqCst);
        sleep(Duration::from_millis(600)).await;
        assert_eq!(store.announcements.load(Ordering::SeqCst), tried, "what was told is not told again");
        store.deaf.store(3, Ordering::SeqCst);
        replace(folder.path(), &next);
        expected = next;
    }
    assert_eq!(told(&mut stream).await, revision(&expected, folder.path()));
}

/// Announcements wait for the writer; a heartbeat says that the feed is followed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_that_waits_does_not_hold_up_the_feed() {
    let (folder, _lab) = stage();
    let store = Arc::new(Slow::new());
    store.stuck.store(true, Ordering::SeqCst);
    let (channel, _stop) = following(&store, &folder.path().join("bonafide.toml"), &text(folder.path())).await;
    while store.announcements.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(LEASE).await;
    let mut stream = watch(&channel).await;
    let message = timeout(SOON, stream.message()).await.expect("comes soon").expect("a stream").expect("a message");
    assert!(matches!(message.change, Some(Change::Heartbeat(_))), "{message:?}");
}
