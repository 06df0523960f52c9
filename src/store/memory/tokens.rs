//! Signing keys in a list, uses in a set.

use super::Maps;
use crate::crypto::jwk::Thumbprint;
use crate::store::ledger::TokenLedger;
use crate::store::{StoreFault, StoredKey, Use, UseKind};
use crate::time::Timestamp;

impl TokenLedger for Maps {
    fn newest_key(&self) -> Result<Option<Thumbprint>, StoreFault> {
        Ok(self.signing_keys.last().map(|key| key.id))
    }

    fn add_key(&mut self, key: &StoredKey) -> Result<(), StoreFault> {
        self.signing_keys.push(key.clone());
        Ok(())
    }

    fn remove_key(&mut self, id: &Thumbprint) -> Result<(), StoreFault> {
        self.signing_keys.retain(|key| key.id != *id);
        Ok(())
    }

    fn was_consumed(&self, once: &Use) -> Result<bool, StoreFault> {
        Ok(self.consumed.contains(&(once.kind, once.expires_at, once.id)))
    }

    fn consumed_until(&self, kind: UseKind) -> Result<Timestamp, StoreFault> {
        Ok(self.consumed_until.get(&kind).copied().unwrap_or(Timestamp::EPOCH))
    }

    fn mark_consumed(&mut self, once: &Use) -> Result<(), StoreFault> {
        self.consumed.insert((once.kind, once.expires_at, once.id));
        Ok(())
    }

    fn forget_consumed(&mut self, expired: Timestamp) -> Result<u64, StoreFault> {
        let before = self.consumed.len();
        for (kind, expires_at, _) in self.consumed.iter().filter(|(_, expires_at, _)| *expires_at <= expired) {
            let mark = self.consumed_until.entry(*kind).or_insert(*expires_at);
            *mark = (*mark).max(*expires_at);
        }
        self.consumed.retain(|(_, expires_at, _)| *expires_at > expired);
        Ok(u64::try_from(before - self.consumed.len()).unwrap_or(u64::MAX))
    }
}
