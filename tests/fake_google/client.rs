//! A fake Google with one linked package, and short ways to ask it.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use bonafide::clock::{Clock, ManualClock};
use bonafide::lab::google::{FakeGoogle, GooglePlan, SCOPE};
use bonafide::time::Timestamp;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

pub(crate) const PACKAGE: &str = "com.example.shop";
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) struct Asking {
    pub(crate) google: FakeGoogle,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) http: Client,
}

impl Asking {
    pub(crate) async fn start() -> Self {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let clock = Arc::new(ManualClock::at(START));
        let plan = GooglePlan { clock: clock.clone(), ..GooglePlan::of(&[PACKAGE]) };
        let google = FakeGoogle::start(plan).await.expect("starts");
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { google, clock, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.google.origin())
    }

    pub(crate) fn fetch(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    /// A decode request as the service makes it.
    pub(crate) fn decode_request(&self, package: &str, token: &str) -> RequestBuilder {
        let access = self.google.access_token().expect("an access token");
        let body = json!({"integrityToken": token}).to_string();
        let request = self.http.post(self.url(&format!("/v1/{package}:decodeIntegrityToken")));
        request.bearer_auth(access).header("content-type", "application/json").body(body)
    }

    /// What came out of a decode, with its HTTP status.
    pub(crate) async fn decode(&self, package: &str, token: &str) -> (u16, Value) {
        told(self.decode_request(package, token).send().await.expect("an answer")).await
    }

    /// A request for an access token with this assertion.
    pub(crate) async fn exchange(&self, grant_type: &str, assertion: &str) -> (u16, Value) {
        let body = format!("grant_type={grant_type}&assertion={assertion}");
        let request = self.http.post(self.url("/token")).header("content-type", "application/x-www-form-urlencoded");
        told(request.body(body).send().await.expect("an answer")).await
    }

    /// Sends an order to the control plane, which must take it.
    pub(crate) async fn order(&self, method: reqwest::Method, path: &str, body: &Value) {
        let request = self.http.request(method, self.url(path)).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}: {body}");
    }
}

pub(crate) const JWT_BEARER: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";

/// The claims of a good assertion of this key file, made at `START`.
pub(crate) fn claims(key_file: &Value) -> Value {
    let now = START.as_secs();
    let (iss, aud) = (&key_file["client_email"], &key_file["token_uri"]);
    json!({"iss": iss, "aud": aud, "scope": SCOPE, "iat": now, "exp": now + 3_600})
}

/// A JWT under the key of this key file.
pub(crate) fn signed(key_file: &Value, header: &Value, claims: &Value) -> String {
    let pem = key_file["private_key"].as_str().expect("a text");
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let key = KeyPair::from_pkcs8(&BASE64.decode(der.as_bytes()).expect("base64")).expect("a key");
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let text = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signs");
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

pub(crate) async fn told(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON"))
}

/// The payload of a standard request.
pub(crate) fn payload(clock: &ManualClock) -> Value {
    json!({
        "requestDetails": {
            "requestPackageName": PACKAGE,
            "requestHash": "aGFzaA",
            "timestampMillis": clock.now().as_millis().to_string(),
        },
        "appIntegrity": {"appRecognitionVerdict": "PLAY_RECOGNIZED", "packageName": PACKAGE, "versionCode": "7"},
        "deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"]},
        "accountDetails": {"appLicensingVerdict": "LICENSED"},
    })
}
