//! DER (X.690) as devices write it: definite lengths, shortest lengths and tags, nothing left over.
//!
//! Elements are taken one by one from the front and never copied. There is no recursion: who opens an element decides how deep
//! to go. Where genuine devices deviate, the verb says so.

use super::bytes::Reader;

/// Why bytes are not the DER that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerFault {
    /// A length reaches past the end, or an element is missing.
    #[error("an element ends before its stated length")]
    Truncated,
    /// Bytes follow the last element.
    #[error("bytes follow the last element")]
    TrailingBytes,
    /// A tag that is longer than needed, or its number above 32 bits.
    #[error("a tag is not in its shortest form")]
    Tag,
    /// A length that is indefinite, longer than needed, or above 32 bits.
    #[error("a length is not in its shortest definite form")]
    Length,
    /// An element of another kind.
    #[error("an element of another kind")]
    Unexpected,
    /// An INTEGER or ENUMERATED that is empty, padded, or out of range.
    #[error("a number is not in its shortest form, or out of range")]
    Number,
    /// The content of a BOOLEAN or NULL has another length.
    #[error("a BOOLEAN or NULL has another length")]
    Content,
}

/// A tag: its class and form in the first byte's upper three bits, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Class and form: the first byte without the number.
    form: u8,
    /// The number.
    number: u32,
}

/// The number under which INTEGER and the others are known (X.680, section 8.4).
const fn universal(form: u8, number: u32) -> Tag {
    Tag { form, number }
}

impl Tag {
    /// BOOLEAN.
    pub const BOOLEAN: Self = universal(0, 1);
    /// INTEGER.
    pub const INTEGER: Self = universal(0, 2);
    /// BIT STRING.
    pub const BIT_STRING: Self = universal(0, 3);
    /// OCTET STRING.
    pub const OCTET_STRING: Self = universal(0, 4);
    /// NULL.
    pub const NULL: Self = universal(0, 5);
    /// ENUMERATED.
    pub const ENUMERATED: Self = universal(0, 10);
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: Self = universal(0x20, 16);
    /// SET and SET OF.
    pub const SET: Self = universal(0x20, 17);

    /// The number of an explicit context tag, `[n] EXPLICIT`; `None` for every other tag.
    pub const fn explicit(self) -> Option<u32> {
        if self.form == 0xA0 { Some(self.number) } else { None }
    }
}

/// One element: its tag and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The tag.
    pub tag: Tag,
    /// What stands between head and end.
    pub content: &'a [u8],
    /// Head and content.
    pub whole: &'a [u8],
}

/// Elements that stand one after the other, taken from the front.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    rest: Reader<'a>,
}

