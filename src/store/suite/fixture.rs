//! Stores to test and things to put into them, each made from a small number.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use p256::elliptic_curve::sec1::ToSec1Point;
use tempfile::TempDir;

use crate::appraisal::{Decisions, Policy, Reason, Remedy, TrustVector};
use crate::crypto::jwk::Thumbprint;
use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::{AppAttestClaims, Claims, Environment, Format, ValidationCategory};
use crate::ids::{AccountTag, AppName, InstanceId, Position};
use crate::store::{
    Advance, Binds, CallId, Enrolment, Instance, MemoryStore, NamedCall, SignCountMode, Spend, SqliteStore, Store,
    StoreFault,
};
use crate::store::{Decoding, KeptStatusList, Redemption, WindowSize};
use crate::store::{News, Now, Ruling, Scope, Statement, Tells};
use crate::time::Timestamp;
use crate::verdict::{Bound, Frame, Freshness, Verdict};

/// A store, and the folder that goes with it.
pub(in crate::store) struct Opened {
    store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

impl Opened {
    pub(in crate::store) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}

/// The `number`th place in the feed of either.
pub(in crate::store) const fn place(number: u64) -> Position {
    Position(5_000 + number)
}

pub(in crate::store) fn memory() -> Opened {
    Opened { store: Arc::new(MemoryStore::starting_at(place(0))), _folder: None }
}

pub(in crate::store) fn sqlite() -> Opened {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::starting_at(&folder.path().join("store.db"), place(0)).expect("opens");
    Opened { store: Arc::new(store), _folder: Some(folder) }
}

/// The time `seconds` after the tests' beginning.
pub(in crate::store) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000).plus(Duration::from_secs(seconds))
}

/// A clock that stands `seconds` after the tests' beginning.
pub(in crate::store) fn clock(seconds: u64) -> Now {
    Box::new(move || at(seconds))
}

/// A challenge that expires at 300 seconds.
pub(in crate::store) fn challenge(number: u128) -> Spend {
    Spend { id: number.to_be_bytes(), expires_at: at(300) }
}

pub(in crate::store) fn id(number: u8) -> InstanceId {
    InstanceId([number; 16])
}

pub(in crate::store) fn call(name: u8, request: u8) -> Option<NamedCall> {
    Some(NamedCall { id: CallId([name; 32]), request: [request; 32] })
}

pub(in crate::store) fn window(size: u16) -> SignCountMode {
    SignCountMode::Window(WindowSize::new(size).expect("a size"))
}

pub(in crate::store) fn claims(bundle_version: &str) -> Claims {
    Claims {
        app_attest: Some(Box::new(AppAttestClaims {
            app_id: "TEAM123456.org.example.shop".into(),
            environment: Environment::Production,
            validation_category: Some(ValidationCategory::APP_STORE),
            bundle_version: Some(bundle_version.into()),
            os_version: "27.1".parse().ok(),
            os_build: None,
        })),
        labs: vec![Format::AppAttest],
        ..Claims::default()
    }
}

/// A verdict like no other number's.
pub(in crate::store) fn verdict(number: u64) -> Verdict {
    let frame = Frame {
        app: "shop".parse().expect("a name"),
        policy: Policy::default().revision(),
        decisions: Decisions::CAREFUL,
        issued_at: at(number),
        lifetime: Duration::from_secs(3600),
        until: None,
        freshness: Freshness::new(Duration::from_secs(30), Duration::from_millis(1)),
    };
    let reason = Reason::new("a_reason", "Grüße, \"quoted\"", Remedy::RetryNow);
    Verdict { claims: Some(claims("1").into()), ..Verdict::refusal(TrustVector::UNVERIFIED, vec![reason], frame) }
}

static KEY: LazyLock<P256PublicKey> = LazyLock::new(|| {
    let key = p256::SecretKey::from_slice(&[7; 32]).expect("a scalar").public_key();
    P256PublicKey::from_sec1(key.to_sec1_point(false).as_bytes()).expect("a key")
});

/// What a number binds; nothing at zero.
pub(in crate::store) fn bound(number: u8) -> Bound {
    let tag = (number > 0).then_some([number; 16]);
    Bound { address: tag, tls: tag.filter(|_| number > 1), session: tag.filter(|_| number > 2) }
}

/// An enrolment at 0 seconds.
pub(in crate::store) fn enrolment(number: u8, challenge: Spend) -> Enrolment {
    let instance = Instance {
        id: id(number),
        app: "shop".parse().expect("a name"),
        key: *KEY,
        key_id: KEY.key_id(),
        account: Some(AccountTag([number; 32])),
        confirmation: Some(Thumbprint([3; 32])),
        claims: claims("1"),
        bound: Bound::default(),
        serials: vec!["0a".into(), "ff01".into()],
        receipt: vec![0, 1, 255],
        enrolled_at: at(0),
        proven_at: at(0),
        sign_count: 0,
        claims_at: 0,
    };
    Enrolment {
        challenge,
        instance,
        evidence: [number; 32],
        verdict: verdict(number.into()),
        call: None,
        seen: Position::START,
    }
}

/// A proof at 10 seconds in a window of 64.
pub(in crate::store) fn proof(number: u8, challenge: Spend, sign_count: u32) -> Advance {
    Advance {
        challenge,
        instance: id(number),
        sign_count,
        mode: window(64),
        claims: None,
        claims_at: 0,
        binds: Binds::AsBefore(Bound::default()),
        proven_at: at(10),
        verdict: verdict(1000 + u64::from(sign_count)),
        call: None,
        seen: Position::START,
        tells: Tells::Tier,
    }
}

/// A redemption at 10 seconds.
pub(in crate::store) fn redemption(challenge: Spend) -> Redemption {
    Redemption { challenge, verdict: verdict(2000), call: None, now: at(10) }
}

/// The day of the tests' beginning in UTC.
pub(in crate::store) const TODAY: u32 = 19_675;

/// A decoding at 10 seconds, remembered until 100 seconds, with ten of them for each app and day.
pub(in crate::store) fn decoding(token: u8, request: u8) -> Decoding {
    Decoding {
        token: [token; 32],
        request: [request; 32],
        challenge: Spend { id: [token | 0x80; 16], expires_at: at(1_000_000) },
        app: "shop".parse().expect("a name"),
        day: TODAY,
        limit: 10,
        now: at(10),
        kept_until: at(100),
    }
}

/// A list fetched at `seconds` and fresh for a minute.
pub(in crate::store) fn status_list(seconds: u64, body: &[u8]) -> KeptStatusList {
    let (fetched_at, fresh_until) = (at(seconds), at(seconds + 60));
    KeptStatusList { body: body.to_vec(), etag: Some("\"v1\"".into()), fetched_at, fresh_until }
}

/// The instance, whatever its standing.
pub(in crate::store) async fn instance(store: &dyn Store, id: InstanceId) -> Result<Option<Instance>, StoreFault> {
    Ok(store.instance(id).await?.map(|found| found.instance))
}

pub(in crate::store) fn app_name(name: &str) -> AppName {
    name.parse().expect("a name")
}

/// What an operator says.
pub(in crate::store) fn said(app: &str, scope: Scope, ruling: Ruling) -> Statement {
    Statement { app: app_name(app), scope, ruling, by: app_name("desk"), why: "Grund: \"verloren\"".to_owned() }
}

/// What was said some time ago, as the feed tells it.
pub(in crate::store) const fn ago(statement: Statement) -> News {
    News::Statement(statement)
}
