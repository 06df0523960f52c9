//! Instances, their names and what is said of them, as messages.

use super::fault::Violation;
use super::message::{facts, timestamp};
use super::proto::{self, InstanceStatus, StandingScope, instance_group, instance_name};
use super::{field, proto::AccountName};
use crate::crypto::serial::Serial;
use crate::ids::{AppName, KeyId, Name, Position};
use crate::time::Timestamp;
use crate::verifier::{
    Account, Caller, Change, Found, Group, InstanceName, News, Role, Ruling, Scope, Statement, Verifier,
};

const ACCOUNT_LIMIT: usize = 256;
const WHY_LIMIT: usize = 256;
const PAGE_LIMIT: u32 = 1000;
const PAGE: u32 = 100;

/// The name of one instance.
pub(super) enum OwnedName {
    Pseudonym(String),
    Key(KeyId),
}

/// An account, as somebody refers to it.
pub(super) struct OwnedAccount {
    relying_party: Option<Name>,
    reference: String,
}

/// Many instances.
pub(super) enum OwnedGroup {
    App,
    Account(OwnedAccount),
    Serial(Serial),
}

impl OwnedName {
    pub(super) fn borrowed(&self) -> InstanceName<'_> {
        match self {
            Self::Pseudonym(text) => InstanceName::Pseudonym(text),
            Self::Key(key) => InstanceName::Key(key),
        }
    }
}

impl OwnedAccount {
    pub(super) fn borrowed(&self) -> Account<'_> {
        Account { relying_party: self.relying_party.as_ref(), reference: &self.reference }
    }
}

impl OwnedGroup {
    pub(super) fn borrowed(&self) -> Group<'_> {
        match self {
            Self::App => Group::App,
            Self::Account(account) => Group::Account(account.borrowed()),
            Self::Serial(serial) => Group::Serial(*serial),
        }
    }

    /// The name of its kind.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Account(_) => "account",
            Self::Serial(_) => "serial",
        }
    }
}

/// The name of one instance.
pub(super) fn name(name: Option<&proto::InstanceName>) -> Result<OwnedName, Violation> {
    match name.and_then(|name| name.name.as_ref()) {
        Some(instance_name::Name::Instance(text)) => {
            field::some_at_most("name.instance", text.as_str(), field::INSTANCE_LIMIT)?;
            Ok(OwnedName::Pseudonym(text.clone()))
        }
        Some(instance_name::Name::KeyId(bytes)) => field::key_id("name.key_id", bytes).map(OwnedName::Key),
        None => Err(Violation::new("name", "name the instance or the key id")),
    }
}

/// An account, as somebody refers to it.
pub(super) fn account(name: &AccountName) -> Result<OwnedAccount, Violation> {
    let reference = field::some_at_most("account", name.account.as_str(), ACCOUNT_LIMIT)?.to_owned();
    let party = Some(name.relying_party.as_str()).filter(|party| !party.is_empty());
    Ok(OwnedAccount { relying_party: party.map(|party| field::name("relying_party", party)).transpose()?, reference })
}

/// Many instances.
pub(super) fn group(group: Option<&proto::InstanceGroup>) -> Result<OwnedGroup, Violation> {
    match group.and_then(|group| group.group.as_ref()) {
        Some(instance_group::Group::All(true)) => Ok(OwnedGroup::App),
        Some(instance_group::Group::Account(name)) => account(name).map(OwnedGroup::Account),
        Some(instance_group::Group::ChainSerial(text)) => {
            field::serial("group.chain_serial", text).map(OwnedGroup::Serial)
        }
        Some(instance_group::Group::All(false)) | None => {
            Err(Violation::new("group", "say which: all, an account, or a serial number"))
        }
    }
}

/// A revocation with its end.
pub(super) fn revocation(end: Option<&prost_types::Timestamp>, now: Timestamp) -> Result<Ruling, Violation> {
    let until = field::time("expire_time", end)?;
    if until.is_some_and(|until| until <= now) {
        return Err(Violation::new("expire_time", "lies in the past"));
    }
    Ok(Ruling::Revoked { until })
}

/// Why, in words that can be shown in a line.
pub(super) fn why(text: &str) -> Result<&str, Violation> {
    field::some_at_most("why", text, WHY_LIMIT)?;
    if text.chars().any(char::is_control) {
        return Err(Violation::new("why", "holds control characters"));
    }
    Ok(text)
}

/// How many instances a page has at most.
pub(super) fn page(size: u32) -> Result<u32, Violation> {
    match size {
        0 => Ok(PAGE),
        1..=PAGE_LIMIT => Ok(size),
        _ => Err(Violation::new("page_size", format!("more than {PAGE_LIMIT}"))),
    }
}

/// An instance as the operator may see it.
pub(super) fn found(verifier: &Verifier, caller: &Caller, found: &Found) -> proto::Instance {
    let (instance, now) = (&found.instance, verifier.now());
    let revoked = found.standing.is_revoked(now);
    proto::Instance {
        app: instance.app.to_string(),
        instance: verifier.pseudonym(caller, instance.id),
        facts: facts(&instance.claims, Role::Operator),
        enroll_time: Some(timestamp(instance.enrolled_at)),
        proof_time: Some(timestamp(instance.proven_at)),
        status: status(revoked).into(),
        revocation_end_time: found.standing.ends().filter(|_| revoked).map(timestamp),
        last_change: found.because.as_deref().and_then(|because| change(verifier, caller, because)),
    }
}

const fn status(revoked: bool) -> InstanceStatus {
    if revoked { InstanceStatus::Revoked } else { InstanceStatus::Good }
}

/// A change of standing as the operator may see it; `None` is a change of another kind.
pub(super) fn change(verifier: &Verifier, caller: &Caller, change: &Change) -> Option<proto::StandingChange> {
    let News::Statement(Statement { scope, ruling, by, why, .. }) = &change.news else { return None };
    let (scope, instance, chain_serial) = match scope {
        Scope::Instance(id) => (StandingScope::Instance, verifier.pseudonym(caller, *id), String::new()),
        Scope::App => (StandingScope::App, String::new(), String::new()),
        Scope::Account(_) => (StandingScope::Account, String::new(), String::new()),
        Scope::Serial(serial) => (StandingScope::ChainSerial, String::new(), serial.to_string()),
    };
    let (revoked, end) = match ruling {
        Ruling::Revoked { until } => (true, *until),
        Ruling::Reinstated => (false, None),
    };
    Some(proto::StandingChange {
        position: change.position.0,
        time: Some(timestamp(change.at)),
        caller: by.to_string(),
        why: why.clone(),
        status: status(revoked).into(),
        scope: scope.into(),
        instance,
        end_time: end.map(timestamp),
        chain_serial,
    })
}

/// Leaves a trace of a change: names of the configuration and a pseudonym. Why it was made is in the store.
pub(super) fn record(
    caller: &Caller,
    app: &AppName,
    ruling: Ruling,
    (scope, instance): (&'static str, &str),
    position: Position,
) {
    let ruling = if matches!(ruling, Ruling::Revoked { .. }) { "revoked" } else { "reinstated" };
    tracing::info!(
        caller = caller.name.as_str(),
        app = app.as_str(),
        ruling,
        scope,
        instance,
        position = position.0,
        "changed the standing of instances"
    );
}
