//! What the certificates of a chain have to be, beside signed: Android's rules, which RFC 5280 would not recognise.

use super::provisioning_info::PROVISIONING_INFO_OID;
use super::rejection::{Rejection, require};
use crate::crypto::certificate::{Oid, oid};
use crate::crypto::certificate_facts::{Authority, CertificateFacts};
use crate::crypto::serial::Serial;
use crate::evidence::claims::Provisioning;
use crate::time::Timestamp;

/// The extension that carries the key description.
pub const KEY_DESCRIPTION_OID: Oid<'static> = oid!(1.3.6.1.4.1.11129.2.1.17);

/// The certificates that count: the leaf, and the issuers between it and the anchor, the leaf's issuer first.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub(super) leaf: &'a CertificateFacts,
    pub(super) issuers: &'a [&'a CertificateFacts],
    pub(super) provisioning: Provisioning,
}

/// Whether issuers have to be allowed to issue (RFC 5280, sections 4.2.1.3 and 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerRules {
    /// All of them, the leaf's issuer in a chain from the factory excepted: phones of 2016 to 2021 get this one wrong.
    FactoryExcepted,
    /// All of them.
    Strict,
    /// None of them, as Google's own verifier has it.
    Unasked,
}

/// What becomes of certificates that were put into a device in the factory, and have expired since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactoryExpiry {
    /// They count: the device is genuine and can get no others.
    Tolerated,
    /// They are refused like every other.
    Refused,
}

impl Chain<'_> {
    fn all(&self) -> impl Iterator<Item = &CertificateFacts> {
        std::iter::once(self.leaf).chain(self.issuers.iter().copied())
    }

    /// Every serial number can be looked for in the status list.
    pub(super) fn can_be_looked_up(&self) -> Result<(), Rejection> {
        let numbered = |certificate: &CertificateFacts| Serial::from_hex(&certificate.serial).is_some();
        require(self.all().all(numbered), Rejection::SerialTooLong)
    }

    /// No certificate carries an extension twice, critical or not: each reader might find another one.
    pub(super) fn repeats_no_extension(&self) -> Result<(), Rejection> {
        require(!self.all().any(CertificateFacts::repeats_an_extension), Rejection::ExtensionRepeated)
    }

    /// The leaf carries a key description, and nothing above it does: what stands below an attested key is its owner's word.
    pub(super) fn describes_the_leaf_alone(&self) -> Result<(), Rejection> {
        let above = self.issuers.iter().any(|issuer| issuer.carries(&KEY_DESCRIPTION_OID));
        require(!above, Rejection::DescriptionAboveLeaf)?;
        require(self.leaf.carries(&KEY_DESCRIPTION_OID), Rejection::DescriptionMissing)
    }

    /// No certificate demands what is not known here.
    pub(super) fn is_understood(&self) -> Result<(), Rejection> {
        let known = [KEY_DESCRIPTION_OID, PROVISIONING_INFO_OID];
        require(!self.all().any(|certificate| certificate.demands_more_than(&known)), Rejection::ExtensionCritical)
    }

    /// Every issuer may issue, as far as the rules ask.
    pub(super) fn may_issue(&self, rules: IssuerRules) -> Result<(), Rejection> {
        if rules == IssuerRules::Unasked {
            return Ok(());
        }
        let excepted = |at: usize| at == 0 && rules == IssuerRules::FactoryExcepted && self.is_from_a_factory();
        let mut asked = self.issuers.iter().enumerate().filter(|(at, _)| !excepted(*at));
        asked.try_for_each(|(at, issuer)| may_issue_above(at, &issuer.authority))
    }

    /// A chain of the only shapes that devices with faulty certificates have: one or two issuers, the lower one with a serial
    /// number in its name.
    fn is_from_a_factory(&self) -> bool {
        let numbered = self.issuers.first().is_some_and(|issuer| issuer.subject.serial_number.is_some());
        numbered && self.issuers.len() <= 2 && self.provisioning == Provisioning::Factory
    }

    /// The issuers' dates; the leaf's are the device's own, and not even asked for.
    pub(super) fn is_in_force(&self, expiry: FactoryExpiry, now: Timestamp) -> Result<(), Rejection> {
        let early = self.issuers.iter().any(|issuer| now < issuer.validity.not_before);
        require(!early, Rejection::NotYetValid)?;
        let tolerated = expiry == FactoryExpiry::Tolerated && self.provisioning == Provisioning::Factory;
        require(tolerated || !self.has_expired(now), Rejection::Expired)
    }

    /// Whether an issuer's last moment has passed.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.issuers.iter().any(|issuer| now.as_secs() > issuer.validity.not_after.as_secs())
    }
}

