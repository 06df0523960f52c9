//! What gateways show this service of their clients' requests.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use bonafide::grpc::proto::envoy::service::auth::v3::authorization_server::{Authorization, AuthorizationServer};
use bonafide::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest, CheckResponse};
use prost::Message;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::caddy::caddy_for;
use crate::client::get;
use crate::envoy::envoy_for;
use crate::nginx::nginx_for;
use crate::route::Takes;
use crate::stage::{KEY, Stage};
use crate::traefik::traefik_for;
use crate::upstream::{self, Reached};

/// What a client sends; of the last two nothing is for this service.
fn sent(stage: &Stage) -> [(&'static str, &str); 6] {
    [
        ("bonafide-token", &stage.token),
        ("bonafide-instance", "x"),
        ("bonafide-assertion", "app_attest.x.y"),
        ("dpop", "proof"),
        ("authorization", "Bearer of a user"),
        ("cookie", "session=1"),
    ]
}

/// Stands in for this service where Envoy asks: it passes every request, and keeps what it is shown.
struct Keeping(Arc<Mutex<Vec<AttributeContext>>>);

#[tonic::async_trait]
impl Authorization for Keeping {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let attributes = AttributeContext::decode(request.into_inner().attributes).expect("a message");
        self.0.lock().expect("no panic").push(attributes);
        Ok(Response::new(CheckResponse::default()))
    }
}

#[tokio::test]
async fn envoy_shows_what_counts_and_neither_authorization_nor_cookie() {
    let mut stage = Stage::set().await;
    let kept = Arc::default();
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("listens");
    stage.service.address = incoming.local_addr().expect("an address");
    let service = AuthorizationServer::new(Keeping(Arc::clone(&kept)));
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    let Some(envoy) = envoy_for(Takes::Token, &stage).await else { return };
    let lines = sent(&stage).map(|(name, value)| format!("{name}: {value}"));
    let reached = Reached::of(&get(envoy.address, "/pay", &lines.each_ref().map(String::as_str)).await);
    assert_eq!(reached.all("authorization"), ["Bearer of a user"], "it is for the API");
    let [shown] = &kept.lock().expect("no panic")[..] else { panic!("{kept:?}") };
    let http = shown.request.as_ref().and_then(|request| request.http.as_ref()).expect("a request");
    let shown = |name: &str| http.headers.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
    let sent = sent(&stage);
    for (name, value) in &sent[..4] {
        assert_eq!(shown(name).as_deref(), Some(*value), "{http:?}");
    }
    assert_eq!((shown("authorization"), shown("cookie")), (None, None), "{http:?}");
}

#[tokio::test]
async fn proxies_show_what_counts_and_neither_authorization_nor_cookie() {
    let mut stage = Stage::set().await;
    stage.service.gateway = Some(upstream::start_denying().await);
    let takes = Takes::Token;
    let proxies = [nginx_for(takes, &stage).await, traefik_for(takes, &stage).await, caddy_for(takes, &stage).await];
    let sent = sent(&stage);
    let lines = sent.map(|(name, value)| format!("{name}: {value}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    for proxy in proxies.into_iter().flatten() {
        let said = get(proxy.address, "/pay", &lines).await;
        assert_eq!(said.status, 403, "{said:?}");
        let shown = Reached::told(&said);
        for (name, value) in sent[..4].iter().chain([&("bonafide-caller-key", KEY)]) {
            assert_eq!(shown.all(name), [*value], "{name}: {said:?}");
        }
        for (name, _) in &sent[4..] {
            assert_eq!(shown.all(name), Vec::<&str>::new(), "{name}: {said:?}");
        }
    }
}
