//! Operators take trust from instances, and give it back.

use std::sync::Arc;

use super::Verifier;
use super::caller::Caller;
use super::fault::CallFault;
use super::key_attestation;
use crate::crypto::serial::Serial;
use crate::evidence::claims::Environment;
use crate::ids::{AccountTag, AppName, InstanceId, KeyId, Name, Position};
use crate::store::{Change, DeclareOutcome, Found, Ruling, Scope, Statement, StatementList};

/// How an operator names one instance.
#[derive(Clone, Copy, Debug)]
pub enum InstanceName<'a> {
    /// By the pseudonym that its relying party knows.
    Pseudonym(&'a str),
    /// By the key id that the device knows.
    Key(&'a KeyId),
}

/// Many instances of an app at once.
#[derive(Clone, Copy, Debug)]
pub enum Group<'a> {
    /// All that are enrolled.
    App,
    /// All that are enrolled for an account.
    Account(Account<'a>),
    /// All whose chain has this serial number, and those that will be enrolled with it.
    Serial(Serial),
}

/// An account, as a relying party refers to it.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The relying party whose reference it is; `None` is the caller's.
    pub relying_party: Option<&'a Name>,
    /// The reference.
    pub reference: &'a str,
}

/// What an operator says, and why.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// What.
    pub ruling: Ruling,
    /// Why, in the operator's words.
    pub why: &'a str,
}

/// What became of what was said of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// Its place in the feed.
    pub position: Position,
    /// The instance.
    pub id: InstanceId,
    /// The instance with its standing by now; `None` when the store could not tell any more.
    pub found: Option<Found>,
}

impl Verifier {
    /// An instance with its standing, as the store has it now.
    ///
    /// Errors with [`CallFault::UnknownInstance`] when the app has no such instance.
    pub async fn look_up(&self, caller: &Caller, app: &AppName, name: InstanceName<'_>) -> Result<Found, CallFault> {
        let app = self.app(caller, app)?;
        for id in self.ids_of(caller, &app.name, name) {
            let found = self.store.instance(id).await?;
            if let Some(found) = found.filter(|found| found.instance.app == app.name) {
                return Ok(found);
            }
        }
        Err(CallFault::UnknownInstance)
    }

    /// Revokes or reinstates one instance. When this answers, nothing here tells the earlier standing any more; within a second
    /// no other replica and nobody who watches does.
    ///
    /// Reinstating an instance lifts, for this instance, everything that was said before of all instances of its app, account
    /// or chain. Errors with [`CallFault::UnknownInstance`] when the app has no such instance.
    ///
    /// What is said counts although the instance cannot be read again: then it is not told.
    pub async fn rule_on_instance(
        &self,
        caller: &Caller,
        app: &AppName,
        name: InstanceName<'_>,
        said: Said<'_>,
    ) -> Result<Ruled, CallFault> {
        let id = self.look_up(caller, app, name).await?.instance.id;
        let position = self.declare(caller, app, Scope::Instance(id), said).await?;
        let found = self.store.instance(id).await.unwrap_or_default();
        Ok(Ruled { position, id, found })
    }

    /// Revokes or reinstates many instances at once, in one step however many they are.
    ///
    /// Reinstating a group lifts earlier revocations of that very group; those of single instances stay.
    pub async fn rule_on_group(
        &self,
        caller: &Caller,
        app: &AppName,
        group: Group<'_>,
        said: Said<'_>,
    ) -> Result<Position, CallFault> {
        let app = self.app(caller, app)?;
        let scope = match group {
            Group::App => Scope::App,
            Group::Account(account) => Scope::Account(self.account_named(caller, account)),
            Group::Serial(serial) => Scope::Serial(serial),
        };
        self.declare(caller, &app.name, scope, said).await
    }

    /// What operators have said of an app's instances behind a position, in order: all of it, or what was said of one instance by
    /// itself.
    ///
    /// Errors with [`CallFault::UnknownInstance`] when the app has no such instance.
    pub async fn list_statements(
        &self,
        caller: &Caller,
        app: &AppName,
        name: Option<InstanceName<'_>>,
        (after, limit): (Position, u32),
    ) -> Result<Vec<Change>, CallFault> {
        let scope = match name {
            Some(name) => Some(Scope::Instance(self.look_up(caller, app, name).await?.instance.id)),
            None => None,
        };
        let app = self.app(caller, app)?.name.clone();
        Ok(self.store.statements(StatementList { app, scope, after, limit }).await?)
    }

    async fn declare(
        &self,
        caller: &Caller,
        app: &AppName,
        scope: Scope,
        said: Said<'_>,
    ) -> Result<Position, CallFault> {
        let (by, why) = (caller.name.clone(), said.why.to_owned());
        let statement = Statement { app: app.clone(), scope, ruling: said.ruling, by, why };
        let clock = Arc::clone(&self.clock);
        match self.store.declare(statement, Box::new(move || clock.now())).await? {
            DeclareOutcome::UnknownInstance => Err(CallFault::UnknownInstance),
            DeclareOutcome::Declared(position) => {
                self.made_known().await;
                Ok(position)
            }
        }
    }

    pub(super) fn account_named(&self, caller: &Caller, account: Account<'_>) -> AccountTag {
        self.account_of(account.relying_party.unwrap_or(&caller.relying_party), account.reference)
    }

    /// The ids that an instance of this name may have: a key tells nothing of where it lives.
    fn ids_of(&self, caller: &Caller, app: &AppName, name: InstanceName<'_>) -> Vec<InstanceId> {
        match name {
            InstanceName::Pseudonym(text) => self.instance_behind(caller, text).into_iter().collect(),
            InstanceName::Key(key) => {
                let apple = [Environment::Production, Environment::Development].map(Environment::name);
                apple
                    .into_iter()
                    .chain([key_attestation::ENVIRONMENT])
                    .map(|place| InstanceId::derive(app, place, key))
                    .collect()
            }
        }
    }
}
