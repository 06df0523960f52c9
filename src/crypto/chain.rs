//! Chains of certificates by position: each was issued by the next, and the last by a pinned anchor.
//!
//! Android's chains are judged by position, and genuine ones break rules of RFC 5280 that webpki insists on. This file checks
//! names and signatures and nothing else; what a chain has to be besides is for the format to say. An issuer that has once been
//! verified is remembered, so that a following chain costs only the signatures that were not seen before.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use super::certificate::{Certificate, CertificateMalformed};
use super::certificate_facts::CertificateFacts;
use super::digest::{Digest, sha256, sha256_of_parts};
use super::path::{AnchorOrigin, PathFault};
use super::signed::{Holder, Signed, Strength};

/// How many verified issuers are remembered at most; the oldest is forgotten first.
const REMEMBERED_ISSUERS: usize = 1024;

const NO_ANCHOR: PathFault = PathFault::Untrusted("no anchor has issued it");
const ANCHOR_WITHIN: PathFault = PathFault::Untrusted("an anchor stands within the chain");
const NOTHING_BETWEEN: PathFault = PathFault::Untrusted("nothing stands between the leaf and an anchor");

/// The anchors that chains may end in, with the issuers already verified under them.
#[derive(Debug)]
pub struct ChainAnchors {
    anchors: Vec<Anchor>,
    known: RwLock<Memory>,
}

/// A name and a key. The certificate that states them is not looked at otherwise.
#[derive(Debug)]
struct Anchor {
    id: Digest,
    origin: AnchorOrigin,
    spki_sha256: Digest,
    strength: Strength,
    name: Vec<u8>,
    spki: Vec<u8>,
}

/// A certificate that has issued another one.
#[derive(Debug)]
pub struct Issuer {
    id: Digest,
    der: Vec<u8>,
    facts: CertificateFacts,
}

/// A chain whose names and signatures lead to an anchor.
#[derive(Clone, Debug)]
pub struct ChainPath {
    /// Who stands behind the anchor.
    pub origin: AnchorOrigin,
    /// SHA-256 of the anchor's `SubjectPublicKeyInfo`.
    pub anchor_spki_sha256: Digest,
    /// The certificates between leaf and anchor, the leaf's issuer first. Never empty.
    pub issuers: Vec<Arc<Issuer>>,
}

#[derive(Debug, Default)]
struct Memory {
    issuers: HashMap<Digest, Vouched>,
    order: VecDeque<Digest>,
}

/// An issuer, and whose signature it was found to carry.
#[derive(Clone, Debug)]
struct Vouched {
    issuer: Arc<Issuer>,
    by: Option<Digest>,
}

impl Issuer {
    fn read(der: &[u8], id: Digest) -> Result<Self, PathFault> {
        let facts = Certificate::parse(der).map_err(|_| PathFault::Malformed)?.facts();
        Signed::read(der)?;
        Ok(Self { id, der: der.to_vec(), facts })
    }

    /// What the certificate says.
    pub const fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// The certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

impl ChainAnchors {
    /// Takes anchors as DER certificates, of which only name and key count.
    pub fn new(certificates: &[(AnchorOrigin, &[u8])]) -> Result<Self, CertificateMalformed> {
        let anchors = certificates.iter().map(|(origin, der)| Anchor::read(*origin, der)).collect::<Result<_, _>>()?;
        Ok(Self { anchors, known: RwLock::default() })
    }

    /// Verifies that `leaf` was issued by the first of `above`, each of these by the next, and the last one by an anchor.
    ///
    /// When the last one is itself an anchor by name and key, it is left aside. Every certificate is read before any signature
    /// is verified. Dates, constraints and extensions are not looked at.
    pub fn verify(&self, leaf: &[u8], above: &[Vec<u8>]) -> Result<ChainPath, PathFault> {
        let leaf = Signed::read(leaf)?;
        let below_anchor = match above {
            [rest @ .., last] if self.is_anchor(last) => rest,
            all => all,
        };
        let mut chain = self.recall(below_anchor)?;
        let anchor = self.anchor_of(chain.last_mut().ok_or(NOTHING_BETWEEN)?)?;
        let mut above: Option<Arc<Issuer>> = None;
        for Vouched { issuer, by } in chain.iter_mut().rev() {
            let id = above.as_ref().map_or(anchor.id, |issuer| issuer.id);
            if *by != Some(id) {
                let holder = anchor.holder_or(above.as_deref())?;
                Signed::read(&issuer.der)?.is_signed_by(&holder, anchor.strength)?;
                *by = Some(id);
            }
            above = Some(Arc::clone(issuer));
        }
        leaf.is_signed_by(&anchor.holder_or(above.as_deref())?, anchor.strength)?;
        self.remember(&chain);
        let issuers = chain.into_iter().map(|vouched| vouched.issuer).collect();
        Ok(ChainPath { origin: anchor.origin, anchor_spki_sha256: anchor.spki_sha256, issuers })
    }

