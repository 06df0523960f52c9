//! Who has the operator's trust, and what is told of it.

use crate::appraisal::Standing;
use crate::crypto::serial::Serial;
use crate::ids::{AppName, InstanceId, Position};
use crate::store::ledger::{ChangeLedger, Groups, Ledger, Statements};
use crate::store::{
    AnnounceOutcome, Announcement, Change, DeclareOutcome, Found, Instance, Newcomer, News, Ruling, Scope,
};
use crate::store::{Statement, StoreFault};
use crate::time::Timestamp;

/// Keeps a statement; one on a single instance needs the instance.
pub(in crate::store) fn declare(
    ledger: &mut impl ChangeLedger,
    statement: &Statement,
    at: Timestamp,
) -> Result<DeclareOutcome, StoreFault> {
    if let Scope::Instance(id) = &statement.scope
        && ledger.app_of(id)?.as_ref() != Some(&statement.app)
    {
        return Ok(DeclareOutcome::UnknownInstance);
    }
    ledger.append(at, &News::Statement(statement.clone())).map(DeclareOutcome::Declared)
}

/// Keeps an announcement that says something new.
pub(in crate::store) fn announce(
    ledger: &mut impl ChangeLedger,
    announcement: &Announcement,
    at: Timestamp,
) -> Result<AnnounceOutcome, StoreFault> {
    if ledger.announced(announcement)?.as_ref() == Some(announcement) {
        return Ok(AnnounceOutcome::Known);
    }
    ledger.append(at, &News::Announcement(announcement.clone())).map(AnnounceOutcome::Announced)
}

/// An instance with its standing. `enrolled_after` is the latest change before its enrolment.
pub(in crate::store) fn found(
    statements: &impl Statements,
    instance: Instance,
    enrolled_after: Position,
    seen: Position,
) -> Result<Found, StoreFault> {
    let own = statements.statements(&instance.app, &Scope::Instance(instance.id))?;
    let mut covering = Vec::new();
    for scope in [Some(Scope::App), instance.account.map(Scope::Account)].into_iter().flatten() {
        let said = statements.statements(&instance.app, &scope)?;
        covering.extend(said.into_iter().filter(|change| change.position > enrolled_after));
    }
    covering.extend(on_serials(statements, &instance.app, read(&instance.serials))?);
    let reinstated = own.iter().filter(|change| ends_of(change).is_none()).map(|change| change.position).max();
    // Reinstating one instance lifts what was said before of all that it belongs to.
    covering.retain(|change| reinstated.is_none_or(|reinstated| change.position > reinstated));
    covering.extend(own);
    let standing = standing(&covering);
    Ok(Found { instance, standing, because: deciding(covering).map(Box::new), seen })
}

/// The standing of an instance that is about to be enrolled: only what was said of its chain covers it.
pub(in crate::store) fn newcomer(
    statements: &impl Statements,
    app: &AppName,
    serials: &[Serial],
    seen: Position,
) -> Result<Newcomer, StoreFault> {
    let covering = on_serials(statements, app, serials.iter().copied())?;
    Ok(Newcomer { standing: standing(&covering), seen })
}

fn on_serials(
    statements: &impl Statements,
    app: &AppName,
    serials: impl Iterator<Item = Serial>,
) -> Result<Vec<Change>, StoreFault> {
    let each = serials.map(|serial| statements.statements(app, &Scope::Serial(serial)));
    Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
}

/// Whether something was said after a position that covers the instance.
pub(super) fn is_overtaken(
    ledger: &(impl Ledger + Statements),
    instance: &InstanceId,
    seen: Position,
) -> Result<bool, StoreFault> {
    if ledger.stated() <= seen {
        return Ok(false);
    }
    let Some(Groups { app, account, serials }) = ledger.groups(instance)? else { return Ok(false) };
    let scopes = [Scope::Instance(*instance), Scope::App].into_iter().chain(account.map(Scope::Account));
    is_said_of(ledger, &app, scopes.chain(read(&serials).map(Scope::Serial)), seen)
}

/// Whether something was said after a position that covers a newcomer with these serial numbers in its chain.
pub(super) fn is_newcomer_overtaken(
    ledger: &(impl Ledger + Statements),
    newcomer: &Instance,
    seen: Position,
) -> Result<bool, StoreFault> {
    let scopes = read(&newcomer.serials).map(Scope::Serial);
    Ok(ledger.stated() > seen && is_said_of(ledger, &newcomer.app, scopes, seen)?)
}

/// The serial numbers of a chain, as they are kept.
fn read(serials: &[String]) -> impl Iterator<Item = Serial> {
    serials.iter().filter_map(|serial| Serial::from_hex(serial))
}

fn is_said_of(
    statements: &impl Statements,
    app: &AppName,
    scopes: impl Iterator<Item = Scope>,
    after: Position,
) -> Result<bool, StoreFault> {
    for scope in scopes {
        if statements.statements(app, &scope)?.iter().any(|change| change.position > after) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When the revocation ends that a change states; `None` when it states none.
fn ends_of(change: &Change) -> Option<End> {
    match &change.news {
        News::Statement(Statement { ruling: Ruling::Revoked { until }, .. }) => Some(until.map_or(End::Never, End::At)),
        _ => None,
    }
}

/// When a revocation ends; later is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    At(Timestamp),
    Never,
}

/// The revocation that ends last decides: none shortens another.
fn standing(covering: &[Change]) -> Standing {
    match covering.iter().filter_map(ends_of).max() {
        None => Standing::Good,
        Some(End::Never) => Standing::Revoked { until: None },
        Some(End::At(until)) => Standing::Revoked { until: Some(until) },
    }
}

fn deciding(covering: Vec<Change>) -> Option<Change> {
    covering.into_iter().max_by_key(|change| (ends_of(change), change.position))
}
