//! The verdict as an attestation result for others: EAR (draft-ietf-rats-ear-04) in JSON, and back.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::bound::Bound;
use super::{Decision, Tier, TrustVector};
use crate::appraisal::{PolicyRevision, Worth};
use crate::crypto::digest::Digest;
use crate::crypto::jwk::Thumbprint;
use crate::ids::{AppName, Name};
use crate::time::Timestamp;

/// Which names the claims have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarProfile {
    /// Those of draft-ietf-rats-ear-04.
    #[default]
    Ear04,
    /// Those of the early form that is widespread in code.
    Veraison2023,
}

/// Who made the verifier, and what it is called.
const DEVELOPER: &str = "bonafide";
const BUILD: &str = concat!("bonafide ", env!("CARGO_PKG_VERSION"));

/// The claim that holds what EAR has no name for.
const PRIVATE: &str = "bonafide";

/// What a token says: a verdict at one time, for one relying party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The service that signs.
    pub issuer: String,
    /// The relying party that it is for.
    pub audience: Name,
    /// The instance's pseudonym towards that party; `None` where no instance is known.
    pub subject: Option<String>,
    /// The token's own name. All that count once and were signed for one proof and party have one name: they are one use.
    pub id: String,
    /// When it was signed, and from when on it counts, in whole seconds.
    pub issued_at: Timestamp,
    /// When it ends, in whole seconds.
    pub expires_at: Timestamp,
    /// What whoever presents it has to prove.
    pub confirmation: Confirmation,
    /// The app.
    pub app: AppName,
    /// What to do.
    pub decision: Decision,
    /// How far the instance is trusted.
    pub tier: Tier,
    /// The worth, aspect by aspect.
    pub vector: TrustVector,
    /// The codes of the reasons.
    pub reasons: Vec<String>,
    /// The policy it was appraised under.
    pub policy: PolicyRevision,
    /// When the proof behind it was given, in whole seconds.
    pub proven_at: Timestamp,
    /// Until when its use is remembered, in whole seconds, if it counts once only.
    pub single_use_until: Option<Timestamp>,
    /// SHA-256 of the session that it is bound to, where no instance is known.
    pub session: Option<Digest>,
    /// What else it is bound to.
    pub bound: Bound,
}

/// What whoever presents a token has to prove (RFC 7800): all of what is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// That it holds this key, by a DPoP proof (RFC 9449, section 6).
    #[serde(default, rename = "jkt", with = "digest_text", skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    /// That its connection has the client certificate with this SHA-256 (RFC 8705, section 3.1).
    #[serde(default, rename = "x5t#S256", with = "digest_text", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
}

impl Confirmation {
    /// Whether nothing has to be proved.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The key that has to be held.
    pub fn thumbprint(&self) -> Option<Thumbprint> {
        self.key.map(Thumbprint)
    }
}

/// What EAR has no name for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Private {
    app: AppName,
    policy_revision: PolicyRevision,
    proven_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    single_use_until: Option<u64>,
    #[serde(default, with = "digest_text", skip_serializing_if = "Option::is_none")]
    session_sha256: Option<Digest>,
    #[serde(default, skip_serializing_if = "Bound::is_empty")]
    bound: Bound,
}

/// The whole payload; its aliases are the names of the early form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    eat_profile: String,
    iss: String,
    aud: Name,
    sub: Option<String>,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
    #[serde(default)]
    cnf: Confirmation,
    #[serde(rename = "ear_verifier_id", alias = "ear.verifier-id")]
    _verifier: Value,
    submods: Map<String, Value>,
    #[serde(rename = "bonafide")]
    private: Private,
}

/// The one submodule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submodule {
    #[serde(rename = "ear_status", alias = "ear.status")]
    status: Tier,
    #[serde(default, rename = "ear_trustworthiness_vector", alias = "ear.trustworthiness-vector")]
    vector: Map<String, Value>,
    #[serde(rename = "ear_appraisal_policy_ids", alias = "ear.appraisal-policy-id")]
    _policies: Value,
    #[serde(rename = "ear_verifier_claims", alias = "ear.veraison.policy-claims")]
    claims: VerifierClaims,
}

