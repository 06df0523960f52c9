//! The status list as the role keeps it: taken up from the store, renewed from its source, looked at by every appraisal.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::Verifier;
use crate::endorsement::status_list::{KeptList, ListFault, StatusList};
use crate::store::{ConfirmOutcome, Confirmation, KeptStatusList, StatusListOutcome, Store, StoreFault};
use crate::time::Timestamp;
use crate::upstream::{EntityTag, Fetched, Renewal, RenewalFault, StatusListSource, UpstreamFault, renew};

/// The list in force, and where it comes from.
pub(super) struct StatusLists {
    in_force: RwLock<Option<InForce>>,
    source: Option<Arc<dyn StatusListSource>>,
    max_shrink_percent: u8,
}

#[derive(Clone)]
struct InForce {
    kept: Arc<KeptList>,
    tag: Option<EntityTag>,
    /// The list as it was fetched, for a store that does not have it.
    body: Arc<[u8]>,
    /// Whether the store has it, so that others who are told of it can take it up.
    is_stored: bool,
}

/// What came of asking for the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewedList {
    /// How many entries the list in force has.
    pub entries: usize,
    /// How long its source need not be asked again.
    pub fresh_for: Duration,
    /// Whether the list is another than before: then every verdict is weighed again.
    pub changed: bool,
}

