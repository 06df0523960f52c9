//! A signed verdict: what stands in it, and how anybody verifies it with the published keys.

use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use super::auth_server::Enrolled;
use super::narration::{Narration, shortened};
use super::setting::Setting;
use super::web;
use crate::crypto::jose::Compact;
use crate::crypto::jwk::PublicJwk;
use crate::grpc::proto::Decision;

/// Where the keys are.
const JWKS: &str = "/.well-known/jwks.json";
/// The claims that are shown, and where they stand; the others are named.
const SHOWN: [(&str, &str); 8] = [
    ("iss", "/iss"),
    ("aud", "/aud"),
    ("sub", "/sub"),
    ("exp", "/exp"),
    ("submods: ear_status", "/submods/shop/ear_status"),
    ("  ear_trustworthiness_vector", "/submods/shop/ear_trustworthiness_vector"),
    ("  ear_verifier_claims", "/submods/shop/ear_verifier_claims"),
    ("bonafide", "/bonafide"),
];

/// Has a token signed, shows what it says and verifies it. Gives the token.
pub(super) async fn read(story: &mut Narration, setting: &Setting, phone: &mut Enrolled) -> anyhow::Result<String> {
    story.chapter("A signed verdict: a token (EAR) that relying parties verify by themselves");
    let (verdict, token) = phone.signs_in().await?;
    let step = "signs in; the auth server wants a token";
    story.expect_verdict(step, &verdict, Decision::Allow, "lab_anchor")?;
    let token = token.context("a token")?;
    story.note("the token", &format!("{} ({} characters)", shortened(&token), token.len()));
    let read = Compact::parse(token.as_bytes())?;
    let header = read.signed.split(|byte| *byte == b'.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(header)?)?;
    story.note("its header", &header.to_string());
    tell_claims(story, &serde_json::from_slice(&read.payload)?);
    let kid = header.get("kid").and_then(Value::as_str).context("a key id")?;
    let key = published(setting, kid).await?.context("the key is published")?;
    let verified = key.verify(read.signed, &read.signature).is_ok();
    let told = format!("http://{}{JWKS} has the key {}", setting.web(), shortened(kid));
    story.expect("verified with the published keys", verified, &told)?;
    let mut changed = read.signed.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    let refused = key.verify(&changed, &read.signature).is_err();
    story.expect("one bit flipped", refused, "refused: the signature is of something else")?;
    Ok(token)
}

fn tell_claims(story: &Narration, claims: &Value) {
    for (name, place) in SHOWN {
        let value = claims.pointer(place).map(Value::to_string).unwrap_or_default();
        story.note(&format!("  {name}"), &value);
    }
    let names = claims.as_object().into_iter().flat_map(Map::keys);
    let shown = |name: &&String| SHOWN.iter().any(|(_, place)| place.split('/').nth(1) == Some(name));
    let others: Vec<_> = names.filter(|name| !shown(name)).map(String::as_str).collect();
    story.note("  and", &others.join(", "));
}

/// The published key of this id.
async fn published(setting: &Setting, kid: &str) -> anyhow::Result<Option<PublicJwk>> {
    let page = web::fetch(setting.web(), JWKS, &[]).await?;
    let set: Value = serde_json::from_str(&page.body)?;
    let mut keys = set.get("keys").and_then(Value::as_array).into_iter().flatten();
    let key = keys.find(|key| key.get("kid").and_then(Value::as_str) == Some(kid));
    Ok(key.and_then(|key| PublicJwk::of_json(&key.to_string())))
}
