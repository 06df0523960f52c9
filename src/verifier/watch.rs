//! Watching: the feed of changes as one relying party may see it, for caches of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Verifier;
use super::caller::Caller;
use super::fault::CallFault;
use super::feed::PAGE;
use crate::ids::{AppName, Position};
use crate::store::{Announcement, Change, Changes, News, Ruling, Scope, Statement};
use crate::time::Timestamp;

/// What a relying party wants to watch.
#[derive(Clone, Debug)]
pub struct WatchCall {
    /// One app; `None` is all that the caller may touch.
    pub app: Option<AppName>,
    /// The last position that was told; [`Position::START`] is to begin now.
    pub position: Position,
    /// How long a stream may stay silent while nothing changes.
    pub heartbeat: Duration,
}

/// One message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Everything up to here has been told.
    pub position: Position,
    /// What has changed; `None` is a heartbeat: nothing has, up to now.
    pub tidings: Option<Tidings>,
}

/// What has changed, as a relying party may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tidings {
    /// An instance is not to be trusted any more.
    Revoked {
        /// The app.
        app: AppName,
        /// Its pseudonym.
        instance: String,
        /// When that ends; `None` is never.
        until: Option<Timestamp>,
    },
    /// An instance is trusted again, as far as its proof goes.
    Reinstated {
        /// The app.
        app: AppName,
        /// Its pseudonym.
        instance: String,
    },
    /// A newer proof of an instance is worth more or less, or says something else.
    Reappraised {
        /// The app.
        app: AppName,
        /// Its pseudonym.
        instance: String,
    },
    /// Another policy is in force.
    Policy {
        /// The app.
        app: AppName,
        /// Its revision.
        revision: String,
    },
    /// Another status list is in force.
    Endorsement,
    /// Whatever is kept counts no longer.
    Reset {
        /// Of this app; `None` is of all.
        app: Option<AppName>,
    },
}

/// A stream of changes. It keeps a position and at most a page of changes, however slowly it is read.
pub struct Watch {
    verifier: Arc<Verifier>,
    caller: Arc<Caller>,
    call: WatchCall,
    position: Position,
    page: VecDeque<Arc<Change>>,
    reset: bool,
    moves: watch::Receiver<Position>,
    silent_until: Instant,
}

impl Watch {
    /// Opens a stream. The first message comes at once.
    pub async fn open(verifier: Arc<Verifier>, caller: Arc<Caller>, call: WatchCall) -> Result<Self, CallFault> {
        if let Some(app) = &call.app {
            verifier.app(&caller, app)?;
        }
        let moves = verifier.feed.moves();
        let (position, reset) = match call.position {
            Position::START => (verifier.read_latest().await?, false),
            asked => match verifier.read_after(asked, 1).await? {
                Changes::Page { .. } => (asked, false),
                Changes::Gap { latest } => (latest, true),
            },
        };
        let (page, silent_until) = (VecDeque::new(), Instant::now());
        Ok(Self { verifier, caller, call, position, page, reset, moves, silent_until })
    }

    /// The next message, as soon as there is one. Errors with [`CallFault`] when the store cannot answer: the stream can then be
    /// taken up again at the last position.
    pub async fn next(&mut self) -> Result<Told, CallFault> {
        loop {
            let tidings = self.waiting().await?;
            if tidings.is_some() || self.is_due() {
                self.silent_until = Instant::now() + self.call.heartbeat;
                return Ok(Told { position: self.position, tidings });
            }
            tokio::select! {
                moved = self.moves.changed() => moved.map_err(|_| CallFault::Stopping)?,
                () = sleep_until(self.silent_until.max(Instant::now() + LEAST)) => {}
            }
        }
    }

    /// Whether a heartbeat may be told now. One says that nothing has changed, which only somebody can say who has just looked.
    fn is_due(&self) -> bool {
        Instant::now() >= self.silent_until && self.verifier.cache.lease().is_current()
    }

    /// The next change that has happened already and is the caller's to hear of.
    async fn waiting(&mut self) -> Result<Option<Tidings>, CallFault> {
        if std::mem::take(&mut self.reset) {
            return Ok(Some(Tidings::Reset { app: None }));
        }
        loop {
            while let Some(change) = self.page.pop_front() {
                self.position = change.position;
                if let Some(tidings) = self.tidings(&change.news) {
                    return Ok(Some(tidings));
                }
            }
            self.moves.mark_unchanged();
            match self.newer().await? {
                Newer::Page(page) if page.is_empty() => return Ok(None),
                Newer::Page(page) => self.page = page.into(),
                Newer::Gap(latest) => {
                    self.position = latest;
                    return Ok(Some(Tidings::Reset { app: None }));
                }
            }
        }
    }

    async fn newer(&self) -> Result<Newer, CallFault> {
        if let Some(recent) = self.verifier.feed.recent_after(self.position) {
            return Ok(Newer::Page(recent));
        }
        Ok(match self.verifier.read_after(self.position, PAGE).await? {
            Changes::Page { changes, .. } => Newer::Page(changes.into_iter().map(Arc::new).collect()),
            Changes::Gap { latest } => Newer::Gap(latest),
        })
    }

    fn tidings(&self, news: &News) -> Option<Tidings> {
        let mine =
            |app: &AppName| self.caller.apps.include(app) && self.call.app.as_ref().is_none_or(|asked| asked == app);
        match news {
            News::Statement(statement) if mine(&statement.app) => Some(self.ruled(statement)),
            News::Reappraisal { app, instance } if mine(app) => {
                let (app, instance) = (app.clone(), self.verifier.pseudonym(&self.caller, *instance));
                Some(Tidings::Reappraised { app, instance })
            }
            News::Announcement(Announcement::Policy { app, revision }) if mine(app) => {
                Some(Tidings::Policy { app: app.clone(), revision: revision.clone() })
            }
            News::Announcement(Announcement::Endorsement { .. }) => Some(Tidings::Endorsement),
            _ => None,
        }
    }

    /// Of many instances only their app is told: nobody who watches knows which of them are meant.
    fn ruled(&self, statement: &Statement) -> Tidings {
        let app = statement.app.clone();
        let Scope::Instance(id) = statement.scope else { return Tidings::Reset { app: Some(app) } };
        let instance = self.verifier.pseudonym(&self.caller, id);
        match statement.ruling {
            Ruling::Revoked { until } => Tidings::Revoked { app, instance, until },
            Ruling::Reinstated => Tidings::Reinstated { app, instance },
        }
    }
}

/// How long a stream waits at least before it looks again whether a heartbeat may be told.
const LEAST: Duration = Duration::from_millis(50);

/// What came after a position.
enum Newer {
    Page(Vec<Arc<Change>>),
    Gap(Position),
}
