//! How long an answer asks its reader to wait.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The wait of `Retry-After`, which is given in seconds or as a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let wait = header(RETRY_AFTER)?;
    match wait.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => time_between(header(DATE)?, wait),
    }
}

/// Between two HTTP dates of the same answer, so that our clock does not matter.
fn time_between(now: &str, then: &str) -> Option<Duration> {
    let parse = |text: &str| OffsetDateTime::parse(text.trim(), &Rfc2822).ok();
    (parse(then)? - parse(now)?).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(pairs: &[(&'static str, &str)]) -> Option<u64> {
        let headers: HeaderMap =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn waits_are_read_as_seconds_and_as_dates() {
        assert_eq!(wait(&[("retry-after", "17")]), Some(17));
        let (now, later) = ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT");
        assert_eq!(wait(&[("date", now), ("retry-after", later)]), Some(30));
        assert_eq!(wait(&[("date", later), ("retry-after", now)]), None);
        assert_eq!(wait(&[("retry-after", later)]), None);
        for nonsense in ["", "soon", "-1"] {
            assert_eq!(wait(&[("date", now), ("retry-after", nonsense)]), None);
        }
        assert_eq!(wait(&[]), None);
    }
}
