//! The store that forgets everything when the process ends: for demonstrations and tests.

mod changes;
mod decodings;
mod records;
mod status_list;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::changes::feed_start;
use super::ledger::{DecodingLedger, Enrolled, Groups, Horizon, KeptAnswer};
use super::ledger::{Ledger, Progress, RecordLedger, TokenLedger};
use super::{AddKeyOutcome, ConsumeOutcome, NewKey, StoredKey, Use, UseKind};
use super::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, Instance, Purged, RedeemOutcome, Redemption};
use super::{AnnounceOutcome, Announcement, Change, Changes, DeclareOutcome, Found, InstanceList, Newcomer};
use super::{Answer, CallId, FirstAnswer, NamedCall, RecordedAppraisal, Spend, Store, StoreFault, rules};
use super::{ConfirmOutcome, Confirmation, KeptStatusList, StatusListOutcome};
use super::{DecodedOutcome, Decoding, DecodingOutcome, WithdrawOutcome};
use super::{Now, Statement, StatementList};
use crate::crypto::digest::Digest;
use crate::crypto::jwk::Thumbprint;
use crate::crypto::secret::Secret;
use crate::crypto::serial::Serial;
use crate::evidence::claims::Claims;
use crate::ids::{AppName, InstanceId, Position};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use changes::Feed;
use decodings::Remembered;

/// Keeps everything in maps under one lock.
pub struct MemoryStore {
    maps: Mutex<Maps>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::starting_at(feed_start())
    }

    /// An empty store whose first change comes after this position.
    pub(super) fn starting_at(start: Position) -> Self {
        Self { maps: Mutex::new(Maps { feed: Feed::starting_at(start), ..Maps::default() }) }
    }

    /// The maps stay whole even if a holder of the lock has panicked: the rules write only what they have checked.
    fn maps(&self) -> MutexGuard<'_, Maps> {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn enrol(&self, enrolment: Enrolment) -> Answer<'_, EnrolOutcome> {
        Box::pin(async move { rules::enrol(&mut *self.maps(), &enrolment) })
    }

    fn advance(&self, advance: Advance) -> Answer<'_, AdvanceOutcome> {
        Box::pin(async move { rules::advance(&mut *self.maps(), &advance) })
    }

    fn redeem(&self, redemption: Redemption) -> Answer<'_, RedeemOutcome> {
        Box::pin(async move { rules::redeem(&mut *self.maps(), &redemption) })
    }

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<Found>> {
        Box::pin(async move {
            let maps = self.maps();
            maps.instances.get(&id).map(|record| maps.found(record)).transpose()
        })
    }

    fn newcomer(&self, app: AppName, serials: Vec<Serial>) -> Answer<'_, Newcomer> {
        Box::pin(async move {
            let maps = self.maps();
            rules::newcomer(&*maps, &app, &serials, maps.feed.latest)
        })
    }

    fn instances(&self, list: InstanceList) -> Answer<'_, Vec<Found>> {
        Box::pin(async move { self.maps().listed(&list) })
    }

    fn declare(&self, statement: Statement, now: Now) -> Answer<'_, DeclareOutcome> {
        Box::pin(async move { rules::declare(&mut *self.maps(), &statement, now()) })
    }

    fn announce(&self, announcement: Announcement, at: Timestamp) -> Answer<'_, AnnounceOutcome> {
        Box::pin(async move { rules::announce(&mut *self.maps(), &announcement, at) })
    }

    fn statements(&self, list: StatementList) -> Answer<'_, Vec<Change>> {
        Box::pin(async move { Ok(self.maps().feed.statements(&list)) })
    }

    fn changes_after(&self, position: Position, limit: u32) -> Answer<'_, Changes> {
        Box::pin(async move { Ok(self.maps().feed.after(position, limit)) })
    }

    fn latest_position(&self) -> Answer<'_, Position> {
        Box::pin(async move { Ok(self.maps().feed.latest) })
    }

    fn first_answer(&self, call: CallId, now: Timestamp) -> Answer<'_, Option<FirstAnswer>> {
        Box::pin(async move { Ok(self.maps().answer(&call)?.and_then(|kept| kept.at(now))) })
    }

    fn secret(&self) -> Answer<'_, Secret> {
        Box::pin(async move { rules::secret(&mut *self.maps()) })
    }

    fn begin_decoding(&self, decoding: Decoding) -> Answer<'_, DecodingOutcome> {
        Box::pin(async move { rules::begin_decoding(&mut *self.maps(), &decoding) })
    }

    fn keep_decoded(&self, token: Digest, decoded: Vec<u8>) -> Answer<'_, DecodedOutcome> {
        Box::pin(async move { rules::keep_decoded(&mut *self.maps(), &token, &decoded) })
    }

    fn withdraw_decoding(&self, token: Digest) -> Answer<'_, WithdrawOutcome> {
        Box::pin(async move { rules::withdraw_decoding(&mut *self.maps(), &token) })
    }

    fn quota_used(&self, app: AppName, day: u32) -> Answer<'_, u32> {
        Box::pin(async move { self.maps().quota_used(&app, day) })
    }

    fn keep_status_list(&self, list: KeptStatusList, now: Timestamp) -> Answer<'_, StatusListOutcome> {
        Box::pin(async move { rules::keep_status_list(&mut *self.maps(), &list, now) })
    }

    fn confirm_status_list(&self, confirmation: Confirmation) -> Answer<'_, ConfirmOutcome> {
        Box::pin(async move { rules::confirm_status_list(&mut *self.maps(), &confirmation) })
    }

    fn status_list(&self) -> Answer<'_, Option<KeptStatusList>> {
        Box::pin(async move { Ok(self.maps().status_list.clone()) })
    }

    fn signing_keys(&self) -> Answer<'_, Vec<StoredKey>> {
        Box::pin(async move { Ok(self.maps().signing_keys.clone()) })
    }

    fn add_signing_key(&self, key: NewKey) -> Answer<'_, AddKeyOutcome> {
        Box::pin(async move { rules::add_signing_key(&mut *self.maps(), &key) })
    }

    fn remove_signing_keys(&self, ids: Vec<Thumbprint>) -> Answer<'_, ()> {
        Box::pin(async move { ids.iter().try_for_each(|id| self.maps().remove_key(id)) })
    }

    fn consume(&self, uses: Vec<Use>) -> Answer<'_, ConsumeOutcome> {
        Box::pin(async move { rules::consume(&mut *self.maps(), &uses) })
    }

    fn is_consumed(&self, once: Use) -> Answer<'_, bool> {
        Box::pin(async move { rules::is_consumed(&*self.maps(), &once) })
    }

    fn purge(&self, now: Timestamp) -> Answer<'_, Purged> {
        Box::pin(async move { rules::purge(&mut *self.maps(), now) })
    }

    fn trim_appraisals(&self, keep: u32) -> Answer<'_, u64> {
        Box::pin(async move { self.maps().trim_appraisals(keep) })
    }
}

