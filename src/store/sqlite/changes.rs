//! The feed of changes in one table.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, params};

use super::batch::Batch;
use super::rows::{Millis, all, one, run, unreadable};
use super::sql;
use crate::ids::{AccountTag, AppName, InstanceId, Position};
use crate::store::ledger::{ChangeLedger, Statements};
use crate::store::{Announcement, Change, Changes, News, Ruling, Scope, Statement, StatementList, StoreFault};
use crate::time::Timestamp;

const REAPPRAISAL: &str = "reappraisal";

/// How far the feed has come.
pub(super) struct Progress {
    pub(super) latest: Position,
    forgotten: Position,
}

/// How far the feed has come, for batches and for readers.
pub(super) fn progress(connection: &Connection) -> Result<Progress, StoreFault> {
    let read = |row: &Row<'_>| {
        let (Place(latest), Place(forgotten)) = (row.get(0)?, row.get(1)?);
        Ok(Progress { latest, forgotten })
    };
    one(connection, sql::FEED, [], read)?.ok_or_else(|| StoreFault::Unreadable("the row of state is missing".into()))
}

/// At most `limit` changes after a position, as they stand in one snapshot.
pub(super) fn changes_after(connection: &Connection, position: Position, limit: u32) -> Result<Changes, StoreFault> {
    let Progress { latest, forgotten, .. } = progress(connection)?;
    if position < forgotten || position > latest {
        return Ok(Changes::Gap { latest });
    }
    if position == latest {
        return Ok(Changes::Page { changes: Vec::new(), latest });
    }
    let changes = all(connection, sql::CHANGES_AFTER, params![signed(position), limit], change)?;
    Ok(Changes::Page { changes, latest })
}

/// Statements, in order.
pub(super) fn statements(connection: &Connection, list: &StatementList) -> Result<Vec<Change>, StoreFault> {
    let (app, after) = (list.app.as_str(), signed(list.after));
    match list.scope.as_ref().map(written_scope) {
        None => all(connection, sql::STATEMENTS_ON_APP, params![app, after, list.limit], change),
        Some((scope, subject)) => {
            all(connection, sql::STATEMENTS_ON_SCOPE, params![app, after, list.limit, scope, subject], change)
        }
    }
}

impl Statements for Connection {
    fn statements(&self, app: &AppName, scope: &Scope) -> Result<Vec<Change>, StoreFault> {
        let (name, subject) = written_scope(scope);
        all(self, sql::STATEMENTS, params![name, app.as_str(), subject], change)
    }
}

impl Statements for Batch<'_> {
    fn statements(&self, app: &AppName, scope: &Scope) -> Result<Vec<Change>, StoreFault> {
        self.connection().statements(app, scope)
    }
}

impl ChangeLedger for Batch<'_> {
    fn app_of(&self, instance: &InstanceId) -> Result<Option<AppName>, StoreFault> {
        one(self.connection(), sql::APP_OF, [instance.0], |row| row.get(0))
    }

    fn announced(&self, like: &Announcement) -> Result<Option<Announcement>, StoreFault> {
        let (name, app, _) = written_announcement(like);
        let found = one(self.connection(), sql::ANNOUNCED, params![name, app], change)?;
        Ok(found.and_then(|change| match change.news {
            News::Announcement(announcement) => Some(announcement),
            News::Statement(_) | News::Reappraisal { .. } => None,
        }))
    }

    fn forget_reappraisals(&mut self, app: &AppName, instance: &InstanceId) -> Result<(), StoreFault> {
        run(self.connection(), sql::FORGET_NEWS, params![REAPPRAISAL, app.as_str(), instance.0]).map(drop)
    }

    fn append(&mut self, at: Timestamp, news: &News) -> Result<Position, StoreFault> {
        let position = self.advance_feed(matches!(news, News::Statement(_)))?;
        let place = signed(position);
        match news {
            News::Statement(Statement { app, scope, ruling, by, why }) => {
                let (name, subject) = written_scope(scope);
                let (ruling, until) = match ruling {
                    Ruling::Revoked { until } => ("revoked", until.map(Millis)),
                    Ruling::Reinstated => ("reinstated", None),
                };
                let values = params![place, Millis(at), app.as_str(), ruling, name, subject, until, by.as_str(), why];
                run(self.connection(), sql::ADD_CHANGE, values)?;
            }
            News::Announcement(announcement) => {
                let (name, app, subject) = written_announcement(announcement);
                run(self.connection(), sql::ADD_NEWS, params![place, Millis(at), app, name, subject])?;
            }
            News::Reappraisal { app, instance } => {
                let values = params![place, Millis(at), app.as_str(), REAPPRAISAL, instance.0];
                run(self.connection(), sql::ADD_NEWS, values)?;
            }
        }
        Ok(position)
    }
}

/// SQLite's integers end long after any feed.
pub(super) fn signed(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// A position as an integer.
pub(super) struct Place(pub(super) Position);

impl FromSql for Place {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let place = u64::try_from(value.as_i64()?).map_err(|_| unreadable("a position"))?;
        Ok(Self(Position(place)))
    }
}

fn written_scope(scope: &Scope) -> (&'static str, Vec<u8>) {
    match scope {
        Scope::Instance(id) => ("instance", id.0.to_vec()),
        Scope::App => ("app", Vec::new()),
        Scope::Account(tag) => ("account", tag.0.to_vec()),
        Scope::Serial(serial) => ("serial", String::from(*serial).into_bytes()),
    }
}

fn written_announcement(announcement: &Announcement) -> (&'static str, Option<&str>, &[u8]) {
    match announcement {
        Announcement::Policy { app, revision } => ("policy", Some(app.as_str()), revision.as_bytes()),
        Announcement::Endorsement { list } => ("endorsement", None, list),
    }
}

fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    let (Place(position), Millis(at)) = (row.get(0)?, row.get(1)?);
    let (ruling, scope): (String, String) = (row.get(3)?, row.get(4)?);
    let news = match scope.as_str() {
        "policy" => News::Announcement(Announcement::Policy { app: row.get(2)?, revision: text(row)? }),
        "endorsement" => News::Announcement(Announcement::Endorsement { list: row.get(5)? }),
        REAPPRAISAL => News::Reappraisal { app: row.get(2)?, instance: InstanceId(row.get(5)?) },
        scope => News::Statement(Statement {
            app: row.get(2)?,
            scope: read_scope(scope, row)?,
            ruling: match ruling.as_str() {
                "revoked" => Ruling::Revoked { until: row.get::<_, Option<Millis>>(6)?.map(|Millis(until)| until) },
                "reinstated" => Ruling::Reinstated,
                _ => return Err(unreadable("a ruling").into()),
            },
            by: row.get(7)?,
            why: row.get(8)?,
        }),
    };
    Ok(Change { position, at, news })
}

fn read_scope(scope: &str, row: &Row<'_>) -> rusqlite::Result<Scope> {
    Ok(match scope {
        "instance" => Scope::Instance(InstanceId(row.get(5)?)),
        "app" => Scope::App,
        "account" => Scope::Account(AccountTag(row.get(5)?)),
        _ => Scope::Serial(text(row)?.parse().map_err(|_| unreadable("a serial number"))?),
    })
}

fn text(row: &Row<'_>) -> rusqlite::Result<String> {
    String::from_utf8(row.get(5)?).map_err(|_| unreadable("a text").into())
}
