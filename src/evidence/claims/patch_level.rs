//! Security patch levels as dates: a month, and perhaps a day.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::time::Timestamp;

/// Android had no patch levels before this year.
const FIRST_YEAR: u16 = 2014;

/// A patch level of a partition. Levels compare as dates; one without a day counts as the first of its month.
///
/// The numbers that devices write are never compared: `202401` is later than `20230101` and smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PatchLevel {
    year: u16,
    month: u8,
    day: Option<u8>,
}

/// A text is not a patch level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a patch level is a month or a day since 2014, for example 2026-02 or 2026-02-05")]
pub struct PatchLevelMalformed;

impl PatchLevel {
    /// Takes apart YYYYMM or YYYYMMDD; `None` for every other number, 0 among them.
    pub fn of(number: u64) -> Option<Self> {
        let (months, day) = match number {
            100_000..=999_999 => (number, None),
            10_000_000..=99_999_999 => (number / 100, Some(number % 100)),
            _ => return None,
        };
        Self::checked(months / 100, months % 100, day)
    }

    fn checked(year: u64, month: u64, day: Option<u64>) -> Option<Self> {
        let plausible =
            year >= u64::from(FIRST_YEAR) && (1..=12).contains(&month) && day.is_none_or(|day| (1..=31).contains(&day));
        let narrow = |value: u64| u8::try_from(value).ok();
        let day = day.and_then(narrow);
        plausible.then_some(Self { year: u16::try_from(year).ok()?, month: narrow(month)?, day })
    }

    /// Year, month and day; the first day of the month where none is stated.
    pub fn date(&self) -> [u16; 3] {
        [self.year, self.month.into(), self.day.unwrap_or(1).into()]
    }

    /// Whether the level is older than `months` calendar months before `now`.
    pub fn is_older_than(&self, months: u32, now: Timestamp) -> bool {
        let (now_months, day) = calendar(now);
        let oldest = now_months - i64::from(months);
        let (own, own_day) = (self.months(), self.day.unwrap_or(1));
        own < oldest || own == oldest && own_day < day
    }

    /// Whether the level lies more than `months` calendar months after `now`.
    pub fn is_ahead_by_more_than(&self, months: u32, now: Timestamp) -> bool {
        self.months() > calendar(now).0 + i64::from(months)
    }

    /// Whether the level is before `least`.
    pub fn is_before(&self, least: &Self) -> bool {
        (self.months(), self.day.unwrap_or(1)) < (least.months(), least.day.unwrap_or(1))
    }

    fn months(&self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }
}

/// Months since year 0, and the day of the month.
fn calendar(at: Timestamp) -> (i64, u8) {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    (i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1, at.day())
}

impl FromStr for PatchLevel {
    type Err = PatchLevelMalformed;

    fn from_str(text: &str) -> Result<Self, PatchLevelMalformed> {
        let digits = |part: &str, length: usize| -> Option<u64> {
            (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let parts: Vec<_> = text.split('-').collect();
        let read = match parts.as_slice() {
            [year, month] => digits(year, 4).zip(digits(month, 2)).and_then(|(y, m)| Self::checked(y, m, None)),
            [year, month, day] => {
                let date = digits(year, 4).zip(digits(month, 2)).zip(digits(day, 2));
                date.and_then(|((y, m), d)| Self::checked(y, m, Some(d)))
            }
            _ => None,
        };
        read.ok_or(PatchLevelMalformed)
    }
}

impl TryFrom<String> for PatchLevel {
    type Error = PatchLevelMalformed;

    fn try_from(text: String) -> Result<Self, PatchLevelMalformed> {
        text.parse()
    }
}

impl From<PatchLevel> for String {
    fn from(level: PatchLevel) -> Self {
        level.to_string()
    }
}

impl fmt::Display for PatchLevel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)?;
        match self.day {
            Some(day) => write!(out, "-{day:02}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn level(number: u64) -> PatchLevel {
        PatchLevel::of(number).expect("a level")
    }

    #[test]
    fn a19_patch_levels_are_dates_and_nothing_else() {
        for (number, text) in [(201_401, "2014-01"), (202_602, "2026-02"), (20_260_205, "2026-02-05")] {
            assert_eq!(level(number).to_string(), text);
            assert_eq!(text.parse(), Ok(level(number)));
        }
        for bad in
            [0, 1, 202_400, 202_413, 201_312, 20_241_301, 20_240_132, 20_240_100, 2_024_010, 202_401_011, u64::MAX]
        {
            assert_eq!(PatchLevel::of(bad), None, "{bad}");
        }
        for bad in ["", "2026", "2026-2", "2026-13", "2026-02-00", "2026-02-05-01", "+026-02", "2013-12"] {
            assert_eq!(bad.parse::<PatchLevel>(), Err(PatchLevelMalformed), "{bad:?}");
        }
    }

    #[test]
    fn a19_months_are_calendar_months() {
        let now = at("2026-03-31T12:00:00Z");
        for (number, months, older) in [
            (202_603, 0, true),
            (20_260_331, 0, false),
            (202_602, 1, true),
            (202_603, 1, false),
            (202_602, 2, false),
            (20_260_131, 2, false),
            (20_260_130, 2, true),
            (202_504, 11, true),
            (202_504, 12, false),
        ] {
            assert_eq!(level(number).is_older_than(months, now), older, "{number} and {months} months");
        }
    }

    #[test]
    fn a19_levels_of_either_length_compare_as_dates() {
        assert!(level(20_230_101).is_before(&level(202_401)));
        assert!(!level(202_401).is_before(&level(20_230_101)));
        assert!(!level(20_260_205).is_before(&level(202_602)));
        assert!(level(202_602).is_before(&level(20_260_205)));
        assert!(level(999_912).is_ahead_by_more_than(2, at("2026-03-31T00:00:00Z")));
        assert!(!level(202_605).is_ahead_by_more_than(2, at("2026-03-01T00:00:00Z")));
    }
}
