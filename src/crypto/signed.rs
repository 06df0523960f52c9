//! Certificates as signed bytes: the parts that names and signatures are checked over, and the algorithms that count.
//!
//! Everything here is read strictly, so that each certificate has one reading.

use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
};

use super::path::PathFault;
use crate::wire::der::{self, DerFault, Elements, Tag};

/// The signatures that genuine chains carry, and the longer hashes of RSA. SHA-1 is not among them.
static ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 7] = [
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
];

/// NULL: what Pixel 3 to 5 write behind an ECDSA algorithm, and what always stands behind an RSA one.
const NULL: [u8; 2] = [0x05, 0x00];

/// The shortest RSA modulus of a chain, in bytes.
const RSA_FLOOR: usize = 2048 / 8;

/// The parts of a certificate that a signature binds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    /// What is signed.
    body: &'a [u8],
    /// The content of the algorithm's identifier, the same inside and outside of the body.
    algorithm: &'a [u8],
    signature: &'a [u8],
    /// The issuer's name, DER.
    issuer: &'a [u8],
    /// Name and key that the certificate is about.
    pub(super) holder: Holder<'a>,
}

/// A name and its key: all that counts of whoever signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder<'a> {
    /// The name, DER.
    pub(super) name: &'a [u8],
    /// The `SubjectPublicKeyInfo`, DER.
    pub(super) spki: &'a [u8],
    key_algorithm: &'a [u8],
    key: &'a [u8],
}

/// How short the RSA keys of a path may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// 2048 bits and more.
    Usual,
    /// 1024 bits and more: below an anchor of a laboratory that is itself as short, as the ones of emulators are.
    AsShortAsTheAnchor,
}

impl<'a> Signed<'a> {
    /// Reads a certificate; errors also when the two places that name the algorithm differ.
    pub(super) fn read(certificate: &'a [u8]) -> Result<Self, PathFault> {
        let (read, inner) = parts(certificate).map_err(|_| PathFault::Malformed)?;
        if inner == read.algorithm { Ok(read) } else { Err(PathFault::Untrusted("two algorithms are named")) }
    }

    /// Errors unless the holder's name stands as the issuer's, and its key has signed.
    pub(super) fn is_signed_by(&self, holder: &Holder<'_>, strength: Strength) -> Result<(), PathFault> {
        if !self.names(holder) {
            return Err(PathFault::Untrusted("an issuer's name is not the one above"));
        }
        let fits = |algorithm: &&&dyn SignatureVerificationAlgorithm| {
            holder.key_algorithm == algorithm.public_key_alg_id().as_ref() && self.carries(**algorithm)
        };
        let algorithm = *ALGORITHMS.iter().find(fits).ok_or(PathFault::Untrusted("an algorithm is not accepted"))?;
        let verified = algorithm.verify_signature(holder.key, self.body, self.signature).is_ok();
        if verified || self.is_weakly_signed_by(holder, algorithm, strength) {
            Ok(())
        } else {
            Err(PathFault::Untrusted("a signature is not the issuer's"))
        }
    }

    /// Whether the holder's name stands as the issuer's, byte for byte.
    pub(super) fn names(&self, holder: &Holder<'_>) -> bool {
        self.issuer == holder.name
    }

    fn carries(&self, algorithm: &dyn SignatureVerificationAlgorithm) -> bool {
        let id = algorithm.signature_alg_id();
        let stray = || !id.ends_with(&NULL) && self.algorithm.strip_suffix(&NULL) == Some(id.as_ref());
        self.algorithm == id.as_ref() || stray()
    }

    fn is_weakly_signed_by(
        &self,
        holder: &Holder<'_>,
        algorithm: &dyn SignatureVerificationAlgorithm,
        strength: Strength,
    ) -> bool {
        let allowed = strength == Strength::AsShortAsTheAnchor
            && algorithm.signature_alg_id() == RSA_PKCS1_2048_8192_SHA256.signature_alg_id();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, holder.key);
        allowed && key.verify(self.body, self.signature).is_ok()
    }
}

impl<'a> Holder<'a> {
    /// Puts together a name and a key, both DER.
    pub(super) fn read(name: &'a [u8], spki: &'a [u8]) -> Result<Self, PathFault> {
        holder(name, spki).map_err(|_| PathFault::Malformed)
    }

