//! Names of things: each a type of its own, so that none can stand in for another.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::crypto::digest::{Digest, sha256_of_parts};

/// The longest name of an app, a caller or a relying party, in bytes.
pub const NAME_LIMIT: usize = 64;

/// A name that an operator gives: 1 to 64 of `a-z 0-9 . _ -`, starting with a letter or digit. Its copies share one text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Arc<str>);

/// The name of an app in the configuration, for example `shop`.
pub type AppName = Name;

/// Why a text is not a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and starts with a letter or a digit")]
pub struct NameMalformed;

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameMalformed;

    fn from_str(text: &str) -> Result<Self, NameMalformed> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let first = text.bytes().next().is_some_and(plain);
        let rest = text.bytes().all(|byte| plain(byte) || b"._-".contains(&byte));
        if first && rest && text.len() <= NAME_LIMIT { Ok(Self(text.into())) } else { Err(NameMalformed) }
    }
}

impl TryFrom<String> for Name {
    type Error = NameMalformed;

    fn try_from(text: String) -> Result<Self, NameMalformed> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// SHA-256 of a device key's uncompressed point: what Apple calls the key id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub Digest);

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyId({}…)", HEXLOWER.encode(&self.0[..4]))
    }
}

/// One installed app on one device, known by its attested key.
///
/// It follows from app, environment and key alone, so that two enrolments of one key can never make two instances.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(pub [u8; 16]);

impl InstanceId {
    /// The id of the instance of `app` that holds the key `key` in the environment named `environment`.
    pub fn derive(app: &AppName, environment: &str, key: &KeyId) -> Self {
        let digest =
            sha256_of_parts(&[b"bonafide instance 1", app.as_str().as_bytes(), environment.as_bytes(), &key.0]);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "InstanceId({}…)", HEXLOWER.encode(&self.0[..4]))
    }
}

/// A place in the feed of changes. Every change has a later one than all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before the first change.
    pub const START: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A keyed hash of a caller's account reference; the reference itself is never kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountTag(pub Digest);

impl fmt::Debug for AccountTag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccountTag(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_grammar() {
        for good in ["shop", "a", "0-9", "shop.ios_2"] {
            assert_eq!(good.parse::<Name>().expect(good).as_str(), good);
        }
        let long = "a".repeat(NAME_LIMIT + 1);
        for bad in ["", "Shop", "-shop", ".shop", "sh op", "shop\n", "ſhop", "shop\0", long.as_str()] {
            assert_eq!(bad.parse::<Name>(), Err(NameMalformed), "{bad:?}");
        }
    }

    #[test]
    fn instances_differ_by_app_environment_and_key() {
        let (app, other): (Name, Name) = ("ab".parse().expect("a name"), "a".parse().expect("a name"));
        let key = KeyId([7; 32]);
        let id = InstanceId::derive(&app, "c", &key);
        assert_eq!(id, InstanceId::derive(&app, "c", &key));
        assert_ne!(id, InstanceId::derive(&other, "bc", &key));
        assert_ne!(id, InstanceId::derive(&app, "d", &key));
        assert_ne!(id, InstanceId::derive(&app, "c", &KeyId([8; 32])));
    }
}
