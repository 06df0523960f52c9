//! The demo's stage: laboratories, a Google of their own, the service that trusts them by name, and channels to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use super::android::AndroidLab;
use super::callers::{Callers, Calling};
use crate::app::{Service, ServiceFault};
use crate::appraisal::{Aspect, Concern, Mode, OwnCode, OwnRule, Percent, Remedy};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::evidence::app_attest::AppId;
use crate::evidence::claims::Environment;
use crate::gateway::{GatewayRules, Tell};
use crate::grpc::proto::attestation_service_client::AttestationServiceClient;
use crate::grpc::proto::verdict_service_client::VerdictServiceClient;
use crate::grpc::{GrpcConfig, Stopped};
use crate::http::GatewayConfig;
use crate::lab::app_attest::{AppAttestLab, LabDevice};
use crate::store::{SignCountMode, StoreConfig, WindowSize};
use crate::telemetry::LogConfig;
use crate::verifier::{AppAttestConfig, AppConfig, TokenConfig, Verifier, VerifierConfig};

/// The app of the demo.
pub(super) const APP: &str = "shop";
const APP_ID: &str = "1234567890.com.example.shop";
const ISSUER: &str = "https://verdicts.shop.example";
const ANYWHERE_HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running service, and the laboratories that it trusts.
pub(super) struct Setting {
    /// The laboratory of the Android phones, and the Google that the service asks.
    pub(super) android: AndroidLab,
    /// The role behind the service, to have the status list renewed ahead of its time.
    pub(super) role: Arc<Verifier>,
    /// Who may call it.
    pub(super) callers: Callers,
    lab: AppAttestLab,
    app_id: AppId,
    channel: Channel,
    address: SocketAddr,
    web: SocketAddr,
    stop: oneshot::Sender<()>,
    service: JoinHandle<Result<Stopped, ServiceFault>>,
    folder: TempDir,
}

impl Setting {
    pub(super) async fn build() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("bonafide-demo-").tempdir()?;
        let app_id: AppId = APP_ID.parse()?;
        let lab = AppAttestLab::new(SystemClock.now())?;
        let android = AndroidLab::start().await?;
        let callers = Callers::new()?;
        let config = config(&folder, &callers, &android, verifier(&app_id, &lab, &android)?)?;
        let service = Service::start(config, Arc::new(SystemClock)).await?;
        let role = Arc::clone(&service.verifier);
        let (address, web) = (service.address(), service.gateway_address().context("an address over HTTP")?);
        let (stop, stopped) = oneshot::channel::<()>();
        let service = tokio::spawn(service.run(async { drop(stopped.await) }));
        let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
        Ok(Self { android, role, callers, lab, app_id, channel, address, web, stop, service, folder })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where proxies of HTTP ask, and where the keys of tokens are.
    pub(super) const fn web(&self) -> SocketAddr {
        self.web
    }

    pub(super) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(super) fn auth_server(&self) -> AttestationServiceClient<Calling> {
        AttestationServiceClient::new(self.callers.auth_server.on(self.channel()))
    }

    pub(super) fn gateway(&self) -> VerdictServiceClient<Calling> {
        VerdictServiceClient::new(self.edge())
    }

    /// A gateway's channel.
    pub(super) fn edge(&self) -> Calling {
        self.callers.gateway.on(self.channel())
    }

    /// An operator's channel.
    pub(super) fn desk(&self) -> Calling {
        self.callers.operator.on(self.channel())
    }

    pub(super) fn phone(&self) -> anyhow::Result<LabDevice> {
        Ok(self.lab.device(&self.app_id, Environment::Production)?)
    }

    /// Stops the service, waits for it, stops the Google that it asked, and removes the folder.
    pub(super) async fn stop(self) -> anyhow::Result<Stopped> {
        drop(self.channel);
        drop(self.role);
        drop(self.stop);
        let stopped = self.service.await.context("the service panicked")??;
        self.android.stop().await;
        self.folder.close()?;
        Ok(stopped)
    }
}

/// Where it listens and what it keeps.
fn config(
    folder: &TempDir,
    callers: &Callers,
    android: &AndroidLab,
    verifier: VerifierConfig,
) -> anyhow::Result<Config> {
    let callers = callers.known()?;
    let gateway = GatewayRules { tell: Tell::Codes, ..GatewayRules::USUAL };
    Ok(Config {
        grpc: GrpcConfig { callers: callers.clone(), gateway, ..GrpcConfig::on(ANYWHERE_HERE) },
        http: None,
        gateway: Some(GatewayConfig { callers, ..GatewayConfig::on(ANYWHERE_HERE) }),
        upstream: android.upstream()?,
        store: StoreConfig::Sqlite { path: folder.path().join("bonafide.db") },
        verifier,
        log: LogConfig::default(),
    })
}

/// The apps, and who signs.
fn verifier(app_id: &AppId, lab: &AppAttestLab, android: &AndroidLab) -> anyhow::Result<VerifierConfig> {
    let window = WindowSize::new(64).context("64 is a window size")?;
    let app_attest = AppAttestConfig {
        sign_count: SignCountMode::Window(window),
        lab_roots: vec![lab.root_der().to_vec()],
        ..AppAttestConfig::careful(vec![app_id.clone()])
    };
    let own_rules = vec![pay_needs_ios_18()?];
    let app = AppConfig { app_attest: Some(app_attest), own_rules, ..AppConfig::of(APP.parse()?) };
    // Its seal is gone with the process, and so is the store.
    let token = Some(TokenConfig::of(ISSUER));
    Ok(VerifierConfig { token, ..VerifierConfig::of(vec![app, android.app()?]) })
}

/// What a row of `[[app.rule]]` comes to.
fn pay_needs_ios_18() -> anyhow::Result<OwnRule> {
    Ok(OwnRule {
        code: OwnCode::of("pay_needs_ios_18")?,
        when: r#"request.path.startsWith("/pay") && app_attest.os_version < version("18")"#.parse()?,
        tier: Concern::Warning,
        effect: Aspect::Configuration,
        remedy: Remedy::UpdateOs,
        text: "payments need iOS 18".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    })
}
