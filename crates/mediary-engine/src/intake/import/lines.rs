//! Lines of any length, none of them longer in memory than an import takes.

use std::io;

use mediary_core::limits;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// Reads line after line, and counts lines and bytes.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    /// Lines read, which is the number of the last one.
    pub(super) number: u64,
    pub(super) bytes: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0, bytes: 0 }
    }

    /// The next line; what is too long is skipped to its end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut too_long, mut began) = (Vec::new(), false, false);
        loop {
            let chunk = self.input.fill_buf().await?;
            if chunk.is_empty() && !began {
                return Ok(None);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let text = &chunk[..end.unwrap_or(chunk.len())];
            too_long |= line.len() + text.len() > limits::IMPORT_LINE_BYTES;
            if !too_long {
                line.extend_from_slice(text);
            }
            let taken = end.map_or(chunk.len(), |end| end + 1);
            let ended = end.is_some() || chunk.is_empty();
            self.input.consume(taken);
            self.bytes += taken as u64;
            began = true;
            if ended {
                self.number += 1;
                return Ok(Some(if too_long { Line::TooLong } else { Line::Whole(line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    async fn all(text: &[u8], buffer: usize) -> (Vec<Line>, u64) {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, text));
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(line);
            assert_eq!(lines.number, found.len() as u64);
        }
        (found, lines.bytes)
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.into())
    }

    #[tokio::test]
    async fn lines_end_with_their_file_too() {
        for buffer in [1, 3, 4096] {
            let (lines, bytes) = all(b"one\n\ntwo", buffer).await;
            assert_eq!(lines, [whole("one"), whole(""), whole("two")]);
            assert_eq!(bytes, 8);
            assert_eq!(all(b"one\n", buffer).await.0, [whole("one")]);
            assert!(all(b"", buffer).await.0.is_empty());
        }
    }

    #[tokio::test]
    async fn line_that_is_too_long_is_skipped_to_its_end() {
        let longest = "x".repeat(limits::IMPORT_LINE_BYTES);
        let text = format!("{longest}x\n{longest}\nshort");
        let (lines, _) = all(text.as_bytes(), 1000).await;
        assert_eq!(lines, [Line::TooLong, whole(&longest), whole("short")]);
    }
}
