//! CBOR read for showing: the same heads as [`crate::wire::cbor`], but what stands before a fault is kept.

use super::node::Node;
use crate::wire::bytes::Reader;
use crate::wire::cbor::{CborFault, DEPTH_LIMIT, ITEM_LIMIT};

/// An item, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A number.
    Integer(i128),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// Items.
    Array(Vec<Self>),
    /// Pairs of items.
    Map(Vec<(Self, Self)>),
    /// `false`, `true` or `null`.
    Simple(&'static str),
}

/// What could be read of some bytes.
#[derive(Debug)]
pub(super) struct Read<'a> {
    /// The item, or its beginning.
    pub(super) item: Option<Item<'a>>,
    /// Where reading stopped before its end, and why.
    pub(super) stop: Option<(usize, CborFault)>,
    /// What follows a whole item.
    pub(super) rest: &'a [u8],
}

/// Reads one item as far as it goes.
pub(super) fn read(bytes: &[u8]) -> Read<'_> {
    let mut walk = Walk { reader: Reader::new(bytes), length: bytes.len(), items: ITEM_LIMIT, stop: None };
    let item = walk.item(DEPTH_LIMIT);
    Read { item, rest: walk.reader.rest(), stop: walk.stop }
}

impl Read<'_> {
    /// A node that says where reading stopped, or that something follows.
    pub(super) fn stop_node(&self, length: usize) -> Option<Node> {
        match self.stop {
            Some((at, why)) => Some(Node::stop(at, why)),
            None if self.rest.is_empty() => None,
            None => Some(Node::stop(length.saturating_sub(self.rest.len()), CborFault::TrailingBytes)),
        }
    }
}

struct Walk<'a> {
    reader: Reader<'a>,
    length: usize,
    items: u64,
    stop: Option<(usize, CborFault)>,
}

impl<'a> Walk<'a> {
    fn at(&self) -> usize {
        self.length.saturating_sub(self.reader.rest().len())
    }

    /// Notes where and why reading stops; the innermost note counts.
    fn halt<T>(&mut self, at: usize, fault: CborFault) -> Option<T> {
        self.stop.get_or_insert((at, fault));
        None
    }

    fn item(&mut self, depth: usize) -> Option<Item<'a>> {
        let at = self.at();
        let Some(items) = self.items.checked_sub(1) else { return self.halt(at, CborFault::TooManyItems) };
        self.items = items;
        let Some(first) = self.reader.byte() else { return self.halt(at, CborFault::Truncated) };
        let (major, short) = (first >> 5, first & 0x1F);
        if major == 7 {
            return self.simple(at, short);
        }
        let Some(argument) = self.argument(short) else { return self.halt(at, head_fault(short)) };
        match major {
            0 => Some(Item::Integer(argument.into())),
            1 => Some(Item::Integer(-1 - i128::from(argument))),
            2 => Some(Item::Bytes(self.content(at, argument))),
            3 => self.text(at, argument),
            4 => self.array(at, depth, argument),
            5 => self.map(at, depth, argument),
            _ => self.halt(at, CborFault::Unsupported),
        }
    }

    fn simple(&mut self, at: usize, short: u8) -> Option<Item<'a>> {
        match short {
            20 => Some(Item::Simple("false")),
            21 => Some(Item::Simple("true")),
            22 => Some(Item::Simple("null")),
            _ => self.halt(at, CborFault::Unsupported),
        }
    }

    fn argument(&mut self, short: u8) -> Option<u64> {
        match short {
            0..=23 => Some(short.into()),
            24 => self.reader.byte().map(u64::from),
            25 => self.reader.array().map(u16::from_be_bytes).map(u64::from),
            26 => self.reader.array().map(u32::from_be_bytes).map(u64::from),
            27 => self.reader.array().map(u64::from_be_bytes),
            _ => None,
        }
    }

    /// The content of a string, or what there is of it.
    fn content(&mut self, at: usize, length: u64) -> &'a [u8] {
        let whole = usize::try_from(length).ok().and_then(|length| self.reader.take(length));
        whole.unwrap_or_else(|| {
            self.stop.get_or_insert((at, CborFault::Truncated));
            self.reader.take(self.reader.rest().len()).unwrap_or_default()
        })
    }

    fn text(&mut self, at: usize, length: u64) -> Option<Item<'a>> {
        match std::str::from_utf8(self.content(at, length)) {
            Ok(text) => Some(Item::Text(text)),
            Err(_) => self.halt(at, CborFault::NotUtf8),
        }
    }

    fn array(&mut self, at: usize, depth: usize, count: u64) -> Option<Item<'a>> {
        let Some(depth) = depth.checked_sub(1) else { return self.halt(at, CborFault::TooDeep) };
        let mut items = Vec::new();
        for _ in 0..count {
            items.extend(self.item(depth));
            if self.stop.is_some() {
                break;
            }
        }
        Some(Item::Array(items))
    }

    fn map(&mut self, at: usize, depth: usize, count: u64) -> Option<Item<'a>> {
        let Some(depth) = depth.checked_sub(1) else { return self.halt(at, CborFault::TooDeep) };
        let mut members = Vec::new();
        for _ in 0..count {
            let member = self.item(depth).and_then(|key| Some((key, self.item(depth)?)));
            members.extend(member);
            if self.stop.is_some() {
                break;
            }
        }
        Some(Item::Map(members))
    }
}

const fn head_fault(short: u8) -> CborFault {
    match short {
        31 => CborFault::Indefinite,
        24..=27 => CborFault::Truncated,
        _ => CborFault::Unsupported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_fault_is_kept() {
        let read = read(&[0xA2, 0x61, b'a', 1, 0x61, b'b', 0x43, 1, 2]);
        let (a, b) = ((Item::Text("a"), Item::Integer(1)), (Item::Text("b"), Item::Bytes(&[1, 2])));
        assert_eq!(read.item, Some(Item::Map(vec![a, b])));
        assert_eq!(read.stop, Some((6, CborFault::Truncated)));
    }

    #[test]
    fn bombs_cost_nothing() {
        assert_eq!(read(&[0x81; 100_000]).stop, Some((DEPTH_LIMIT, CborFault::TooDeep)));
        assert_eq!(read(&[0xBB, 255, 255, 255, 255, 255, 255, 255, 255]).stop, Some((9, CborFault::Truncated)));
        let many = [vec![0x99, 0xFF, 0xFF], vec![0; 70_000]].concat();
        assert_eq!(read(&many).stop.map(|(_, fault)| fault), Some(CborFault::TooManyItems));
        assert_eq!(read(&[]).item, None);
    }

    #[test]
    fn what_follows_is_said() {
        let read = read(&[0xA0, 7]);
        assert_eq!((read.stop, read.rest), (None, &[7][..]));
        assert_eq!(read.stop_node(2), Some(Node::stop(1, CborFault::TrailingBytes)));
    }
}
