//! The extension map that iOS 27 and macOS 27 append to authenticator data.

use ciborium::Value;

use super::rejection::Rejection;
use crate::crypto::digest::Digest;
use crate::evidence::claims::ValidationCategory;
use crate::wire::cbor::{self, Members};

/// The longest bundle version, in bytes.
const VERSION_LIMIT: usize = 64;

/// What the running code says of itself, vouched for by the operating system. All of it is absent before iOS 27.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// How the running code was validated at launch.
    pub validation_category: Option<ValidationCategory>,
    /// The bundle version of the running app.
    pub bundle_version: Option<String>,
    /// SHA-256 of the code directory hash; only with the opt-in entitlement.
    pub code_directory_hash: Option<Digest>,
    /// How many members this program does not know; they are no fault.
    pub unrecognised: usize,
}

impl Extensions {
    /// Reads what follows the fixed part of authenticator data: nothing, or exactly one map.
    ///
    /// The ED flag is not asked for: devices append the map and leave the flag clear.
    pub(super) fn read(tail: &[u8]) -> Result<Self, Rejection> {
        if tail.is_empty() {
            return Ok(Self::default());
        }
        let map = cbor::read(tail).map_err(|_| Rejection::Extensions("not exactly one CBOR map"))?;
        let mut members = Members::open(map).ok_or(Rejection::Extensions("not a map with text keys"))?;
        let category = either(&mut members, "apple_validation_category_01", "validationCategory", category)?;
        let version = either(&mut members, "apple_bundle_version_01", "bundleVersion", version)?;
        Ok(Self {
            validation_category: category,
            bundle_version: version,
            code_directory_hash: code_directory_hash(&mut members)?,
            unrecognised: members.left(),
        })
    }
}

/// Reads a member that goes by two names in Apple's documentation; both at once must agree.
fn either<T: PartialEq>(
    members: &mut Members,
    wire_name: &str,
    page_name: &str,
    read: fn(&Value) -> Result<T, Rejection>,
) -> Result<Option<T>, Rejection> {
    let first = members.take(wire_name).as_ref().map(read).transpose()?;
    let second = members.take(page_name).as_ref().map(read).transpose()?;
    match (first, second) {
        (Some(first), Some(second)) if first != second => Err(Rejection::Extensions("two names, two values")),
        (first, second) => Ok(first.or(second)),
    }
}

/// Four bytes, little-endian; the documentation also allows for an unsigned integer.
fn category(value: &Value) -> Result<ValidationCategory, Rejection> {
    let number = match value {
        Value::Bytes(bytes) => <[u8; 4]>::try_from(bytes.as_slice()).ok().map(u32::from_le_bytes),
        Value::Integer(number) => u32::try_from(*number).ok(),
        _ => None,
    };
    number.map(ValidationCategory).ok_or(Rejection::Extensions("the validation category is not a 32-bit number"))
}

/// Developers write what they like, and the operating system passes it on: only what steers a terminal is no version.
fn version(value: &Value) -> Result<String, Rejection> {
    match value {
        Value::Text(text) if (1..=VERSION_LIMIT).contains(&text.len()) && !text.contains(char::is_control) => {
            Ok(text.clone())
        }
        _ => Err(Rejection::Extensions("the bundle version is not a short plain text")),
    }
}

fn code_directory_hash(members: &mut Members) -> Result<Option<Digest>, Rejection> {
    let kind = members.take("apple_cd_hash_type_01");
    let Some(hash) = members.take("apple_cd_hash_hash_01") else { return Ok(None) };
    let sha256 = match kind {
        Some(Value::Bytes(kind)) => kind == [2],
        Some(Value::Integer(kind)) => kind == 2.into(),
        _ => false,
    };
    let digest = hash.as_bytes().and_then(|bytes| Digest::try_from(bytes.as_slice()).ok());
    // Another hash type, or the 20 bytes of an older text, is a value this program does not recognise, not a fault.
    Ok(digest.filter(|_| sha256))
}
