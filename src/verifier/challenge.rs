//! Challenges: self-describing and authenticated, so that issuing one costs no memory and any replica can redeem it.
//!
//! Layout, base64url without padding: version (1 byte), purpose (1), expiry in milliseconds (8, big-endian), app (16),
//! session (16), random (16), HMAC-SHA-256 over all of these (32).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use crate::appraisal::{Reason, Remedy};
use crate::crypto::digest::sha256_of_parts;
use crate::crypto::secret::{MacKey, NoRandomness, Secret, random};
use crate::ids::AppName;
use crate::store::Spend;
use crate::time::Timestamp;
use crate::verdict::CLOCK_SKEW;
use crate::wire::bytes::Reader;

const VERSION: u8 = 1;
const BODY_LENGTH: usize = 58;
const LENGTH: usize = BODY_LENGTH + 32;

/// What a challenge may be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An attestation.
    Attest,
    /// An assertion.
    Assert,
}

/// What a challenge is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The app that may answer.
    pub app: &'a AppName,
    /// What it may answer with.
    pub purpose: Purpose,
    /// The caller's session with the device; empty for none.
    pub session: &'a [u8],
}

/// A challenge as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedChallenge {
    /// The challenge, 120 characters of base64url.
    pub text: String,
    /// When it can no longer be answered.
    pub expires_at: Timestamp,
}

/// Why a challenge cannot be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeRejection {
    /// Not of a challenge's form.
    #[error("client data holds no challenge of this service's form")]
    Malformed,
    /// Not issued under this service's secret.
    #[error("the challenge was not issued by this service")]
    NotIssued,
    /// Its time is over.
    #[error("the challenge has expired")]
    Expired,
    /// Issued for another app.
    #[error("the challenge was issued for another app")]
    OtherApp,
    /// Issued for another purpose.
    #[error("the challenge was issued for another purpose")]
    OtherPurpose,
    /// Issued for another session.
    #[error("the challenge was issued for another session")]
    OtherSession,
    /// Redeemed before.
    #[error("the challenge was answered before")]
    Replayed,
}

impl ChallengeRejection {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "challenge_malformed",
            Self::NotIssued => "challenge_not_issued",
            Self::Expired => "challenge_expired",
            Self::OtherApp => "challenge_for_other_app",
            Self::OtherPurpose => "challenge_for_other_purpose",
            Self::OtherSession => "challenge_for_other_session",
            Self::Replayed => "challenge_replayed",
        }
    }
}

impl From<ChallengeRejection> for Reason {
    fn from(rejection: ChallengeRejection) -> Self {
        let remedy = match rejection {
            ChallengeRejection::Malformed => Remedy::ContactSupport,
            _ => Remedy::NewChallenge,
        };
        Self { code: rejection.code().into(), text: rejection.to_string().into(), remedy }
    }
}

/// Issues and recognises challenges under one secret.
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    key: MacKey,
    lifetime: Duration,
}

impl Challenges {
    pub(super) fn new(secret: &Secret, lifetime: Duration) -> Self {
        Self { key: secret.mac_key("challenge"), lifetime }
    }

    /// A fresh challenge.
    pub(super) fn issue(&self, binding: Binding<'_>, now: Timestamp) -> Result<IssuedChallenge, NoRandomness> {
        let expires_at = now.plus(self.lifetime);
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend([VERSION, purpose_byte(binding.purpose)]);
        bytes.extend(expires_at.as_millis().to_be_bytes());
        bytes.extend(app_tag(binding.app));
        bytes.extend(session_tag(binding.session));
        bytes.extend(random::<16>()?);
        bytes.extend(self.key.tag(&bytes));
        Ok(IssuedChallenge { text: BASE64URL_NOPAD.encode(&bytes), expires_at })
    }

    /// Recognises a challenge that may be redeemed now; whether it was redeemed before is for the store to say.
    pub(super) fn recognise(
        &self,
        text: &str,
        binding: Binding<'_>,
        now: Timestamp,
    ) -> Result<Spend, ChallengeRejection> {
        let fields = self.authentic(text)?;
        fields.fit(binding, now)?;
        if fields.expires_at > now.plus(self.lifetime).plus(CLOCK_SKEW) {
            // Issued while a clock was wrong: it would be good for as long as the clock was ahead.
            return Err(ChallengeRejection::Expired);
        }
        Ok(fields.spend())
    }

    /// A challenge of this service's, whether or not it may be redeemed now; `None` for every other text.
    pub(super) fn issued(&self, text: &str) -> Option<Spend> {
        self.authentic(text).ok().map(|fields| fields.spend())
    }

    fn authentic(&self, text: &str) -> Result<Fields, ChallengeRejection> {
        let bytes = decoded(text).ok_or(ChallengeRejection::Malformed)?;
        let (body, tag) = bytes.split_at_checked(BODY_LENGTH).ok_or(ChallengeRejection::Malformed)?;
        if !self.key.matches(body, tag) {
            return Err(ChallengeRejection::NotIssued);
        }
        Fields::read(body).ok_or(ChallengeRejection::Malformed)
    }
}

struct Fields {
    purpose: u8,
    expires_at: Timestamp,
    app: [u8; 16],
    session: [u8; 16],
    id: [u8; 16],
}

