//! Versions that compare by number.

use std::str::FromStr;

use crate::evidence::claims::{OsVersion, PatchLevel};

/// One to four numbers; those that are not written are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u64; 4]);

/// A text is not one to four numbers with dots between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is one to four numbers with dots between them, for example 3.2.1")]
pub struct VersionMalformed;

impl FromStr for Version {
    type Err = VersionMalformed;

    fn from_str(text: &str) -> Result<Self, VersionMalformed> {
        let mut numbers = [0; 4];
        let mut unfilled = numbers.iter_mut();
        for part in text.split('.') {
            let plain = part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse().ok().filter(|_| plain);
            *unfilled.next().ok_or(VersionMalformed)? = number.ok_or(VersionMalformed)?;
        }
        Ok(Self(numbers))
    }
}

impl From<&OsVersion> for Version {
    fn from(version: &OsVersion) -> Self {
        Self(version.numbers().map(u64::from))
    }
}

/// Year, month and day; a patch level without a day is of the first of its month.
impl From<&PatchLevel> for Version {
    fn from(level: &PatchLevel) -> Self {
        let [year, month, day] = level.date().map(u64::from);
        Self([year, month, day, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<Version>().expect(text);
        assert!(version("3.10") > version("3.9"));
        assert!(version("3.2.0.1") > version("3.2"));
        assert_eq!(version("3"), version("3.0.0.0"));
        assert!(version("202511070130") > version("70000"));
        assert_eq!(version("17.5.1"), Version::from(&"17.5.1".parse::<OsVersion>().expect("a version")));
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for bad in ["", ".", "3.", "3..1", "a", "3.2-beta", "1.2.3.4.5", "-1", "+1", "99999999999999999999", "１"] {
            assert_eq!(bad.parse::<Version>(), Err(VersionMalformed), "{bad:?}");
        }
    }
}