/// What the verifier itself says of the instance.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifierClaims {
    decision: Decision,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

impl EarProfile {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ear04 => "ear-04",
            Self::Veraison2023 => "ear-veraison-2023",
        }
    }

    /// The value of `eat_profile`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Ear04 => "tag:ietf.org,2026:rats/ear#04",
            Self::Veraison2023 => "tag:github.com,2023:veraison/ear",
        }
    }

    fn submodule(self, claims: &TokenClaims) -> Value {
        let vector: Map<String, Value> =
            claimed(&claims.vector).map(|(name, worth)| (name.into(), worth.into())).collect();
        let policy = format!("{}/policy/{}#{}", claims.issuer, claims.app, claims.policy);
        let (status, mut submodule) = (claims.tier.name(), Map::new());
        let names = match self {
            Self::Ear04 => {
                ["ear_status", "ear_appraisal_policy_ids", "ear_verifier_claims", "ear_trustworthiness_vector"]
            }
            Self::Veraison2023 => {
                ["ear.status", "ear.appraisal-policy-id", "ear.veraison.policy-claims", "ear.trustworthiness-vector"]
            }
        };
        let policy = if self == Self::Ear04 { json!([policy]) } else { json!(policy) };
        let said = json!(VerifierClaims { decision: claims.decision, reasons: claims.reasons.clone() });
        // A vector that is there is not empty (section 3.1).
        let vector = (!vector.is_empty()).then_some(Value::Object(vector));
        for (name, value) in names.into_iter().zip([Some(json!(status)), Some(policy), Some(said), vector]) {
            submodule.extend(value.map(|value| (name.to_owned(), value)));
        }
        Value::Object(submodule)
    }
}

fn claimed(vector: &TrustVector) -> impl Iterator<Item = (&'static str, i8)> {
    vector.named().into_iter().filter(|(_, worth)| *worth != Worth::NO_CLAIM).map(|(name, worth)| (name, worth.0))
}

impl TokenClaims {
    /// The payload as JSON; what is not known is left out.
    pub fn write(&self, profile: EarProfile) -> Vec<u8> {
        let mut payload = json!({
            "eat_profile": profile.uri(),
            "iss": self.issuer,
            "aud": self.audience,
            "iat": self.issued_at.as_secs(),
            "nbf": self.issued_at.as_secs(),
            "exp": self.expires_at.as_secs(),
            "jti": self.id,
            "submods": { self.app.as_str(): profile.submodule(self) },
            PRIVATE: self.private(),
        });
        let verifier = if profile == EarProfile::Ear04 { "ear_verifier_id" } else { "ear.verifier-id" };
        if let Value::Object(members) = &mut payload {
            members.insert(verifier.to_owned(), json!({ "developer": DEVELOPER, "build": BUILD }));
            members.extend(self.subject.as_ref().map(|subject| ("sub".to_owned(), json!(subject))));
            members.extend((!self.confirmation.is_empty()).then(|| ("cnf".to_owned(), json!(self.confirmation))));
        }
        payload.to_string().into_bytes()
    }

    fn private(&self) -> Private {
        Private {
            app: self.app.clone(),
            policy_revision: self.policy,
            proven_at: self.proven_at.as_secs(),
            single_use_until: self.single_use_until.map(Timestamp::as_secs),
            session_sha256: self.session,
            bound: self.bound,
        }
    }

    /// Reads a payload that [`Self::write`] has written, under either profile; `None` for everything else.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let payload: Payload = serde_json::from_slice(payload).ok()?;
        let (private, mut submodules) = (payload.private, payload.submods.into_iter());
        let (Some((name, submodule)), None) = (submodules.next(), submodules.next()) else { return None };
        let submodule: Submodule = serde_json::from_value(submodule).ok()?;
        let known = [EarProfile::Ear04, EarProfile::Veraison2023].map(EarProfile::uri);
        let whole =
            known.contains(&payload.eat_profile.as_str()) && name == private.app.as_str() && payload.nbf == payload.iat;
        whole.then_some(())?;
        Some(Self {
            issuer: payload.iss,
            audience: payload.aud,
            subject: payload.sub,
            id: payload.jti,
            issued_at: seconds(payload.iat),
            expires_at: seconds(payload.exp),
            confirmation: payload.cnf,
            app: private.app,
            decision: submodule.claims.decision,
            tier: submodule.status,
            vector: read_vector(submodule.vector)?,
            reasons: submodule.claims.reasons,
            policy: private.policy_revision,
            proven_at: seconds(private.proven_at),
            single_use_until: private.single_use_until.map(seconds),
            session: private.session_sha256,
            bound: private.bound,
        })
    }
}

