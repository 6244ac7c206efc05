//! Time as a value: UTC milliseconds, read from a [`Clock`] that tests can move by hand.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment in UTC, in milliseconds since 1970. JSON shows it as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The latest moment that RFC 3339 can write (the end of the year 9999).
    pub const MAX: Self = Self(253_402_300_799_999);

    /// What a text that is no time is told.
    pub const RFC3339_RULE: &str = "must be an RFC 3339 time, like 2026-11-20T09:30:00Z";

    /// From seconds since 1970, as WhatsApp writes them. `None` beyond the year 9999 or before 1970.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let millis = seconds.checked_mul(1000)?;
        (0..=Self::MAX.0).contains(&millis).then_some(Self(millis))
    }

    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    /// This moment plus `duration`, not beyond [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis).min(Self::MAX.0))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether this moment was less than `age` ago. One that lies ahead was not: the clock was set back since.
    pub fn is_younger_than(self, age: Duration, now: Self) -> bool {
        self <= now && now.since(self) < age
    }

    pub fn to_offset_date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_offset_date_time().format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| de::Error::custom(Self::RFC3339_RULE))
    }
}

/// Where the program reads the time, so that tests can decide it.
pub trait Clock: Send + Sync + fmt::Debug {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since_epoch.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_rfc3339() {
        let moment = Timestamp::from_unix_seconds(1_697_043_379).unwrap();
        assert_eq!(moment.to_string(), "2023-10-11T16:56:19Z");
        assert_eq!(Timestamp::parse_rfc3339("2023-10-11T18:56:19+02:00"), Some(moment));
        assert_eq!(serde_json::to_string(&moment).unwrap(), "\"2023-10-11T16:56:19Z\"");
    }

    #[test]
    fn future_moments_are_not_young() {
        let (age, now) = (Duration::from_secs(1), Timestamp(5000));
        let young = [3999, 4000, 4001, 5000, 5001].map(|at| Timestamp(at).is_younger_than(age, now));
        assert_eq!(young, [false, false, true, true, false]);
    }

    #[test]
    fn times_that_cannot_be_written_are_refused() {
        assert_eq!(Timestamp::from_unix_seconds(i64::MAX), None);
        assert_eq!(Timestamp::from_unix_seconds(-1), None);
        assert!(Timestamp::from_unix_seconds(253_402_300_799).is_some());
        assert_eq!(Timestamp::MAX.plus(Duration::MAX), Timestamp::MAX);
    }
}
