//! CBOR (RFC 8949) as devices write it: definite lengths, shortest heads, no duplicate keys, nothing left over.
//!
//! A walk over the heads comes first and costs no allocation: it refuses depth, counts and lengths that the input cannot
//! hold. Only what passes is decoded, by ciborium.

use ciborium::Value;

use super::bytes::Reader;

/// The deepest nesting that is read; App Attest objects need three levels.
pub const DEPTH_LIMIT: usize = 8;
/// The most items, keys included, that one document may hold.
pub const ITEM_LIMIT: u64 = 256;

/// Why bytes are not a CBOR item this service reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborFault {
    /// A length or an item reaches past the end of the input.
    #[error("the item ends before its stated length")]
    Truncated,
    /// Bytes follow the item.
    #[error("bytes follow the item")]
    TrailingBytes,
    /// More than [`DEPTH_LIMIT`] levels.
    #[error("nested deeper than {DEPTH_LIMIT} levels")]
    TooDeep,
    /// More than [`ITEM_LIMIT`] items.
    #[error("more than {ITEM_LIMIT} items")]
    TooManyItems,
    /// A string, array or map without a stated length.
    #[error("a length is indefinite")]
    Indefinite,
    /// A number or length written longer than needed.
    #[error("a head is longer than it needs to be")]
    NotShortest,
    /// A reserved head, a tag, a simple value other than false, true and null, or a float.
    #[error("a kind of item that no evidence uses")]
    Unsupported,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// One key twice in one map.
    #[error("a map has the same key twice")]
    DuplicateKey,
}

/// Reads exactly one item.
pub fn read(bytes: &[u8]) -> Result<Value, CborFault> {
    match read_first(bytes)? {
        (value, []) => Ok(value),
        _ => Err(CborFault::TrailingBytes),
    }
}

/// Reads the first item and gives back what follows it.
pub fn read_first(bytes: &[u8]) -> Result<(Value, &[u8]), CborFault> {
    let rest = walk(bytes)?;
    let item = bytes.strip_suffix(rest).unwrap_or(bytes);
    let value =
        ciborium::de::from_reader_with_recursion_limit(item, DEPTH_LIMIT * 2).map_err(|_| CborFault::NotUtf8)?;
    refuse_duplicates(&value)?;
    Ok((value, rest))
}

/// Checks the heads of one item and gives back what follows it.
fn walk(bytes: &[u8]) -> Result<&[u8], CborFault> {
    let mut reader = Reader::new(bytes);
    // Items still to come at each open level; the last one is the innermost.
    let mut open = [0_u64; DEPTH_LIMIT + 1];
    let (mut depth, mut left) = (0, ITEM_LIMIT);
    open[0] = 1;
    loop {
        match open.get_mut(depth) {
            Some(0) if depth == 0 => return Ok(reader.rest()),
            Some(0) => {
                depth -= 1;
                continue;
            }
            Some(remaining) => *remaining -= 1,
            None => return Err(CborFault::TooDeep),
        }
        left = left.checked_sub(1).ok_or(CborFault::TooManyItems)?;
        let children = walk_head(&mut reader)?;
        if children > left {
            return Err(CborFault::TooManyItems);
        }
        if children > 0 {
            depth += 1;
            *open.get_mut(depth).ok_or(CborFault::TooDeep)? = children;
        }
    }
}

/// Reads one head, skips the content of a string, and tells how many items it announces.
fn walk_head(reader: &mut Reader<'_>) -> Result<u64, CborFault> {
    let first = reader.byte().ok_or(CborFault::Truncated)?;
    let (major, short) = (first >> 5, first & 0x1F);
    if major == 7 {
        return if matches!(short, 20..=22) { Ok(0) } else { Err(CborFault::Unsupported) };
    }
    let argument = walk_argument(reader, short)?;
    match major {
        0 | 1 => Ok(0),
        2 | 3 => {
            let length = usize::try_from(argument).map_err(|_| CborFault::Truncated)?;
            reader.take(length).map(|_| 0).ok_or(CborFault::Truncated)
        }
        4 => bounded(argument, reader),
        5 => bounded(argument.checked_mul(2).ok_or(CborFault::Truncated)?, reader),
        _ => Err(CborFault::Unsupported),
    }
}

/// Every item takes at least a byte, so a count beyond the input is a lie that need not be walked.
fn bounded(items: u64, reader: &Reader<'_>) -> Result<u64, CborFault> {
    if items > reader.rest().len() as u64 { Err(CborFault::Truncated) } else { Ok(items) }
}

