//! The keys of one service, each at its stage.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Schedule, Stage};
use crate::crypto::es256::Es256Key;
use crate::crypto::jose::sign_jws;
use crate::crypto::jwk::{PublicJwk, Thumbprint};
use crate::crypto::key::P256PublicKey;
use crate::crypto::seal::SealKey;
use crate::crypto::secret::NoRandomness;
use crate::time::Timestamp;

/// A key that signs tokens. `Debug` shows its public name only.
#[derive(Debug)]
pub struct SigningKey {
    key: Es256Key,
    /// The thumbprint of its public half: the `kid`.
    pub id: Thumbprint,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

impl SigningKey {
    /// A fresh key.
    pub fn generate(created_at: Timestamp, signs_from: Timestamp) -> Result<Self, NoRandomness> {
        Es256Key::generate().map(|key| Self::of(key, created_at, signs_from))
    }

    fn of(key: Es256Key, created_at: Timestamp, signs_from: Timestamp) -> Self {
        let id = PublicJwk::P256(*key.public()).thumbprint();
        Self { key, id, created_at, signs_from }
    }

    /// The key as it is kept: nobody can use it without the secret, or under another name.
    pub fn sealed(&self, seal: &SealKey) -> Result<Vec<u8>, NoRandomness> {
        let exported = self.key.export().ok_or(NoRandomness)?;
        seal.seal(&self.id.0, exported.as_slice())
    }

    /// The key that was sealed under this name; `None` when the secret or the name is another.
    pub fn unsealed(
        id: Thumbprint,
        (created_at, signs_from): (Timestamp, Timestamp),
        sealed: &[u8],
        seal: &SealKey,
    ) -> Option<Self> {
        let exported: Zeroizing<Vec<u8>> = seal.open(&id.0, sealed)?;
        let key = Self::of(Es256Key::import(&exported)?, created_at, signs_from);
        (key.id == id).then_some(key)
    }

    /// The public half.
    pub const fn public(&self) -> &P256PublicKey {
        self.key.public()
    }

    /// A token of this type over a JSON payload. The header has exactly `alg`, `kid` and `typ`.
    pub fn sign(&self, token_type: &str, payload: &[u8]) -> Result<String, NoRandomness> {
        let header = format!(r#"{{"alg":"ES256","kid":"{}","typ":"{token_type}"}}"#, self.id);
        sign_jws(header.as_bytes(), payload, &self.key)
    }
}

/// All keys that are known, in the order in which they sign.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: Vec<Arc<SigningKey>>,
    /// The key that was added first.
    first: Option<Arc<SigningKey>>,
}

impl KeyRing {
    /// The ring of these keys, the one that was added first in front.
    pub fn new(mut keys: Vec<Arc<SigningKey>>) -> Self {
        let first = keys.first().cloned();
        keys.sort_by_key(|key| (key.signs_from, key.id.0));
        Self { keys, first }
    }

    /// The key of this name, at whatever stage.
    pub fn key(&self, id: &Thumbprint) -> Option<&Arc<SigningKey>> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// The stage of a key; `None` when it is not known.
    pub fn stage(&self, id: &Thumbprint, now: Timestamp) -> Option<Stage> {
        self.staged(now).find(|(key, _)| key.id == *id).map(|(_, stage)| stage)
    }

    /// The key that signs now: the newest that has begun; before any has, as after a clock went back, the one that was added first,
    /// which others have had the longest time to fetch.
    pub fn signing(&self, now: Timestamp) -> Option<&Arc<SigningKey>> {
        self.keys.iter().rfind(|key| key.signs_from <= now).or(self.first.as_ref())
    }

    /// The keys that nothing needs any more.
    pub fn retired(&self, now: Timestamp) -> Vec<Thumbprint> {
        self.staged(now).filter(|(_, stage)| *stage == Stage::Retired).map(|(key, _)| key.id).collect()
    }

    /// From when on another key has to sign that is made now; `None` when none is needed.
    pub fn next(&self, schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
        schedule.next(self.keys.iter().map(|key| (key.created_at, key.signs_from)), now)
    }

    /// The JSON Web Key Set (RFC 7517, section 5) of all keys but the retired ones: public members only.
    pub fn jwks(&self, now: Timestamp) -> String {
        let published = self.staged(now).filter(|(_, stage)| *stage != Stage::Retired);
        let keys: Vec<String> = published.map(|(key, _)| public(key)).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    fn staged(&self, now: Timestamp) -> impl Iterator<Item = (&Arc<SigningKey>, Stage)> {
        let successors = self.keys.iter().skip(1).map(|key| Some(key.signs_from)).chain([None]);
        self.keys.iter().zip(successors).map(move |(key, next)| (key, Stage::at(now, key.signs_from, next)))
    }
}

fn public(key: &SigningKey) -> String {
    let jwk = PublicJwk::P256(*key.public()).canonical();
    let members = jwk.trim_start_matches('{').trim_end_matches('}');
    format!(r#"{{"alg":"ES256",{members},"kid":"{}","use":"sig"}}"#, key.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn f17_a_signing_key_is_sealed_under_its_name_and_never_shown() {
        let (seal, other) = (SealKey::derive(&[1; 32]).expect("a key"), SealKey::derive(&[2; 32]).expect("a key"));
        let key = SigningKey::generate(NOW, NOW).expect("a key");
        let sealed = key.sealed(&seal).expect("sealed");
        let again = SigningKey::unsealed(key.id, (NOW, NOW), &sealed, &seal).expect("the key");
        assert_eq!(again.public(), key.public());
        assert!(SigningKey::unsealed(key.id, (NOW, NOW), &sealed, &other).is_none());
        assert!(SigningKey::unsealed(Thumbprint([0; 32]), (NOW, NOW), &sealed, &seal).is_none());
        let exported = key.key.export().expect("bytes");
        assert!(!sealed.windows(16).any(|part| part == &exported[..16]), "not in the clear");
        let shown = format!("{key:?} {:?}", KeyRing::new(vec![Arc::new(again)]));
        assert!(shown.contains("Es256Key(…)") && !shown.contains(&format!("{:?}", &exported[..4])), "{shown}");
    }

    #[test]
    fn f16_before_any_key_has_begun_the_one_that_was_added_first_signs() {
        let later = |hours: u64| NOW.plus(std::time::Duration::from_secs(hours * 3600));
        let key = |made, signs_from| Arc::new(SigningKey::generate(made, signs_from).expect("a key"));
        // Made while a clock was far ahead; and its successor, which nobody has fetched yet.
        let (first, next) = (key(later(9_000), later(9_000)), key(NOW, later(1)));
        let ring = KeyRing::new(vec![Arc::clone(&first), Arc::clone(&next)]);
        let signing = |now| ring.signing(now).map(|key| key.id);
        assert_eq!(signing(NOW), Some(first.id));
        assert_eq!(signing(later(1)), Some(next.id));
    }

    #[test]
    fn f16_the_published_set_has_public_members_alone() {
        let key = SigningKey::generate(NOW, NOW).expect("a key");
        let (id, public) = (key.id, *key.public());
        let text = KeyRing::new(vec![Arc::new(key)]).jwks(NOW);
        let set: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let members: Vec<_> = set["keys"][0].as_object().expect("a key").keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        let read = PublicJwk::of_json(&set["keys"][0].to_string());
        assert_eq!(read, Some(PublicJwk::P256(public)));
        assert_eq!(set["keys"][0]["kid"], id.to_string());
        assert_eq!(KeyRing::default().jwks(NOW), r#"{"keys":[]}"#);
    }
}
