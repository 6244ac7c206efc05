//! Much of the same, compressed without being written first.

use flate2::{Compress, Compression, FlushCompress};

/// The largest prime below 65,536, of Adler's sum (RFC 1950).
const ADLER: u64 = 65_521;

/// The piece so many times, as zlib writes it.
pub(crate) fn zlib(piece: &[u8], times: usize) -> Vec<u8> {
    let mut block = Vec::with_capacity(piece.len() + 1024);
    // It looks at nothing before itself, so it can be repeated.
    Compress::new(Compression::fast(), false).compress_vec(piece, &mut block, FlushCompress::Full).unwrap();
    let length = piece.len() as u64;
    let sum: u64 = piece.iter().map(|byte| u64::from(*byte)).sum();
    let weighed: u64 = piece.iter().zip((1..=length).rev()).map(|(byte, left)| u64::from(*byte) * left).sum();
    let (mut low, mut high) = (1, 0);
    for _ in 0..times {
        high = (high + length * low + weighed) % ADLER;
        low = (low + sum) % ADLER;
    }
    let adler = u32::try_from(high << 16 | low).unwrap();
    // At the end an empty block, the last one.
    [&[0x78, 0x01][..], &block.repeat(times), &[0x03, 0x00], &adler.to_be_bytes()].concat()
}

/// So many zeroes, or up to a mebibyte more.
pub(crate) fn zeroes(bytes: u64) -> Vec<u8> {
    const PIECE: usize = 1 << 20;
    zlib(&[0; PIECE], usize::try_from(bytes.div_ceil(PIECE as u64)).unwrap())
}
