//! The ledger of one transaction: many calls that wait write into it one after the other and are committed together.

use rusqlite::{Connection, params};

use super::changes::{Place, signed};
use super::rows::{Json, Millis, bound, one, run, sign_counts};
use super::sql;
use crate::crypto::secret::Secret;
use crate::evidence::claims::Claims;
use crate::ids::{AccountTag, InstanceId, Position};
use crate::store::ledger::{Enrolled, Groups, Horizon, KeptAnswer, Ledger, Progress, TokenLedger};
use crate::store::{CallId, Enrolment, FirstAnswer, NamedCall, Purged, Spend, StoreFault};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// A transaction that has begun. It dies with the transaction, so nothing that it remembers can outlive a rollback.
pub(super) struct Batch<'c> {
    connection: &'c Connection,
    purged_until: Timestamp,
    latest: Position,
    stated: Position,
}

impl<'c> Batch<'c> {
    /// The ledger of the transaction that is open on `connection`.
    pub(super) fn on(connection: &'c Connection) -> Result<Self, StoreFault> {
        let begun = one(connection, sql::PURGED_UNTIL, [], |row| {
            let (Millis(purged_until), Place(latest), Place(stated)) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Self { connection, purged_until, latest, stated })
        });
        begun?.ok_or_else(|| StoreFault::Unreadable("the row of state is missing".into()))
    }

    /// The position of a change that is about to be written.
    pub(super) fn advance_feed(&mut self, states: bool) -> Result<Position, StoreFault> {
        let latest = self.latest.next();
        let stated = if states { latest } else { self.stated };
        run(self.connection, sql::SET_FEED, [signed(latest), signed(stated)])?;
        (self.latest, self.stated) = (latest, stated);
        Ok(latest)
    }

    /// The connection, for the parts of the ledger that are told elsewhere.
    pub(super) const fn connection(&self) -> &'c Connection {
        self.connection
    }
}

/// What was answered to a call of this name, for batches and for readers.
pub(super) fn answer(connection: &Connection, call: &CallId) -> Result<Option<KeptAnswer>, StoreFault> {
    one(connection, sql::ANSWER, [call.0], |row| {
        let (Json(verdict), Millis(written_at)) = (row.get(1)?, row.get(2)?);
        Ok(KeptAnswer { answer: FirstAnswer { request: row.get(0)?, verdict }, written_at })
    })
}

