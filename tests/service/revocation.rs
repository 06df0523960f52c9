//! Operators take trust from instances: what is refused, how soon, and for how long.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bonafide::app::Service;
use bonafide::clock::{Clock, ManualClock};
use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::evidence::claims::Environment;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::instance_service_client::InstanceServiceClient;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::watch_verdicts_response::Change;
use bonafide::grpc::proto::{
    AccountName, AssertRequest, AttestRequest, CheckVerdictRequest, CheckVerdictResponse, CreateChallengeRequest,
    Decision, Instance, InstanceGroup, InstanceName, InstanceRevoked, InstanceStatus, Purpose,
    ReinstateInstanceRequest, ReinstateInstancesRequest, Reset, RevokeInstanceRequest, RevokeInstancesRequest, Verdict,
    WatchVerdictsRequest, WatchVerdictsResponse, instance_group, instance_name,
};
use bonafide::grpc::{CallerKey, Stopped};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use bonafide::store::{MemoryStore, SqliteStore, Store};
use bonafide::verifier::{Caller, Grants, Role};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};

use crate::harness::{APP_ID, START, assert_request, attest_request, codes, config};
use crate::promise::{EVER, kept};

/// One service; several may share a store.
pub(crate) struct Replica {
    pub(crate) channel: Channel,
    address: SocketAddr,
    /// Where proxies of HTTP ask.
    pub(crate) gateway: Option<SocketAddr>,
    stop: oneshot::Sender<()>,
    service: JoinHandle<Stopped>,
}

/// What all replicas share.
pub(crate) struct World {
    folder: TempDir,
    lab: AppAttestLab,
    pub(crate) clock: Arc<ManualClock>,
}

fn key(name: &str, role: Role, apps: Grants) -> CallerKey {
    let (name, relying_party) = (name.parse().expect("a name"), "shop".parse().expect("a name"));
    let key_sha256 = sha256(format!("{name}-key").as_bytes());
    CallerKey { key_sha256, caller: Caller { name, relying_party, role, apps } }
}

/// A request with the key of one of the callers.
pub(crate) fn by<T>(caller: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {caller}-key").parse().expect("a header");
    request.metadata_mut().insert("authorization", value);
    request
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, lab: AppAttestLab::new(START).expect("a laboratory"), clock }
    }

    /// An auth server, a gateway and an operator for all apps, and one of each for the app `bank` alone.
    pub(crate) fn config(&self) -> Config {
        let mut config = config(&self.folder, &self.lab);
        let bank = || Grants::Only(["bank".parse().expect("a name")].into());
        config.grpc.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        config.grpc.callers = vec![
            key("login", Role::AuthServer, Grants::All),
            key("edge", Role::Gateway, Grants::All),
            key("desk", Role::Operator, Grants::All),
            key("bank-login", Role::AuthServer, bank()),
            key("bank-edge", Role::Gateway, bank()),
            key("bank-desk", Role::Operator, bank()),
        ];
        config
    }

    pub(crate) async fn replica_on(&self, store: &Arc<dyn Store>) -> Replica {
        self.replica_as(store, self.config()).await
    }

    pub(crate) async fn replica_as(&self, store: &Arc<dyn Store>, config: Config) -> Replica {
        let service = Service::start_over(Arc::clone(store), config, self.clock.clone()).await;
        Replica::run(service.expect("starts")).await
    }

    async fn replica_of_its_own(&self) -> Replica {
        Replica::run(Service::start(self.config(), self.clock.clone()).await.expect("starts")).await
    }

    pub(crate) fn phone(&self) -> LabDevice {
        self.lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone")
    }

    pub(crate) fn later(&self, span: Duration) {
        self.clock.set(self.clock.now().plus(span));
    }
}

impl Replica {
    async fn run(service: Service) -> Self {
        let (address, gateway) = (service.address(), service.gateway_address());
        let (stop, stopped) = oneshot::channel::<()>();
        let service = tokio::spawn(async {
            let stopped = service.run(async { drop(stopped.await) }).await;
            stopped.expect("ends well")
        });
        let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
        Self { channel: channel.connect().await.expect("connects"), address, gateway, stop, service }
    }

    pub(crate) async fn stop(self) -> Stopped {
        drop((self.channel, self.stop));
        self.service.await.expect("no panic")
    }

