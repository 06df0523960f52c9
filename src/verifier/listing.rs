//! Lists of instances, page by page.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::Verifier;
use super::caller::Caller;
use super::fault::CallFault;
use super::revocation::Account;
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::crypto::serial::Serial;
use crate::ids::{AccountTag, AppName, InstanceId};
use crate::store::{Found, InstanceList};
use crate::time::Timestamp;

/// How many instances are looked at for one page.
const SCAN: u32 = 1000;

/// The instances that an operator asks for.
#[derive(Clone, Copy, Debug)]
pub struct ListCall<'a> {
    /// Of this app.
    pub app: &'a AppName,
    /// Enrolled for this account.
    pub account: Option<Account<'a>>,
    /// Revoked, or not.
    pub revoked: Option<bool>,
    /// With this serial number in the chain.
    pub serial: Option<Serial>,
    /// Enrolled at these times.
    pub enrolled: Span,
    /// With the latest proof at these times.
    pub proven: Span,
    /// How many of them at most.
    pub page_size: u32,
    /// Where an earlier page ended; empty for the first.
    pub page_token: &'a str,
}

/// A stretch of time; `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Option<Timestamp>,
    /// Its end, which is not part of it.
    pub before: Option<Timestamp>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The instances, without their receipts.
    pub instances: Vec<Found>,
    /// What the next page is asked for with; empty at the end.
    pub next_page_token: String,
}

impl Span {
    fn includes(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.before.is_none_or(|before| at < before)
    }

    fn bytes(&self) -> [u8; 18] {
        let mut bytes = [0; 18];
        for (place, bound) in bytes.chunks_exact_mut(9).zip([self.from, self.before]) {
            if let (Some(bound), Some((there, millis))) = (bound, place.split_first_mut()) {
                *there = 1;
                millis.copy_from_slice(&bound.as_millis().to_be_bytes());
            }
        }
        bytes
    }
}

impl Verifier {
    /// A page of the instances that are asked for, in an order that enrolments do not disturb: none comes twice, and none is left
    /// out that was there from the beginning. A page may be shorter than asked for, even empty, and yet have a next one.
    ///
    /// Errors with [`CallFault::PageToken`] when the token is not one of this very list.
    pub async fn list_instances(&self, caller: &Caller, call: &ListCall<'_>) -> Result<ListPage, CallFault> {
        let app = self.app(caller, call.app)?;
        let account = call.account.map(|account| self.account_named(caller, account));
        let list = call.digest(account);
        let after = self.page_start(&list, call.page_token)?;
        let scanned = InstanceList { app: app.name.clone(), account, after, limit: SCAN };
        let scanned = self.store.instances(scanned).await?;
        let (size, now) = (usize::try_from(call.page_size).unwrap_or(usize::MAX), self.clock.now());
        let (mut instances, mut last) = (Vec::new(), None);
        let full = u32::try_from(scanned.len()).is_ok_and(|length| length == SCAN);
        let mut left = scanned.into_iter();
        while instances.len() < size
            && let Some(found) = left.next()
        {
            last = Some(found.instance.id);
            instances.extend(Some(found).filter(|found| call.fits(found, now)));
        }
        let more = full || left.next().is_some();
        let next = last.filter(|_| more).map(|last| self.page_end(&list, last)).transpose()?;
        Ok(ListPage { instances, next_page_token: next.unwrap_or_default() })
    }

    /// A token is the last id, sealed under a key of this list: it tells nothing, and fits no other list.
    fn page_end(&self, list: &Digest, last: InstanceId) -> Result<String, CallFault> {
        let sealed = self.pseudonyms.page_key(&HEXLOWER.encode(list)).and_then(|key| key.seal(&last.0));
        sealed.map(|sealed| BASE64URL_NOPAD.encode(&sealed)).ok_or(CallFault::PageToken)
    }

    fn page_start(&self, list: &Digest, token: &str) -> Result<Option<InstanceId>, CallFault> {
        if token.is_empty() {
            return Ok(None);
        }
        let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| CallFault::PageToken)?;
        let id = self.pseudonyms.page_key(&HEXLOWER.encode(list)).and_then(|key| key.open(&sealed));
        id.map(|id| Some(InstanceId(id))).ok_or(CallFault::PageToken)
    }
}

impl ListCall<'_> {
    fn fits(&self, found: &Found, now: Timestamp) -> bool {
        let instance = &found.instance;
        let has = |serial| instance.serials.iter().any(|text| Serial::from_hex(text) == Some(serial));
        self.revoked.is_none_or(|revoked| revoked == found.standing.is_revoked(now))
            && self.serial.is_none_or(has)
            && self.enrolled.includes(instance.enrolled_at)
            && self.proven.includes(instance.proven_at)
    }

    /// A digest over what is asked for, page size and token excepted.
    fn digest(&self, account: Option<AccountTag>) -> Digest {
        let account = account.map_or_else(Vec::new, |tag| tag.0.to_vec());
        let revoked = self.revoked.map_or(0, |revoked| 1 + u8::from(revoked));
        let serial = self.serial.map(String::from).unwrap_or_default();
        let (enrolled, proven) = (self.enrolled.bytes(), self.proven.bytes());
        let app = self.app.as_str().as_bytes();
        sha256_of_parts(&[b"bonafide list", app, &account, &[revoked], serial.as_bytes(), &enrolled, &proven])
    }
}
