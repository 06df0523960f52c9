//! Serial numbers of certificates (RFC 5280 section 4.1.2.2), as numbers: however one is written, it is the same.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// The longest serial number, in bytes (RFC 5280 section 4.1.2.2).
pub const SERIAL_LIMIT: usize = 20;

/// A serial number. Its text is lower-case hex without leading zeros; `0` is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial([u8; SERIAL_LIMIT]);

/// The text is not a number in hex, or one beyond [`SERIAL_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a serial number is hex, of at most {SERIAL_LIMIT} bytes")]
pub struct SerialMalformed;

impl Serial {
    /// The number 1, which Android's Keystore gives to every leaf: it tells nothing about a certificate.
    pub const ONE: Self = {
        let mut bytes = [0; SERIAL_LIMIT];
        bytes[SERIAL_LIMIT - 1] = 1;
        Self(bytes)
    };

    /// The number whose big-endian bytes these are, for example the content of a DER INTEGER; leading zero bytes say nothing.
    ///
    /// The sign is not read. `None` when the number is longer than [`SERIAL_LIMIT`].
    pub fn from_be_bytes(bytes: &[u8]) -> Option<Self> {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let significant = bytes.get(first..)?;
        let mut number = [0; SERIAL_LIMIT];
        let at = SERIAL_LIMIT.checked_sub(significant.len())?;
        number.get_mut(at..)?.copy_from_slice(significant);
        Some(Self(number))
    }

    /// Reads a number in hex of either case, with or without leading zeros; `None` for everything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut number = [0; SERIAL_LIMIT];
        for (at, digit) in text.trim_start_matches('0').chars().rev().enumerate() {
            let nibble = u8::try_from(digit.to_digit(16)?).ok()?;
            *number.iter_mut().rev().nth(at / 2)? |= nibble << (4 * (at % 2));
        }
        (!text.is_empty()).then_some(Self(number))
    }

    /// Reads a number in decimal, with or without leading zeros; `None` for everything else.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let digits = text.trim_start_matches('0');
        // 2^160 has 49 decimal digits.
        if text.is_empty() || digits.len() > 49 {
            return None;
        }
        let mut number = [0; SERIAL_LIMIT];
        for digit in digits.chars() {
            let mut carry = u16::try_from(digit.to_digit(10)?).ok()?;
            for byte in number.iter_mut().rev() {
                let [high, low] = (u16::from(*byte) * 10 + carry).to_be_bytes();
                (*byte, carry) = (low, u16::from(high));
            }
            if carry != 0 {
                return None;
            }
        }
        Some(Self(number))
    }
}

impl FromStr for Serial {
    type Err = SerialMalformed;

    fn from_str(text: &str) -> Result<Self, SerialMalformed> {
        Self::from_hex(text).ok_or(SerialMalformed)
    }
}

impl TryFrom<String> for Serial {
    type Error = SerialMalformed;

    fn try_from(text: String) -> Result<Self, SerialMalformed> {
        text.parse()
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.to_string()
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let padded = HEXLOWER.encode(&self.0);
        out.write_str(match padded.trim_start_matches('0') {
            "" => "0",
            minimal => minimal,
        })
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Serial({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(bytes: &[u8]) -> Option<String> {
        Serial::from_be_bytes(bytes).map(|serial| serial.to_string())
    }

    #[test]
    fn a10_leading_zeros_and_odd_lengths_are_the_same_number() {
        assert_eq!(text(&[42]).as_deref(), Some("2a"));
        assert_eq!(text(&[0, 0, 0x01, 0x0b]).as_deref(), Some("10b"));
        assert_eq!(text(&[]).as_deref(), Some("0"));
        assert_eq!(Serial::from_hex("0002A"), Serial::from_be_bytes(&[42]));
        assert_eq!(Serial::from_decimal("00042"), Serial::from_be_bytes(&[42]));
        assert_eq!(Serial::from_hex("1"), Some(Serial::ONE));
    }

    #[test]
    fn numbers_beyond_20_bytes_are_no_serials() {
        let largest = [0xff; SERIAL_LIMIT];
        let decimal = "1461501637330902918203684832716283019655932542975";
        assert_eq!(Serial::from_decimal(decimal), Serial::from_be_bytes(&largest));
        assert_eq!(Serial::from_hex(&"f".repeat(40)), Serial::from_be_bytes(&largest));
        assert_eq!(Serial::from_decimal("1461501637330902918203684832716283019655932542976"), None);
        assert_eq!(Serial::from_hex(&"f".repeat(41)), None);
        assert_eq!(Serial::from_hex(&"f".repeat(10_000)), None);
        assert_eq!(Serial::from_be_bytes(&[1; SERIAL_LIMIT + 1]), None);
        let signed = [[0].as_slice(), &largest].concat();
        assert_eq!(Serial::from_be_bytes(&signed), Serial::from_be_bytes(&largest));
    }

    #[test]
    fn nothing_else_is_a_number() {
        for text in ["", "-1", "+1", "0x2a", "2a ", "2:a", "g", "٣"] {
            assert_eq!(text.parse::<Serial>(), Err(SerialMalformed), "{text:?}");
        }
        assert_eq!(Serial::from_decimal("2a"), None);
    }

    proptest! {
        #[test]
        fn a10_every_way_to_write_a_serial_is_the_same_number(number in any::<u128>(), zeros in 0_usize..4) {
            let serial = Serial::from_be_bytes(&number.to_be_bytes());
            let padding = "0".repeat(zeros);
            prop_assert_eq!(Serial::from_hex(&format!("{padding}{number:x}")), serial);
            prop_assert_eq!(Serial::from_hex(&format!("{padding}{number:X}")), serial);
            prop_assert_eq!(Serial::from_decimal(&format!("{padding}{number}")), serial);
            prop_assert_eq!(serial.map(|serial| serial.to_string()), Some(format!("{number:x}")));
        }
    }
}
