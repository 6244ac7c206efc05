//! One phone number in the two spellings that WhatsApp itself mixes.

use std::borrow::Cow;

/// The one spelling by which a WhatsApp number is compared: Brazil's mobile numbers with their ninth digit, Mexico's without
/// the 1 and Argentina's without the 9 after the country. What is no such number stays as it is.
pub fn canonical_number(number: &str) -> Cow<'_, str> {
    match Parts::of(number) {
        Some(Parts::Brazil { area, short }) => format!("55{area}9{short}").into(),
        Some(Parts::Mexico(rest)) => format!("52{rest}").into(),
        Some(Parts::Argentina(rest)) => format!("54{rest}").into(),
        None => number.into(),
    }
}

/// The other spelling of the same number, if there are two.
pub fn other_spelling(number: &str) -> Option<String> {
    let other = match Parts::of(number)? {
        Parts::Brazil { area, short } => [format!("55{area}9{short}"), format!("55{area}{short}")],
        Parts::Mexico(rest) => [format!("52{rest}"), format!("521{rest}")],
        Parts::Argentina(rest) => [format!("54{rest}"), format!("549{rest}")],
    };
    other.into_iter().find(|other| other != number)
}

/// Whether two spellings are of one number.
pub fn same_number(one: &str, other: &str) -> bool {
    one == other || canonical_number(one) == canonical_number(other)
}

/// A number that has two spellings, without what they differ in.
enum Parts<'a> {
    Brazil { area: &'a str, short: &'a str },
    Mexico(&'a str),
    Argentina(&'a str),
}

impl<'a> Parts<'a> {
    fn of(number: &'a str) -> Option<Self> {
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (country, rest) = number.split_at_checked(2)?;
        match (country, rest.len()) {
            ("55", 10 | 11) => {
                let (area, own) = rest.split_at(2);
                let short = if own.len() == 9 { own.strip_prefix('9')? } else { own };
                // Fixed lines begin with 2 to 5, and have one spelling.
                short.starts_with(['6', '7', '8', '9']).then_some(Self::Brazil { area, short })
            }
            ("52", 10) if !rest.starts_with('1') => Some(Self::Mexico(rest)),
            ("52", 11) => rest.strip_prefix('1').map(Self::Mexico),
            ("54", 10) if !rest.starts_with('9') => Some(Self::Argentina(rest)),
            ("54", 11) => rest.strip_prefix('9').map(Self::Argentina),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_number_are_the_same() {
        for (one, other) in [
            ("558890000001", "5588990000001"),
            ("551161234567", "5511961234567"),
            ("525512345678", "5215512345678"),
            ("541112345678", "5491112345678"),
        ] {
            assert!(same_number(one, other) && same_number(other, one), "{one} {other}");
            assert_eq!(other_spelling(one).as_deref(), Some(other));
            assert_eq!(other_spelling(other).as_deref(), Some(one));
            assert_eq!(canonical_number(one), canonical_number(other));
        }
    }

    #[test]
    fn other_numbers_have_one_spelling() {
        for number in
            ["4915550100", "15550100011", "551123456789", "5511923456789", "55", "", "5588", "group-55"]
        {
            assert_eq!(other_spelling(number), None, "{number}");
            assert_eq!(canonical_number(number), number);
        }
        assert!(!same_number("558890000001", "558890000002"));
        assert!(!same_number("5588990000001", "5488990000001"));
    }
}
