//! Places: bytes of a text counted in lines and columns.

/// A place in a text; both numbers start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, counted in characters.
    pub column: usize,
}

/// Where the lines of a text start.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    /// Finds the lines of `text`.
    pub(super) fn of(text: &str) -> Self {
        let later = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self([0].into_iter().chain(later).collect())
    }

    /// The line of the byte `at`.
    pub(super) fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }

    /// Where the line of the byte `at` starts and ends, in a text of `length` bytes.
    pub(super) fn around(&self, at: usize, length: usize) -> (usize, usize) {
        let next = self.line(at);
        let start = |line: usize| self.0.get(line).copied().unwrap_or(length);
        (start(next.saturating_sub(1)), start(next))
    }

    /// The place of the byte `at` of the same text.
    pub(super) fn place(&self, text: &str, at: usize) -> Place {
        let line = self.line(at);
        let start = self.0.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = text.get(start..at).or_else(|| text.get(start..)).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let text = "a\nüb\n\nc";
        let lines = Lines::of(text);
        let places = [0, 1, 2, 4, 5, 6, 7, 8, 99].map(|at| lines.place(text, at)).map(|at| (at.line, at.column));
        assert_eq!(places, [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1), (4, 1), (4, 2), (4, 2)]);
    }
}
