//! Verdicts, planned and written.

use serde_json::{Map, Value, json};

use super::app::LabApp;
use crate::evidence::claims::play_integrity::TokenKind;

/// A verdict before it is written. Every member can be of any type; `None` leaves it out.
#[derive(Clone, Debug)]
pub struct PayloadPlan {
    /// `requestDetails.requestPackageName`.
    pub request_package_name: Option<Value>,
    /// `requestDetails.requestHash`.
    pub request_hash: Option<Value>,
    /// `requestDetails.nonce`.
    pub nonce: Option<Value>,
    /// `requestDetails.timestampMillis`.
    pub timestamp_millis: Option<Value>,
    /// `appIntegrity.appRecognitionVerdict`.
    pub app_verdict: Option<Value>,
    /// `appIntegrity.packageName`.
    pub package_name: Option<Value>,
    /// `appIntegrity.certificateSha256Digest`.
    pub signers: Option<Value>,
    /// `appIntegrity.versionCode`.
    pub version_code: Option<Value>,
    /// `deviceIntegrity.deviceRecognitionVerdict`.
    pub device_labels: Option<Value>,
    /// `deviceIntegrity.legacyDeviceRecognitionVerdict`.
    pub legacy_labels: Option<Value>,
    /// `deviceIntegrity.deviceAttributes`.
    pub device_attributes: Option<Value>,
    /// `deviceIntegrity.recentDeviceActivity`.
    pub recent_activity: Option<Value>,
    /// `deviceIntegrity.deviceRecall`.
    pub device_recall: Option<Value>,
    /// `accountDetails.appLicensingVerdict`.
    pub licensing: Option<Value>,
    /// `accountDetails.accountActivity`.
    pub account_activity: Option<Value>,
    /// `environmentDetails`.
    pub surroundings: Option<Value>,
    /// `testingDetails`.
    pub testing: Option<Value>,
    /// Outermost members that are left out whole.
    pub without: Vec<&'static str>,
    /// Outermost members that Google does not write.
    pub more_members: Vec<(String, Value)>,
    /// Changes the text at the end, for what no JSON writer writes.
    pub rewrite: fn(String) -> String,
}

impl PayloadPlan {
    pub(super) fn good(app: &LabApp, kind: TokenKind, binding: &str) -> Self {
        let bound = |to: TokenKind| (kind == to).then(|| json!(binding));
        Self {
            request_package_name: Some(json!(app.package_name)),
            request_hash: bound(TokenKind::Standard),
            nonce: bound(TokenKind::Classic),
            timestamp_millis: Some(json!(app.now.as_millis().to_string())),
            app_verdict: Some(json!("PLAY_RECOGNIZED")),
            package_name: Some(json!(app.package_name)),
            signers: Some(json!([app.signer])),
            version_code: Some(json!("42")),
            device_labels: Some(json!(["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"])),
            legacy_labels: None,
            device_attributes: Some(json!({"sdkVersion": 36})),
            recent_activity: Some(json!({"deviceActivityLevel": "LEVEL_1"})),
            device_recall: None,
            licensing: Some(json!("LICENSED")),
            account_activity: None,
            surroundings: Some(json!({
                "appAccessRiskVerdict": {"appsDetected": ["KNOWN_INSTALLED"]},
                "playProtectVerdict": "NO_ISSUES",
            })),
            testing: None,
            without: Vec::new(),
            more_members: Vec::new(),
            rewrite: |text| text,
        }
    }

    /// The same verdict as Google answers when a standard token is decoded once too often: a good answer, emptied.
    pub fn emptied(self) -> Self {
        Self {
            app_verdict: Some(json!("UNEVALUATED")),
            package_name: None,
            signers: None,
            version_code: None,
            device_labels: Some(json!([])),
            device_attributes: None,
            recent_activity: Some(json!({"deviceActivityLevel": "UNEVALUATED"})),
            licensing: Some(json!("UNEVALUATED")),
            surroundings: Some(json!({"playProtectVerdict": "UNEVALUATED"})),
            ..self
        }
    }

    /// The payload as it stands in a token.
    pub fn write(self) -> Vec<u8> {
        let rewrite = self.rewrite;
        rewrite(self.value().to_string()).into_bytes()
    }

    /// The answer of Google's server that carries the payload.
    pub fn write_answer(self) -> Vec<u8> {
        let rewrite = self.rewrite;
        rewrite(json!({"tokenPayloadExternal": self.value()}).to_string()).into_bytes()
    }

    fn value(self) -> Value {
        let request = [
            ("requestPackageName", self.request_package_name),
            ("requestHash", self.request_hash),
            ("nonce", self.nonce),
            ("timestampMillis", self.timestamp_millis),
        ];
        let app = [
            ("appRecognitionVerdict", self.app_verdict),
            ("packageName", self.package_name),
            ("certificateSha256Digest", self.signers),
            ("versionCode", self.version_code),
        ];
        let device = [
            ("deviceRecognitionVerdict", self.device_labels),
            ("legacyDeviceRecognitionVerdict", self.legacy_labels),
            ("deviceAttributes", self.device_attributes),
            ("recentDeviceActivity", self.recent_activity),
            ("deviceRecall", self.device_recall),
        ];
        let account = [("appLicensingVerdict", self.licensing), ("accountActivity", self.account_activity)];
        let whole = [
            ("requestDetails", Some(object(request))),
            ("appIntegrity", Some(object(app))),
            ("deviceIntegrity", Some(object(device))),
            ("accountDetails", Some(object(account))),
            ("environmentDetails", self.surroundings),
            ("testingDetails", self.testing),
        ];
        let Value::Object(mut members) = object(whole) else { return Value::Null };
        members.retain(|name, _| !self.without.contains(&name.as_str()));
        members.extend(self.more_members);
        Value::Object(members)
    }
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