#[derive(Default)]
struct Maps {
    challenges: BTreeSet<(Timestamp, [u8; 16])>,
    instances: HashMap<InstanceId, Record>,
    answers: HashMap<CallId, KeptAnswer>,
    purged_until: Option<Timestamp>,
    secret: Option<Secret>,
    decodings: HashMap<Digest, Remembered>,
    quotas: HashMap<(AppName, u32), u32>,
    status_list: Option<KeptStatusList>,
    appraisals: BTreeMap<i64, RecordedAppraisal>,
    feed: Feed,
    signing_keys: Vec<StoredKey>,
    consumed: BTreeSet<(UseKind, Timestamp, Digest)>,
    consumed_until: BTreeMap<UseKind, Timestamp>,
}

struct Record {
    instance: Instance,
    enrolled: Enrolled,
    progress: Progress,
    enrolled_after: Position,
}

impl Record {
    fn new(enrolment: &Enrolment, enrolled_after: Position) -> Self {
        let Enrolment { instance, evidence, verdict, .. } = enrolment.clone();
        let enrolled = Enrolled { account: instance.account, evidence, verdict };
        let progress = Progress::new(&instance, enrolled.verdict.tier);
        Self { instance, enrolled, progress, enrolled_after }
    }

    fn instance(&self) -> Instance {
        let Progress { counts, proven_at, claims_at, bound, .. } = &self.progress;
        let (proven_at, claims_at, bound) = (*proven_at, *claims_at, *bound);
        Instance { proven_at, sign_count: counts.highest(), claims_at, bound, ..self.instance.clone() }
    }
}

impl Ledger for Maps {
    fn answer(&self, call: &CallId) -> Result<Option<KeptAnswer>, StoreFault> {
        Ok(self.answers.get(call).cloned())
    }

    fn enrolled(&self, instance: &InstanceId) -> Result<Option<Enrolled>, StoreFault> {
        Ok(self.instances.get(instance).map(|record| record.enrolled.clone()))
    }

    fn groups(&self, instance: &InstanceId) -> Result<Option<Groups>, StoreFault> {
        Ok(self.instances.get(instance).map(|Record { instance, .. }| Groups {
            app: instance.app.clone(),
            account: instance.account,
            serials: instance.serials.clone(),
        }))
    }

