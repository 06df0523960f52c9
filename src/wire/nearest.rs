//! The name that somebody probably meant.

/// The name nearest to `given`, when it is near enough to be a slip of the hand.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (given.chars().count() / 3).max(1);
    let distances = names.into_iter().map(|name| (distance(given, name, allowed), name));
    let near = distances.filter(|(distance, _)| *distance <= allowed);
    near.min().map(|(_, name)| name)
}

/// The edits (Levenshtein) that lead from one text to the other; any number above `most` when they differ a lot in length.
fn distance(from: &str, to: &str, most: usize) -> usize {
    let apart = from.chars().count().abs_diff(to.chars().count());
    if apart > most {
        return apart;
    }
    let first = (0..=to.chars().count()).collect::<Vec<_>>();
    let last = from.chars().fold(first, |above, letter| next_row(&above, letter, to));
    last.last().copied().unwrap_or_default()
}

fn next_row(above: &[usize], letter: char, to: &str) -> Vec<usize> {
    let mut left = above.first().map_or(0, |corner| corner + 1);
    let mut row = vec![left];
    for (other, pair) in to.chars().zip(above.windows(2)) {
        let [corner, up] = pair else { break };
        left = (corner + usize::from(letter != other)).min(up + 1).min(left + 1);
        row.push(left);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let names = ["listen", "lifetime", "capacity", "kind"];
        let meant = |given| nearest(given, names);
        assert_eq!(meant("lisen"), Some("listen"));
        assert_eq!(meant("life_time"), Some("lifetime"));
        assert_eq!(meant("Kind"), Some("kind"));
        assert_eq!(meant("address"), None);
        assert_eq!(meant(""), None);
        assert_eq!(meant(&"x".repeat(100_000)), None);
    }

    #[test]
    fn distances_are_counted_in_edits() {
        for (from, to, edits) in [("", "", 0), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("", "abc", 3)] {
            assert_eq!(distance(from, to, 9), edits);
            assert_eq!(distance(to, from, 9), edits);
        }
    }
}
