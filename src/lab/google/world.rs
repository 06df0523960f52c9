//! What the fake Google knows: packages, tokens, the list, the roots, and what it was asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::account::{Refused, ServiceAccount};
use super::misbehaviour::Orders;
use super::{DAILY_QUOTA, Endpoint, GooglePlan, Misbehaviour, Times, replay};
use crate::crypto::secret::random;
use crate::lab::LabFault;
use crate::time::Timestamp;

const DAY: u64 = 86_400;
/// How long the list may be kept, unless it is told otherwise.
const LIST_MAX_AGE: Duration = Duration::from_secs(86_400);

/// How Google knows a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// It is linked to the project of the service account.
    Linked,
    /// It exists, and is linked to somebody else's project.
    Elsewhere,
}

/// How often one integrity token was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decodes {
    /// Requests that carried it, whatever became of them.
    pub asked: u32,
    /// Requests for which it was decoded, answered or not.
    pub decoded: u32,
}

/// Why a token is not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undecoded {
    NoSuchPackage,
    NotLinked,
    QuotaSpent,
    NoSuchToken,
}

/// The list of certificates that hold no longer, and what is said about its age.
#[derive(Clone, Debug)]
pub(super) struct StatusList {
    pub(super) entries: Map<String, Value>,
    pub(super) max_age: Duration,
    pub(super) age: Duration,
}

struct Package {
    link: Link,
    quota: u64,
    day: u64,
    used: u64,
}

struct Minted {
    package: String,
    payload: Value,
}

struct Access {
    scopes: BTreeSet<String>,
    expires_at: Timestamp,
}

struct State {
    packages: BTreeMap<String, Package>,
    tokens: HashMap<String, Minted>,
    decodes: BTreeMap<String, Decodes>,
    access: HashMap<String, Access>,
    list: StatusList,
    roots: Vec<String>,
    orders: Orders,
    asked: BTreeMap<Endpoint, u64>,
}

/// The one state behind all endpoints and behind the handle.
pub(super) struct World {
    pub(super) origin: String,
    plan: GooglePlan,
    account: ServiceAccount,
    state: Mutex<State>,
    closed: watch::Receiver<()>,
}

impl World {
    /// Lasts until the other end of `closed` is dropped.
    pub(super) fn new(plan: GooglePlan, origin: String, closed: watch::Receiver<()>) -> Result<Self, LabFault> {
        let (account, state) = (ServiceAccount::generate()?, Mutex::new(State::of(&plan)));
        Ok(Self { origin, plan, account, state, closed })
    }

    /// Goes back to the plan. The service account stays, and so do its access tokens: clients keep those.
    pub(super) fn reset(&self) {
        let mut state = self.state();
        let access = std::mem::take(&mut state.access);
        *state = State { access, ..State::of(&self.plan) };
    }

