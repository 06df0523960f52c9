//! DER (X.690) written out. It writes what it is told, so that evidence can be wrong in exactly one place.

use time::OffsetDateTime;

use crate::time::Timestamp;

/// An object identifier as its numbers.
pub type Oid = &'static [u64];

/// One value under a tag of one byte.
pub fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag], length(content.len()).as_slice(), content].concat()
}

/// A SEQUENCE of values that are already encoded.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(0x30, &parts.concat())
}

/// A SET of one value that is already encoded.
pub fn set(part: &[u8]) -> Vec<u8> {
    value(0x31, part)
}

/// A SET of values that are already encoded, in the order given, sorted or not.
pub fn set_of(parts: &[Vec<u8>]) -> Vec<u8> {
    value(0x31, &parts.concat())
}

/// An OBJECT IDENTIFIER; one of fewer than two numbers is written empty.
pub fn oid(numbers: Oid) -> Vec<u8> {
    let [first, second, rest @ ..] = numbers else { return value(0x06, &[]) };
    let content: Vec<u8> = [40 * first + second].iter().chain(rest).flat_map(|number| base_128(*number)).collect();
    value(0x06, &content)
}

/// A non-negative INTEGER, given in big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    value(0x02, &[sign, digits].concat())
}

/// A non-negative INTEGER.
pub fn number(number: u64) -> Vec<u8> {
    integer(&number.to_be_bytes())
}

/// An ENUMERATED of a number below 128.
pub fn enumerated(number: u8) -> Vec<u8> {
    value(0x0A, &[number])
}

/// The BOOLEAN true.
pub fn truth() -> Vec<u8> {
    boolean(0xFF)
}

/// A BOOLEAN of this byte: 0 is false, 0xFF is true, and the rest is what devices make of it.
pub fn boolean(byte: u8) -> Vec<u8> {
    value(0x01, &[byte])
}

/// NULL.
pub fn null() -> Vec<u8> {
    value(0x05, &[])
}

/// An OCTET STRING.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    value(0x04, bytes)
}

/// A UTF8String.
pub fn text(text: &str) -> Vec<u8> {
    value(0x0C, text.as_bytes())
}

/// A PrintableString, whatever its characters are.
pub fn printable(text: &str) -> Vec<u8> {
    value(0x13, text.as_bytes())
}

/// A BIT STRING of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    value(0x03, &[&[0], bytes].concat())
}

/// A value under an explicit context tag, in the form of several bytes from 31 on.
pub fn explicit(tag: u64, content: &[u8]) -> Vec<u8> {
    match u8::try_from(tag) {
        Ok(low @ 0..=30) => value(0xA0 | low, content),
        _ => [&[0xBF], base_128(tag).as_slice(), &length(content.len()), content].concat(),
    }
}

/// A time as RFC 5280 wants it: UTCTime before 2050, GeneralizedTime from then on.
pub fn time(at: Timestamp) -> Vec<u8> {
    match digits_of(at) {
        (2050.., _) => generalized_time(at),
        (year, rest) => value(0x17, format!("{:02}{rest}", year % 100).as_bytes()),
    }
}

/// A GeneralizedTime in any year.
pub fn generalized_time(at: Timestamp) -> Vec<u8> {
    let (year, rest) = digits_of(at);
    value(0x18, format!("{year:04}{rest}").as_bytes())
}

fn digits_of(at: Timestamp) -> (i32, String) {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = at.to_hms();
    let (month, day) = (u8::from(at.month()), at.day());
    (at.year(), format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z"))
}

fn length(count: usize) -> Vec<u8> {
    match u8::try_from(count) {
        Ok(short @ 0..=0x7F) => vec![short],
        _ => {
            let bytes: Vec<u8> = count.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            [&[0x80 | u8::try_from(bytes.len()).unwrap_or(0)], bytes.as_slice()].concat()
        }
    }
}

fn base_128(number: u64) -> Vec<u8> {
    let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
    let group = |at: u32| u8::try_from(number >> (7 * at) & 0x7F).unwrap_or(0);
    (0..groups).rev().map(|at| if at == 0 { group(at) } else { 0x80 | group(at) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_take_as_many_bytes_as_they_need() {
        assert_eq!(value(4, &[0; 127])[..2], [4, 127]);
        assert_eq!(value(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(value(4, &[0; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(oid(&[1, 2, 840, 113_635, 100, 8, 2]), *b"\x06\x09\x2A\x86\x48\x86\xF7\x63\x64\x08\x02");
    }

    #[test]
    fn high_context_tags_are_apples_and_androids() {
        assert_eq!(explicit(704, &[])[..3], [0xBF, 0x85, 0x40]);
        assert_eq!(explicit(503, &[])[..3], [0xBF, 0x83, 0x77]);
        assert_eq!(explicit(1204, &[])[..3], [0xBF, 0x89, 0x34]);
        assert_eq!(explicit(1400, &[])[..3], [0xBF, 0x8A, 0x78]);
        assert_eq!(explicit(1, &[]), [0xA1, 0]);
    }

    #[test]
    fn years_from_2050_on_are_written_in_full() {
        let at = |text: &str| time(Timestamp::parse(text).expect("a time"));
        assert_eq!(at("2049-12-31T23:59:59Z"), *b"\x17\x0D491231235959Z");
        assert_eq!(at("2050-01-01T00:00:00Z"), *b"\x18\x0F20500101000000Z");
        assert_eq!(generalized_time(Timestamp::EPOCH), *b"\x18\x0F19700101000000Z");
    }
}
