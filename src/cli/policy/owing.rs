//! Which rules a change of tier is owed to.

use std::collections::BTreeSet;

use crate::appraisal::{Tier, TrustVector};
use crate::verifier::Stated;

/// Which way a tier goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Worse,
    Better,
}

/// Which way the tier goes, and the codes of the rules that this is owed to; `None` where it stays.
///
/// These are the rules that hold it at the worse of both tiers, and do not on the other side: they find nothing there, or make less
/// of it. Where no rule by itself has that tier, it is every rule that differs.
pub(super) fn owed<'a>(running: &'a Stated, candidate: &'a Stated) -> Option<(Way, BTreeSet<&'a str>)> {
    let (way, better, worse) = match candidate.standing.tier.cmp(&running.standing.tier) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => (Way::Worse, running, candidate),
        std::cmp::Ordering::Less => (Way::Better, candidate, running),
    };
    let holds = |stated: &Stated, code: &str| tier_of(stated, code) == Some(worse.standing.tier);
    let codes = worse.reasons.keys().map(String::as_str);
    let holding: BTreeSet<&str> = codes.filter(|code| holds(worse, code) && !holds(better, code)).collect();
    let owed = if holding.is_empty() { differing(running, candidate).collect() } else { holding };
    Some((way, owed))
}

/// The codes that only one side has, or that both have and weigh otherwise.
fn differing<'a>(running: &'a Stated, candidate: &'a Stated) -> impl Iterator<Item = &'a str> {
    let codes = running.reasons.keys().chain(candidate.reasons.keys());
    codes.filter(|code| running.reasons.get(*code) != candidate.reasons.get(*code)).map(String::as_str)
}

fn tier_of(stated: &Stated, code: &str) -> Option<Tier> {
    stated.reasons.get(code).map(TrustVector::tier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::{Aspect, Worth};
    use crate::verdict::Decision;
    use crate::verifier::Outcome;

    const GOOD: Worth = Worth::AFFIRMED;
    const DOUBT: Worth = Worth::DOUBTFUL;
    const BAD: Worth = Worth::CONTRAINDICATED;
    const MUTE: Worth = Worth::NO_CLAIM;

    /// What is stated on a device that is worth `base` but for these reasons.
    fn stated(base: Worth, reasons: &[(&str, Worth)]) -> Stated {
        let tier = reasons.iter().fold(base, |worst, (_, worth)| worst.worse(*worth)).tier();
        let vector = |worth| TrustVector::of(Aspect::Configuration, worth);
        let reasons = reasons.iter().map(|(code, worth)| ((*code).to_owned(), vector(*worth))).collect();
        Stated { standing: Outcome { decision: Decision::Deny, tier }, reasons }
    }

    #[test]
    fn a_change_is_owed_to_the_rules_that_hold_the_worse_tier() {
        type Found = &'static [(&'static str, Worth)];
        let table: [(Found, Found, &[&str]); 9] = [
            (&[], &[("a", BAD)], &["a"]),
            (&[], &[("a", BAD), ("b", BAD)], &["a", "b"]),
            (&[], &[("a", BAD), ("b", DOUBT)], &["a"]),
            (&[("a", DOUBT)], &[("a", BAD)], &["a"]),
            (&[("a", DOUBT)], &[("b", BAD)], &["b"]),
            (&[("a", DOUBT)], &[("a", DOUBT), ("b", BAD)], &["b"]),
            (&[("a", DOUBT), ("b", DOUBT)], &[("a", DOUBT), ("b", BAD)], &["b"]),
            (&[("c", MUTE)], &[("a", DOUBT), ("c", MUTE)], &["a"]),
            (&[("a", DOUBT), ("c", MUTE)], &[("a", BAD)], &["a"]),
        ];
        for (one, other, codes) in table {
            let (one, other) = (stated(GOOD, one), stated(GOOD, other));
            let codes: BTreeSet<&str> = codes.iter().copied().collect();
            assert_eq!(owed(&one, &other), Some((Way::Worse, codes.clone())), "{one:?} to {other:?}");
            assert_eq!(owed(&other, &one), Some((Way::Better, codes)), "{other:?} to {one:?}");
        }
    }

    #[test]
    fn a_tier_that_stays_is_owed_to_nobody() {
        let same = [(GOOD, &[("a", BAD)][..], &[("b", BAD)][..]), (MUTE, &[], &[("a", MUTE)]), (GOOD, &[], &[])];
        for (base, one, other) in same {
            assert_eq!(owed(&stated(base, one), &stated(base, other)), None);
        }
    }

    #[test]
    fn where_no_rule_holds_the_worse_tier_whatever_differs_is_named() {
        let (affirmed, silent) = (stated(GOOD, &[("a", MUTE)]), stated(MUTE, &[]));
        assert_eq!(owed(&affirmed, &silent), Some((Way::Worse, ["a"].into())));
    }
}
