//! Bytes that are kept and shown in hexadecimal.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};

/// Bytes; as text, lower-case hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexBytes(pub Vec<u8>);

/// A text is not whole bytes in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not bytes in hexadecimal, two digits each")]
pub struct HexMalformed;

impl From<&[u8]> for HexBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl FromStr for HexBytes {
    type Err = HexMalformed;

    fn from_str(text: &str) -> Result<Self, HexMalformed> {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map(Self).map_err(|_| HexMalformed)
    }
}

impl TryFrom<String> for HexBytes {
    type Error = HexMalformed;

    fn try_from(text: String) -> Result<Self, HexMalformed> {
        text.parse()
    }
}

impl From<HexBytes> for String {
    fn from(bytes: HexBytes) -> Self {
        bytes.to_string()
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&HEXLOWER.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_the_same_thing() {
        let bytes: HexBytes = "00FFa0".parse().expect("hexadecimal");
        assert_eq!(bytes, HexBytes(vec![0, 0xFF, 0xA0]));
        assert_eq!(bytes.to_string(), "00ffa0");
        for bad in ["0", "0g", "00 ff", "0x00"] {
            assert_eq!(bad.parse::<HexBytes>(), Err(HexMalformed), "{bad:?}");
        }
    }
}