/// Why the list in force stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListFault {
    /// The source gave nothing that can be used.
    #[error("the status list could not be fetched: {0}")]
    Source(#[from] UpstreamFault),
    /// What it gave does not take the place of the list in force.
    #[error("the status list was not taken up: {0}")]
    Renewal(#[from] RenewalFault),
    /// The list is in force, but could not be kept: a restart begins with an older one.
    #[error("the status list is in force but could not be kept: {0}")]
    Unkept(#[from] StoreFault),
    /// The list is in force and kept, but neither watchers nor other replicas have heard of it.
    #[error("the status list is in force but could not be announced: {0}")]
    Untold(#[source] StoreFault),
}

impl StatusLists {
    /// Takes up the list that the store has kept. One that cannot be read any more counts as none.
    pub(super) async fn build(
        store: &dyn Store,
        source: Option<Arc<dyn StatusListSource>>,
        max_shrink_percent: u8,
    ) -> Result<Self, StoreFault> {
        let in_force = store.status_list().await?.and_then(|kept| taken_up(kept).ok());
        Ok(Self { in_force: RwLock::new(in_force), source, max_shrink_percent })
    }

    /// The list in force, with its age.
    pub(super) fn in_force(&self) -> Option<Arc<KeptList>> {
        let in_force = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
        in_force.as_ref().map(|in_force| Arc::clone(&in_force.kept))
    }

    fn whole(&self) -> Option<InForce> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a list in force that was fetched after the one that is.
    fn put_newer(&self, newer: InForce) {
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        let is_newer = in_force.as_ref().is_none_or(|kept| kept.kept.fetched_at < newer.kept.fetched_at);
        if is_newer {
            *in_force = Some(newer);
        }
    }

    fn put(&self, in_force: InForce) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Some(in_force);
    }

    /// Marks the list as one that the store has, unless another has come in force meanwhile.
    fn mark_stored(&self, list: &InForce) {
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(in_force) = in_force.as_mut().filter(|in_force| Arc::ptr_eq(&in_force.kept, &list.kept)) {
            in_force.is_stored = true;
        }
    }
}

/// The list as the store has kept it.
pub(super) fn read_kept(kept: &KeptStatusList) -> Result<KeptList, ListFault> {
    let list = Arc::new(StatusList::parse(&kept.body)?);
    Ok(KeptList { list, fetched_at: kept.fetched_at, fresh_until: kept.fresh_until })
}

fn taken_up(kept: KeptStatusList) -> Result<InForce, ListFault> {
    let tag = kept.etag.as_deref().and_then(EntityTag::parse);
    Ok(InForce { kept: Arc::new(read_kept(&kept)?), tag, body: kept.body.into(), is_stored: true })
}

/// The list in force, in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListInForce {
    /// How many entries it has.
    pub entries: usize,
    /// How long ago its source said that it is the current one.
    pub age: Duration,
}

impl Verifier {
    /// The status list in force, if there is one.
    pub fn status_list(&self) -> Option<ListInForce> {
        let kept = self.status_lists.in_force()?;
        Some(ListInForce { entries: kept.list.len(), age: kept.age(self.clock.now()) })
    }

    /// Asks for the status list once, and puts a newer one in force: from then on instances whose chain it names are refused,
    /// whatever was answered before. `None` when there is no source.
    ///
    /// Whatever came of it, everybody is told of the list in force: an earlier attempt, or an earlier process, may have kept it and
    /// not come to that.
    pub async fn renew_status_list(&self) -> Option<Result<RenewedList, StatusListFault>> {
        let source = Arc::clone(self.status_lists.source.as_ref()?);
        let renewed = self.renewed_from(&*source).await;
        let told = self.tell_list().await.map_err(StatusListFault::Untold);
        Some(renewed.and_then(|list| told.map(|()| list)))
    }

    async fn tell_list(&self) -> Result<(), StoreFault> {
        match self.status_lists.whole().filter(|list| list.is_stored) {
            Some(list) => self.announce_endorsement(*list.kept.list.digest()).await,
            None => Ok(()),
        }
    }

    async fn renewed_from(&self, source: &dyn StatusListSource) -> Result<RenewedList, StatusListFault> {
        let before = self.status_lists.whole();
        let fetched = source.fetch(before.as_ref().and_then(|list| list.tag.as_ref())).await?;
        let now = self.clock.now();
        let renewal = self.read_renewal(before.clone(), fetched, now).await?;
        let confirmed = before.as_ref().filter(|list| list.is_stored && renewal.body.is_none());
        let confirmed = confirmed.map(|list| list.kept.fetched_at);
        let body = renewal.body.map(Arc::from).or_else(|| before.as_ref().map(|list| Arc::clone(&list.body)));
        let body = body.unwrap_or_default();
        let after = InForce { kept: Arc::new(renewal.kept), tag: renewal.tag, body, is_stored: false };
        self.status_lists.put(after.clone());
        let revived =
            before.as_ref().is_some_and(|list| self.apps.load().values().any(|app| app.finds_stale(&list.kept, now)));
        if renewal.changed || revived {
            // Only now: a verdict that is weighed in the new era sees the new list.
            self.cache.end_era();
        }
        self.keep_list(&after, confirmed, now).await?;
        let fresh_for = after.kept.fresh_until.since(now);
        Ok(RenewedList { entries: after.kept.list.len(), fresh_for, changed: renewal.changed })
    }

    /// Puts the list in force that another replica has kept, if it is newer. One that cannot be read changes nothing.
    pub(super) async fn take_up_status_list(&self) -> Result<(), StoreFault> {
        let Some(kept) = self.store.status_list().await? else { return Ok(()) };
        if self.status_lists.in_force().is_some_and(|list| list.fetched_at >= kept.fetched_at) {
            return Ok(());
        }
        let read = tokio::task::spawn_blocking(move || taken_up(kept)).await.map_err(|_| StoreFault::Closed)?;
        if let Ok(newer) = read {
            self.status_lists.put_newer(newer);
        }
        Ok(())
    }

    /// Reads an answer beside the threads that answer calls: a list may have millions of bytes.
    async fn read_renewal(
        &self,
        before: Option<InForce>,
        fetched: Fetched,
        now: Timestamp,
    ) -> Result<Renewal, StatusListFault> {
        let max_shrink = self.status_lists.max_shrink_percent;
        let reading = tokio::task::spawn_blocking(move || {
            let known = before.as_ref().map(|list| (&*list.kept, list.tag.as_ref()));
            renew(known, fetched, now, max_shrink)
        });
        Ok(reading.await.map_err(|_| StoreFault::Closed)??)
    }

    /// Keeps the list: by its new times if it is the one that the store has, else as a whole. Where another replica has fetched one
    /// later, that one comes in force here too.
    async fn keep_list(&self, list: &InForce, confirmed: Option<Timestamp>, now: Timestamp) -> Result<(), StoreFault> {
        let KeptList { fetched_at, fresh_until, .. } = *list.kept;
        if let Some(of) = confirmed {
            let confirmation = Confirmation { of, fetched_at, fresh_until };
            if self.store.confirm_status_list(confirmation).await? == ConfirmOutcome::Confirmed {
                self.status_lists.mark_stored(list);
                return Ok(());
            }
        }
        let etag = list.tag.as_ref().map(|tag| tag.as_str().to_owned());
        let whole = KeptStatusList { body: list.body.to_vec(), etag, fetched_at, fresh_until };
        match self.store.keep_status_list(whole, now).await? {
            StatusListOutcome::Kept => self.status_lists.mark_stored(list),
            StatusListOutcome::Older => {
                self.take_up_status_list().await?;
                self.cache.end_era();
            }
            StatusListOutcome::TooLong => return Err(StoreFault::Backend("the status list is too long".to_owned())),
        }
        Ok(())
    }
}
