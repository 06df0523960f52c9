//! Attestation objects, planned and forged.

use std::time::Duration;

use ciborium::Value;
use data_encoding::HEXLOWER;

use super::authenticator::{AuthenticatorPlan, CredentialPlan, cose_key_of, encode};
use super::device::LabDevice;
use super::leaf;
use crate::crypto::certificate::Validity;
use crate::crypto::digest::{Digest, sha256_of_joined};
use crate::evidence::app_attest::Device;
use crate::evidence::claims::Environment;
use crate::lab::LabFault;
use crate::lab::certificate::{CertificatePlan, Extension, Name};
use crate::lab::key::SignedHash;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// `digitalSignature`, `nonRepudiation`, `keyEncipherment` and `dataEncipherment`.
const LEAF_USAGE: [u8; 2] = [0x04, 0xF0];

/// An attestation object with the key that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The object.
    pub object: Vec<u8>,
    /// The key's id.
    pub key_id: Digest,
}

/// An attestation object before it is signed. Leaf, nonce and intermediate follow from what the plan says at the end.
#[derive(Clone, Debug)]
pub struct AttestationPlan {
    /// The hash that the device was given.
    pub client_data_hash: Vec<u8>,
    /// The authenticator data.
    pub authenticator: AuthenticatorPlan,
    /// The leaf without its nonce.
    pub leaf: CertificatePlan,
    /// How the leaf carries the nonce that it is handed.
    pub nonce_extensions: fn(&Digest) -> Vec<Extension>,
    /// The intermediate. Its key stays the authority's, whatever the plan says.
    pub intermediate: CertificatePlan,
    /// The certificates of `x5c`.
    pub chain: Vec<Link>,
    /// The format's name.
    pub format: String,
    /// The receipt.
    pub receipt: Vec<u8>,
    /// Members that Apple does not write, after those that it writes.
    pub more_members: Vec<(Value, Value)>,
    /// Bytes after the object.
    pub trailing: Vec<u8>,
}

/// A certificate of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The leaf.
    Leaf,
    /// The intermediate.
    Intermediate,
    /// The root, which Apple leaves out.
    Root,
}

impl AttestationPlan {
    /// The plan of a genuine object.
    pub(super) fn of(device: &LabDevice, client_data_hash: Digest) -> Result<Self, LabFault> {
        Ok(Self {
            client_data_hash: client_data_hash.to_vec(),
            authenticator: authenticator(device)?,
            leaf: leaf_plan(device, &client_data_hash),
            nonce_extensions: |nonce| vec![leaf::nonce_extension(nonce)],
            intermediate: device.lab.0.issuer_plan.clone(),
            chain: vec![Link::Leaf, Link::Intermediate],
            format: "apple-appattest".to_owned(),
            receipt: b"a receipt of Bonafide Lab, worth nothing".to_vec(),
            more_members: Vec::new(),
            trailing: Vec::new(),
        })
    }

    /// The nonce over authenticator data and client data as they stand in the plan.
    pub fn nonce(&self) -> Digest {
        sha256_of_joined(&[&self.authenticator.bytes(), &self.client_data_hash])
    }

    pub(super) fn forge(self, device: &LabDevice) -> Result<Attested, LabFault> {
        let x5c = self.chain.iter().map(|link| self.certificate(*link, device).map(Value::Bytes));
        let x5c = x5c.collect::<Result<_, _>>()?;
        let statement = members([("x5c", Value::Array(x5c)), ("receipt", Value::Bytes(self.receipt))]);
        let authenticator = Value::Bytes(self.authenticator.bytes());
        let format = Value::Text(self.format);
        let own = members([("fmt", format), ("attStmt", Value::Map(statement)), ("authData", authenticator)]);
        let object = encode(&Value::Map([own, self.more_members].concat()))?;
        Ok(Attested { object: [object, self.trailing].concat(), key_id: device.key_id() })
    }

    fn certificate(&self, link: Link, device: &LabDevice) -> Result<Vec<u8>, LabFault> {
        let authority = &device.lab.0;
        match link {
            Link::Leaf => {
                let mut leaf = self.leaf.clone();
                leaf.extensions.extend((self.nonce_extensions)(&self.nonce()));
                leaf.sign(&authority.issuer_key)
            }
            Link::Intermediate => authority.issuer(&self.intermediate),
            Link::Root => Ok(authority.root.clone()),
        }
    }
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Vec<(Value, Value)> {
    members.into_iter().map(|(name, value)| (Value::from(name), value)).collect()
}

fn authenticator(device: &LabDevice) -> Result<AuthenticatorPlan, LabFault> {
    let aaguid = match device.environment {
        Environment::Production => *b"appattest\0\0\0\0\0\0\0",
        Environment::Development => *b"appattestdevelop",
    };
    let id = device.key_id().to_vec();
    let credential = CredentialPlan { aaguid, id_length: 32, id, cose_key: cose_key_of(&device.public_key) };
    let rp_id_hash = device.app_id.rp_id_hash().to_vec();
    let tail = device.profile.tail()?;
    Ok(AuthenticatorPlan { rp_id_hash, flags: 0x40, sign_count: 0, credential: Some(credential), tail })
}

fn leaf_plan(device: &LabDevice, client_data_hash: &Digest) -> CertificatePlan {
    let names = device.lab.0.names;
    let (key_id, profile) = (device.key_id(), &device.profile);
    let mut extensions = vec![
        Extension::no_authority(),
        Extension::key_usage(LEAF_USAGE),
        leaf::key_properties(device.app_id.as_str()),
        leaf::system_properties(&profile.os_version, &profile.os_build),
    ];
    extensions.extend((profile.device == Device::Mac).then(leaf::mac_acl));
    let serial = sha256_of_joined(&[&key_id, client_data_hash]);
    CertificatePlan {
        // A first byte below 0x80 and above zero keeps the length at eight.
        serial: [1].iter().chain(serial.iter().take(7)).copied().collect(),
        issuer: Name::new(names.intermediate, None, names.organization),
        subject: Name::new(&HEXLOWER.encode(&key_id), Some("AAA Certification"), names.organization),
        validity: Validity { not_before: device.now.minus(DAY), not_after: device.now.plus(2 * DAY) },
        times: None,
        spki: device.public_key.spki(),
        hash: SignedHash::Sha256,
        algorithms: None,
        extensions,
    }
}