    /// Whether this is an RSA key that is too short for any other path.
    pub(super) fn is_short_rsa(&self) -> bool {
        let rsa = self.key_algorithm == RSA_PKCS1_2048_8192_SHA256.public_key_alg_id().as_ref();
        let modulus = der::sequence(self.key).and_then(|mut numbers| numbers.expect(Tag::INTEGER));
        rsa && modulus.is_ok_and(|modulus| modulus.strip_prefix(&[0]).unwrap_or(modulus).len() < RSA_FLOOR)
    }
}

/// The parts of RFC 5280, section 4.1, up to the key, and the algorithm that stands inside the body.
fn parts(certificate: &[u8]) -> Result<(Signed<'_>, &[u8]), DerFault> {
    let mut outer = der::sequence(certificate)?;
    let body = outer.element(Tag::SEQUENCE)?;
    let algorithm = outer.expect(Tag::SEQUENCE)?;
    let signature = whole_bytes(outer.expect(Tag::BIT_STRING)?)?;
    outer.end()?;
    let mut inner = Elements::new(body.content);
    let first = inner.take()?;
    let serial = if first.tag.explicit() == Some(0) { inner.take()? } else { first };
    if serial.tag != Tag::INTEGER {
        return Err(DerFault::Unexpected);
    }
    let inner_algorithm = inner.expect(Tag::SEQUENCE)?;
    let issuer = inner.element(Tag::SEQUENCE)?.whole;
    inner.expect(Tag::SEQUENCE)?;
    let name = inner.element(Tag::SEQUENCE)?.whole;
    let holder = holder(name, inner.element(Tag::SEQUENCE)?.whole)?;
    Ok((Signed { body: body.whole, algorithm, signature, issuer, holder }, inner_algorithm))
}

fn holder<'a>(name: &'a [u8], spki: &'a [u8]) -> Result<Holder<'a>, DerFault> {
    let mut parts = der::sequence(spki)?;
    let key_algorithm = parts.expect(Tag::SEQUENCE)?;
    let key = whole_bytes(parts.expect(Tag::BIT_STRING)?)?;
    parts.end()?;
    Ok(Holder { name, spki, key_algorithm, key })
}

/// A BIT STRING without unused bits.
fn whole_bytes(content: &[u8]) -> Result<&[u8], DerFault> {
    content.strip_prefix(&[0]).ok_or(DerFault::Content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::der as write;
    use crate::lab::key_attestation::{AndroidApp, KeyAttestationLab, Names};
    use crate::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    #[test]
    fn only_what_stands_in_the_table_is_an_algorithm() {
        let lab = KeyAttestationLab::from_seed(&[1; 32], Names::Lab, NOW).expect("a lab");
        let root = Signed::read(lab.root_der()).expect("a certificate");
        assert_eq!(root.is_signed_by(&root.holder, Strength::Usual), Ok(()));
        let device = lab.device_from_seed(&[2; 32], &AndroidApp::new("com.example.shop", &[1; 32])).expect("a device");
        let chain = device.attest(&[7; 32]).expect("forged").chain;
        let [leaf, issuer] = [&chain[0], &chain[1]].map(|der| Signed::read(der).expect("a certificate"));
        assert_eq!(leaf.is_signed_by(&issuer.holder, Strength::Usual), Ok(()));
        let unnamed = Err(PathFault::Untrusted("an issuer's name is not the one above"));
        assert_eq!(leaf.is_signed_by(&root.holder, Strength::Usual), unnamed);
        let bare: Vec<u8> = leaf.algorithm.to_vec();
        let [once, twice] = [[&bare[..], &NULL].concat(), [&bare[..], &NULL, &NULL].concat()];
        let with = |algorithm| Signed { algorithm, ..leaf }.is_signed_by(&issuer.holder, Strength::Usual);
        assert_eq!(with(&once), Ok(()), "the stray NULL");
        let refused = Err(PathFault::Untrusted("an algorithm is not accepted"));
        assert_eq!(with(&twice), refused);
        assert_eq!(with(&bare[1..]), refused);
        assert_eq!(with(&[]), refused);
    }

    #[test]
    fn rsa_keys_are_short_below_2048_bits() {
        let spki = |bits: usize| {
            let key = write::sequence(&[&write::integer(&vec![0xFF; bits / 8]), &write::integer(&[1, 0, 1])]);
            let rsa = write::sequence(&[&write::oid(&[1, 2, 840, 113_549, 1, 1, 1]), &NULL]);
            write::sequence(&[&rsa, &write::bits(&key)])
        };
        for (bits, short) in [(1024, true), (2040, true), (2048, false), (4096, false)] {
            let spki = spki(bits);
            assert_eq!(holder(&[], &spki).map(|holder| holder.is_short_rsa()), Ok(short), "{bits} bits");
        }
    }
}