    /// Stops it while clients stay connected.
    pub(crate) async fn stop_under(self) -> (Channel, Stopped) {
        drop(self.stop);
        (self.channel, self.service.await.expect("no panic"))
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn instances(&self) -> InstanceServiceClient<Channel> {
        InstanceServiceClient::new(self.channel.clone())
    }

    pub(crate) fn attestation(&self) -> AttestationServiceClient<Channel> {
        AttestationServiceClient::new(self.channel.clone())
    }

    pub(crate) fn verdicts(&self) -> VerdictServiceClient<Channel> {
        VerdictServiceClient::new(self.channel.clone())
    }

    pub(crate) async fn challenge(&self, app: &str, purpose: Purpose) -> Vec<u8> {
        let request = CreateChallengeRequest { app: app.to_owned(), purpose: purpose.into(), ..Default::default() };
        let answer = self.attestation().create_challenge(by("login", request)).await.expect("a challenge");
        answer.into_inner().challenge.into_bytes()
    }

    /// The first proof of a phone, for an account.
    pub(crate) async fn attest(&self, app: &str, phone: &LabDevice, account: &str) -> Verdict {
        let client_data = self.challenge(app, Purpose::Attest).await;
        let request = AttestRequest { account: account.to_owned(), ..attest_request(app, phone, &client_data) };
        let answer = self.attestation().attest(by("login", request)).await.expect("an answer");
        answer.into_inner().verdict.expect("a verdict")
    }

    /// Enrols a phone and gives its pseudonym.
    pub(crate) async fn enrolled(&self, app: &str, phone: &LabDevice, account: &str) -> String {
        let verdict = self.attest(app, phone, account).await;
        assert_eq!(verdict.decision(), Decision::Allow, "{verdict:?}");
        verdict.instance
    }

    pub(crate) async fn signed(&self, app: &str, instance: &str, phone: &mut LabDevice) -> AssertRequest {
        let client_data = self.challenge(app, Purpose::Assert).await;
        let assertion = phone.assert(&client_data).expect("signs");
        assert_request(app, instance, &client_data, assertion)
    }

    pub(crate) async fn assert(&self, request: AssertRequest) -> Verdict {
        let answer = self.attestation().assert(by("login", request)).await.expect("an answer");
        answer.into_inner().verdict.expect("a verdict")
    }

    pub(crate) async fn check(&self, app: &str, instance: &str) -> Verdict {
        self.checked(app, instance).await.verdict.expect("a verdict")
    }

    async fn checked(&self, app: &str, instance: &str) -> CheckVerdictResponse {
        let subject = Some(Subject::Instance(instance.to_owned()));
        let request = CheckVerdictRequest { app: app.to_owned(), subject, ..CheckVerdictRequest::default() };
        self.verdicts().check_verdict(by("edge", request)).await.expect("an answer").into_inner()
    }

    pub(crate) async fn revoke(&self, instance: &str, lasting: Option<Duration>) -> Instance {
        let end = lasting.map(|span| START.plus(span).as_secs());
        let expire_time = end.map(|seconds| prost_types::Timestamp { seconds: seconds.cast_signed(), nanos: 0 });
        let request =
            RevokeInstanceRequest { app: "shop".into(), name: named(instance), why: "stolen".into(), expire_time };
        let answer = self.instances().revoke_instance(by("desk", request)).await.expect("an answer");
        answer.into_inner().instance.expect("an instance")
    }

    pub(crate) async fn reinstate(&self, instance: &str) -> Instance {
        let request = ReinstateInstanceRequest { app: "shop".into(), name: named(instance), why: "found".into() };
        let answer = self.instances().reinstate_instance(by("desk", request)).await.expect("an answer");
        answer.into_inner().instance.expect("an instance")
    }

    pub(crate) async fn revoke_group(&self, group: instance_group::Group) {
        let group = Some(InstanceGroup { group: Some(group) });
        let request = RevokeInstancesRequest { app: "shop".into(), group, why: "a leak".into(), expire_time: None };
        self.instances().revoke_instances(by("desk", request)).await.expect("an answer");
    }

    pub(crate) async fn reinstate_group(&self, group: instance_group::Group) {
        let group = Some(InstanceGroup { group: Some(group) });
        let request = ReinstateInstancesRequest { app: "shop".into(), group, why: "a mistake".into() };
        self.instances().reinstate_instances(by("desk", request)).await.expect("an answer");
    }

    pub(crate) async fn watch(
        &self,
        caller: &str,
        request: WatchVerdictsRequest,
    ) -> Result<Streaming<WatchVerdictsResponse>, Status> {
        Ok(self.verdicts().watch_verdicts(by(caller, request)).await?.into_inner())
    }
}

pub(crate) fn named(instance: &str) -> Option<InstanceName> {
    Some(InstanceName { name: Some(instance_name::Name::Instance(instance.to_owned())) })
}

/// The next message that is no heartbeat.
pub(crate) async fn news(stream: &mut Streaming<WatchVerdictsResponse>) -> Change {
    loop {
        let message = timeout(EVER, stream.message()).await.expect("in time").expect("a stream").expect("a message");
        match message.change.expect("a change") {
            Change::Heartbeat(_) | Change::Policy(_) => {}
            change => return change,
        }
    }
}

#[track_caller]
pub(crate) fn is_revoked(verdict: &Verdict) {
    let told = (verdict.decision(), codes(verdict));
    assert_eq!(told, (Decision::Deny, vec!["lab_anchor", "instance_revoked"]), "{verdict:?}");
}

pub(crate) fn shared() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// Checks until it is refused.
async fn refused_in_the_end(replica: &Replica, instance: &str, answered: Instant) {
    while replica.check("shop", instance).await.decision() == Decision::Allow {
        assert!(answered.elapsed() < EVER, "still allowed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    is_revoked(&replica.check("shop", instance).await);
}

/// Each kind of store, of which services share one handle.
pub(crate) fn each_shared(world: &World) -> [Arc<dyn Store>; 2] {
    let path = world.folder.path().join("shared.db");
    [shared(), Arc::new(SqliteStore::open(&path).expect("opens"))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_a_revocation_is_refused_everywhere_within_a_second() {
    let world = World::new();
    for store in each_shared(&world) {
        kept(async || revoked_everywhere(&world, &store).await).await;
    }
}

/// Revokes at one replica; the other one refuses, by a check of what it has in memory, and both tell those who watch. How long it takes
/// until everybody knows.
async fn revoked_everywhere(world: &World, store: &Arc<dyn Store>) -> Duration {
    let (here, there) = (world.replica_on(store).await, world.replica_on(store).await);
    let phone = world.phone();
    let instance = here.enrolled("shop", &phone, "").await;
    let mut watches = Vec::new();
    for replica in [&here, &there] {
        watches.push(replica.watch("edge", WatchVerdictsRequest::default()).await.expect("a stream"));
    }
    for _ in 0..20 {
        for replica in [&here, &there] {
            assert_eq!(replica.check("shop", &instance).await.decision(), Decision::Allow);
        }
    }
    let revoked = here.revoke(&instance, None).await;
    let answered = Instant::now();
    assert_eq!(revoked.status(), InstanceStatus::Revoked);
    is_revoked(&here.check("shop", &instance).await);
    let position = revoked.last_change.expect("a change").position;
    assert!(here.checked("shop", &instance).await.position >= position, "the answer knows of it");
    refused_in_the_end(&there, &instance, answered).await;
    let expected = InstanceRevoked { app: "shop".into(), instance: instance.clone(), expire_time: None };
    for stream in &mut watches {
        assert_eq!(news(stream).await, Change::Revoked(expected.clone()));
    }
    let took = answered.elapsed();
    is_revoked(&there.check("shop", &instance).await);
    took
}

/// The same with a group of each kind; who is not in it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_a_revoked_group_is_refused_everywhere_within_a_second() {
    use instance_group::Group;
    type OfSerial = fn(String) -> Group;
    let groups: [(OfSerial, Decision); 3] = [
        (|_| Group::All(true), Decision::Deny),
        (|_| of_account("alice"), Decision::Allow),
        (Group::ChainSerial, Decision::Allow),
    ];
    for (group, of_another) in groups {
        kept(async || a_revoked_group(group, of_another).await).await;
    }
}

/// How long it takes until everybody knows.
async fn a_revoked_group(group: fn(String) -> instance_group::Group, of_another: Decision) -> Duration {
    let (world, store) = (World::new(), shared());
    let (here, there) = (world.replica_on(&store).await, world.replica_on(&store).await);
    let member = here.enrolled("shop", &world.phone(), "alice").await;
    let leaf = store.instances(everything("shop")).await.expect("an answer").remove(0).instance.serials.remove(0);
    let another = there.enrolled("shop", &world.phone(), "bob").await;
    let mut watches = Vec::new();
    for replica in [&here, &there] {
        watches.push(replica.watch("edge", WatchVerdictsRequest::default()).await.expect("a stream"));
        for instance in [&member, &another] {
            assert_eq!(replica.check("shop", instance).await.decision(), Decision::Allow);
        }
    }
    here.revoke_group(group(leaf)).await;
    let answered = Instant::now();
    is_revoked(&here.check("shop", &member).await);
    refused_in_the_end(&there, &member, answered).await;
    for stream in &mut watches {
        assert_eq!(news(stream).await, Change::Reset(Reset { app: "shop".into() }));
    }
    let took = answered.elapsed();
    for replica in [&here, &there] {
        assert_eq!(replica.check("shop", &another).await.decision(), of_another);
    }
    took
}

#[tokio::test]
async fn d07_a_restart_forgets_no_revocation() {
    let world = World::new();
    let service = world.replica_of_its_own().await;
    let (mut phone, other) = (world.phone(), world.phone());
    let instance = service.enrolled("shop", &phone, "").await;
    let account = service.enrolled("shop", &other, "alice").await;
    service.revoke(&instance, None).await;
    service.revoke_group(of_account("alice")).await;
    assert_eq!(service.stop().await, Stopped::Drained);
    let service = world.replica_of_its_own().await;
    is_revoked(&service.check("shop", &instance).await);
    is_revoked(&service.check("shop", &account).await);
    let proof = service.signed("shop", &instance, &mut phone).await;
    is_revoked(&service.assert(proof).await);
    service.reinstate(&instance).await;
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn d07_retries_and_repetitions_are_refused_too() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let mut phone = world.phone();
    let client_data = service.challenge("shop", Purpose::Attest).await;
    let first = attest_request("shop", &phone, &client_data);
    let answer = service.attestation().attest(by("login", first.clone())).await.expect("an answer");
    let instance = answer.into_inner().verdict.expect("a verdict").instance;
    let proof = service.signed("shop", &instance, &mut phone).await;
    let proof = AssertRequest { idempotency_key: "call 1".into(), ..proof };
    assert_eq!(service.assert(proof.clone()).await.decision(), Decision::Allow);
    service.revoke(&instance, None).await;
    is_revoked(&service.assert(proof).await);
    let answer = service.attestation().attest(by("login", first)).await.expect("an answer");
    is_revoked(&answer.into_inner().verdict.expect("a verdict"));
}

#[tokio::test]
async fn d07_a_revocation_ends_when_it_was_said_to() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let mut phone = world.phone();
    let instance = service.enrolled("shop", &phone, "").await;
    let revoked = service.revoke(&instance, Some(Duration::from_secs(60))).await;
    assert_eq!(revoked.revocation_end_time.expect("an end").seconds, START.as_secs().cast_signed() + 60);
    let verdict = service.check("shop", &instance).await;
    is_revoked(&verdict);
    assert_eq!(verdict.expire_time.expect("an end").seconds, START.as_secs().cast_signed() + 60);
    world.later(Duration::from_secs(59));
    is_revoked(&service.check("shop", &instance).await);
    world.later(Duration::from_secs(1));
    let proof = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(service.assert(proof).await.decision(), Decision::Allow);
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
    let status = service.instances().revoke_instance(by("desk", in_the_past(&instance))).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
}

fn in_the_past(instance: &str) -> RevokeInstanceRequest {
    let expire_time = Some(prost_types::Timestamp { seconds: START.as_secs().cast_signed(), nanos: 0 });
    RevokeInstanceRequest { app: "shop".into(), name: named(instance), why: "stolen".into(), expire_time }
}

fn of_account(account: &str) -> instance_group::Group {
    instance_group::Group::Account(AccountName { account: account.into(), relying_party: String::new() })
}

#[tokio::test]
async fn d07_a_group_is_revoked_at_once_and_reinstated_as_one() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let mut phones = Vec::new();
    for account in ["alice", "alice", "bob"] {
        let phone = world.phone();
        phones.push(service.enrolled("shop", &phone, account).await);
    }
    let denied = async |expected: [bool; 3]| {
        for (phone, expected) in phones.iter().zip(expected) {
            let verdict = service.check("shop", phone).await;
            assert_eq!(verdict.decision() == Decision::Deny, expected, "{verdict:?}");
        }
    };
    denied([false, false, false]).await;
    service.revoke_group(of_account("alice")).await;
    denied([true, true, false]).await;
    service.reinstate(&phones[0]).await;
    denied([false, true, false]).await;
    service.revoke_group(instance_group::Group::All(true)).await;
    denied([true, true, true]).await;
    let newcomer = world.phone();
    service.enrolled("shop", &newcomer, "alice").await;
    service.reinstate_group(instance_group::Group::All(true)).await;
    denied([false, true, false]).await;
}

/// Apple's intermediate stands in every chain of the laboratory.
#[tokio::test]
async fn d07_a_revoked_chain_enrols_nobody_who_is_allowed() {
    let (world, store) = (World::new(), shared());
    let service = world.replica_on(&store).await;
    let first = world.phone();
    let instance = service.enrolled("shop", &first, "").await;
    let ids = store.instances(everything("shop")).await.expect("an answer");
    let serial = ids[0].instance.serials.last().expect("a serial number").clone();
    let group = || instance_group::Group::ChainSerial(serial.to_uppercase());
    service.revoke_group(group()).await;
    is_revoked(&service.check("shop", &instance).await);
    let second = world.phone();
    is_revoked(&service.attest("shop", &second, "").await);
    service.reinstate_group(group()).await;
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
}

pub(crate) fn everything(app: &str) -> bonafide::store::InstanceList {
    bonafide::store::InstanceList { app: app.parse().expect("a name"), account: None, after: None, limit: 10 }
}
