//! The store that forgets everything when the process ends: for demonstrations and tests.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ledger::{Enrolled, KeptAnswer, Ledger, Progress};
use super::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, Instance, Purged};
use super::{Answer, CallId, FirstAnswer, NamedCall, SignCounts, Spend, Store, StoreFault, rules};
use crate::crypto::secret::Secret;
use crate::evidence::claims::Claims;
use crate::ids::InstanceId;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// Keeps everything in maps under one lock.
pub struct MemoryStore {
    maps: Mutex<Maps>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self { maps: Mutex::new(Maps::new()) }
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

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<Instance>> {
        Box::pin(async move { Ok(self.maps().instances.get(&id).map(Record::instance)) })
    }

    fn first_answer(&self, call: CallId, now: Timestamp) -> Answer<'_, Option<FirstAnswer>> {
        Box::pin(async move { Ok(self.maps().answer(&call)?.and_then(|kept| kept.at(now))) })
    }

    fn secret(&self) -> Answer<'_, Secret> {
        Box::pin(async move { rules::secret(&mut *self.maps()) })
    }

    fn purge(&self, now: Timestamp) -> Answer<'_, Purged> {
        Box::pin(async move { rules::purge(&mut *self.maps(), now) })
    }
}

struct Maps {
    challenges: BTreeSet<(Timestamp, [u8; 16])>,
    instances: HashMap<InstanceId, Record>,
    answers: HashMap<CallId, KeptAnswer>,
    purged_until: Timestamp,
    secret: Option<Secret>,
}

struct Record {
    instance: Instance,
    enrolled: Enrolled,
    progress: Progress,
}

impl Record {
    fn new(enrolment: &Enrolment) -> Self {
        let Enrolment { instance, evidence, verdict, .. } = enrolment.clone();
        let enrolled = Enrolled { account: instance.account, evidence, verdict };
        let progress = Progress { counts: SignCounts::new(), proven_at: instance.proven_at, claims_at: 0 };
        Self { instance, enrolled, progress }
    }

    fn instance(&self) -> Instance {
        let Progress { counts, proven_at, claims_at } = &self.progress;
        let (proven_at, claims_at) = (*proven_at, *claims_at);
        Instance { proven_at, sign_count: counts.highest(), claims_at, ..self.instance.clone() }
    }
}

impl Maps {
    fn new() -> Self {
        Self {
            challenges: BTreeSet::new(),
            instances: HashMap::new(),
            answers: HashMap::new(),
            purged_until: Timestamp::EPOCH,
            secret: None,
        }
    }
}

impl Ledger for Maps {
    fn answer(&self, call: &CallId) -> Result<Option<KeptAnswer>, StoreFault> {
        Ok(self.answers.get(call).cloned())
    }

    fn enrolled(&self, instance: &InstanceId) -> Result<Option<Enrolled>, StoreFault> {
        Ok(self.instances.get(instance).map(|record| record.enrolled.clone()))
    }

    fn progress(&self, instance: &InstanceId) -> Result<Option<Progress>, StoreFault> {
        Ok(self.instances.get(instance).map(|record| record.progress.clone()))
    }

    fn is_spent(&self, challenge: &Spend) -> Result<bool, StoreFault> {
        Ok(self.challenges.contains(&(challenge.expires_at, challenge.id)))
    }

    fn purged_until(&self) -> Timestamp {
        self.purged_until
    }

    fn secret(&self) -> Result<Option<Secret>, StoreFault> {
        Ok(self.secret.clone())
    }

    fn spend(&mut self, challenge: &Spend) -> Result<(), StoreFault> {
        self.challenges.insert((challenge.expires_at, challenge.id));
        Ok(())
    }

    fn add(&mut self, enrolment: &Enrolment) -> Result<(), StoreFault> {
        self.instances.insert(enrolment.instance.id, Record::new(enrolment));
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

    fn forget(&mut self, expired: Timestamp, unkept: Timestamp) -> Result<Purged, StoreFault> {
        let (challenges, answers) = (self.challenges.len(), self.answers.len());
        let latest = self.challenges.iter().map(|(expires_at, _)| *expires_at).take_while(|at| *at <= expired).last();
        self.challenges.retain(|(expires_at, _)| *expires_at > expired);
        self.answers.retain(|_, kept| kept.written_at >= unkept);
        self.purged_until = latest.map_or(self.purged_until, |latest| self.purged_until.max(latest));
        let forgotten = |before: usize, after: usize| u64::try_from(before - after).unwrap_or(u64::MAX);
        Ok(Purged {
            challenges: forgotten(challenges, self.challenges.len()),
            answers: forgotten(answers, self.answers.len()),
        })
    }
}