impl<'a> Elements<'a> {
    /// Reads `bytes` from their start.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: Reader::new(bytes) }
    }

    /// Whether every element has been taken.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Errors when something is left.
    pub const fn end(&self) -> Result<(), DerFault> {
        if self.is_empty() { Ok(()) } else { Err(DerFault::TrailingBytes) }
    }

    /// The next element.
    pub fn take(&mut self) -> Result<Element<'a>, DerFault> {
        let from = self.rest.rest();
        let tag = tag(&mut self.rest)?;
        let length = length(&mut self.rest)?;
        let content = self.rest.take(length).ok_or(DerFault::Truncated)?;
        let whole = from.get(..from.len() - self.rest.rest().len()).unwrap_or(from);
        Ok(Element { tag, content, whole })
    }

    /// The content of the next element, which must have this tag.
    pub fn expect(&mut self, tag: Tag) -> Result<&'a [u8], DerFault> {
        self.element(tag).map(|element| element.content)
    }

    /// The next element, which must have this tag.
    pub fn element(&mut self, tag: Tag) -> Result<Element<'a>, DerFault> {
        let element = self.take()?;
        if element.tag == tag { Ok(element) } else { Err(DerFault::Unexpected) }
    }

    /// The elements of the next SEQUENCE.
    pub fn sequence(&mut self) -> Result<Self, DerFault> {
        self.expect(Tag::SEQUENCE).map(Self::new)
    }

    /// The elements of the next SET, in whatever order they stand: devices do not sort them.
    pub fn unsorted_set(&mut self) -> Result<Self, DerFault> {
        self.expect(Tag::SET).map(Self::new)
    }

    /// The content of the next OCTET STRING.
    pub fn octets(&mut self) -> Result<&'a [u8], DerFault> {
        self.expect(Tag::OCTET_STRING)
    }

    /// The next INTEGER, when it is zero or positive and has at most 64 bits.
    pub fn unsigned(&mut self) -> Result<u64, DerFault> {
        unsigned(self.expect(Tag::INTEGER)?)
    }

    /// The next ENUMERATED, when it is zero or positive and has at most 64 bits.
    pub fn enumerated(&mut self) -> Result<u64, DerFault> {
        unsigned(self.expect(Tag::ENUMERATED)?)
    }

    /// The next BOOLEAN; any byte but zero is true, as some devices write 01.
    pub fn loose_boolean(&mut self) -> Result<bool, DerFault> {
        match self.expect(Tag::BOOLEAN)? {
            [value] => Ok(*value != 0),
            _ => Err(DerFault::Content),
        }
    }

    /// The next NULL.
    pub fn null(&mut self) -> Result<(), DerFault> {
        if self.expect(Tag::NULL)?.is_empty() { Ok(()) } else { Err(DerFault::Content) }
    }
}

/// Reads one SEQUENCE and nothing after it.
pub fn sequence(bytes: &[u8]) -> Result<Elements<'_>, DerFault> {
    only(bytes, Elements::sequence)
}

/// Reads one value and nothing after it.
pub fn only<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Elements<'a>) -> Result<T, DerFault>,
) -> Result<T, DerFault> {
    let mut elements = Elements::new(bytes);
    let value = read(&mut elements)?;
    elements.end().map(|()| value)
}

fn tag(reader: &mut Reader<'_>) -> Result<Tag, DerFault> {
    let first = reader.byte().ok_or(DerFault::Truncated)?;
    let form = first & 0xE0;
    match u32::from(first & 0x1F) {
        0x1F => Ok(Tag { form, number: high_number(reader)? }),
        number => Ok(Tag { form, number }),
    }
}

/// Groups of seven bits, the last one without the upper bit (X.690, section 8.1.2.4).
fn high_number(reader: &mut Reader<'_>) -> Result<u32, DerFault> {
    let mut number = 0_u32;
    loop {
        let byte = reader.byte().ok_or(DerFault::Truncated)?;
        let padded = number == 0 && byte == 0x80;
        if padded || number > u32::MAX >> 7 {
            return Err(DerFault::Tag);
        }
        number = number << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return if number < 0x1F { Err(DerFault::Tag) } else { Ok(number) };
        }
    }
}

fn length(reader: &mut Reader<'_>) -> Result<usize, DerFault> {
    let first = reader.byte().ok_or(DerFault::Truncated)?;
    if first < 0x80 {
        return Ok(usize::from(first));
    }
    let count = usize::from(first & 0x7F);
    if count == 0 || count > 4 {
        return Err(DerFault::Length);
    }
    let bytes = reader.take(count).ok_or(DerFault::Truncated)?;
    let length = bytes.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
    let shortest = bytes.first() != Some(&0) && length >= 0x80;
    if shortest { usize::try_from(length).map_err(|_| DerFault::Length) } else { Err(DerFault::Length) }
}

