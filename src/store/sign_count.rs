//! Sign counts: which values have been accepted, so that none is accepted twice.

use std::num::NonZeroU16;

/// Which sign counts an app accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignCountMode {
    /// Only counts above every earlier one.
    Strict,
    /// Also counts that were overtaken, once each, as far back as the window reaches (after RFC 6479).
    Window(WindowSize),
}

/// How many counts a window holds, the highest included: a multiple of 64 from 64 to 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSize(NonZeroU16);

impl WindowSize {
    /// A window of `size` counts; `None` unless it is a multiple of 64 from 64 to 1024.
    pub const fn new(size: u16) -> Option<Self> {
        match NonZeroU16::new(size) {
            Some(size) if size.get() % 64 == 0 && size.get() <= 1024 => Some(Self(size)),
            _ => None,
        }
    }

    /// The size.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    const fn words(self) -> usize {
        self.0.get() as usize / 64
    }
}

/// Why a sign count is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignCountRefusal {
    /// It was accepted before, or in strict mode is not above the highest one.
    Seen,
    /// It lies before the window: whether it was accepted is no longer known.
    BeforeWindow,
}

/// The accepted sign counts of one instance.
///
/// Bit `i` of `seen` (word `i / 64`, bit `i % 64`) says whether `highest - i` was accepted. What lies beyond the stored words counts
/// as accepted, so that narrowing or widening the window can never let a value in twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignCounts {
    highest: u32,
    seen: Vec<u64>,
}

impl SignCounts {
    /// A new key's: zero has been seen, nothing else.
    pub fn new() -> Self {
        Self { highest: 0, seen: Vec::new() }
    }

    /// Rebuilds what [`Self::highest`] and [`Self::window_bytes`] gave.
    pub fn restore(highest: u32, window: &[u8]) -> Self {
        let words = window.chunks_exact(8).filter_map(|word| word.try_into().ok()).map(u64::from_le_bytes);
        Self { highest, seen: words.collect() }
    }

    /// The highest accepted count.
    pub const fn highest(&self) -> u32 {
        self.highest
    }

