//! The demo's stage: laboratories, a Google of their own, the service that trusts them by name, and channels to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use super::android::AndroidLab;
use crate::app::{Service, ServiceFault};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::evidence::app_attest::AppId;
use crate::evidence::claims::Environment;
use crate::grpc::proto::attestation_service_client::AttestationServiceClient;
use crate::grpc::proto::verdict_service_client::VerdictServiceClient;
use crate::grpc::{GrpcConfig, Stopped};
use crate::lab::app_attest::{AppAttestLab, LabDevice};
use crate::store::{SignCountMode, StoreConfig, WindowSize};
use crate::telemetry::LogConfig;
use crate::verifier::{AppAttestConfig, AppConfig, Verifier, VerifierConfig};

/// The app of the demo.
pub(super) const APP: &str = "shop";
const APP_ID: &str = "1234567890.com.example.shop";

/// A running service, and the laboratories that it trusts.
pub(super) struct Setting {
    /// The laboratory of the Android phones, and the Google that the service asks.
    pub(super) android: AndroidLab,
    /// The role behind the service, to have the status list renewed ahead of its time.
    pub(super) role: Arc<Verifier>,
    lab: AppAttestLab,
    app_id: AppId,
    channel: Channel,
    address: SocketAddr,
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
        let config = config(&folder, &app_id, &lab, &android)?;
        let service = Service::start(config, Arc::new(SystemClock)).await?;
        let role = Arc::clone(&service.verifier);
        let address = service.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let service = tokio::spawn(service.run(async { drop(stopped.await) }));
        let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
        Ok(Self { android, role, lab, app_id, channel, address, stop, service, folder })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(super) fn auth_server(&self) -> AttestationServiceClient<Channel> {
        AttestationServiceClient::new(self.channel())
    }

    pub(super) fn gateway(&self) -> VerdictServiceClient<Channel> {
        VerdictServiceClient::new(self.channel())
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

fn config(folder: &TempDir, app_id: &AppId, lab: &AppAttestLab, android: &AndroidLab) -> anyhow::Result<Config> {
    let window = WindowSize::new(64).context("64 is a window size")?;
    let app_attest = AppAttestConfig {
        sign_count: SignCountMode::Window(window),
        lab_roots: vec![lab.root_der().to_vec()],
        ..AppAttestConfig::careful(vec![app_id.clone()])
    };
    let app = AppConfig { app_attest: Some(app_attest), ..AppConfig::of(APP.parse()?) };
    Ok(Config {
        grpc: GrpcConfig::on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        http: None,
        gateway: None,
        upstream: android.upstream()?,
        store: StoreConfig::Sqlite { path: folder.path().join("bonafide.db") },
        verifier: VerifierConfig::of(vec![app, android.app()?]),
        log: LogConfig::default(),
    })
}
