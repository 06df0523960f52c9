//! Assertions, planned and forged.

use ciborium::Value;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};

use super::authenticator::{AuthenticatorPlan, encode};
use super::device::LabDevice;
use crate::crypto::digest::{Digest, sha256_of_joined};
use crate::lab::LabFault;

/// An assertion before it is signed.
#[derive(Clone, Debug, PartialEq)]
pub struct AssertionPlan {
    /// The hash that the device was given.
    pub client_data_hash: Vec<u8>,
    /// The authenticator data.
    pub authenticator: AuthenticatorPlan,
    /// How the key signs.
    pub signature: SignatureForm,
    /// Members that Apple does not write, after those that it writes.
    pub more_members: Vec<(Value, Value)>,
    /// Bytes after the assertion.
    pub trailing: Vec<u8>,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// As Apple does: the nonce is the message, so the curve sees SHA-256 of SHA-256.
    Apple,
    /// The same with n-s in the place of s; as good as the other.
    Negated,
    /// The nonce taken for the hash of a message; wrong.
    HashedOnce,
    /// The right numbers without their DER; wrong.
    Raw,
    /// A signature made for other authenticator data; wrong.
    Foreign,
}

impl AssertionPlan {
    /// The plan of a genuine assertion, with the next sign count.
    pub(super) fn of(device: &LabDevice, client_data_hash: Digest) -> Result<Self, LabFault> {
        let authenticator = AuthenticatorPlan {
            rp_id_hash: device.app_id.rp_id_hash().to_vec(),
            flags: 0x40,
            sign_count: device.sign_count().saturating_add(1),
            credential: None,
            tail: device.profile.tail()?,
        };
        let (client_data_hash, signature) = (client_data_hash.to_vec(), SignatureForm::Apple);
        Ok(Self { client_data_hash, authenticator, signature, more_members: Vec::new(), trailing: Vec::new() })
    }

    /// The nonce over authenticator data and client data as they stand in the plan.
    pub fn nonce(&self) -> Digest {
        sha256_of_joined(&[&self.authenticator.bytes(), &self.client_data_hash])
    }

    pub(super) fn forge(self, key: &SigningKey) -> Result<Vec<u8>, LabFault> {
        let signature = self.signature.sign(key, &self.nonce())?;
        let own = [("signature", signature), ("authenticatorData", self.authenticator.bytes())];
        let own = own.into_iter().map(|(name, bytes)| (Value::from(name), Value::Bytes(bytes)));
        let bytes = encode(&Value::Map(own.chain(self.more_members).collect()))?;
        Ok([bytes, self.trailing].concat())
    }
}

impl SignatureForm {
    fn sign(self, key: &SigningKey, nonce: &Digest) -> Result<Vec<u8>, LabFault> {
        let sign =
            |message: &[u8]| -> Result<Signature, LabFault> { key.try_sign(message).map_err(|_| LabFault::Unsigned) };
        let der = |signature: Signature| signature.to_der().as_bytes().to_vec();
        match self {
            Self::Apple => sign(nonce).map(der),
            Self::Negated => sign(nonce).and_then(negated).map(der),
            Self::HashedOnce => key.sign_prehash(nonce).map(der).map_err(|_| LabFault::Unsigned),
            Self::Raw => sign(nonce).map(|signature| signature.to_bytes().to_vec()),
            Self::Foreign => sign(b"something else").map(der),
        }
    }
}

fn negated(signature: Signature) -> Result<Signature, LabFault> {
    Signature::from_scalars(signature.r(), -signature.s()).map_err(|_| LabFault::Unsigned)
}