fn unsigned(content: &[u8]) -> Result<u64, DerFault> {
    let digits = match content {
        [] | [0x80..=0xFF, ..] | [0, 0..=0x7F, ..] => return Err(DerFault::Number),
        [0, digits @ ..] | digits => digits,
    };
    if digits.len() > 8 {
        return Err(DerFault::Number);
    }
    Ok(digits.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::der;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        HEXLOWER.decode(hex.as_bytes()).expect("hex")
    }

    fn fault(hex: &str) -> DerFault {
        Elements::new(&bytes(hex)).take().expect_err(hex)
    }

    #[test]
    fn elements_are_taken_in_order_and_to_the_end() {
        let document = bytes("300b02010504020102bf8540010a");
        let mut elements = Elements::new(&document);
        let mut inner = elements.sequence().expect("a sequence");
        assert_eq!(inner.unsigned(), Ok(5));
        assert_eq!(inner.expect(Tag::OCTET_STRING), Ok(&[1, 2][..]));
        assert_eq!(inner.take().expect_err("cut"), DerFault::Truncated);
        assert_eq!(sequence(&bytes("30000500")).expect_err("more"), DerFault::TrailingBytes);
    }

    #[test]
    fn high_tags_are_read_and_low_ones_not_in_their_form() {
        for (hex, number) in [("bf854000", 704), ("bf837700", 503), ("bf1f00", 31), ("a100", 1), ("be00", 30)] {
            let element = Elements::new(&bytes(hex)).take().expect(hex).tag;
            assert_eq!(element.explicit(), Some(number), "{hex}");
        }
        for hex in ["bf1e00", "bf801f00", "bf9080808000", "bfffffffff7f00"] {
            assert_eq!(fault(hex), DerFault::Tag, "{hex}");
        }
        assert_eq!(Elements::new(&bytes("bf8fffffff7f00")).take().expect("max").tag.explicit(), Some(u32::MAX));
        assert_eq!(Elements::new(&bytes("9f854000")).take().expect("primitive").tag.explicit(), None);
    }

    #[test]
    fn e02_lengths_are_definite_and_shortest_and_never_believed() {
        for hex in ["3080", "30810100", "3082007f", "30850000000001", "30ff"] {
            assert_eq!(fault(hex), DerFault::Length, "{hex}");
        }
        for hex in ["", "30", "3001", "3081", "3084ffffffff", "308180", "bf", "bf85"] {
            assert_eq!(fault(hex), DerFault::Truncated, "{hex}");
        }
    }

    #[test]
    fn numbers_have_one_encoding() {
        let number = |hex: &str| only(&bytes(hex), |elements| elements.unsigned());
        for (hex, value) in [("020100", 0), ("02017f", 127), ("02020080", 128), ("020900ffffffffffffffff", u64::MAX)] {
            assert_eq!(number(hex), Ok(value), "{hex}");
        }
        for hex in ["0200", "020180", "0202007f", "02020000", "0209010000000000000000", "020a0100000000000000ffff"] {
            assert_eq!(number(hex), Err(DerFault::Number), "{hex}");
        }
        assert_eq!(number("0a0101"), Err(DerFault::Unexpected));
        assert_eq!(only(&bytes("0a0103"), |elements| elements.enumerated()), Ok(3));
    }

    #[test]
    fn booleans_may_be_sloppy_and_nulls_may_not() {
        let boolean = |hex: &str| only(&bytes(hex), |elements| elements.loose_boolean());
        let found = [boolean("010100"), boolean("010101"), boolean("0101ff")];
        assert_eq!(found, [Ok(false), Ok(true), Ok(true)]);
        assert_eq!(boolean("0100"), Err(DerFault::Content));
        assert_eq!(only(&bytes("050100"), |elements| elements.null()), Err(DerFault::Content));
    }

    proptest! {
        #[test]
        fn whatever_is_read_writes_back_to_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(element) = Elements::new(&bytes).take() {
                prop_assert!(bytes.starts_with(element.whole));
                prop_assert!(element.whole.ends_with(element.content));
            }
        }

        #[test]
        fn what_is_written_is_read(tag in any::<u32>(), content in proptest::collection::vec(any::<u8>(), 0..300)) {
            let written = der::explicit(u64::from(tag), &content);
            let element = only(&written, Elements::take).expect("an element");
            prop_assert_eq!((element.tag.explicit(), element.content), (Some(tag), content.as_slice()));
        }
    }
}
