//! Tokens and quotas in maps.

use super::Maps;
use crate::crypto::digest::Digest;
use crate::ids::AppName;
use crate::store::ledger::{Begun, DecodingLedger};
use crate::store::{Decoding, Spend, StoreFault};
use crate::time::Timestamp;

/// A token, and for how long it is remembered.
pub(super) struct Remembered {
    begun: Begun,
    challenge: [u8; 16],
    pub(super) kept_until: Timestamp,
}

impl DecodingLedger for Maps {
    fn decoding(&self, token: &Digest) -> Result<Option<Begun>, StoreFault> {
        Ok(self.decodings.get(token).map(|remembered| remembered.begun.clone()))
    }

    fn begun_for(&self, challenge: &Spend) -> Result<u32, StoreFault> {
        let with = self.decodings.values().filter(|remembered| remembered.challenge == challenge.id);
        Ok(u32::try_from(with.count()).unwrap_or(u32::MAX))
    }

    fn quota_used(&self, app: &AppName, day: u32) -> Result<u32, StoreFault> {
        Ok(self.quotas.get(&(app.clone(), day)).copied().unwrap_or_default())
    }

    fn add_decoding(&mut self, decoding: &Decoding) -> Result<(), StoreFault> {
        let Decoding { token, request, challenge, app, day, now, kept_until, .. } = decoding.clone();
        let begun = Begun { request, app, day, begun_at: now, decoded: None };
        self.decodings.insert(token, Remembered { begun, challenge: challenge.id, kept_until });
        Ok(())
    }

    fn set_decoded(&mut self, token: &Digest, decoded: &[u8]) -> Result<(), StoreFault> {
        if let Some(remembered) = self.decodings.get_mut(token) {
            remembered.begun.decoded = Some(decoded.to_vec());
        }
        Ok(())
    }

    fn remove_decoding(&mut self, token: &Digest) -> Result<(), StoreFault> {
        self.decodings.remove(token);
        Ok(())
    }

    fn set_quota_used(&mut self, app: &AppName, day: u32, used: u32) -> Result<(), StoreFault> {
        self.quotas.insert((app.clone(), day), used);
        Ok(())
    }
}
