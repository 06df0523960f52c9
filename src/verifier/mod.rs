//! The role: a RATS verifier for relying parties. Its use cases are to issue challenges, enrol, assert and check.

mod android;
mod app;
mod app_attest;
mod assert;
mod attest;
mod caller;
mod challenge;
mod check;
mod config;
mod context;
mod decoding;
mod fault;
mod feed;
mod flights;
mod key_attestation;
mod listing;
mod named_call;
mod over;
mod play_integrity;
mod pseudonym;
mod refusal;
mod rehearsal;
mod relief;
mod reload;
mod revocation;
mod status_list;
mod tokens;
mod upstreams;
mod watch;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub use android::AndroidEvidence;
pub use app_attest::AppAttestEvidence;
pub use assert::{AssertCall, AssertProof, Signer};
pub use attest::{AttestCall, Evidence};
pub use caller::{Caller, CallerKey, Callers, Grants, Role};
pub use challenge::{Binding, ChallengeRejection, IssuedChallenge, Purpose};
pub use check::{CheckCall, CheckSubject, Checked, Consume, FreshAssertion, RequestContext};
pub use config::{
    APPRAISALS_KEPT, AppAttestConfig, AppConfig, KeyAttestationConfig, PlayIntegrityConfig, VerifierConfig,
};
pub use decoding::QuotaUse;
pub use fault::{BuildFault, CallFault, Inability};
pub use feed::FeedState;
pub use key_attestation::KeyAssertion;
pub use listing::{ListCall, ListPage, Span};
pub use rehearsal::{Outcome, Platform, Policies, Rehearsal, Stated, Weighed};
pub use relief::Relief;
pub use reload::RulesAside;
pub use revocation::{Account, Group, InstanceName, Ruled, Said};
pub use status_list::{ListInForce, RenewedList, StatusListFault};
pub use tokens::{Introspected, JWKS_MAX_AGE, KeysFault, SignedToken, TokenConfig, TokenKind, TokenRequest};
pub use upstreams::Upstreams;
pub use watch::{Tidings, Told, Watch, WatchCall};

/// What the store tells of instances, in the words of operators.
pub use crate::store::{Change, Found, News, Ruling, Scope, Statement};

/// The longest token that is looked at, in bytes.
pub use crate::token::TOKEN_LIMIT;

use app::App;
use challenge::Challenges;
use context::Bindings;
use decoding::Decodings;
use feed::Feed;
use pseudonym::Pseudonyms;
use reload::Apps;
use status_list::StatusLists;
use tokens::Tokens;

use crate::appraisal::{Circumstances, Reason, Standing};
use crate::cache::{Era, InstanceCache, VerdictCache, WithdrawalCache};
use crate::clock::Clock;
use crate::crypto::secret::MacKey;
use crate::evidence::claims::Claims;
use crate::evidence::client_data::ClientData;
use crate::ids::AppName;
use crate::store::{Spend, Store};
use crate::time::Timestamp;
use crate::upstream::IntegrityDecoder;
use crate::verdict::{Subject, Verdict};

/// Everything that one service knows and decides.
pub struct Verifier {
    apps: ArcSwap<Apps>,
    decoder: Option<Arc<dyn IntegrityDecoder>>,
    appraisals_kept: u32,
    challenges: Challenges,
    accounts: MacKey,
    bindings: Bindings,
    device_ids: MacKey,
    decodings: Decodings,
    status_lists: StatusLists,
    pseudonyms: Pseudonyms,
    tokens: Option<Tokens>,
    store: Arc<dyn Store>,
    cache: VerdictCache,
    withdrawals: WithdrawalCache,
    instances: InstanceCache,
    feed: Feed,
    clock: Arc<dyn Clock>,
}

/// When a call is judged, and in which era: asked for before anything that the judgement rests on.
#[derive(Clone, Copy, Debug)]
struct Moment {
    era: Era,
    now: Timestamp,
}