    /// Whether the certificate has the name and the key of an anchor.
    pub fn is_anchor(&self, certificate: &[u8]) -> bool {
        Signed::read(certificate).is_ok_and(|signed| self.anchors.iter().any(|anchor| anchor.is(&signed.holder)))
    }

    /// The anchor that has issued this certificate, which is remembered or found by name and signature, and then noted.
    fn anchor_of(&self, top: &mut Vouched) -> Result<&Anchor, PathFault> {
        if let Some(anchor) = self.anchors.iter().find(|anchor| top.by == Some(anchor.id)) {
            return Ok(anchor);
        }
        let signed = Signed::read(&top.issuer.der)?;
        let mut fault = NO_ANCHOR;
        for anchor in &self.anchors {
            let holder = anchor.holder()?;
            match signed.is_signed_by(&holder, anchor.strength) {
                Ok(()) => {
                    top.by = Some(anchor.id);
                    return Ok(anchor);
                }
                Err(other) if signed.names(&holder) => fault = other,
                Err(_) => {}
            }
        }
        Err(fault)
    }

    fn recall(&self, issuers: &[Vec<u8>]) -> Result<Vec<Vouched>, PathFault> {
        let ids: Vec<_> = issuers.iter().map(|der| sha256(der)).collect();
        let known: Vec<_> = {
            let memory = self.known.read().unwrap_or_else(PoisonError::into_inner);
            ids.iter().map(|id| memory.issuers.get(id).cloned()).collect()
        };
        let read = |((der, id), known): ((&Vec<u8>, Digest), Option<Vouched>)| match known {
            Some(known) => Ok(known),
            None if self.is_anchor(der) => Err(ANCHOR_WITHIN),
            None => Ok(Vouched { issuer: Arc::new(Issuer::read(der, id)?), by: None }),
        };
        issuers.iter().zip(ids).zip(known).map(read).collect()
    }

    /// Called for whole chains only: nothing is remembered of a chain that failed.
    fn remember(&self, chain: &[Vouched]) {
        let is_new = |memory: &Memory| chain.iter().any(|vouched| !memory.holds(vouched));
        if is_new(&self.known.read().unwrap_or_else(PoisonError::into_inner)) {
            let mut memory = self.known.write().unwrap_or_else(PoisonError::into_inner);
            chain.iter().for_each(|vouched| memory.keep(vouched));
        }
    }
}

impl Memory {
    fn holds(&self, vouched: &Vouched) -> bool {
        self.issuers.get(&vouched.issuer.id).is_some_and(|known| known.by == vouched.by)
    }

    fn keep(&mut self, vouched: &Vouched) {
        let id = vouched.issuer.id;
        if self.issuers.insert(id, vouched.clone()).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > REMEMBERED_ISSUERS
            && let Some(oldest) = self.order.pop_front()
        {
            self.issuers.remove(&oldest);
        }
    }
}

impl Anchor {
    fn read(origin: AnchorOrigin, certificate: &[u8]) -> Result<Self, CertificateMalformed> {
        let holder = Signed::read(certificate).map_err(|_| CertificateMalformed)?.holder;
        let short = origin == AnchorOrigin::Lab && holder.is_short_rsa();
        Ok(Self {
            id: id_of(&holder),
            origin,
            spki_sha256: sha256(holder.spki),
            strength: if short { Strength::AsShortAsTheAnchor } else { Strength::Usual },
            name: holder.name.to_vec(),
            spki: holder.spki.to_vec(),
        })
    }

    fn holder(&self) -> Result<Holder<'_>, PathFault> {
        Holder::read(&self.name, &self.spki)
    }

    /// The holder of this issuer, or the anchor itself.
    fn holder_or<'a>(&'a self, issuer: Option<&'a Issuer>) -> Result<Holder<'a>, PathFault> {
        issuer.map_or_else(|| self.holder(), |issuer| Signed::read(&issuer.der).map(|signed| signed.holder))
    }

    fn is(&self, holder: &Holder<'_>) -> bool {
        self.name == holder.name && self.spki == holder.spki
    }
}

