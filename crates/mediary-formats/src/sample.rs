//! What of a file is looked at: its beginning and its end, collected while it passes.

use std::collections::VecDeque;

/// How many of a file's first bytes are looked at. Fewer are fine if the file has no more.
pub const DETECT_BYTES: usize = 8 * 1024;
/// How many of its last bytes, where they can tell anything.
pub const TAIL_BYTES: usize = 64 * 1024;
/// How older office documents begin (MS-CFB, 2.2).
pub(crate) const OLE_MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// The first bytes of a file and, if it is a zip or an older office document, the last ones.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    head: Vec<u8>,
    tail: VecDeque<u8>,
}

impl Sample {
    /// Of a file of which only the beginning is known.
    pub fn of_head(head: &[u8]) -> Self {
        Self { head: head[..head.len().min(DETECT_BYTES)].to_vec(), tail: VecDeque::new() }
    }

    /// Takes the next bytes of the file.
    pub fn add(&mut self, bytes: &[u8]) {
        let missing = DETECT_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        // Only packages and older office documents say at their end what they are.
        if self.head.starts_with(b"PK") || self.head.starts_with(OLE_MAGIC) {
            let last = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
            let surplus = (self.tail.len() + last.len()).saturating_sub(TAIL_BYTES);
            self.tail.drain(..surplus);
            self.tail.extend(last);
        }
    }

    /// Says that all bytes were added.
    pub fn end(&mut self) {
        self.tail.make_contiguous();
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Nothing before [`Self::end`].
    pub(crate) fn tail(&self) -> &[u8] {
        let (tail, rest) = self.tail.as_slices();
        if rest.is_empty() { tail } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_and_end_are_kept_within_bounds() {
        let whole: Vec<u8> =
            b"PK".iter().copied().chain((0..300_000u32).map(|at| (at % 251) as u8)).collect();
        for step in [1, 7, 4096, 100_000, 400_000] {
            let mut sample = Sample::default();
            whole.chunks(step).for_each(|chunk| sample.add(chunk));
            sample.end();
            assert_eq!(sample.head(), &whole[..DETECT_BYTES], "in steps of {step}");
            assert_eq!(sample.tail(), &whole[whole.len() - TAIL_BYTES..], "in steps of {step}");
        }
        let mut sample = Sample::default();
        sample.add(&[7; 100_000]);
        sample.end();
        assert!(sample.tail().is_empty(), "the end of others tells nothing");
    }
}
