//! Pseudonyms: the name of an instance towards one relying party, which tells others nothing.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use data_encoding::BASE64URL_NOPAD;

use super::Verifier;
use super::caller::Caller;
use crate::crypto::secret::{PseudonymKey, Secret};
use crate::ids::{InstanceId, Name};

/// Makes pseudonyms, and turns them back without looking anything up. Keys are derived once for each relying party, of which
/// there are as many as the configuration names.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    secret: Secret,
    keys: RwLock<HashMap<Name, PseudonymKey>>,
}

impl Pseudonyms {
    pub(super) fn new(secret: Secret) -> Self {
        Self { secret, keys: RwLock::default() }
    }

    /// The key of one list's page tokens. A blank stands in no relying party's name.
    pub(super) fn page_key(&self, list: &str) -> Option<PseudonymKey> {
        self.secret.pseudonym_key(&format!("page {list}"))
    }

    fn with_key<T>(&self, relying_party: &Name, use_key: impl FnOnce(&PseudonymKey) -> T) -> Option<T> {
        if let Some(key) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(relying_party) {
            return Some(use_key(key));
        }
        let key = self.secret.pseudonym_key(relying_party.as_str())?;
        let used = use_key(&key);
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(relying_party.clone(), key);
        Some(used)
    }
}

impl Verifier {
    /// The name of an instance towards a caller's relying party: 43 characters of base64url.
    pub fn pseudonym(&self, caller: &Caller, instance: InstanceId) -> String {
        self.pseudonym_towards(&caller.relying_party, instance)
    }

    /// The same towards any relying party.
    pub(super) fn pseudonym_towards(&self, relying_party: &Name, instance: InstanceId) -> String {
        let sealed = self.pseudonyms.with_key(relying_party, |key| key.seal(&instance.0)).flatten();
        sealed.map(|sealed| BASE64URL_NOPAD.encode(&sealed)).unwrap_or_default()
    }

    /// The instance behind a pseudonym of the caller's relying party; `None` for every other text.
    pub fn instance_behind(&self, caller: &Caller, pseudonym: &str) -> Option<InstanceId> {
        self.instance_towards(&caller.relying_party, pseudonym)
    }

    /// The same for a pseudonym towards any relying party.
    pub(super) fn instance_towards(&self, relying_party: &Name, pseudonym: &str) -> Option<InstanceId> {
        let sealed = BASE64URL_NOPAD.decode(pseudonym.as_bytes()).ok()?;
        self.pseudonyms.with_key(relying_party, |key| key.open(&sealed)).flatten().map(InstanceId)
    }
}
