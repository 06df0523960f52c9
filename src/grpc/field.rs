//! Fields of requests, checked before anything else is done with them.

use super::fault::Violation;
use crate::crypto::serial::Serial;
use crate::ids::{AppName, KeyId, Name, NameMalformed};
use crate::time::Timestamp;

/// The app's name.
pub(super) fn app(text: &str) -> Result<AppName, Violation> {
    name("app", text)
}

/// A name of the configuration.
pub(super) fn name(field: &'static str, text: &str) -> Result<Name, Violation> {
    text.parse().map_err(|malformed: NameMalformed| Violation::new(field, malformed.to_string()))
}

/// The serial number of a certificate, one that tells something about it.
pub(super) fn serial(field: &'static str, text: &str) -> Result<Serial, Violation> {
    let serial = Serial::from_hex(text).filter(|serial| *serial > Serial::ONE);
    serial.ok_or_else(|| {
        Violation::new(field, "a serial number is hexadecimal, of at most 20 bytes, and neither 0 nor 1")
    })
}

/// A point in time, if there is one.
pub(super) fn time(field: &'static str, at: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, Violation> {
    let Some(at) = at else { return Ok(None) };
    let nanos = u32::try_from(at.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    let seconds = u64::try_from(at.seconds).ok().filter(|seconds| *seconds <= LAST_SECOND);
    let (seconds, nanos) =
        seconds.zip(nanos).ok_or_else(|| Violation::new(field, "no point in time from 1970 to 9999"))?;
    Ok(Some(Timestamp::from_millis(seconds * 1000 + u64::from(nanos / 1_000_000))))
}

/// The last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// A key id of exactly 32 bytes.
pub(super) fn key_id(field: &'static str, bytes: &[u8]) -> Result<KeyId, Violation> {
    let id = bytes.try_into().map_err(|_| Violation::new(field, "a key id has 32 bytes, decoded from base64"))?;
    Ok(KeyId(id))
}

/// The longest text that is looked at as a pseudonym, in bytes; genuine ones have 43.
pub(super) const INSTANCE_LIMIT: usize = 64;

/// An instance's pseudonym.
pub(super) fn instance(text: &str) -> Result<&str, Violation> {
    some_at_most("instance", text, INSTANCE_LIMIT)
}

/// A field that must not be longer than `limit` bytes.
pub(super) fn at_most<'a, T: AsRef<[u8]> + ?Sized>(
    field: &'static str,
    value: &'a T,
    limit: usize,
) -> Result<&'a T, Violation> {
    if value.as_ref().len() <= limit {
        Ok(value)
    } else {
        Err(Violation::new(field, format!("longer than {limit} bytes")))
    }
}

/// A field that must not be empty either.
pub(super) fn some_at_most<'a, T: AsRef<[u8]> + ?Sized>(
    field: &'static str,
    value: &'a T,
    limit: usize,
) -> Result<&'a T, Violation> {
    if value.as_ref().is_empty() { Err(Violation::new(field, "is empty")) } else { at_most(field, value, limit) }
}
