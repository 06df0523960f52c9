//! The app and its keys.

use std::fmt;

use data_encoding::BASE64;
use p256::ecdsa::SigningKey;

use super::payload::PayloadPlan;
use super::token::TokenPlan;
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::crypto::jose::KeyEncryptionKey;
use crate::crypto::key::P256PublicKey;
use crate::crypto::secret::random;
use crate::evidence::claims::play_integrity::{SignerDigest, TokenKind};
use crate::evidence::play_integrity::IntegrityKeys;
use crate::lab::LabFault;
use crate::time::Timestamp;

/// An app in the Play Console.
#[derive(Clone, Debug)]
pub struct LabApp {
    /// Its package.
    pub package_name: String,
    /// Its signer.
    pub signer: SignerDigest,
    /// Its response keys.
    pub keys: LabKeys,
    /// The time at which its devices ask for tokens.
    pub now: Timestamp,
}

/// The response keys of an app, both halves of each. `Debug` shows nothing of them.
#[derive(Clone)]
pub struct LabKeys {
    pub(super) decryption: Digest,
    pub(super) signing: SigningKey,
    public: P256PublicKey,
}

impl LabApp {
    /// An app with fresh keys.
    pub fn new(package_name: &str, now: Timestamp) -> Result<Self, LabFault> {
        Self::from_seed(&random()?, package_name, now)
    }

    /// The same app for the same seed and package.
    pub fn from_seed(seed: &[u8; 32], package_name: &str, now: Timestamp) -> Result<Self, LabFault> {
        let signer = SignerDigest(sha256_of_parts(&[b"bonafide lab", b"signer", seed, package_name.as_bytes()]));
        let keys = LabKeys::from_seed(&sha256_of_parts(&[b"bonafide lab", b"app", seed, package_name.as_bytes()]))?;
        Ok(Self { package_name: package_name.to_owned(), signer, keys, now })
    }

    /// The same app at another time.
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// The good verdict on a genuine device, bound to this text.
    pub fn verdict(&self, kind: TokenKind, binding: &str) -> PayloadPlan {
        PayloadPlan::good(self, kind, binding)
    }

    /// A classic token with the good verdict, bound to this nonce; the same nonce gives the same token.
    pub fn classic_token(&self, nonce: &str) -> Result<String, LabFault> {
        self.token(self.verdict(TokenKind::Classic, nonce).write())
    }

    /// A token with this payload.
    pub fn token(&self, payload: Vec<u8>) -> Result<String, LabFault> {
        self.token_with(payload, |_| ())
    }

    /// A token with this payload after a change to the plan.
    pub fn token_with(&self, payload: Vec<u8>, change: impl FnOnce(&mut TokenPlan)) -> Result<String, LabFault> {
        let mut plan = TokenPlan::good(payload);
        change(&mut plan);
        plan.forge(&self.keys)
    }
}

impl LabKeys {
    /// The same keys for the same seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, LabFault> {
        let decryption = sha256_of_parts(&[b"bonafide lab", b"decryption", seed]);
        let scalar = sha256_of_parts(&[b"bonafide lab", b"verification", seed]);
        let signing = SigningKey::from_slice(&scalar).map_err(|_| LabFault::Seed)?;
        let point = signing.verifying_key().to_sec1_point(false);
        let public = P256PublicKey::from_sec1(point.as_bytes()).map_err(|_| LabFault::Seed)?;
        Ok(Self { decryption, signing, public })
    }

    /// The half that the app's server has.
    pub fn integrity_keys(&self) -> IntegrityKeys {
        IntegrityKeys { decryption: KeyEncryptionKey::new(self.decryption), verification: self.public }
    }

    /// The key that payloads are signed with, its public half.
    pub const fn verification(&self) -> &P256PublicKey {
        &self.public
    }

    /// The two texts that the Play Console shows: decryption key and verification key, in base64.
    pub fn console_texts(&self) -> [String; 2] {
        [BASE64.encode(&self.decryption), BASE64.encode(&self.public.spki())]
    }
}

impl fmt::Debug for LabKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LabKeys(…)")
    }
}