impl Ledger for Batch<'_> {
    fn answer(&self, call: &CallId) -> Result<Option<KeptAnswer>, StoreFault> {
        answer(self.connection, call)
    }

    fn enrolled(&self, instance: &InstanceId) -> Result<Option<Enrolled>, StoreFault> {
        one(self.connection, sql::ENROLLED, [instance.0], |row| {
            let Json(verdict) = row.get(2)?;
            let account: Option<_> = row.get(0)?;
            Ok(Enrolled { account: account.map(AccountTag), evidence: row.get(1)?, verdict })
        })
    }

    fn groups(&self, instance: &InstanceId) -> Result<Option<Groups>, StoreFault> {
        one(self.connection, sql::GROUPS, [instance.0], |row| {
            let (account, Json(serials)) = (row.get::<_, Option<_>>(1)?, row.get(2)?);
            Ok(Groups { app: row.get(0)?, account: account.map(AccountTag), serials })
        })
    }

    fn progress(&self, instance: &InstanceId) -> Result<Option<Progress>, StoreFault> {
        one(self.connection, sql::PROGRESS, [instance.0], |row| {
            let Millis(proven_at) = row.get(2)?;
            let (bound, tier) = (bound(row, 4)?, row.get::<_, Option<_>>(7)?.map(|Json(tier)| tier));
            Ok(Progress { counts: sign_counts(row, 0)?, proven_at, claims_at: row.get(3)?, bound, tier })
        })
    }

    fn is_spent(&self, challenge: &Spend) -> Result<bool, StoreFault> {
        let found =
            one(self.connection, sql::IS_SPENT, params![Millis(challenge.expires_at), challenge.id], |_| Ok(()));
        Ok(found?.is_some())
    }

    fn purged_until(&self) -> Timestamp {
        self.purged_until
    }

    fn stated(&self) -> Position {
        self.stated
    }

    fn secret(&self) -> Result<Option<Secret>, StoreFault> {
        let secret = one(self.connection, sql::SECRET, [], |row| row.get::<_, Option<[u8; 32]>>(0))?;
        Ok(secret.flatten().map(Secret::new))
    }

    fn spend(&mut self, challenge: &Spend) -> Result<(), StoreFault> {
        run(self.connection, sql::SPEND, params![Millis(challenge.expires_at), challenge.id]).map(drop)
    }

    fn add(&mut self, enrolment: &Enrolment) -> Result<(), StoreFault> {
        let instance = &enrolment.instance;
        let values = params![
            instance.id.0,
            instance.app.as_str(),
            instance.key.sec1(),
            instance.key_id.0,
            instance.account.map(|account| account.0),
            instance.confirmation.map(|key| key.0),
            enrolment.evidence,
            Millis(instance.enrolled_at),
            Json(&instance.claims),
            Json(&instance.serials),
            Json(&enrolment.verdict),
            instance.receipt,
            signed(self.latest),
        ];
        run(self.connection, sql::ADD_INSTANCE, values)?;
        let progress = Progress::new(instance, enrolment.verdict.tier);
        write_progress(self.connection, sql::ADD_PROGRESS, &instance.id, &progress)
    }

    fn set_progress(&mut self, instance: &InstanceId, progress: Progress) -> Result<(), StoreFault> {
        write_progress(self.connection, sql::SET_PROGRESS, instance, &progress)
    }

    fn set_claims(&mut self, instance: &InstanceId, claims: &Claims) -> Result<(), StoreFault> {
        run(self.connection, sql::SET_CLAIMS, params![instance.0, Json(claims)]).map(drop)
    }

    fn keep_answer(&mut self, call: &NamedCall, verdict: &Verdict, at: Timestamp) -> Result<(), StoreFault> {
        let values = params![call.id.0, call.request, Json(verdict), Millis(at)];
        run(self.connection, sql::KEEP_ANSWER, values).map(drop)
    }

    fn keep_secret(&mut self, secret: &Secret) -> Result<(), StoreFault> {
        run(self.connection, sql::SET_SECRET, [secret.expose()]).map(drop)
    }

    fn forget(&mut self, horizon: &Horizon) -> Result<Purged, StoreFault> {
        let expired = Millis(horizon.expired);
        let latest = one(self.connection, sql::LATEST_EXPIRED, [&expired], |row| row.get::<_, Option<_>>(0))?;
        let until = latest.flatten().map_or(self.purged_until, |Millis(latest)| self.purged_until.max(latest));
        run(self.connection, sql::SET_PURGED_UNTIL, [Millis(until)])?;
        let challenges = run(self.connection, sql::FORGET_CHALLENGES, [&expired])?;
        let answers = run(self.connection, sql::FORGET_ANSWERS, [Millis(horizon.unkept)])?;
        let decodings = run(self.connection, sql::FORGET_DECODINGS, [&expired])?;
        let quotas = run(self.connection, sql::FORGET_QUOTAS, [horizon.day])?;
        let uses = self.forget_consumed(horizon.expired)?;
        let old = Millis(horizon.announced);
        if let Some(forgotten) =
            one(self.connection, sql::LATEST_OLD, [&old], |row| row.get::<_, Option<i64>>(0))?.flatten()
        {
            run(self.connection, sql::SET_FORGOTTEN, [forgotten])?;
        }
        let announcements = run(self.connection, sql::FORGET_ANNOUNCEMENTS, [&old])?;
        self.purged_until = until;
        Ok(Purged { challenges, answers, decodings, quotas, uses, announcements })
    }
}

fn write_progress(
    connection: &Connection,
    statement: &str,
    instance: &InstanceId,
    progress: &Progress,
) -> Result<(), StoreFault> {
    let Progress { counts, proven_at, claims_at, bound, tier } = progress;
    let (highest, seen, tier) = (counts.highest(), counts.window_bytes(), tier.as_ref().map(Json));
    let values = params![
        instance.0,
        highest,
        seen,
        Millis(*proven_at),
        claims_at,
        bound.address,
        bound.tls,
        bound.session,
        tier
    ];
    run(connection, statement, values).map(drop)
}
