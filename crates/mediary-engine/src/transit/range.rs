//! Byte ranges.

use std::ops::Range;

/// One range of bytes as HTTP asks for it (RFC 9110, section 14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From a first byte to a last one (inclusive), or to the end.
    From { first: u64, last: Option<u64> },
    /// A number of bytes at the end.
    Last(u64),
}

impl ByteRange {
    /// The bytes of a file of `size`; `None` if the range lies beyond its end.
    pub fn of(self, size: u64) -> Option<Range<u64>> {
        match self {
            Self::Last(0) => None,
            Self::Last(length) => Some(size.saturating_sub(length)..size),
            Self::From { first, .. } if first >= size => None,
            Self::From { first, last } => {
                Some(first..last.map_or(size, |last| last.saturating_add(1).min(size)))
            }
        }
    }

    /// Whether it is the whole file, whatever its size.
    pub fn is_whole(self) -> bool {
        self == Self::From { first: 0, last: None }
    }

    /// First and last byte (inclusive), to request them from a host that may know another size.
    pub(crate) fn to_ask(self, size: Option<u64>) -> Option<(u64, Option<u64>)> {
        match (self, size) {
            (Self::From { first, last }, _) => Some((first, last)),
            (Self::Last(length), Some(size)) => Some((size.saturating_sub(length), None)),
            (Self::Last(_), None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_with_the_file() {
        let from = |first, last| ByteRange::From { first, last };
        for (range, part) in [
            (from(0, None), Some(0..10)),
            (from(0, Some(0)), Some(0..1)),
            (from(9, Some(u64::MAX)), Some(9..10)),
            (from(10, None), None),
            (ByteRange::Last(3), Some(7..10)),
            (ByteRange::Last(30), Some(0..10)),
            (ByteRange::Last(0), None),
        ] {
            assert_eq!(range.of(10), part, "{range:?}");
        }
        assert_eq!(ByteRange::Last(3).to_ask(Some(10)), Some((7, None)));
        assert_eq!(ByteRange::Last(3).to_ask(None), None);
    }
}