impl Verifier {
    /// Builds the role over a store, whose secret and status list it takes up, and over the vendors' services.
    pub async fn build(
        config: VerifierConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        upstreams: Upstreams,
    ) -> Result<Self, BuildFault> {
        let secret = store.secret().await?;
        let source = upstreams.status_list;
        // Half for verdicts; instances and, where there are any, tokens share the other.
        let share = config.cache_capacity / if config.token.is_some() { 4 } else { 2 };
        let tokens = match config.token {
            Some(token) => Some(Tokens::build(token, &*store, &*clock, share).await?),
            None => None,
        };
        Ok(Self {
            apps: ArcSwap::from_pointee(reload::built(config.apps, upstreams.decoder.as_ref())?),
            decoder: upstreams.decoder,
            appraisals_kept: config.appraisals_kept,
            status_lists: StatusLists::build(&*store, source, config.status_list_max_shrink).await?,
            decodings: Decodings::new(&secret),
            device_ids: secret.mac_key("device id"),
            challenges: Challenges::new(&secret, config.challenge_lifetime),
            accounts: secret.mac_key("account"),
            bindings: Bindings::new(&secret),
            pseudonyms: Pseudonyms::new(secret),
            tokens,
            cache: VerdictCache::new(config.cache_capacity / 2),
            withdrawals: WithdrawalCache::default(),
            instances: InstanceCache::new(share),
            feed: Feed::new(),
            store,
            clock,
        })
    }

    /// Issues a challenge. It costs no memory: the challenge itself says what it is for.
    pub fn create_challenge(
        &self,
        caller: &Caller,
        app: &AppName,
        purpose: Purpose,
        session: &[u8],
    ) -> Result<IssuedChallenge, CallFault> {
        let app = self.app(caller, app)?;
        Ok(self.challenges.issue(Binding { app: &app.name, purpose, session }, self.clock.now())?)
    }

    /// Forgets what no longer needs to be remembered. To be called now and then.
    pub async fn purge(&self) -> Result<(), CallFault> {
        self.store.purge(self.clock.now()).await?;
        self.store.trim_appraisals(self.appraisals_kept).await?;
        Ok(())
    }

    fn moment(&self) -> Moment {
        Moment { era: self.cache.era(), now: self.clock.now() }
    }

    /// The time by which this role judges.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Client data with the challenge it answers, if that may be redeemed now.
    fn bound_challenge(
        &self,
        client_data: &[u8],
        binding: Binding<'_>,
        now: Timestamp,
    ) -> Result<(ClientData, Spend), Reason> {
        let client_data = ClientData::parse(client_data)?;
        let challenge = self.challenges.recognise(&client_data.challenge, binding, now)?;
        Ok((client_data, challenge))
    }

    /// The verdict at `now` on claims that were proved at `issued_at`, by one who has this standing.
    fn verdict(
        &self,
        app: &App,
        subject: Subject,
        claims: impl Into<Arc<Claims>>,
        issued_at: Timestamp,
        (standing, now): (Standing, Timestamp),
    ) -> Verdict {
        let list = self.status_lists.in_force();
        let circumstances = Circumstances { now, status_list: list.as_deref(), subject: subject.as_bytes(), standing };
        app.verdict(subject, claims, issued_at, &circumstances)
    }

    /// An earlier verdict on claims, as it would be stated now, whatever the standing of its instance; one that rests on no claims is
    /// left as it is.
    fn restated(&self, app: &App, first: Verdict, now: Timestamp) -> Verdict {
        match (first.subject(), first.claims.clone()) {
            (Some(subject), Some(claims)) => {
                let weighed_at = (Standing::Good, now);
                self.verdict(app, subject, claims, first.issued_at, weighed_at).bound_to(first.bound)
            }
            _ => first,
        }
    }

    /// The app as it is configured now, if the caller may touch it; whether there is one that it may not touch is not told. A call
    /// asks once, so that it is judged by one configuration from end to end.
    fn app(&self, caller: &Caller, name: &AppName) -> Result<Arc<App>, CallFault> {
        if !caller.apps.include(name) {
            return Err(CallFault::AppNotGranted);
        }
        self.apps.load().get(name).cloned().ok_or(CallFault::UnknownApp)
    }
}
