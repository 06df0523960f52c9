//! The feed of changes as one replica follows it: every change reaches its caches, and whoever watches.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use super::Verifier;
use crate::appraisal::PolicyRevision;
use crate::crypto::digest::Digest;
use crate::ids::{AppName, Position};
use crate::store::{AnnounceOutcome, Announcement, Change, Changes, News, Scope, Statement, StoreFault};

/// How many changes are read at a time.
pub(super) const PAGE: u32 = 256;

/// What is told in place of a revision when an app is configured no longer.
const NO_POLICY: &str = "";

/// How many of the latest changes are kept in memory for those who watch.
const RECENT: usize = 1024;

/// How far this replica has come.
pub(super) struct Feed {
    /// The last change that was obeyed; `None` before the first look. Whoever looks holds it, so that looks happen in turn.
    obeyed: Mutex<Option<Position>>,
    recent: RwLock<Recent>,
    moved: watch::Sender<Position>,
    /// Those who watch and are behind read the store in turn, so that a look waits for one of them at most.
    catching_up: Mutex<()>,
    statements: AtomicU64,
}

/// The latest changes: all after `from`.
#[derive(Default)]
struct Recent {
    from: Position,
    changes: VecDeque<Arc<Change>>,
}

/// What is told about the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// The last change that was obeyed here.
    pub position: Position,
    /// How long ago the feed was last seen to its end; `None` before the first look.
    pub age: Option<Duration>,
    /// How many watch streams are open.
    pub watchers: usize,
    /// How many statements were obeyed here since the start.
    pub statements: u64,
}

impl Feed {
    pub(super) fn new() -> Self {
        let (recent, catching_up, statements) = Default::default();
        let moved = watch::Sender::new(Position::START);
        Self { obeyed: Mutex::default(), recent, moved, catching_up, statements }
    }

    /// Tells when changes were obeyed.
    pub(super) fn moves(&self) -> watch::Receiver<Position> {
        self.moved.subscribe()
    }

    /// The changes after a position, as far as memory goes back.
    pub(super) fn recent_after(&self, position: Position) -> Option<Vec<Arc<Change>>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let newer = recent.changes.iter().filter(|change| change.position > position);
        (position >= recent.from).then(|| newer.cloned().collect())
    }

    fn push(&self, change: Change) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.changes.push_back(Arc::new(change));
        if recent.changes.len() > RECENT
            && let Some(oldest) = recent.changes.pop_front()
        {
            recent.from = oldest.position;
        }
    }

    fn restart(&self, from: Position) {
        *self.recent.write().unwrap_or_else(PoisonError::into_inner) = Recent { from, changes: VecDeque::new() };
    }
}

impl Verifier {
    /// Looks once at the feed of changes, to its end: every change is obeyed by what is kept in memory, and whoever watches hears
    /// of it. Verdicts are taken from memory only for [`crate::cache::LEASE`] after the beginning of a look that succeeded, so that
    /// somebody has to call this several times a second.
    pub async fn look(&self) -> Result<(), StoreFault> {
        let mut obeyed = self.feed.obeyed.lock().await;
        let begun = Instant::now();
        loop {
            let Some(position) = *obeyed else {
                *obeyed = Some(self.started_over(self.store.latest_position().await?).await?);
                break;
            };
            match self.store.changes_after(position, PAGE).await? {
                Changes::Gap { latest } => {
                    *obeyed = Some(self.started_over(latest).await?);
                    break;
                }
                Changes::Page { changes, latest } => {
                    for change in changes {
                        self.obey(&change).await?;
                        *obeyed = Some(change.position);
                        self.feed.push(change);
                    }
                    if obeyed.is_some_and(|obeyed| obeyed >= latest) {
                        break;
                    }
                }
            }
        }
        self.cache.lease().renew(begun);
        let position = obeyed.unwrap_or_default();
        self.feed.moved.send_if_modified(|told| std::mem::replace(told, position) != position);
        Ok(())
    }

