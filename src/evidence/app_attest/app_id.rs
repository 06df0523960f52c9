//! App IDs: `TEAMID.bundle`.

use std::fmt;
use std::str::FromStr;

use crate::crypto::digest::{Digest, sha256};

/// The longest App ID, in bytes.
const APP_ID_LIMIT: usize = 255;

/// An App ID: a prefix of ten of `A-Z 0-9`, a dot, and a bundle id of `A-Z a-z 0-9 - _ .`
///
/// Apple asks developers not to use the underscore, and uses it in its own sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId {
    text: String,
    rp_id_hash: Digest,
}

/// A text is not an App ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an App ID is ten of A-Z and 0-9, a dot, and a bundle id, for example 1234567890.com.example.shop")]
pub struct AppIdMalformed;

impl AppId {
    /// The App ID as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text: what authenticator data carries.
    pub const fn rp_id_hash(&self) -> &Digest {
        &self.rp_id_hash
    }
}

impl FromStr for AppId {
    type Err = AppIdMalformed;

    fn from_str(text: &str) -> Result<Self, AppIdMalformed> {
        let (prefix, bundle) = text.split_once('.').ok_or(AppIdMalformed)?;
        let prefix_fits =
            prefix.len() == 10 && prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let bundle_fits = bundle.split('.').all(|part| !part.is_empty() && part.bytes().all(plain));
        if !prefix_fits || !bundle_fits || text.len() > APP_ID_LIMIT {
            return Err(AppIdMalformed);
        }
        Ok(Self { text: text.to_owned(), rp_id_hash: sha256(text.as_bytes()) })
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b06_only_whole_app_ids_are_read() {
        for good in ["6MURL8TA57.de.vincent-haupert.apple-appattest-poc", "0352187391.com.apple.example_app_attest"] {
            assert_eq!(good.parse::<AppId>().map(|app| app.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "6MURL8TA57",
            "6MURL8TA57.",
            "6MURL8TA5.x",
            "6MURL8TA577.x",
            "6murl8ta57.x",
            "6MURL8TA57..x",
            "6MURL8TA57.x.",
            "6MURL8TA57.x y",
            "6MURL8TA57.x\0",
            "6MURL8TA57.ü",
            "com.example.app",
        ] {
            assert_eq!(bad.parse::<AppId>(), Err(AppIdMalformed), "{bad:?}");
        }
    }
}
