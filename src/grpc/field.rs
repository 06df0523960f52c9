//! Fields of requests, checked before anything else is done with them.

use super::fault::Violation;
use crate::ids::{AppName, KeyId};

/// The app's name.
pub(super) fn app(text: &str) -> Result<AppName, Violation> {
    text.parse().map_err(|malformed: crate::ids::NameMalformed| Violation::new("app", malformed.to_string()))
}

/// A key id of exactly 32 bytes.
pub(super) fn key_id(field: &'static str, bytes: &[u8]) -> Result<KeyId, Violation> {
    let id = bytes.try_into().map_err(|_| Violation::new(field, "a key id has 32 bytes, decoded from base64"))?;
    Ok(KeyId(id))
}

/// The longest text that is looked at as a pseudonym, in bytes; genuine ones have 43.
const INSTANCE_LIMIT: usize = 64;

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