    /// Takes the feed up here: whatever was kept before may have missed a change.
    async fn started_over(&self, latest: Position) -> Result<Position, StoreFault> {
        self.take_up_status_list().await?;
        self.cache.end_era();
        self.instances.forget_before(latest);
        self.feed.restart(latest);
        Ok(latest)
    }

    /// Makes memory forget what a change concerns. The change has been committed: whatever is read from now on knows of it.
    async fn obey(&self, change: &Change) -> Result<(), StoreFault> {
        match &change.news {
            News::Statement(Statement { scope: Scope::Instance(id), .. }) => {
                self.cache.forget(*id).await;
                self.instances.obey(change.position, Some(*id));
                self.feed.statements.fetch_add(1, Ordering::Relaxed);
            }
            News::Statement(_) => {
                self.cache.end_era();
                self.instances.forget_before(change.position);
                self.feed.statements.fetch_add(1, Ordering::Relaxed);
            }
            News::Announcement(announcement) => {
                if matches!(announcement, Announcement::Endorsement { .. }) {
                    self.take_up_status_list().await?;
                }
                self.cache.end_era();
                self.instances.obey(change.position, None);
            }
            News::Reappraisal { instance, .. } => {
                self.cache.forget(*instance).await;
                self.instances.obey(change.position, Some(*instance));
            }
        }
        Ok(())
    }

    /// The changes after a position as the store has them, for those who watch.
    pub(super) async fn read_after(&self, position: Position, limit: u32) -> Result<Changes, StoreFault> {
        let _turn = self.feed.catching_up.lock().await;
        self.store.changes_after(position, limit).await
    }

    /// The position of the latest change as the store has it, for those who watch.
    pub(super) async fn read_latest(&self) -> Result<Position, StoreFault> {
        let _turn = self.feed.catching_up.lock().await;
        self.store.latest_position().await
    }

    /// Obeys here, before it is acknowledged, what was just written.
    pub(super) async fn made_known(&self) {
        if self.look().await.is_err() {
            // The statement is durable; no verdict that was kept before it may be told here.
            self.cache.end_era();
        }
    }

    /// Tells all replicas, and everyone who watches, that another policy is in force for an app. Telling the same again, here or
    /// elsewhere, tells nobody.
    pub async fn announce_policy(&self, app: &AppName, revision: &str) -> Result<(), StoreFault> {
        self.announce(Announcement::Policy { app: app.clone(), revision: revision.to_owned() }).await
    }

    /// Tells these policies, and that those of apps that are `gone` are none, one by one; after an error, some may have been told.
    pub async fn announce_policies(
        &self,
        policies: &BTreeMap<AppName, PolicyRevision>,
        gone: impl Iterator<Item = &AppName>,
    ) -> Result<(), StoreFault> {
        for app in gone {
            self.announce_policy(app, NO_POLICY).await?;
        }
        for (app, revision) in policies {
            self.announce_policy(app, &revision.to_string()).await?;
        }
        Ok(())
    }

    /// Tells all replicas, and everyone who watches, that another status list is in force. It has to be in the store before.
    pub async fn announce_endorsement(&self, list: Digest) -> Result<(), StoreFault> {
        self.announce(Announcement::Endorsement { list }).await
    }

    async fn announce(&self, announcement: Announcement) -> Result<(), StoreFault> {
        if let AnnounceOutcome::Announced(_) = self.store.announce(announcement, self.clock.now()).await? {
            self.made_known().await;
        }
        Ok(())
    }

    /// The last change that was obeyed here. To be asked before a check: what that answers knows of this change.
    pub fn position(&self) -> Position {
        *self.feed.moved.borrow()
    }

    /// Where this replica stands in the feed.
    pub fn feed_state(&self) -> FeedState {
        FeedState {
            position: self.position(),
            age: self.cache.lease().age(),
            watchers: self.feed.moved.receiver_count(),
            statements: self.feed.statements.load(Ordering::Relaxed),
        }
    }
}
