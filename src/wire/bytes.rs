//! Fixed-layout bytes, taken from the front without indexing.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes; `None`, with nothing taken, when fewer are left.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// The next `N` bytes; `None`, with nothing taken, when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Everything that has not been taken.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been taken.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_in_order_and_never_past_the_end() {
        let mut reader = Reader::new(&[1, 2, 3, 4]);
        assert_eq!(reader.byte(), Some(1));
        assert_eq!(reader.array::<2>(), Some([2, 3]));
        assert_eq!(reader.take(2), None);
        assert_eq!(reader.array::<2>(), None);
        assert_eq!(reader.rest(), [4]);
        assert_eq!(reader.take(1), Some(&[4][..]));
        assert!(reader.is_empty());
        assert_eq!(reader.byte(), None);
    }
}
