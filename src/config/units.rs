//! Durations and sizes as operators write them: a whole number and a unit.

use std::time::Duration;

/// The units of durations, smallest first, in milliseconds.
const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// The units of sizes, smallest first, in bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a duration, for example `250ms`, `30s`, `5m` or `2h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    counted(text, &DURATIONS).map(Duration::from_millis)
}

/// Reads a size, for example `64MiB`, in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    counted(text, &SIZES)
}

/// Writes a duration in the largest unit that fits.
pub(super) fn written_duration(duration: Duration) -> String {
    written(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &DURATIONS, "0s")
}

/// Writes a size in the largest unit that fits.
pub(super) fn written_size(bytes: u64) -> String {
    written(bytes, &SIZES, "0B")
}

fn counted(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn written(value: u64, units: &[(&str, u64)], zero: &str) -> String {
    let fits = |&&(_, factor): &&(&str, u64)| value != 0 && value.is_multiple_of(factor);
    match units.iter().rev().find(fits) {
        Some((unit, factor)) => format!("{}{unit}", value / factor),
        None => zero.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["0s", "1ms", "250ms", "30s", "90s", "5m", "2h"] {
            assert_eq!(duration(text).map(written_duration).as_deref(), Some(text));
        }
        for text in ["0B", "1B", "1500B", "64KiB", "64MiB", "2GiB"] {
            assert_eq!(size(text).map(written_size).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for bad in ["", "5", "m", "5 m", " 5m", "5M", "-5m", "+5m", "1.5h", "5m30s", "99999999999999999999s", "５m"] {
            assert_eq!(duration(bad), None, "{bad:?}");
        }
        for bad in ["", "64", "64MB", "64mib", "MiB", "18446744073709551615KiB"] {
            assert_eq!(size(bad), None, "{bad:?}");
        }
    }
}
