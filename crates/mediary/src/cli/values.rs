//! The rules for the values of options, where the library would give them in a programmer's words.

use std::ops::RangeInclusive;

use mediary_core::AccountStatus;

use crate::config;

pub(crate) use crate::config::{address, web_address};

/// A whole number within a range.
pub(super) fn whole(
    range: RangeInclusive<u32>,
) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync {
    move |text| config::number(text, *range.start(), *range.end())
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    config::number(text, 0, u64::MAX)
}

/// A number within a range.
pub(super) fn number(
    range: RangeInclusive<f64>,
) -> impl Fn(&str) -> Result<f64, String> + Clone + Send + Sync {
    move |text| match text.parse::<f64>() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(format!("must be a number from {} to {}", range.start(), range.end())),
    }
}

/// A status that somebody may give; the others are found out.
pub(super) fn account_status(text: &str) -> Result<AccountStatus, String> {
    match text {
        "active" => Ok(AccountStatus::Active),
        "disabled" => Ok(AccountStatus::Disabled),
        "needs_token" => {
            Err("is set by WhatsApp's answer to a token; give active or disabled, or a new token".to_owned())
        }
        _ => Err("must be active or disabled".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_bounds_and_say_them() {
        assert_eq!((whole(1..=9)("1"), whole(1..=9)("9")), (Ok(1), Ok(9)));
        for wrong in ["0", "10", "-1", "1.5", "abc", ""] {
            assert_eq!(whole(1..=9)(wrong).unwrap_err(), "must be a whole number from 1 to 9");
        }
        assert_eq!((number(0.0..=1.0)("0"), number(0.0..=1.0)("1")), (Ok(0.0), Ok(1.0)));
        for wrong in ["-0.1", "1.01", "NaN", "inf", "abc", ""] {
            assert_eq!(number(0.0..=1.0)(wrong).unwrap_err(), "must be a number from 0 to 1");
        }
    }
}
