//! The laboratory of the Android phones, and the configuration that trusts it.

use anyhow::Context;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;

use crate::clock::{Clock, SystemClock};
use crate::config::{StatusListFrom, UpstreamConfig};
use crate::crypto::digest::Digest;
use crate::crypto::secret::random;
use crate::evidence::claims::Anchor;
use crate::evidence::claims::play_integrity::TokenKind;
use crate::evidence::key_attestation::AppIdentity;
use crate::lab::google::{FakeGoogle, GooglePlan};
use crate::lab::key::LabKey;
use crate::lab::key_attestation::{AndroidApp, KeyAttestationLab, LabAndroid};
use crate::lab::play_integrity::LabApp;
use crate::upstream::{AccessConfig, Endpoint, GoogleConfig, ServiceAccount};
use crate::verifier::{AppConfig, KeyAttestationConfig, PlayIntegrityConfig};

/// The Android app of the demo.
pub(in crate::app::demo) const ANDROID_APP: &str = "shop-android";
const PACKAGE: &str = "com.example.shop";

/// A throw-away authority for chains, an app that Play distributes, and the Google that knows it.
pub(in crate::app::demo) struct AndroidLab {
    pub(in crate::app::demo) google: FakeGoogle,
    authority: KeyAttestationLab,
    play: LabApp,
}

impl AndroidLab {
    pub(in crate::app::demo) async fn start() -> anyhow::Result<Self> {
        let now = SystemClock.now();
        let authority = KeyAttestationLab::new(now)?;
        let roots = vec![authority.root_pem()];
        let google = FakeGoogle::start(GooglePlan { roots, ..GooglePlan::of(&[PACKAGE]) }).await?;
        let lab = Self { google, authority, play: LabApp::new(PACKAGE, now)? };
        // The real list was never empty, and a service believes no list that is.
        lab.revoke(&random::<16>()?);
        Ok(lab)
    }

    pub(in crate::app::demo) async fn stop(self) {
        self.google.stop().await;
    }

    /// How the service reaches this Google, and no other.
    pub(in crate::app::demo) fn upstream(&self) -> anyhow::Result<UpstreamConfig> {
        let at = |path: &str| Endpoint::parse(&format!("{}{path}", self.google.origin()));
        let key_file = self.google.key_file()?.to_string();
        let account = ServiceAccount::parse(key_file.as_bytes(), at("/token")?)?;
        let google = GoogleConfig {
            status_list: at("/attestation/status")?,
            play_integrity: at("/")?,
            ..GoogleConfig::new(Some(AccessConfig::ServiceAccount(Box::new(account))))
        };
        Ok(UpstreamConfig { google, status_list: StatusListFrom::Google })
    }

    /// The app: both formats are required, and the laboratory is named for both.
    pub(in crate::app::demo) fn app(&self) -> anyhow::Result<AppConfig> {
        let signers = Some([self.play.signer.0].into());
        let identity = AppIdentity { package: PACKAGE.to_owned(), signers };
        let chain = KeyAttestationConfig {
            lab_roots: vec![self.authority.root_der().to_vec()],
            ..KeyAttestationConfig::careful(vec![identity])
        };
        let token = PlayIntegrityConfig {
            decoder_origin: Anchor::Lab,
            ..PlayIntegrityConfig::careful(PACKAGE.to_owned(), vec![self.play.signer])
        };
        let name = ANDROID_APP.parse()?;
        Ok(AppConfig { key_attestation: Some(chain), play_integrity: Some(token), ..AppConfig::of(name) })
    }

    /// A new phone on which the app runs.
    pub(in crate::app::demo) fn phone(&self) -> anyhow::Result<LabAndroid> {
        Ok(self.authority.device(&AndroidApp::new(PACKAGE, &self.play.signer.0))?)
    }

    /// A key that no hardware keeps.
    pub(in crate::app::demo) fn attackers_key(&self) -> anyhow::Result<LabKey> {
        Ok(LabKey::p256(&random()?, "attacker")?)
    }

    /// A token over the hash of client data, as the Play Integrity API gives it to a genuine app on a genuine phone.
    pub(in crate::app::demo) fn token(&self, client_data_hash: &Digest) -> anyhow::Result<String> {
        let asked_now = self.play.clone().at(SystemClock.now());
        let payload = asked_now.verdict(TokenKind::Standard, &BASE64URL_NOPAD.encode(client_data_hash)).write();
        let payload = serde_json::from_slice(&payload).context("a payload is JSON")?;
        Ok(self.google.mint(PACKAGE, payload)?)
    }

    /// Puts a certificate on the status list.
    pub(in crate::app::demo) fn revoke(&self, serial: &[u8]) {
        self.google.list(&HEXLOWER.encode(serial), json!({"status": "REVOKED", "reason": "KEY_COMPROMISE"}));
    }
}
