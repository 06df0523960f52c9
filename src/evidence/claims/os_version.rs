//! Versions of operating systems.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version of an operating system, compared number by number: `17.10` is newer than `17.9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OsVersion([u16; 4]);

/// A text is not one to four numbers with dots between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is one to four numbers with dots between them, for example 17.5.1")]
pub struct VersionMalformed;

impl FromStr for OsVersion {
    type Err = VersionMalformed;

    fn from_str(text: &str) -> Result<Self, VersionMalformed> {
        let mut numbers = [0; 4];
        let mut parts = text.split('.');
        let plain = |part: &&str| !part.is_empty() && part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        for (at, number) in numbers.iter_mut().enumerate() {
            let Some(part) = parts.next() else {
                return if at > 0 { Ok(Self(numbers)) } else { Err(VersionMalformed) };
            };
            *number = Some(part).filter(plain).and_then(|part| part.parse().ok()).ok_or(VersionMalformed)?;
        }
        if parts.next().is_none() { Ok(Self(numbers)) } else { Err(VersionMalformed) }
    }
}

impl OsVersion {
    /// Its numbers; those that are not stated are zero.
    pub const fn numbers(&self) -> [u16; 4] {
        self.0
    }
}

impl TryFrom<String> for OsVersion {
    type Error = VersionMalformed;

    fn try_from(text: String) -> Result<Self, VersionMalformed> {
        text.parse()
    }
}

impl From<OsVersion> for String {
    fn from(version: OsVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, rest] = self.0;
        write!(out, "{major}.{minor}")?;
        if (patch, rest) != (0, 0) {
            write!(out, ".{patch}")?;
        }
        if rest != 0 { write!(out, ".{rest}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<OsVersion>().expect(text);
        assert!(version("17.10") > version("17.9"));
        assert!(version("17.5.1") > version("17.5"));
        assert_eq!(version("17"), version("17.0.0"));
        assert_eq!(version("17.5.1").to_string(), "17.5.1");
        assert_eq!(version("9").to_string(), "9.0");
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for bad in ["", ".", "17.", "17..1", "a", "1.2.3.4.5", "-1", "+1", "70000", "000017", "１７"] {
            assert_eq!(bad.parse::<OsVersion>(), Err(VersionMalformed), "{bad:?}");
        }
    }
}
