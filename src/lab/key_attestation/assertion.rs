//! Assertions: what an attested key signs for a request.

use p256::ecdsa::Signature;

use crate::crypto::digest::Digest;
use crate::lab::LabFault;
use crate::lab::key::{LabKey, SignedHash};

/// What every message begins with.
pub const ASSERTION_DOMAIN: &[u8] = b"bonafide assertion 1\0";

/// An assertion before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionPlan {
    /// What the message begins with.
    pub domain: Vec<u8>,
    /// The hash of the client data.
    pub client_data_hash: Vec<u8>,
    /// The sign count as it is signed, big-endian.
    pub sign_count: Vec<u8>,
    /// How the key signs.
    pub form: SignatureForm,
    /// Bytes after the signature.
    pub trailing: Vec<u8>,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// ECDSA with SHA-256, DER.
    Der,
    /// The same with n-s in the place of s; as good as the other.
    Negated,
    /// The right numbers without their DER; wrong.
    Raw,
    /// With SHA-384; wrong.
    Sha384,
}

impl AssertionPlan {
    pub(super) fn of(client_data_hash: &Digest, sign_count: u32) -> Self {
        Self {
            domain: ASSERTION_DOMAIN.to_vec(),
            client_data_hash: client_data_hash.to_vec(),
            sign_count: sign_count.to_be_bytes().to_vec(),
            form: SignatureForm::Der,
            trailing: Vec::new(),
        }
    }

    /// The bytes that are signed.
    pub fn message(&self) -> Vec<u8> {
        [self.domain.as_slice(), &self.client_data_hash, &self.sign_count].concat()
    }

    pub(super) fn sign(self, key: &LabKey) -> Result<Vec<u8>, LabFault> {
        let message = self.message();
        let signed = |hash| key.sign(hash, &message);
        let read = |der: Vec<u8>| Signature::from_der(&der).map_err(|_| LabFault::Unsigned);
        let signature = match self.form {
            SignatureForm::Der => signed(SignedHash::Sha256),
            SignatureForm::Negated => {
                let signature = signed(SignedHash::Sha256).and_then(read)?;
                let negated = Signature::from_scalars(signature.r(), -signature.s()).map_err(|_| LabFault::Unsigned)?;
                Ok(negated.to_der().as_bytes().to_vec())
            }
            SignatureForm::Raw => signed(SignedHash::Sha256).and_then(read).map(|it| it.to_bytes().to_vec()),
            SignatureForm::Sha384 => signed(SignedHash::Sha384),
        };
        Ok([signature?, self.trailing].concat())
    }
}
