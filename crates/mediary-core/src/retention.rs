//! For how long stored files are kept.

use crate::field::WrongField;
use crate::limits::RETENTION_DAYS_MAX;
use crate::text::string_enum;

string_enum! {
    /// What ends the time for which a stored file is kept where it is.
    "retention mode" RetentionMode {
        /// Nothing does.
        Forever = "forever",
        /// Some days after it was stored it is deleted.
        DaysAfterStored = "days_after_stored",
        /// Some days after somebody last looked at it (or after it was stored) it is deleted.
        DaysAfterViewed = "days_after_viewed",
        /// Some days after it was stored it moves to the archive storage, where it stays and is served from.
        ArchiveAfter = "archive_after",
    }
}

string_enum! {
    /// Why a file was deleted that nobody deleted.
    "deletion reason" DeletionReason {
        Retention = "retention",
    }
}

/// For how long stored files are kept, checked: days from 1 to a hundred years, and none for `forever`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    mode: RetentionMode,
    days: Option<i64>,
}

impl Retention {
    pub const FOREVER: Self = Self { mode: RetentionMode::Forever, days: None };

    pub fn new(mode: RetentionMode, days: Option<i64>) -> Result<Self, WrongField> {
        match (mode, days) {
            (RetentionMode::Forever, None) => Ok(Self::FOREVER),
            (RetentionMode::Forever, Some(_)) => {
                Err(wrong_days(format!("must be left out where the mode is {mode}")))
            }
            (_, Some(1..=RETENTION_DAYS_MAX)) => Ok(Self { mode, days }),
            _ => Err(wrong_days(format!("must be a whole number from 1 to {RETENTION_DAYS_MAX}"))),
        }
    }

    /// The short form: so many days after they were stored, or for ever.
    pub fn days_after_stored(days: Option<i64>) -> Result<Self, WrongField> {
        match days {
            None => Ok(Self::FOREVER),
            Some(_) => Self::new(RetentionMode::DaysAfterStored, days),
        }
    }

    pub const fn mode(self) -> RetentionMode {
        self.mode
    }

    /// None where files are kept for ever.
    pub const fn days(self) -> Option<i64> {
        self.days
    }

    /// What a file deleted by it says, for the person who looks for it.
    pub fn deleted_sentence(self) -> String {
        let days = self.days.unwrap_or(0);
        let unit = if days == 1 { "day" } else { "days" };
        let since =
            if self.mode == RetentionMode::DaysAfterViewed { "was last viewed" } else { "was stored" };
        format!("The retention of {days} {unit} ended: this file was deleted {days} {unit} after it {since}.")
    }
}

fn wrong_days(rule: String) -> WrongField {
    WrongField { field: "retention.days", rule }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_bounds_and_forever_has_none() {
        let mode = RetentionMode::DaysAfterViewed;
        for days in [1, 30, RETENTION_DAYS_MAX] {
            assert_eq!(Retention::new(mode, Some(days)).unwrap().days(), Some(days));
        }
        for days in [Some(0), Some(-1), Some(RETENTION_DAYS_MAX + 1), Some(i64::MAX), None] {
            let wrong = Retention::new(mode, days).unwrap_err().to_string();
            assert_eq!(wrong, "retention.days must be a whole number from 1 to 36500");
        }
        assert_eq!(Retention::new(RetentionMode::Forever, None), Ok(Retention::FOREVER));
        let wrong = Retention::new(RetentionMode::Forever, Some(3)).unwrap_err().to_string();
        assert_eq!(wrong, "retention.days must be left out where the mode is forever");
        assert_eq!(Retention::days_after_stored(None), Ok(Retention::FOREVER));
        assert!(Retention::days_after_stored(Some(0)).is_err());
    }

    #[test]
    fn deleted_file_says_which_retention_ended() {
        let days = |mode, days| Retention::new(mode, Some(days)).unwrap().deleted_sentence();
        assert!(days(RetentionMode::DaysAfterStored, 30).contains("retention of 30 days ended"));
        assert!(days(RetentionMode::DaysAfterStored, 1).contains("1 day after it was stored"));
        assert!(days(RetentionMode::DaysAfterViewed, 7).contains("7 days after it was last viewed"));
    }
}
