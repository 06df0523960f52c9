//! Facts in the form in which cases state them.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Value, json};

use super::case::CaseFault;
use crate::evidence::app_attest::{AppId, Extensions};

/// Bytes in standard base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> Value {
    Value::String(BASE64.encode(bytes))
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> Value {
    Value::String(HEXLOWER.encode(bytes))
}

/// The App ID of a case.
pub(super) fn app_id(text: &str) -> Result<AppId, CaseFault> {
    text.parse().map_err(|_| CaseFault::Input { member: "app_id", wanted: "an App ID" })
}

/// The extension map under the names on the wire, with only the members that are present.
pub(super) fn extensions(extensions: &Extensions) -> Value {
    let members = [
        ("apple_validation_category_01", extensions.validation_category.map(|category| json!(category))),
        ("apple_bundle_version_01", extensions.bundle_version.as_ref().map(|version| json!(version))),
        ("apple_cd_hash_hash_01", extensions.code_directory_hash.map(|hash| base64(&hash))),
    ];
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