/// An anchor is a name and a key.
fn id_of(holder: &Holder<'_>) -> Digest {
    sha256_of_parts(&[holder.name, holder.spki])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::key_attestation::{AndroidApp, ChainPlan, KeyAttestationLab, LabAndroid, Names};
    use crate::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn lab(seed: u8) -> KeyAttestationLab {
        KeyAttestationLab::from_seed(&[seed; 32], Names::Lab, NOW).expect("a lab")
    }

    fn device(lab: &KeyAttestationLab, seed: u8) -> LabAndroid {
        lab.device_from_seed(&[seed; 32], &AndroidApp::new("com.example.shop", &[1; 32])).expect("a device")
    }

    fn anchors(lab: &KeyAttestationLab) -> ChainAnchors {
        ChainAnchors::new(&[(AnchorOrigin::Lab, lab.root_der())]).expect("anchors")
    }

    fn chain(device: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) -> Vec<Vec<u8>> {
        device.attest_with(&[7; 32], change).expect("forged").chain
    }

    fn verify(anchors: &ChainAnchors, chain: &[Vec<u8>]) -> Result<usize, PathFault> {
        anchors.verify(&chain[0], &chain[1..]).map(|path| path.issuers.len())
    }

    fn remembered(anchors: &ChainAnchors) -> usize {
        anchors.known.read().expect("no panic").issuers.len()
    }

    #[test]
    fn the_root_may_be_left_out_and_never_counts() {
        let lab = lab(1);
        let whole = chain(&device(&lab, 1), |_| ());
        for chain in [&whole[..], &whole[..whole.len() - 1]] {
            let anchors = anchors(&lab);
            assert_eq!(verify(&anchors, chain), Ok(whole.len() - 2));
            assert_eq!(verify(&anchors, chain), Ok(whole.len() - 2), "from memory");
        }
    }

    #[test]
    fn issuers_are_remembered_when_the_whole_chain_holds() {
        let (lab, foreign) = (lab(1), lab(2));
        let anchors = anchors(&lab);
        let good = chain(&device(&lab, 1), |_| ());
        let mut other_leaf = good.clone();
        other_leaf[0] = chain(&device(&lab, 2), |_| ())[0].clone();
        for bad in [chain(&device(&foreign, 1), |_| ()), other_leaf, good[..2].to_vec(), good[..1].to_vec()] {
            assert!(matches!(verify(&anchors, &bad), Err(PathFault::Untrusted(_))));
            assert_eq!(remembered(&anchors), 0);
        }
        assert_eq!(verify(&anchors, &good), Ok(3));
        assert_eq!(remembered(&anchors), 3);
        assert_eq!(verify(&anchors, &chain(&device(&lab, 2), |_| ())), Ok(3));
        assert_eq!(remembered(&anchors), 4, "the two authorities are shared");
    }

    /// What is remembered counts below the very certificate that it was verified under.
    #[test]
    fn a_remembered_issuer_vouches_for_nothing_elsewhere() {
        let lab = lab(1);
        let anchors = anchors(&lab);
        let good = chain(&device(&lab, 1), |_| ());
        verify(&anchors, &good).expect("genuine");
        for gap in 1..4 {
            let mut short = good.clone();
            short.remove(gap);
            assert!(verify(&anchors, &short).is_err(), "without certificate {gap}");
        }
        let mut swapped = good.clone();
        swapped.swap(2, 3);
        assert!(verify(&anchors, &swapped).is_err());
        let foreign = chain(&device(&self::lab(2), 1), |_| ());
        let mixed = [&good[..2], &foreign[2..]].concat();
        assert_eq!(verify(&anchors, &mixed), Err(PathFault::Untrusted("a signature is not the issuer's")));
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let issuer = |number: u32| {
            let (lab, id) = (lab(1), sha256(&number.to_be_bytes()));
            Vouched { issuer: Arc::new(Issuer::read(lab.root_der(), id).expect("a certificate")), by: None }
        };
        let (first, mut memory) = (issuer(0), Memory::default());
        let template = first.clone();
        memory.keep(&first);
        for number in 1..=u32::try_from(REMEMBERED_ISSUERS).expect("small") {
            let id = sha256(&number.to_be_bytes());
            let Issuer { der, facts, .. } = &*template.issuer;
            let issuer = Issuer { id, der: der.clone(), facts: facts.clone() };
            memory.keep(&Vouched { issuer: Arc::new(issuer), by: None });
        }
        assert_eq!((memory.issuers.len(), memory.order.len()), (REMEMBERED_ISSUERS, REMEMBERED_ISSUERS));
        assert!(!memory.holds(&first));
    }

    #[test]
    fn every_certificate_is_read_before_any_is_believed() {
        let lab = lab(1);
        let mut damaged = chain(&device(&lab, 1), |_| ());
        damaged[2] = vec![0x30, 0];
        assert_eq!(verify(&anchors(&lab), &damaged), Err(PathFault::Malformed));
        assert_eq!(verify(&anchors(&lab), &[vec![], vec![]]), Err(PathFault::Malformed));
        assert!(ChainAnchors::new(&[(AnchorOrigin::Lab, &[0x30, 0])]).is_err());
    }

    #[test]
    fn bits_of_any_certificate_count() {
        let lab = lab(1);
        let anchors = anchors(&lab);
        let good = chain(&device(&lab, 1), |_| ());
        for (at, certificate) in good.iter().take(4).enumerate() {
            for byte in (0..certificate.len()).step_by(7) {
                let mut changed = good.clone();
                changed[at][byte] ^= 1;
                assert!(verify(&anchors, &changed).is_err(), "certificate {at}, byte {byte}");
            }
        }
    }
}
