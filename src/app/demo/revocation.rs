//! An operator takes trust from a phone that is known and allowed; everybody hears of it.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::time::timeout;
use tonic::Streaming;

use super::auth_server::Enrolled;
use super::edge::{ask_as_envoy, ask_as_nginx, field};
use super::narration::Narration;
use super::setting::{APP, Setting};
use super::web::Page;
use crate::gateway::PROBLEM;
use crate::grpc::proto::instance_service_client::InstanceServiceClient;
use crate::grpc::proto::watch_verdicts_response::Change;
use crate::grpc::proto::{
    Decision, InstanceName, RevokeInstanceRequest, WatchVerdictsRequest, WatchVerdictsResponse, instance_name,
};

/// Longer than a revocation ever takes to be felt, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);
const WHY: &str = "reported stolen";
const CODE: &str = "instance_revoked";

/// Revokes the phone, and shows when a watcher and the gateways know of it.
pub(super) async fn revoke(
    story: &mut Narration,
    setting: &Setting,
    phone: &mut Enrolled,
    token: &str,
) -> anyhow::Result<()> {
    story.chapter("An operator revokes the phone");
    let request = WatchVerdictsRequest { app: APP.to_owned(), ..Default::default() };
    let mut news = setting.gateway().watch_verdicts(request).await?.into_inner();
    // The first message says where the stream begins.
    news.message().await?.context("the stream begins")?;
    let start = Instant::now();
    let everyone = async {
        tokio::try_join!(
            told(&mut news, phone.instance()),
            refused(setting, token),
            withdrawn(setting, phone.instance())
        )
    };
    let (told, (refused, page), withdrawn) = timeout(PATIENCE, everyone).await.context("nobody hears of it")??;
    let since = |moment: Instant| format!("after {:.1} ms", moment.duration_since(start).as_secs_f64() * 1e3);
    story.expect(&format!("RevokeInstance: {WHY}"), true, &format!("durable, and answered {}", since(withdrawn)))?;
    story.expect("WatchVerdicts tells a cache", true, &since(told))?;
    story.expect("Envoy, the same request", true, &format!("{} {}", page.status, since(refused)))?;
    story.note(&format!("  {}", field(&page, "content-type").unwrap_or_default()), &page.body);
    let nginx = ask_as_nginx(setting, token, "/cart").await?;
    let problem = field(&nginx, PROBLEM).unwrap_or_default();
    story.expect(
        "nginx, the same request",
        nginx.status == 403 && problem == page.body,
        &format!("{}, the same", nginx.status),
    )?;
    let (verdict, token) = phone.signs_in().await?;
    story.expect_verdict("the phone signs in again", &verdict, Decision::Deny, CODE)?;
    Ok(story.expect("  and gets a token", token.is_none(), "no")?)
}

async fn withdrawn(setting: &Setting, instance: &str) -> anyhow::Result<Instant> {
    let name = InstanceName { name: Some(instance_name::Name::Instance(instance.to_owned())) };
    let request =
        RevokeInstanceRequest { app: APP.to_owned(), name: Some(name), why: WHY.to_owned(), expire_time: None };
    InstanceServiceClient::new(setting.desk()).revoke_instance(request).await?;
    Ok(Instant::now())
}

/// When a watcher is told.
async fn told(news: &mut Streaming<WatchVerdictsResponse>, instance: &str) -> anyhow::Result<Instant> {
    while let Some(message) = news.message().await? {
        if matches!(message.change, Some(Change::Revoked(told)) if told.instance == instance) {
            return Ok(Instant::now());
        }
    }
    bail!("the stream has ended")
}

/// When the gateway is refused that was let in before, and what it is told.
async fn refused(setting: &Setting, token: &str) -> anyhow::Result<(Instant, Page)> {
    loop {
        let page = ask_as_envoy(setting, token, "/cart").await?;
        if page.status == 403 && page.body.contains(CODE) {
            return Ok((Instant::now(), page));
        }
        if page.status != 200 {
            bail!("the gateway is told {} {}", page.status, page.body);
        }
    }
}
