//! Messages of protobuf, read in place: each field is a slice of the message, and nothing is copied. And written as they are sent,
//! for where a message is the same for every call but for a few texts.

use std::iter::FusedIterator;

/// The longest varint, in bytes.
const VARINT_LIMIT: usize = 10;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is cut short, or holds what no message does")]
pub struct Malformed;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number of variable length, as it stands there.
    Varint(u64),
    /// Bytes, text, or another message.
    Bytes(&'a [u8]),
    /// A number of four or eight bytes.
    Fixed,
}

/// The fields of a message in their order, each with its number. After an error there is nothing more.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of a message.
    pub const fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Result<(u32, Value<'a>), Malformed> {
        let tag = u32::try_from(self.varint()?).map_err(|_| Malformed)?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            // Groups are of an older time.
            _ => return Err(Malformed),
        };
        if tag >> 3 == 0 { Err(Malformed) } else { Ok((tag >> 3, value)) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (at, byte) in self.rest.iter().take(VARINT_LIMIT).enumerate() {
            // Of the tenth byte, one bit is left.
            if at == VARINT_LIMIT - 1 && *byte > 1 {
                return Err(Malformed);
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.take(at + 1)?;
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl FusedIterator for Fields<'_> {}

/// A message as it is written, field by field.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty message with place for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds a field of bytes, of text, or of a message that was written before.
    pub fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.raw_varint(u64::from(number) << 3 | 2);
        self.raw_varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Adds a number of variable length, or a choice.
    pub fn varint(&mut self, number: u32, value: u64) {
        self.raw_varint(u64::from(number) << 3);
        self.raw_varint(value);
    }

    /// Starts anew, in the same place.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What was written.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    fn read(message: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Malformed> {
        Fields::of(message).collect()
    }

    #[test]
    fn fields_are_read_in_place() {
        let message = [&[0x08, 0x96, 0x01][..], b"\x12\x02ab", &[0x1d, 1, 2, 3, 4], &[0x21, 1, 2, 3, 4, 5, 6, 7, 8]];
        let expected = [(1, Value::Varint(150)), (2, Value::Bytes(b"ab")), (3, Value::Fixed), (4, Value::Fixed)];
        assert_eq!(read(&message.concat()), Ok(expected.to_vec()));
        assert_eq!(read(&[]), Ok(vec![]));
    }

    #[test]
    fn e02_what_no_message_holds_is_refused() {
        for bad in [
            &[0x08][..],
            &[0x08, 0x80],
            &[0x12, 0x02, b'a'],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0x1d, 1, 2, 3],
            &[0x21, 1, 2, 3, 4, 5, 6, 7],
            &[0x0b],
            &[0x0c],
            &[0x0e],
            &[0x02, 0x00],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
            &[0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00],
        ] {
            assert_eq!(read(bad), Err(Malformed), "{bad:02x?}");
        }
    }

    #[derive(Clone, PartialEq, Message)]
    struct Sample {
        #[prost(uint64, tag = "1")]
        number: u64,
        #[prost(bytes = "vec", repeated, tag = "2")]
        pieces: Vec<Vec<u8>>,
        #[prost(fixed32, tag = "3000")]
        fixed: u32,
        #[prost(double, tag = "536870911")]
        float: f64,
    }

    proptest! {
        #[test]
        fn what_a_library_writes_is_read(number: u64, pieces: Vec<Vec<u8>>, fixed: u32, float: f64) {
            let sample = Sample { number, pieces: pieces.clone(), fixed, float };
            let bytes = sample.encode_to_vec();
            let mut expected: Vec<(u32, Value<'_>)> = Vec::new();
            expected.extend((number != 0).then_some((1, Value::Varint(number))));
            expected.extend(pieces.iter().map(|piece| (2, Value::Bytes(piece))));
            expected.extend((fixed != 0).then_some((3000, Value::Fixed)));
            expected.extend((float.to_bits() != 0).then_some((536_870_911, Value::Fixed)));
            // Minus zero is zero to some, and no zero to others.
            prop_assume!(float != 0.0 || float.to_bits() == 0);
            prop_assert_eq!(read(&bytes), Ok(expected));
        }

        #[test]
        fn what_is_written_is_what_a_library_writes(number in 1_u64.., pieces: Vec<Vec<u8>>) {
            let sample = Sample { number, pieces: pieces.clone(), ..Sample::default() };
            let mut writer = Writer::with_capacity(16);
            writer.bytes(9, b"of another message");
            writer.clear();
            writer.varint(1, number);
            pieces.iter().for_each(|piece| writer.bytes(2, piece));
            prop_assert_eq!(writer.as_slice(), sample.encode_to_vec());
            prop_assert_eq!(writer.into_bytes(), sample.encode_to_vec());
        }

        #[test]
        fn whatever_stands_there_is_read_or_refused(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