    fn progress(&self, instance: &InstanceId) -> Result<Option<Progress>, StoreFault> {
        Ok(self.instances.get(instance).map(|record| record.progress.clone()))
    }

    fn is_spent(&self, challenge: &Spend) -> Result<bool, StoreFault> {
        Ok(self.challenges.contains(&(challenge.expires_at, challenge.id)))
    }

    fn purged_until(&self) -> Timestamp {
        self.purged_until.unwrap_or(Timestamp::EPOCH)
    }

    fn stated(&self) -> Position {
        self.feed.stated
    }

    fn secret(&self) -> Result<Option<Secret>, StoreFault> {
        Ok(self.secret.clone())
    }

    fn spend(&mut self, challenge: &Spend) -> Result<(), StoreFault> {
        self.challenges.insert((challenge.expires_at, challenge.id));
        Ok(())
    }

    fn add(&mut self, enrolment: &Enrolment) -> Result<(), StoreFault> {
        self.instances.insert(enrolment.instance.id, Record::new(enrolment, self.feed.latest));
        Ok(())
    }

    fn set_progress(&mut self, instance: &InstanceId, progress: Progress) -> Result<(), StoreFault> {
        if let Some(record) = self.instances.get_mut(instance) {
            record.progress = progress;
        }
        Ok(())
    }

    fn set_claims(&mut self, instance: &InstanceId, claims: &Claims) -> Result<(), StoreFault> {
        if let Some(record) = self.instances.get_mut(instance) {
            record.instance.claims = claims.clone();
        }
        Ok(())
    }

    fn keep_answer(&mut self, call: &NamedCall, verdict: &Verdict, at: Timestamp) -> Result<(), StoreFault> {
        let answer = FirstAnswer { request: call.request, verdict: verdict.clone() };
        self.answers.insert(call.id, KeptAnswer { answer, written_at: at });
        Ok(())
    }

    fn keep_secret(&mut self, secret: &Secret) -> Result<(), StoreFault> {
        self.secret = Some(secret.clone());
        Ok(())
    }

    fn forget(&mut self, horizon: &Horizon) -> Result<Purged, StoreFault> {
        let before = self.sizes();
        let expired = self.challenges.iter().map(|(expires_at, _)| *expires_at);
        self.purged_until = self.purged_until.max(expired.take_while(|at| *at <= horizon.expired).last());
        self.challenges.retain(|(expires_at, _)| *expires_at > horizon.expired);
        self.answers.retain(|_, kept| kept.written_at >= horizon.unkept);
        self.decodings.retain(|_, remembered| remembered.kept_until > horizon.expired);
        self.quotas.retain(|(_, day), _| *day >= horizon.day);
        self.feed.forget(horizon.announced);
        let uses = self.forget_consumed(horizon.expired)?;
        let after = self.sizes();
        Ok(Purged {
            challenges: before.challenges - after.challenges,
            answers: before.answers - after.answers,
            decodings: before.decodings - after.decodings,
            quotas: before.quotas - after.quotas,
            announcements: before.announcements - after.announcements,
            uses,
        })
    }
}

impl Maps {
    fn found(&self, record: &Record) -> Result<Found, StoreFault> {
        rules::found(self, record.instance(), record.enrolled_after, self.feed.latest)
    }

    fn listed(&self, list: &InstanceList) -> Result<Vec<Found>, StoreFault> {
        let asked = |record: &&Record| {
            let instance = &record.instance;
            let of_account = list.account.is_none() || instance.account == list.account;
            instance.app == list.app && of_account && list.after.is_none_or(|after| instance.id > after)
        };
        let mut records: Vec<_> = self.instances.values().filter(asked).collect();
        records.sort_by_key(|record| record.instance.id);
        records.truncate(usize::try_from(list.limit).unwrap_or(usize::MAX));
        // A receipt is long, and nobody lists it.
        let bare = |found: Found| Found { instance: Instance { receipt: Vec::new(), ..found.instance }, ..found };
        records.into_iter().map(|record| self.found(record).map(bare)).collect()
    }

    /// How much there is of what a purge may forget.
    fn sizes(&self) -> Purged {
        let size = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        Purged {
            challenges: size(self.challenges.len()),
            answers: size(self.answers.len()),
            decodings: size(self.decodings.len()),
            quotas: size(self.quotas.len()),
            announcements: size(self.feed.changes.len()),
            uses: size(self.consumed.len()),
        }
    }
}