/// Whether this issuer may issue, when `below` further ones stand between it and the leaf.
fn may_issue_above(below: usize, authority: &Authority) -> Result<(), Rejection> {
    let roomy = authority.path_length.is_none_or(|length| usize::try_from(length).is_ok_and(|length| below <= length));
    require(authority.is_ca, Rejection::IssuerUnfit("it is not a CA"))?;
    require(authority.may_sign, Rejection::IssuerUnfit("its key is not for certificates"))?;
    require(roomy, Rejection::IssuerUnfit("too many certificates stand below it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::certificate::Validity;
    use crate::crypto::certificate_facts::SubjectNames;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
    const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

    fn certificate() -> CertificateFacts {
        CertificateFacts {
            serial: "1f".to_owned(),
            validity: Validity { not_before: NOW.minus(DAY), not_after: NOW.plus(DAY) },
            subject: SubjectNames { serial_number: Some("1".to_owned()), ..SubjectNames::default() },
            authority: Authority { is_ca: true, path_length: None, may_sign: true },
            extensions: vec![],
        }
    }

    fn with<T>(issuers: &[CertificateFacts], provisioning: Provisioning, read: impl FnOnce(Chain<'_>) -> T) -> T {
        let issuers: Vec<_> = issuers.iter().collect();
        read(Chain { leaf: &certificate(), issuers: &issuers, provisioning })
    }

    fn fit(issuers: &[CertificateFacts], provisioning: Provisioning, rules: IssuerRules) -> Result<(), Rejection> {
        with(issuers, provisioning, |chain| chain.may_issue(rules))
    }

    fn unfit(is_ca: bool) -> CertificateFacts {
        let authority = Authority { is_ca, path_length: None, may_sign: false };
        CertificateFacts { authority, ..certificate() }
    }

    #[test]
    fn the_exception_is_the_lowest_issuer_of_a_factory_and_no_other() {
        use IssuerRules::{FactoryExcepted, Strict, Unasked};
        use Provisioning::{Conflicting, Factory, Remote, Unknown};
        let faulty = [unfit(false), certificate()];
        assert_eq!(fit(&faulty, Factory, FactoryExcepted), Ok(()));
        assert_eq!(fit(&faulty[..1], Factory, FactoryExcepted), Ok(()));
        let no_ca = Err(Rejection::IssuerUnfit("it is not a CA"));
        assert_eq!(fit(&faulty, Factory, Strict), no_ca);
        for provisioning in [Remote, Conflicting, Unknown] {
            assert_eq!(fit(&faulty, provisioning, FactoryExcepted), no_ca, "{provisioning:?}");
        }
        let longer = [unfit(false), certificate(), certificate()];
        assert_eq!(fit(&longer, Factory, FactoryExcepted), no_ca);
        assert_eq!(fit(&[certificate(), unfit(false)], Factory, FactoryExcepted), no_ca);
        let unnamed = CertificateFacts { subject: SubjectNames::default(), ..unfit(false) };
        assert_eq!(fit(&[unnamed, certificate()], Factory, FactoryExcepted), no_ca);
        let usage = Err(Rejection::IssuerUnfit("its key is not for certificates"));
        assert_eq!(fit(&[certificate(), unfit(true)], Factory, FactoryExcepted), usage);
        assert_eq!(fit(&[certificate(), unfit(false)], Remote, Unasked), Ok(()));
    }

    #[test]
    fn path_lengths_count_the_issuers_below() {
        let at = |position: usize, length| {
            let mut issuers = vec![certificate(); 3];
            issuers[position].authority.path_length = Some(length);
            fit(&issuers, Provisioning::Remote, IssuerRules::FactoryExcepted)
        };
        let long = Err(Rejection::IssuerUnfit("too many certificates stand below it"));
        assert_eq!([at(0, 0), at(1, 1), at(2, 2)], [Ok(()), Ok(()), Ok(())]);
        assert_eq!([at(1, 0), at(2, 1)], [long.clone(), long]);
    }

    #[test]
    fn serial_numbers_fit_the_status_list() {
        let serial = |serial: String| {
            let issuer = CertificateFacts { serial, ..certificate() };
            with(&[issuer], Provisioning::Factory, |chain| chain.can_be_looked_up())
        };
        assert_eq!(serial("f".repeat(40)), Ok(()));
        assert_eq!(serial("f".repeat(41)), Err(Rejection::SerialTooLong));
    }
}
