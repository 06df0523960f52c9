//! How long an answer holds, by its headers (RFC 9111).

use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, RETRY_AFTER};

use crate::upstream::EntityTag;

/// The shortest time for which a list counts as fresh.
const SHORTEST: Duration = Duration::from_secs(300);
/// The longest time for which a list counts as fresh.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// What counts when the answer says nothing.
const UNSAID: Duration = Duration::from_secs(3600);
/// The longest wait that an upstream is believed to want.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// How long the answer is fresh: `max-age` less `Age`, between five minutes and a day; an hour when it does not say.
pub(super) fn fresh_for(headers: &HeaderMap) -> Duration {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<String> =
        directives.flat_map(|value| value.split(',')).map(|each| each.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|each| each == "no-cache" || each == "no-store") {
        return SHORTEST;
    }
    let max_age = directives.iter().find_map(|each| seconds(each.strip_prefix("max-age=")?.trim_matches('"')));
    max_age.map_or(UNSAID, |max_age| max_age.saturating_sub(age(headers))).clamp(SHORTEST, LONGEST)
}

/// How long the answer has waited in caches; zero when it does not say.
pub(super) fn age(headers: &HeaderMap) -> Duration {
    said(headers, &AGE).unwrap_or_default()
}

/// How long the upstream wants to be left alone, where it says so in seconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    said(headers, &RETRY_AFTER).map(|wait| wait.min(LONGEST_WAIT))
}

/// The tag of the answer's version.
pub(super) fn entity_tag(headers: &HeaderMap) -> Option<EntityTag> {
    EntityTag::parse(headers.get(ETAG)?.to_str().ok()?)
}

fn said(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    seconds(headers.get(name)?.to_str().ok()?.trim())
}

/// Digits only; more than fit into the type are as many as fit into it.
fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse::<u32>().unwrap_or(u32::MAX).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(of: &[(HeaderName, &str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).expect("a value"))).collect()
    }

    fn fresh(cache_control: &str, age: &str) -> u64 {
        fresh_for(&headers(&[(CACHE_CONTROL, cache_control), (AGE, age)])).as_secs()
    }

    #[test]
    fn an_answer_is_fresh_for_what_is_left_of_its_age_within_bounds() {
        assert_eq!(fresh("public, max-age=86400", "3600"), 82_800);
        assert_eq!(fresh("Max-Age=\"7200\"", "x"), 7200);
        assert_eq!(fresh("max-age=3600", "3600"), 300);
        assert_eq!(fresh("max-age=3600", "99999999999999999999"), 300);
        assert_eq!(fresh("max-age=99999999999999999999", "0"), 86_400);
        assert_eq!(fresh("max-age=0", "0"), 300);
        assert_eq!(fresh("max-age=-1", "0"), 3600);
        assert_eq!(fresh("no-cache, max-age=7200", "0"), 300);
        assert_eq!(fresh_for(&HeaderMap::new()), UNSAID);
    }

    #[test]
    fn a_wait_is_told_in_seconds_and_bounded() {
        let wait = |text: &str| retry_after(&headers(&[(RETRY_AFTER, text)])).map(|wait| wait.as_secs());
        assert_eq!([wait("30"), wait("99999999999"), wait("-1"), wait("")], [Some(30), Some(86_400), None, None]);
        assert_eq!(wait("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
