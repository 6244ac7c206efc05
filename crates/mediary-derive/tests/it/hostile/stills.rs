//! PNG and BMP.

use mediary_derive::image::limits::MAX_SIDE;
use mediary_derive::{ErrorKind, Recipe};

use super::bomb::zeroes;
use super::{ends_in_time, is_refused};

/// A PNG of zeroes; `depth` bits a channel, and a kind of colour with so many channels; in one pass or in seven.
pub(super) fn png(
    width: u32,
    height: u32,
    depth: u8,
    (colour, channels): (u8, u64),
    interlaced: bool,
    before: &[u8],
) -> Vec<u8> {
    let header =
        [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, interlaced.into()]].concat();
    let row_bytes = 1 + (u64::from(width) * channels * u64::from(depth)).div_ceil(8);
    // Passes have more rows than the picture.
    let bytes = row_bytes * u64::from(height) * if interlaced { 2 } else { 1 };
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    file.extend(before);
    chunk(&mut file, *b"IDAT", &zeroes(bytes));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let mut sum = flate2::Crc::new();
    sum.update(&name);
    sum.update(content);
    file.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    file.extend(name);
    file.extend(content);
    file.extend(sum.sum().to_be_bytes());
}

const GREY: (u8, u64) = (0, 1);
pub(super) const RGB: (u8, u64) = (2, 3);
pub(super) const RGBA: (u8, u64) = (6, 4);

#[tokio::test]
async fn png_of_rows_without_end_is_refused() {
    is_refused(
        "a column",
        &png(1, MAX_SIDE + 1, 8, GREY, false, &[]),
        ErrorKind::TooLarge,
        "a side of at most",
    )
    .await;
    for interlaced in [false, true] {
        let column = png(1, MAX_SIDE, 8, GREY, interlaced, &[]);
        assert!(ends_in_time("a column of a million rows", Recipe::Picture, &column).await.is_none());
        let row = png(MAX_SIDE, 1, 8, GREY, interlaced, &[]);
        assert!(ends_in_time("a row of a million", Recipe::Picture, &row).await.is_none());
    }
}

#[tokio::test]
async fn png_of_the_most_pixels_that_are_read_ends_in_time() {
    for (what, width, height, depth, colour, interlaced) in [
        ("92 megapixels of one bit", 9_600, 9_600, 1, GREY, false),
        ("100 megapixels of colour in seven passes", 10_000, 10_000, 8, RGB, true),
        ("36 megapixels of 16 bits in seven passes", 6_000, 6_000, 16, RGBA, true),
    ] {
        let error =
            ends_in_time(what, Recipe::Picture, &png(width, height, depth, colour, interlaced, &[])).await;
        assert!(error.is_none(), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn png_with_a_bomb_beside_its_pixels_ends_in_time() {
    let mut profile = Vec::new();
    chunk(&mut profile, *b"iCCP", &[b"p\0\0", &zeroes(1_000_000_000)[..]].concat());
    let mut texts = Vec::new();
    let text = [b"t\0\0", &zeroes(300_000_000)[..]].concat();
    for _ in 0..30 {
        chunk(&mut texts, *b"zTXt", &text);
    }
    let mut empty = Vec::new();
    for _ in 0..1_000_000 {
        chunk(&mut empty, *b"tEXt", b"a\0b");
    }
    for (what, before) in [("a profile", profile), ("texts", texts), ("small texts", empty)] {
        ends_in_time(what, Recipe::Picture, &png(64, 64, 8, RGB, false, &before)).await;
    }
}

/// A BMP of runs, which ends at once or goes on for so many bytes.
pub(super) fn bmp(width: i32, height: i32, compression: u32, runs: &[u8]) -> Vec<u8> {
    let bits: u16 = if compression == 2 { 4 } else { 8 };
    let mut file = b"BM".to_vec();
    for number in [0_u32, 0, 14 + 40 + 8, 40] {
        file.extend(number.to_le_bytes());
    }
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    file.extend([1, 0]);
    file.extend(bits.to_le_bytes());
    for number in [compression, u32::try_from(runs.len()).unwrap(), 0, 0, 2, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend([0, 0, 0, 0, 255, 255, 255, 0]);
    file.extend(runs);
    file
}

#[tokio::test]
async fn bmp_of_runs_ends_in_time() {
    let lines = [0, 0].repeat(5_000_000);
    let jumps = [0, 2, 0, 0].repeat(5_000_000);
    for (what, width, height, runs) in [
        ("nothing at all", 9_000, 9_000, &[0, 1][..]),
        ("ends of lines", 9_000, 9_000, &lines),
        ("jumps to the same place", 100, 100, &jumps),
        ("a column", 1, 1_000_000, &[0, 1]),
        ("a row", 1_000_000, 1, &[0, 1]),
    ] {
        for compression in [1, 2] {
            ends_in_time(what, Recipe::Picture, &bmp(width, height, compression, runs)).await;
        }
    }
}