    /// The window for keeping: eight bytes a word, little-endian.
    pub fn window_bytes(&self) -> Vec<u8> {
        self.seen.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Accepts `count`, or says why not. Counts do not wrap around.
    pub fn advance(&self, count: u32, mode: SignCountMode) -> Result<Self, SignCountRefusal> {
        match mode {
            SignCountMode::Strict if count > self.highest => Ok(Self { highest: count, seen: Vec::new() }),
            SignCountMode::Strict => Err(SignCountRefusal::Seen),
            SignCountMode::Window(size) if count > self.highest => Ok(self.raised(count, size)),
            SignCountMode::Window(size) => self.filled(count, size),
        }
    }

    fn raised(&self, count: u32, size: WindowSize) -> Self {
        let distance = count - self.highest;
        let mut seen = vec![0; size.words()];
        for at in 0..u32::from(size.get()) {
            if at == 0 || (at >= distance && self.has_seen(at - distance)) {
                mark(&mut seen, at);
            }
        }
        Self { highest: count, seen }
    }

    fn filled(&self, count: u32, size: WindowSize) -> Result<Self, SignCountRefusal> {
        let at = self.highest - count;
        if at >= u32::from(size.get()) {
            return Err(SignCountRefusal::BeforeWindow);
        }
        if self.has_seen(at) {
            return Err(SignCountRefusal::Seen);
        }
        let mut filled = self.clone();
        mark(&mut filled.seen, at);
        Ok(filled)
    }

    fn has_seen(&self, at: u32) -> bool {
        let word = usize::try_from(at / 64).ok().and_then(|word| self.seen.get(word));
        word.is_none_or(|word| word >> (at % 64) & 1 == 1)
    }
}

impl Default for SignCounts {
    fn default() -> Self {
        Self::new()
    }
}

fn mark(seen: &mut [u64], at: u32) {
    let word = usize::try_from(at / 64).ok().and_then(|word| seen.get_mut(word));
    if let Some(word) = word {
        *word |= 1 << (at % 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn window(size: u16) -> SignCountMode {
        SignCountMode::Window(WindowSize::new(size).expect("a size"))
    }

    fn accept(counts: &mut SignCounts, count: u32, mode: SignCountMode) -> Result<(), SignCountRefusal> {
        *counts = counts.advance(count, mode)?;
        Ok(())
    }

    #[test]
    fn b11_counts_are_unsigned_and_do_not_wrap() {
        for mode in [SignCountMode::Strict, window(64)] {
            let mut counts = SignCounts::new();
            for count in [0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
                assert_eq!(accept(&mut counts, count, mode), Ok(()), "{count:x}");
                assert_eq!(accept(&mut counts, count, mode), Err(SignCountRefusal::Seen), "{count:x}");
            }
            assert!(accept(&mut counts, 0, mode).is_err());
            assert!(accept(&mut counts, 1, mode).is_err());
        }
    }

    #[test]
    fn zero_was_seen_at_enrolment() {
        for mode in [SignCountMode::Strict, window(64)] {
            assert_eq!(SignCounts::new().advance(0, mode), Err(SignCountRefusal::Seen));
        }
    }

    #[test]
    fn strict_mode_knows_one_direction() {
        let mut counts = SignCounts::new();
        assert_eq!(accept(&mut counts, 5, SignCountMode::Strict), Ok(()));
        assert_eq!(accept(&mut counts, 4, SignCountMode::Strict), Err(SignCountRefusal::Seen));
        assert_eq!(accept(&mut counts, 6, SignCountMode::Strict), Ok(()));
    }

    #[test]
    fn late_counts_are_accepted_once_as_far_as_the_window_reaches() {
        let mut counts = SignCounts::new();
        assert_eq!(accept(&mut counts, 100, window(64)), Ok(()));
        assert_eq!(accept(&mut counts, 37, window(64)), Ok(()));
        assert_eq!(accept(&mut counts, 37, window(64)), Err(SignCountRefusal::Seen));
        assert_eq!(accept(&mut counts, 36, window(64)), Err(SignCountRefusal::BeforeWindow));
    }

    #[test]
    fn changing_the_mode_never_forgets() {
        let mut counts = SignCounts::new();
        assert_eq!(accept(&mut counts, 10, SignCountMode::Strict), Ok(()));
        assert_eq!(accept(&mut counts, 9, window(128)), Err(SignCountRefusal::Seen));
        assert_eq!(accept(&mut counts, 12, window(64)), Ok(()));
        assert_eq!(accept(&mut counts, 11, window(1024)), Ok(()));
        assert_eq!(accept(&mut counts, 11, SignCountMode::Strict), Err(SignCountRefusal::Seen));
    }

    #[test]
    fn window_sizes_are_multiples_of_64() {
        assert_eq!(WindowSize::new(1024).map(WindowSize::get), Some(1024));
        for size in [0, 1, 63, 65, 1088, u16::MAX] {
            assert_eq!(WindowSize::new(size), None, "{size}");
        }
    }

    proptest! {
        #[test]
        fn b10_no_history_accepts_a_count_twice(
            counts in proptest::collection::vec(0_u32..300, 1..400),
            sizes in proptest::collection::vec(0_u16..4, 400),
        ) {
            let (mut state, mut accepted) = (SignCounts::new(), BTreeSet::from([0]));
            for (count, size) in counts.into_iter().zip(sizes) {
                let mode = if size == 0 { SignCountMode::Strict } else { window(size * 64) };
                let highest = state.highest();
                let outcome = accept(&mut state, count, mode);
                prop_assert!(outcome.is_err() || accepted.insert(count), "{count} twice");
                prop_assert!(count <= highest || outcome.is_ok(), "{count} is new and was refused");
                let kept = SignCounts::restore(state.highest(), &state.window_bytes());
                prop_assert_eq!(&kept, &state);
            }
        }

        #[test]
        fn b10_any_order_within_the_window_is_accepted_once(order in Just((1..=64_u32).collect::<Vec<_>>()).prop_shuffle()) {
            let mut state = SignCounts::new();
            for count in &order {
                prop_assert_eq!(accept(&mut state, *count, window(64)), Ok(()));
            }
            for count in &order {
                prop_assert_eq!(accept(&mut state, *count, window(64)), Err(SignCountRefusal::Seen));
            }
        }
    }
}
