//! The feed of changes in one list.

use super::Maps;
use crate::ids::{AppName, InstanceId, Position};
use crate::store::ledger::{ChangeLedger, Statements};
use crate::store::{Announcement, Change, Changes, News, Ruling, Scope, Statement, StatementList, StoreFault};
use crate::time::Timestamp;

/// The changes, and which of them were forgotten.
#[derive(Default)]
pub(super) struct Feed {
    pub(super) changes: Vec<Change>,
    pub(super) latest: Position,
    pub(super) stated: Position,
    forgotten: Position,
}

impl Feed {
    /// An empty feed whose changes come after this position.
    pub(super) fn starting_at(start: Position) -> Self {
        Self { latest: start, forgotten: start, ..Self::default() }
    }

    /// At most `limit` changes after a position.
    pub(super) fn after(&self, position: Position, limit: u32) -> Changes {
        if position < self.forgotten || position > self.latest {
            return Changes::Gap { latest: self.latest };
        }
        let newer = self.changes.iter().filter(|change| change.position > position);
        let changes = newer.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect();
        Changes::Page { changes, latest: self.latest }
    }

    /// Statements, in order.
    pub(super) fn statements(&self, list: &StatementList) -> Vec<Change> {
        let asked = |change: &&Change| match &change.news {
            News::Statement(Statement { app, scope, .. }) => {
                *app == list.app && list.scope.is_none_or(|asked| asked == *scope) && change.position > list.after
            }
            _ => false,
        };
        let limit = usize::try_from(list.limit).unwrap_or(usize::MAX);
        self.changes.iter().filter(asked).take(limit).cloned().collect()
    }

    /// Forgets announcements and reappraisals made before `at`.
    pub(super) fn forget(&mut self, at: Timestamp) {
        let old = |change: &Change| !matches!(change.news, News::Statement(_)) && change.at < at;
        let forgotten = self.changes.iter().filter(|change| old(change)).map(|change| change.position).max();
        self.forgotten = forgotten.map_or(self.forgotten, |position| self.forgotten.max(position));
        self.changes.retain(|change| !old(change));
    }
}

impl Statements for Maps {
    fn statements(&self, app: &AppName, scope: &Scope) -> Result<Vec<Change>, StoreFault> {
        let ruling = |change: &Change| match &change.news {
            News::Statement(statement) if statement.app == *app && statement.scope == *scope => Some(statement.ruling),
            _ => None,
        };
        let said: Vec<_> = self.feed.changes.iter().filter(|change| ruling(change).is_some()).cloned().collect();
        let from = said.iter().rposition(|change| ruling(change) == Some(Ruling::Reinstated)).unwrap_or(0);
        Ok(said.into_iter().skip(from).collect())
    }
}

impl ChangeLedger for Maps {
    fn app_of(&self, instance: &InstanceId) -> Result<Option<AppName>, StoreFault> {
        Ok(self.instances.get(instance).map(|record| record.instance.app.clone()))
    }

    fn announced(&self, like: &Announcement) -> Result<Option<Announcement>, StoreFault> {
        let alike = |change: &Change| match (&change.news, like) {
            (News::Announcement(said @ Announcement::Policy { app, .. }), Announcement::Policy { app: other, .. }) => {
                (app == other).then(|| said.clone())
            }
            (News::Announcement(said @ Announcement::Endorsement { .. }), Announcement::Endorsement { .. }) => {
                Some(said.clone())
            }
            _ => None,
        };
        Ok(self.feed.changes.iter().rev().find_map(alike))
    }

    fn forget_reappraisals(&mut self, app: &AppName, instance: &InstanceId) -> Result<(), StoreFault> {
        let told = News::Reappraisal { app: app.clone(), instance: *instance };
        self.feed.changes.retain(|change| change.news != told);
        Ok(())
    }

    fn append(&mut self, at: Timestamp, news: &News) -> Result<Position, StoreFault> {
        let position = self.feed.latest.next();
        self.feed.latest = position;
        if matches!(news, News::Statement(_)) {
            self.feed.stated = position;
        }
        self.feed.changes.push(Change { position, at, news: news.clone() });
        Ok(position)
    }
}
