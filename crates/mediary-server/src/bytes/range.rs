//! The `Range` header of a request (RFC 9110, section 14).

use http::HeaderValue;
use mediary_engine::ByteRange;

/// What part of a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestedPart {
    /// All of it: no range was asked for, or one that a server may pass over.
    Whole,
    /// The bytes from `start` up to and without `end`.
    Part { start: u64, end: u64 },
    /// A range that lies beyond the end.
    Nothing,
}

/// Reads `header` against a file of `size` bytes. What is malformed, not in bytes, or asks for many ranges at once is
/// answered with the whole file, which the standard allows.
pub(crate) fn wanted(header: Option<&HeaderValue>, size: u64) -> RequestedPart {
    match asked(header) {
        None => RequestedPart::Whole,
        Some(ByteRange::Last(1..)) if size == 0 => RequestedPart::Whole,
        Some(range) => match range.of(size) {
            Some(part) => RequestedPart::Part { start: part.start, end: part.end },
            None => RequestedPart::Nothing,
        },
    }
}

/// The one range of `header`.
pub(crate) fn asked(header: Option<&HeaderValue>) -> Option<ByteRange> {
    header.and_then(|value| value.to_str().ok()).and_then(single)
}

fn single(header: &str) -> Option<ByteRange> {
    let (unit, ranges) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", "") => None,
        ("", length) => Some(ByteRange::Last(number(length)?)),
        (first, "") => Some(ByteRange::From { first: number(first)?, last: None }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(ByteRange::From { first, last: Some(last) })
        }
    }
}

/// Digits only; numbers too large for us stand for "beyond any file".
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(header: &str, size: u64) -> RequestedPart {
        wanted(Some(&HeaderValue::from_str(header).unwrap()), size)
    }

    #[test]
    fn one_range_is_cut_to_the_file() {
        let part = |start, end| RequestedPart::Part { start, end };
        for (header, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-", part(0, 100)),
            ("bytes=10-19", part(10, 20)),
            ("bytes=90-1000", part(90, 100)),
            ("bytes=99-", part(99, 100)),
            ("bytes=-1", part(99, 100)),
            ("bytes=-1000", part(0, 100)),
            ("Bytes = 5 - 6 ", part(5, 7)),
            ("bytes=0-99999999999999999999999", part(0, 100)),
            ("bytes=100-", RequestedPart::Nothing),
            ("bytes=99999999999999999999999-", RequestedPart::Nothing),
            ("bytes=-0", RequestedPart::Nothing),
        ] {
            assert_eq!(read(header, 100), expected, "{header}");
        }
    }

    #[test]
    fn range_that_is_malformed_or_many_is_the_whole() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=+1-2",
            "items=0-1",
            "bytes=0-1,3-4",
        ] {
            assert_eq!(read(header, 100), RequestedPart::Whole, "{header:?}");
        }
        assert_eq!(wanted(None, 100), RequestedPart::Whole);
    }

    #[test]
    fn empty_file_has_no_first_byte() {
        assert_eq!(read("bytes=0-", 0), RequestedPart::Nothing);
        assert_eq!(read("bytes=-5", 0), RequestedPart::Whole);
    }

    proptest! {
        #[test]
        fn part_is_never_empty_and_never_outside(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", size in any::<u64>()) {
            if let RequestedPart::Part { start, end } = read(&header, size) {
                prop_assert!(start < end && end <= size);
            }
        }
    }
}
