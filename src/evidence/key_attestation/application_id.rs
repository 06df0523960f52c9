//! The attestation application id: which app made the key, as Android's package manager knows it.

use crate::crypto::digest::Digest;
use crate::evidence::claims::Package;
use crate::wire::der::{self, DerFault, Elements};

/// The most packages; several share a user id.
pub const PACKAGE_LIMIT: usize = 32;
/// The most signing certificates.
pub const SIGNER_LIMIT: usize = 10;
/// The longest package name, in bytes.
const NAME_LIMIT: usize = 255;

/// The app that made the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationId {
    /// Every package of the app's user id.
    pub packages: Vec<Package>,
    /// SHA-256 of every certificate that the app is signed with.
    pub signers: Vec<Digest>,
}

/// Why an application id is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationIdFault {
    /// Not two sets in a SEQUENCE.
    #[error("{0}")]
    Der(#[from] DerFault),
    /// More packages or signers than any app has.
    #[error("more than {PACKAGE_LIMIT} packages or {SIGNER_LIMIT} signers")]
    TooMany,
    /// A package's name is empty, too long, or not plain text.
    #[error("a package name is not plain text")]
    Name,
    /// A signer is not a SHA-256 value.
    #[error("a signer is not a SHA-256 value")]
    Signer,
}

impl ApplicationId {
    /// Reads the content of tag 709, to its last byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApplicationIdFault> {
        let mut fields = der::sequence(bytes)?;
        let packages = each(fields.unsorted_set()?, PACKAGE_LIMIT, package)?;
        let signers = each(fields.unsorted_set()?, SIGNER_LIMIT, signer)?;
        fields.end()?;
        Ok(Self { packages, signers })
    }
}

fn each<T>(
    mut set: Elements<'_>,
    limit: usize,
    read: fn(&mut Elements<'_>) -> Result<T, ApplicationIdFault>,
) -> Result<Vec<T>, ApplicationIdFault> {
    let mut values = Vec::new();
    while !set.is_empty() {
        if values.len() == limit {
            return Err(ApplicationIdFault::TooMany);
        }
        values.push(read(&mut set)?);
    }
    Ok(values)
}

fn package(set: &mut Elements<'_>) -> Result<Package, ApplicationIdFault> {
    let mut fields = set.sequence()?;
    let name = std::str::from_utf8(fields.octets()?).map_err(|_| ApplicationIdFault::Name)?;
    if name.is_empty() || name.len() > NAME_LIMIT || name.contains(char::is_control) {
        return Err(ApplicationIdFault::Name);
    }
    let version = fields.unsigned()?;
    fields.end()?;
    Ok(Package { name: name.to_owned(), version })
}

fn signer(set: &mut Elements<'_>) -> Result<Digest, ApplicationIdFault> {
    set.octets()?.try_into().map_err(|_| ApplicationIdFault::Signer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::der as write;
    use crate::lab::key_attestation::AndroidApp;

    /// Without the OCTET STRING that lists carry it in.
    fn parse(app: &AndroidApp) -> Result<ApplicationId, ApplicationIdFault> {
        let whole = app.der();
        ApplicationId::parse(der::only(&whole, |elements| elements.octets())?)
    }

    fn app(packages: usize, signers: usize) -> AndroidApp {
        AndroidApp {
            packages: (0..packages).map(|at| (format!("com.example.app{at}"), 1)).collect(),
            signers: vec![vec![1; 32]; signers],
        }
    }

    #[test]
    fn both_sets_have_limits_and_may_be_empty() {
        for (packages, signers) in [(0, 0), (1, 1), (PACKAGE_LIMIT, SIGNER_LIMIT)] {
            let read = parse(&app(packages, signers)).expect("an application id");
            assert_eq!((read.packages.len(), read.signers.len()), (packages, signers));
        }
        assert_eq!(parse(&app(PACKAGE_LIMIT + 1, 1)), Err(ApplicationIdFault::TooMany));
        assert_eq!(parse(&app(1, SIGNER_LIMIT + 1)), Err(ApplicationIdFault::TooMany));
    }

    #[test]
    fn names_are_plain_and_signers_are_digests() {
        for name in ["", "a\0b", &"x".repeat(256)] {
            let app = AndroidApp { packages: vec![(name.to_owned(), 1)], ..app(1, 1) };
            assert_eq!(parse(&app), Err(ApplicationIdFault::Name), "{name:?}");
        }
        let short = AndroidApp { signers: vec![vec![1; 31]], ..app(1, 1) };
        assert_eq!(parse(&short), Err(ApplicationIdFault::Signer));
        let foreign = write::sequence(&[&write::octets(&[]), &write::octets(&[])]);
        assert_eq!(ApplicationId::parse(&foreign), Err(DerFault::Unexpected.into()));
    }
}