    /// Waits until the server ends.
    pub(super) async fn closed(&self) {
        let mut closed = self.closed.clone();
        while closed.changed().await.is_ok() {}
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn key_file(&self) -> Result<Value, LabFault> {
        self.account.key_file(&self.origin)
    }

    pub(super) fn scopes(&self, assertion: &str) -> Result<BTreeSet<String>, Refused> {
        self.account.scopes(assertion, &self.origin, self.plan.clock.now())
    }

    /// An access token for these scopes, and the seconds for which it holds.
    pub(super) fn issue(&self, scopes: BTreeSet<String>) -> Result<(String, u64), LabFault> {
        let token = format!("ya29.c.{}", BASE64URL_NOPAD.encode(&random::<96>()?));
        let life = self.plan.access_token_lifetime;
        let access = Access { scopes, expires_at: self.plan.clock.now().plus(life) };
        self.state().access.insert(token.clone(), access);
        Ok((token, life.as_secs()))
    }

    /// The scopes of an access token that holds now.
    pub(super) fn authority(&self, access_token: &str) -> Option<BTreeSet<String>> {
        let (state, now) = (self.state(), self.plan.clock.now());
        state.access.get(access_token).filter(|access| now < access.expires_at).map(|access| access.scopes.clone())
    }

    pub(super) fn expire(&self, access_token: &str) {
        self.state().access.remove(access_token);
    }

    pub(super) fn expire_all(&self) {
        self.state().access.clear();
    }

    pub(super) fn link(&self, package: &str, link: Link) {
        self.state().package(package).link = link;
    }

    pub(super) fn allow_per_day(&self, package: &str, quota: u64) {
        self.state().package(package).quota = quota;
    }

    /// Takes a token as one that Google made for this package.
    pub(super) fn adopt(&self, token: String, package: &str, payload: Value) {
        self.state().tokens.insert(token, Minted { package: package.to_owned(), payload });
    }

    pub(super) fn note_token(&self, token: &str) {
        self.state().decodes.entry(token.to_owned()).or_default().asked += 1;
    }

    pub(super) fn decodes(&self) -> BTreeMap<String, Decodes> {
        self.state().decodes.clone()
    }

    /// What Google tells about a token: from the second time on, less.
    pub(super) fn decode(&self, package: &str, token: &str) -> Result<Value, Undecoded> {
        let today = self.plan.clock.now().as_secs() / DAY;
        self.state().decode(package, token, today)
    }

    pub(super) fn list(&self) -> StatusList {
        self.state().list.clone()
    }

    pub(super) fn edit_list(&self, edit: impl FnOnce(&mut StatusList)) {
        edit(&mut self.state().list);
    }

    pub(super) fn roots(&self) -> Vec<String> {
        self.state().roots.clone()
    }

    pub(super) fn publish(&self, roots: Vec<String>) {
        self.state().roots = roots;
    }

    pub(super) fn misbehave(&self, endpoint: Endpoint, misbehaviour: Misbehaviour, times: Times) {
        self.state().orders.give(endpoint, misbehaviour, times);
    }

    pub(super) fn behave(&self) {
        self.state().orders = Orders::default();
    }

    /// Counts a request, and gives what it is to suffer.
    pub(super) fn receive(&self, endpoint: Endpoint) -> Option<Misbehaviour> {
        let mut state = self.state();
        *state.asked.entry(endpoint).or_default() += 1;
        state.orders.take(endpoint)
    }

    pub(super) fn asked(&self) -> BTreeMap<Endpoint, u64> {
        self.state().asked.clone()
    }
}

impl State {
    fn of(plan: &GooglePlan) -> Self {
        let list = StatusList { entries: Map::new(), max_age: LIST_MAX_AGE, age: Duration::ZERO };
        let mut state = Self {
            packages: BTreeMap::new(),
            tokens: HashMap::new(),
            decodes: BTreeMap::new(),
            access: HashMap::new(),
            list,
            roots: plan.roots.clone(),
            orders: Orders::default(),
            asked: BTreeMap::new(),
        };
        plan.packages.iter().for_each(|package| _ = state.package(package));
        state
    }

    /// The package, which is linked when it was not known before.
    fn package(&mut self, name: &str) -> &mut Package {
        let fresh = || Package { link: Link::Linked, quota: DAILY_QUOTA, day: 0, used: 0 };
        self.packages.entry(name.to_owned()).or_insert_with(fresh)
    }

    fn decode(&mut self, package: &str, token: &str, today: u64) -> Result<Value, Undecoded> {
        self.packages.get_mut(package).ok_or(Undecoded::NoSuchPackage)?.spend(today)?;
        let minted = self.tokens.get(token).filter(|minted| minted.package == package);
        let minted = minted.ok_or(Undecoded::NoSuchToken)?;
        let decodes = self.decodes.entry(token.to_owned()).or_default();
        decodes.decoded += 1;
        let replayed = decodes.decoded > 1 && replay::is_guarded(&minted.payload);
        Ok(if replayed { replay::emptied(&minted.payload) } else { minted.payload.clone() })
    }
}

impl Package {
    fn spend(&mut self, today: u64) -> Result<(), Undecoded> {
        if self.link == Link::Elsewhere {
            return Err(Undecoded::NotLinked);
        }
        if self.day != today {
            (self.day, self.used) = (today, 0);
        }
        if self.used >= self.quota {
            return Err(Undecoded::QuotaSpent);
        }
        self.used += 1;
        Ok(())
    }
}