/// A time as tokens have it.
fn seconds(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

fn read_vector(members: Map<String, Value>) -> Option<TrustVector> {
    let mut vector = TrustVector::SILENT;
    for (name, worth) in members {
        let aspect = match name.as_str() {
            "instance-identity" => &mut vector.instance_identity,
            "configuration" => &mut vector.configuration,
            "executables" => &mut vector.executables,
            "hardware" => &mut vector.hardware,
            "storage-opaque" => &mut vector.storage_opaque,
            _ => return None,
        };
        *aspect = Worth(i8::try_from(worth.as_i64()?).ok()?);
    }
    Some(vector)
}

/// SHA-256 as base64url without padding.
mod digest_text {
    use super::{BASE64URL_NOPAD, Digest};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(digest: &Option<Digest>, out: S) -> Result<S::Ok, S::Error> {
        match digest {
            Some(digest) => out.serialize_some(&BASE64URL_NOPAD.encode(digest)),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Digest>, D::Error> {
        let Some(text) = Option::<String>::deserialize(source)? else { return Ok(None) };
        let digest = crate::crypto::jwk::digest(&text);
        digest.map(Some).ok_or_else(|| serde::de::Error::custom("not 32 bytes in base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::appraisal::Policy;

    fn claims() -> TokenClaims {
        TokenClaims {
            issuer: "https://verdicts.example.com".into(),
            audience: "shop".parse().expect("a name"),
            subject: Some("8Yt0".into()),
            id: "AAECAwQFBgcICQoLDA0ODw".into(),
            issued_at: seconds(1_800_000_000),
            expires_at: seconds(1_800_000_300),
            confirmation: Confirmation { key: Some([1; 32]), certificate: Some([2; 32]) },
            app: "shop-app".parse().expect("a name"),
            decision: Decision::StepUp,
            tier: Tier::Warning,
            vector: TrustVector { hardware: Worth(2), executables: Worth(33), ..TrustVector::SILENT },
            reasons: vec!["lab_anchor".into()],
            policy: Policy::default().revision(),
            proven_at: seconds(1_799_999_990),
            single_use_until: Some(seconds(1_800_003_960)),
            session: None,
            bound: Bound { address: Some([3; 16]), ..Bound::default() },
        }
    }

    #[test]
    fn the_payload_of_draft_04_is_this() {
        let written = String::from_utf8(claims().write(EarProfile::Ear04)).expect("text");
        let revision = Policy::default().revision();
        let expected = json!({
            "eat_profile": "tag:ietf.org,2026:rats/ear#04",
            "iss": "https://verdicts.example.com",
            "aud": "shop",
            "sub": "8Yt0",
            "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_300,
            "jti": "AAECAwQFBgcICQoLDA0ODw",
            "cnf": {
                "jkt": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
                "x5t#S256": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
            },
            "ear_verifier_id": { "developer": "bonafide", "build": BUILD },
            "submods": { "shop-app": {
                "ear_status": "warning",
                "ear_trustworthiness_vector": { "executables": 33, "hardware": 2 },
                "ear_appraisal_policy_ids":
                    [format!("https://verdicts.example.com/policy/shop-app#{}", revision)],
                "ear_verifier_claims": { "decision": "step_up", "reasons": ["lab_anchor"] },
            } },
            "bonafide": {
                "app": "shop-app",
                "policy_revision": revision.to_string(),
                "proven_at": 1_799_999_990,
                "single_use_until": 1_800_003_960,
                "bound": { "address": "AwMDAwMDAwMDAwMDAwMDAw" },
            },
        });
        assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), expected);
    }

    #[test]
    fn the_early_form_has_other_names_for_the_same() {
        let written: Value = serde_json::from_slice(&claims().write(EarProfile::Veraison2023)).expect("JSON");
        assert_eq!(written["eat_profile"], "tag:github.com,2023:veraison/ear");
        assert_eq!(written["ear.verifier-id"]["build"], BUILD);
        let submodule = &written["submods"]["shop-app"];
        assert_eq!(submodule["ear.status"], "warning");
        assert_eq!(submodule["ear.trustworthiness-vector"]["executables"], 33);
        assert!(submodule["ear.appraisal-policy-id"].is_string());
        let said = json!({ "decision": "step_up", "reasons": ["lab_anchor"] });
        assert_eq!(submodule["ear.veraison.policy-claims"], said);
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let (confirmation, bound) = (Confirmation::default(), Bound::default());
        let bare = TokenClaims { subject: None, vector: TrustVector::SILENT, confirmation, bound, ..claims() };
        let bare = TokenClaims { reasons: Vec::new(), single_use_until: None, ..bare };
        let written: Value = serde_json::from_slice(&bare.write(EarProfile::Ear04)).expect("JSON");
        assert!(written.get("cnf").is_none() && written.get("sub").is_none());
        let names: Vec<_> = written["submods"]["shop-app"].as_object().expect("an object").keys().collect();
        assert_eq!(names, ["ear_appraisal_policy_ids", "ear_status", "ear_verifier_claims"]);
        assert_eq!(written["submods"]["shop-app"]["ear_verifier_claims"], json!({ "decision": "step_up" }));
        let names: Vec<_> = written["bonafide"].as_object().expect("an object").keys().collect();
        assert_eq!(names, ["app", "policy_revision", "proven_at"]);
    }

    fn any_claims() -> impl Strategy<Value = TokenClaims> {
        let decision = prop_oneof![Just(Decision::Allow), Just(Decision::StepUp)];
        let tier = prop_oneof![Just(Tier::Affirming), Just(Tier::Warning), Just(Tier::None)];
        let times = (0..1_u64 << 40, 0..1_u64 << 40);
        let keys = any::<(Option<[u8; 32]>, Option<[u8; 32]>, Option<[u8; 16]>)>();
        (decision, tier, times, keys, any::<(i8, i8, Option<u32>)>(), proptest::collection::vec("[a-z_]{1,20}", 0..4))
            .prop_map(|(decision, tier, (iat, exp), (key, digest, tag), (one, other, until), reasons)| TokenClaims {
                decision,
                tier,
                issued_at: seconds(iat),
                expires_at: seconds(exp),
                confirmation: Confirmation { key, certificate: digest },
                session: digest,
                bound: Bound { tls: tag, session: tag, address: None },
                vector: TrustVector { configuration: Worth(one), storage_opaque: Worth(other), ..TrustVector::SILENT },
                single_use_until: until.map(|until| seconds(until.into())),
                reasons,
                ..claims()
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(claims in any_claims()) {
            for profile in [EarProfile::Ear04, EarProfile::Veraison2023] {
                prop_assert_eq!(TokenClaims::read(&claims.write(profile)), Some(claims.clone()));
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(TokenClaims::read(&bytes), None);
        }
    }

    #[test]
    fn e12_other_payloads_are_not_read() {
        let good = String::from_utf8(claims().write(EarProfile::Ear04)).expect("text");
        for (from, to) in [
            ("\"aud\":\"shop\"", "\"aud\":[\"shop\"]"),
            ("\"aud\":\"shop\"", "\"aud\":\"shop\",\"aud\":\"shop\""),
            ("\"jti\"", "\"new\""),
            ("rats/ear#04", "rats/ear#05"),
            ("\"hardware\":2", "\"hardware\":200"),
            ("\"hardware\":2", "\"hard\":2"),
            ("\"nbf\":18", "\"nbf\":19"),
            ("\"shop-app\":{", "\"other\":{},\"shop-app\":{"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert_eq!(TokenClaims::read(bad.as_bytes()), None, "{to}");
        }
    }
}
