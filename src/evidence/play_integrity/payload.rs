//! The payload of a token: parsed, not yet believed.

use super::rejection::Rejection;
use super::sections::Section;
use crate::evidence::claims::play_integrity::{
    AccountDetails, AppIntegrity, DeviceIntegrity, DeviceRecall, SignerDigest, Surroundings,
};
use crate::time::Timestamp;
use crate::wire::json;

/// The largest payload, in bytes; genuine ones have about 1 KiB.
pub const PAYLOAD_LIMIT: usize = 16 * 1024;

/// A payload (`tokenPayloadExternal`), read to its last member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// What was asked for.
    pub request: RequestDetails,
    /// What is known of the app.
    pub app: AppIntegrity,
    /// What is known of the device.
    pub device: DeviceIntegrity,
    /// What is known of the account.
    pub account: AccountDetails,
    /// What is known of what runs beside the app.
    pub surroundings: Surroundings,
    /// Whether a tester had the verdict made up.
    pub testing_response: bool,
    /// Members that are newer than this program, by their paths; at most 16.
    pub unknown_members: Vec<String>,
}

/// What was asked for (`requestDetails`). The caller can set all of it but the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestDetails {
    /// The package that the request names.
    pub package_name: String,
    /// The binding of a standard request.
    pub request_hash: Option<String>,
    /// The binding of a classic request.
    pub nonce: Option<String>,
    /// When the request was made.
    pub requested_at: Timestamp,
}

impl Payload {
    /// Reads a payload as it stands in a token, without the object around it that Google's server answers with.
    ///
    /// Members of a known name have their one type. Only `requestDetails` has to be there: what else is missing is not known,
    /// and the appraisal says what that is worth.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::read(open(bytes)?)
    }

    fn read(mut payload: Section) -> Result<Self, Rejection> {
        let mut unknown = Vec::new();
        let request = payload.section("requestDetails")?.ok_or(absent("requestDetails"))?;
        let read = Self {
            request: request_details(request, &mut unknown)?,
            app: part(payload.section("appIntegrity")?, &mut unknown, app_integrity)?,
            device: part(payload.section("deviceIntegrity")?, &mut unknown, device_integrity)?,
            account: part(payload.section("accountDetails")?, &mut unknown, account_details)?,
            surroundings: part(payload.section("environmentDetails")?, &mut unknown, surroundings)?,
            testing_response: part(payload.section("testingDetails")?, &mut unknown, |testing, _| {
                Ok(testing.flag("isTestingResponse")?.unwrap_or(false))
            })?,
            unknown_members: Vec::new(),
        };
        payload.close(&mut unknown);
        Ok(Self { unknown_members: unknown, ..read })
    }
}

/// Finds the payload in the answer of Google's server (`{"tokenPayloadExternal": {…}}`), and reads it.
pub fn payload_in_answer(bytes: &[u8]) -> Result<Payload, Rejection> {
    let payload = open(bytes)?.section("tokenPayloadExternal")?.ok_or(absent("tokenPayloadExternal"))?;
    Payload::read(payload)
}

fn open(bytes: &[u8]) -> Result<Section, Rejection> {
    if bytes.len() > PAYLOAD_LIMIT {
        return Err(Rejection::TooLarge { limit: PAYLOAD_LIMIT });
    }
    Section::outermost(json::read(bytes)?)
}

const fn absent(member: &'static str) -> Rejection {
    Rejection::Structure { member, wanted: "there" }
}

/// Reads a part; one that is absent says nothing, like an empty one.
fn part<T: Default>(
    section: Option<Section>,
    unknown: &mut Vec<String>,
    read: impl FnOnce(&mut Section, &mut Vec<String>) -> Result<T, Rejection>,
) -> Result<T, Rejection> {
    let Some(mut section) = section else { return Ok(T::default()) };
    let part = read(&mut section, unknown)?;
    section.close(unknown);
    Ok(part)
}

fn request_details(mut request: Section, unknown: &mut Vec<String>) -> Result<RequestDetails, Rejection> {
    let details = RequestDetails {
        package_name: request.text("requestPackageName")?.ok_or(absent("requestPackageName"))?,
        request_hash: request.text("requestHash")?,
        nonce: request.text("nonce")?,
        requested_at: request.long("timestampMillis")?.map(Timestamp::from_millis).ok_or(absent("timestampMillis"))?,
    };
    request.close(unknown);
    Ok(details)
}

fn app_integrity(app: &mut Section, _: &mut Vec<String>) -> Result<AppIntegrity, Rejection> {
    let digests = app.list::<String>("certificateSha256Digest")?.unwrap_or_default();
    let refused = Rejection::Structure { member: "certificateSha256Digest", wanted: "a list of digests in base64url" };
    let signers: Result<Vec<SignerDigest>, _> = digests.iter().map(|digest| digest.parse()).collect();
    Ok(AppIntegrity {
        verdict: app.word("appRecognitionVerdict")?,
        package_name: app.text("packageName")?,
        signers: signers.map_err(|_| refused)?,
        version_code: app.long("versionCode")?,
    })
}

fn device_integrity(device: &mut Section, unknown: &mut Vec<String>) -> Result<DeviceIntegrity, Rejection> {
    Ok(DeviceIntegrity {
        labels: device.list("deviceRecognitionVerdict")?.unwrap_or_default(),
        legacy_labels: device.list("legacyDeviceRecognitionVerdict")?.unwrap_or_default(),
        sdk_version: part(device.section("deviceAttributes")?, unknown, |part, _| part.int("sdkVersion"))?,
        recent_activity: part(device.section("recentDeviceActivity")?, unknown, |part, _| {
            part.word("deviceActivityLevel")
        })?,
        recall: device.section("deviceRecall")?.map(|recall| device_recall(recall, unknown)).transpose()?,
    })
}

fn device_recall(mut recall: Section, unknown: &mut Vec<String>) -> Result<DeviceRecall, Rejection> {
    let bits = part(recall.section("values")?, unknown, |values, _| {
        Ok([values.flag("bitFirst")?, values.flag("bitSecond")?, values.flag("bitThird")?])
    })?;
    let written = part(recall.section("writeDates")?, unknown, |dates, _| {
        Ok([dates.int("yyyymmFirst")?, dates.int("yyyymmSecond")?, dates.int("yyyymmThird")?])
    })?;
    recall.close(unknown);
    Ok(DeviceRecall { bits, written })
}

fn account_details(account: &mut Section, unknown: &mut Vec<String>) -> Result<AccountDetails, Rejection> {
    Ok(AccountDetails {
        licensing: account.word("appLicensingVerdict")?,
        activity: part(account.section("accountActivity")?, unknown, |part, _| part.word("activityLevel"))?,
    })
}

fn surroundings(around: &mut Section, unknown: &mut Vec<String>) -> Result<Surroundings, Rejection> {
    Ok(Surroundings {
        access_risk: part(around.section("appAccessRiskVerdict")?, unknown, |part, _| part.list("appsDetected"))?,
        play_protect: around.word("playProtectVerdict")?,
        location_risk: around.list("locationSpoofingRiskVerdict")?,
    })
}