impl Fields {
    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let version = reader.byte()?;
        let fields = Self {
            purpose: reader.byte()?,
            expires_at: Timestamp::from_millis(u64::from_be_bytes(reader.array()?)),
            app: reader.array()?,
            session: reader.array()?,
            id: reader.array()?,
        };
        (version == VERSION && reader.is_empty()).then_some(fields)
    }

    const fn spend(&self) -> Spend {
        Spend { id: self.id, expires_at: self.expires_at }
    }

    fn fit(&self, binding: Binding<'_>, now: Timestamp) -> Result<(), ChallengeRejection> {
        if self.app != app_tag(binding.app) {
            Err(ChallengeRejection::OtherApp)
        } else if self.purpose != purpose_byte(binding.purpose) {
            Err(ChallengeRejection::OtherPurpose)
        } else if self.session != session_tag(binding.session) {
            Err(ChallengeRejection::OtherSession)
        } else if now >= self.expires_at {
            Err(ChallengeRejection::Expired)
        } else {
            Ok(())
        }
    }
}

fn decoded(text: &str) -> Option<[u8; LENGTH]> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

const fn purpose_byte(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Attest => 1,
        Purpose::Assert => 2,
    }
}

fn app_tag(app: &AppName) -> [u8; 16] {
    half(&[b"bonafide challenge app", app.as_str().as_bytes()])
}

fn session_tag(session: &[u8]) -> [u8; 16] {
    if session.is_empty() { [0; 16] } else { half(&[b"bonafide challenge session", session]) }
}

fn half(parts: &[&[u8]]) -> [u8; 16] {
    let digest = sha256_of_parts(parts);
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Name;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const LIFETIME: Duration = Duration::from_secs(300);

    fn challenges() -> Challenges {
        Challenges::new(&Secret::new([1; 32]), LIFETIME)
    }

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    #[test]
    fn d01_a_challenge_fits_what_it_was_issued_for_and_nothing_else() {
        let (shop, bank) = (name("shop"), name("bank"));
        let bound = Binding { app: &shop, purpose: Purpose::Assert, session: b"session" };
        let issued = challenges().issue(bound, NOW).expect("issues");
        assert_eq!((issued.text.len(), issued.expires_at), (120, NOW.plus(LIFETIME)));
        let recognise = |binding, now| challenges().recognise(&issued.text, binding, now).map(|spend| spend.expires_at);
        assert_eq!(recognise(bound, NOW), Ok(issued.expires_at));
        let refused = |binding| recognise(binding, NOW).expect_err("refused");
        assert_eq!(refused(Binding { app: &bank, ..bound }), ChallengeRejection::OtherApp);
        assert_eq!(refused(Binding { purpose: Purpose::Attest, ..bound }), ChallengeRejection::OtherPurpose);
        assert_eq!(refused(Binding { session: b"other", ..bound }), ChallengeRejection::OtherSession);
        assert_eq!(refused(Binding { session: b"", ..bound }), ChallengeRejection::OtherSession);
        assert_eq!(recognise(bound, issued.expires_at), Err(ChallengeRejection::Expired));
    }

    #[test]
    fn d05_a_challenge_of_a_time_that_has_not_come_is_refused() {
        let shop = name("shop");
        let binding = Binding { app: &shop, purpose: Purpose::Assert, session: b"" };
        let issued = challenges().issue(binding, NOW).expect("issues");
        let recognise = |now| challenges().recognise(&issued.text, binding, now).map(|spend| spend.expires_at);
        assert_eq!(recognise(NOW.minus(CLOCK_SKEW)), Ok(issued.expires_at));
        let too_early = NOW.minus(CLOCK_SKEW + Duration::from_millis(1));
        assert_eq!(recognise(too_early), Err(ChallengeRejection::Expired));
    }

    #[test]
    fn no_two_challenges_are_alike() {
        let app = name("shop");
        let binding = Binding { app: &app, purpose: Purpose::Attest, session: b"" };
        let [first, second] = [(); 2].map(|()| challenges().issue(binding, NOW).expect("issues").text);
        assert_ne!(first, second);
    }

    #[test]
    fn every_changed_character_is_refused() {
        let app = name("shop");
        let binding = Binding { app: &app, purpose: Purpose::Attest, session: b"" };
        let issued = challenges().issue(binding, NOW).expect("issues").text;
        for at in 0..issued.len() {
            let mut changed = issued.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(changed).expect("ascii");
            assert_eq!(challenges().recognise(&text, binding, NOW), Err(ChallengeRejection::NotIssued), "{at}");
        }
        let other = Challenges::new(&Secret::new([2; 32]), LIFETIME);
        assert_eq!(other.recognise(&issued, binding, NOW), Err(ChallengeRejection::NotIssued));
    }

    #[test]
    fn e14_only_the_canonical_form_is_read() {
        let app = name("shop");
        let binding = Binding { app: &app, purpose: Purpose::Attest, session: b"" };
        let issued = challenges().issue(binding, NOW).expect("issues").text;
        let loose = [format!("{issued}="), format!(" {issued}"), format!("{issued}\n"), issued[1..].to_owned()];
        for text in loose.iter().map(String::as_str).chain(["", "challenge", "ü"]) {
            assert_eq!(challenges().recognise(text, binding, NOW), Err(ChallengeRejection::Malformed), "{text:?}");
        }
    }
}
