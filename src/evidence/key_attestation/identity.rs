//! Which app made a key, as the operating system states it.

use std::collections::BTreeSet;

use super::rejection::{Rejection, require};
use crate::crypto::digest::Digest;
use crate::evidence::claims::Package;

/// An app by its package and by who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppIdentity {
    /// The package's name.
    pub package: String,
    /// SHA-256 of the certificates that it may be signed with; `None` asks for no signer, which only tools may do.
    pub signers: Option<BTreeSet<Digest>>,
}

/// Whether an app may share its user id with other packages, whose keys are then its own as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedUserId {
    /// The app's package has to be the only one.
    Refused,
    /// The app's package has to be among them.
    Accepted,
}

/// Whether a key was made by one of these apps: by its packages, and then by every one of its signers, of which there has to be one.
///
/// Errors with [`Rejection::PackageMismatch`] or [`Rejection::SignerMismatch`].
pub fn made_by_one_of(
    packages: &[Package],
    signers: &[&[u8]],
    apps: &[AppIdentity],
    shared_user_id: SharedUserId,
) -> Result<(), Rejection> {
    let named: Vec<_> = apps.iter().filter(|app| app.is_named(packages, shared_user_id)).collect();
    require(!named.is_empty(), Rejection::PackageMismatch)?;
    require(named.iter().any(|app| app.is_signed_by(signers)), Rejection::SignerMismatch)
}

impl AppIdentity {
    fn is_named(&self, packages: &[Package], shared_user_id: SharedUserId) -> bool {
        let mut names = packages.iter().map(|package| package.name == self.package);
        match shared_user_id {
            SharedUserId::Refused => !packages.is_empty() && names.all(|named| named),
            SharedUserId::Accepted => names.any(|named| named),
        }
    }

    fn is_signed_by(&self, signers: &[&[u8]]) -> bool {
        let is_own = |signer: &&[u8], own: &BTreeSet<Digest>| own.iter().any(|own| own.as_slice() == *signer);
        let all_own = |own| !signers.is_empty() && signers.iter().all(|signer| is_own(signer, own));
        self.signers.as_ref().is_none_or(all_own)
    }
}
