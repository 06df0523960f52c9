//! Pseudonyms: the name of an instance towards one relying party, which tells others nothing.

use data_encoding::BASE64URL_NOPAD;

use super::Verifier;
use super::caller::Caller;
use crate::crypto::secret::Secret;
use crate::ids::InstanceId;

/// Makes pseudonyms, and turns them back without looking anything up.
#[derive(Clone, Debug)]
pub(super) struct Pseudonyms {
    secret: Secret,
}

impl Pseudonyms {
    pub(super) const fn new(secret: Secret) -> Self {
        Self { secret }
    }
}

impl Verifier {
    /// The name of an instance towards a caller's relying party: 43 characters of base64url.
    pub fn pseudonym(&self, caller: &Caller, instance: InstanceId) -> String {
        let key = self.pseudonyms.secret.pseudonym_key(caller.relying_party.as_str());
        key.seal(&instance.0).map(|sealed| BASE64URL_NOPAD.encode(&sealed)).unwrap_or_default()
    }

    /// The instance behind a pseudonym of the caller's relying party; `None` for every other text.
    pub fn instance_behind(&self, caller: &Caller, pseudonym: &str) -> Option<InstanceId> {
        let sealed = BASE64URL_NOPAD.decode(pseudonym.as_bytes()).ok()?;
        let key = self.pseudonyms.secret.pseudonym_key(caller.relying_party.as_str());
        key.open(&sealed).map(InstanceId)
    }
}