fn walk_argument(reader: &mut Reader<'_>, short: u8) -> Result<u64, CborFault> {
    let (value, least) = match short {
        0..=23 => return Ok(u64::from(short)),
        24 => (reader.byte().map(u64::from), 24),
        25 => (reader.array().map(u16::from_be_bytes).map(u64::from), 1 << 8),
        26 => (reader.array().map(u32::from_be_bytes).map(u64::from), 1 << 16),
        27 => (reader.array().map(u64::from_be_bytes), 1 << 32),
        31 => return Err(CborFault::Indefinite),
        _ => return Err(CborFault::Unsupported),
    };
    let value = value.ok_or(CborFault::Truncated)?;
    if value < least { Err(CborFault::NotShortest) } else { Ok(value) }
}

fn refuse_duplicates(value: &Value) -> Result<(), CborFault> {
    match value {
        Value::Array(items) => items.iter().try_for_each(refuse_duplicates),
        Value::Map(entries) => entries.iter().enumerate().try_for_each(|(at, (key, value))| {
            if entries.iter().take(at).any(|(earlier, _)| earlier == key) {
                return Err(CborFault::DuplicateKey);
            }
            refuse_duplicates(key)?;
            refuse_duplicates(value)
        }),
        _ => Ok(()),
    }
}

/// The members of a map with text keys, taken one by one.
#[derive(Debug)]
pub struct Members(Vec<(String, Value)>);

impl Members {
    /// Opens a map; `None` when the item is not a map or a key is not text.
    pub fn open(value: Value) -> Option<Self> {
        let Value::Map(entries) = value else { return None };
        let named = |(key, value)| match key {
            Value::Text(name) => Some((name, value)),
            _ => None,
        };
        entries.into_iter().map(named).collect::<Option<_>>().map(Self)
    }

    /// Takes the member out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// How many members have not been taken.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    fn fault(hex: &str) -> CborFault {
        read(&HEXLOWER.decode(hex.as_bytes()).expect("hex")).expect_err(hex)
    }

    #[test]
    fn reads_what_devices_write() {
        let bytes = HEXLOWER.decode(b"a2616101616243010203").expect("hex");
        let mut members = Members::open(read(&bytes).expect("a map")).expect("text keys");
        assert_eq!(members.take("b"), Some(Value::Bytes(vec![1, 2, 3])));
        assert_eq!(members.take("b"), None);
        assert_eq!(members.left(), 1);
    }

    #[test]
    fn e03_duplicate_keys_are_refused_at_every_level() {
        assert_eq!(fault("a2616101616102"), CborFault::DuplicateKey);
        assert_eq!(fault("81a2010201 03".replace(' ', "").as_str()), CborFault::DuplicateKey);
    }

    #[test]
    fn e04_nothing_may_follow() {
        assert_eq!(fault("a000"), CborFault::TrailingBytes);
        assert_eq!(fault(""), CborFault::Truncated);
        assert_eq!(read_first(&[0xA0, 1]).expect("an item").1, [1]);
    }

    #[test]
    fn e01_depth_is_bounded_without_recursion() {
        assert_eq!(read(&[0x81; 100_000]).expect_err("deep"), CborFault::TooDeep);
        assert_eq!(read(&[0xC1; 1000]).expect_err("tags"), CborFault::Unsupported);
        let deepest = [vec![0x81; DEPTH_LIMIT], vec![0]].concat();
        assert!(read(&deepest).is_ok());
    }

    #[test]
    fn e02_stated_lengths_are_never_believed() {
        assert_eq!(fault("5bffffffffffffffff"), CborFault::Truncated);
        assert_eq!(fault("9b00000001ffffffff"), CborFault::Truncated);
        assert_eq!(fault("bbffffffffffffffff"), CborFault::Truncated);
        assert_eq!(read(&[vec![0x99, 1, 1], vec![0; 257]].concat()).expect_err("many"), CborFault::TooManyItems);
    }

    #[test]
    fn only_one_encoding_of_each_item_is_read() {
        for (hex, expected) in [
            ("1800", CborFault::NotShortest),
            ("5801ff", CborFault::NotShortest),
            ("190017", CborFault::NotShortest),
            ("1a0000ffff", CborFault::NotShortest),
            ("1b00000000ffffffff", CborFault::NotShortest),
            ("bfff", CborFault::Indefinite),
            ("9fff", CborFault::Indefinite),
            ("5f4101ff", CborFault::Indefinite),
            ("f97e00", CborFault::Unsupported),
            ("f7", CborFault::Unsupported),
            ("1c", CborFault::Unsupported),
            ("61ff", CborFault::NotUtf8),
        ] {
            assert_eq!(fault(hex), expected, "{hex}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_encodes_back_to_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok((value, rest)) = read_first(&bytes) {
                let mut again = Vec::new();
                ciborium::into_writer(&value, &mut again).expect("encodes");
                prop_assert_eq!(&bytes[..bytes.len() - rest.len()], &again[..]);
            }
        }
    }
}
