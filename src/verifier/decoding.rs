//! Integrity tokens, each opened once by Google, whoever asks and however often.
//!
//! A second opening of one token shows an empty payload. The store is therefore told before a token leaves, and an opening whose
//! answer was lost is never tried again: the token is then worth nothing, and a new one is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Verifier;
use super::flights::Flights;
use crate::crypto::digest::Digest;
use crate::crypto::secret::{MacKey, Secret};
use crate::ids::AppName;
use crate::store::{Decoding, DecodingOutcome, Spend, Store, StoreFault};
use crate::time::Timestamp;
use crate::upstream::{Decoded, IntegrityDecoder};

/// How long a token is remembered: longer than any policy believes one, which is a day at most.
const REMEMBERED_FOR: Duration = Duration::from_secs(48 * 3600);

/// Google counts by the day of its own zone, eight hours behind UTC; for half the year the count ends an hour late.
const QUOTA_ZONE: Duration = Duration::from_secs(8 * 3600);

const DAY: u64 = 24 * 3600;

/// The openings that are under way, and the key under which tokens are known.
pub(super) struct Decodings {
    under_way: Flights<(Digest, Digest), Result<Opened, StoreFault>>,
    tokens: MacKey,
    used: Used,
}

/// How much of each app's quota was used when it was last counted, with the day.
type Used = Arc<Mutex<HashMap<AppName, (u32, u32)>>>;

/// A token to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening<'a> {
    pub(super) app: &'a AppName,
    pub(super) package: &'a str,
    pub(super) token: &'a str,
    /// What the token came with; a retry comes with the same.
    pub(super) request: Digest,
    /// The challenge that the call answers.
    pub(super) challenge: Spend,
    /// How many tokens of the app may be opened today, as far as this one is concerned.
    pub(super) limit: u32,
    pub(super) within: Duration,
    pub(super) now: Timestamp,
}

/// What became of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Google's answer.
    Answer(Arc<[u8]>),
    /// Google says that it is not a token of this app.
    NotDecodable,
    /// Another call has brought it before.
    Replayed,
    /// It was sent before, and the answer never came.
    Lost,
    /// The challenge is spent: nothing that the token could show would count.
    Pointless,
    /// Too many tokens came with the same challenge before.
    TooMany,
    /// Google could not be asked, or did not answer.
    Unavailable,
}

impl Decodings {
    pub(super) fn new(secret: &Secret) -> Self {
        Self { under_way: Flights::default(), tokens: secret.mac_key("integrity token"), used: Used::default() }
    }
}

/// The day, in Google's zone, whose quota a token costs.
pub(super) fn quota_day(now: Timestamp) -> u32 {
    u32::try_from(now.minus(QUOTA_ZONE).as_secs() / DAY).unwrap_or(u32::MAX)
}

/// How much of an app's daily quota of openings is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaUse {
    /// The app.
    pub app: AppName,
    /// How many tokens were sent today, as far as this service has counted since it started.
    pub used: u32,
    /// How many may be.
    pub quota: u32,
}

impl Verifier {
    /// How much of their quota the apps have used today.
    pub fn quotas(&self) -> Vec<QuotaUse> {
        let today = quota_day(self.clock.now());
        let counted = self.decodings.used.lock().unwrap_or_else(PoisonError::into_inner);
        let used = |app| counted.get(app).filter(|(day, _)| *day == today).map_or(0, |(_, used)| *used);
        let apps = self.apps.load();
        let quotas = apps.values().filter_map(|app| Some((&app.name, app.play_integrity().ok()?)));
        quotas.map(|(app, format)| QuotaUse { app: app.clone(), used: used(app), quota: format.quota() }).collect()
    }

    /// Has a token opened, or gives the answer that the same call got before.
    pub(super) async fn opened(
        &self,
        decoder: Arc<dyn IntegrityDecoder>,
        opening: Opening<'_>,
    ) -> Result<Opened, StoreFault> {
        let token = self.decodings.tokens.tag(opening.token.as_bytes());
        let decoding = Decoding {
            token,
            request: opening.request,
            challenge: opening.challenge,
            app: opening.app.clone(),
            day: quota_day(opening.now),
            limit: opening.limit,
            now: opening.now,
            kept_until: opening.now.plus(REMEMBERED_FOR),
        };
        let (store, package, text) = (Arc::clone(&self.store), opening.package.to_owned(), opening.token.to_owned());
        let used = Arc::clone(&self.decodings.used);
        let work = async move {
            match began(&*store, decoding, &used).await? {
                Some(opened) => Ok(opened),
                None => {
                    let decoded = decoder.decode(&package, &text, opening.within).await;
                    kept(&*store, token, decoded).await
                }
            }
        };
        let opened = self.decodings.under_way.join((token, opening.request), work).await;
        opened.unwrap_or(Err(StoreFault::Closed))
    }
}

/// What is known about the token already; `None` when it may be sent now, and by nobody else.
async fn began(store: &dyn Store, decoding: Decoding, counted: &Used) -> Result<Option<Opened>, StoreFault> {
    let (app, day) = (decoding.app.clone(), decoding.day);
    let outcome = store.begin_decoding(decoding).await?;
    if let DecodingOutcome::Begun { used } | DecodingOutcome::QuotaSpent { used } = outcome {
        counted.lock().unwrap_or_else(PoisonError::into_inner).insert(app, (day, used));
    }
    Ok(match outcome {
        DecodingOutcome::Begun { .. } => None,
        // Nothing is kept for a token that Google could not open.
        DecodingOutcome::Decoded(answer) if answer.is_empty() => Some(Opened::NotDecodable),
        DecodingOutcome::Decoded(answer) => Some(Opened::Answer(answer.into())),
        DecodingOutcome::Undecided { .. } => Some(Opened::Lost),
        DecodingOutcome::OtherRequest => Some(Opened::Replayed),
        DecodingOutcome::ChallengeSpent => Some(Opened::Pointless),
        DecodingOutcome::TooMany => Some(Opened::TooMany),
        DecodingOutcome::QuotaSpent { .. } => Some(Opened::Unavailable),
    })
}

/// Keeps what Google made of the token, so that a retry of the call learns it too.
async fn kept(store: &dyn Store, token: Digest, decoded: Decoded) -> Result<Opened, StoreFault> {
    match decoded {
        Decoded::Payload(answer) => {
            store.keep_decoded(token, answer.clone()).await?;
            Ok(Opened::Answer(answer.into()))
        }
        Decoded::Refused(_) => {
            store.keep_decoded(token, Vec::new()).await?;
            Ok(Opened::NotDecodable)
        }
        Decoded::Indeterminate(_) => Ok(Opened::Unavailable),
        Decoded::NotSent(_) | Decoded::Quota { .. } | Decoded::Misconfigured(_) => {
            store.withdraw_decoding(token).await?;
            Ok(Opened::Unavailable)
        }
    }
}
