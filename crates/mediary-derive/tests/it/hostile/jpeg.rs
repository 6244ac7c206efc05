//! JPEG drawn in many passes, and in ways that few decoders know.

use mediary_derive::image::limits::{MAX_PASSED_PIXELS, MAX_SCANS};
use mediary_derive::{ErrorKind, Recipe};

use super::{ends_in_time, is_refused};

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xFF, marker][..], &length.to_be_bytes(), content].concat()
}

/// A grey JPEG: its frame, tables in which codes have a bit or two, and scans.
fn jpeg(frame: u8, side: u16, scans: &[Vec<u8>]) -> Vec<u8> {
    let mut table = vec![0, 1];
    table.extend([0; 15]);
    table.push(0);
    let mut run = vec![0x10, 1, 1];
    run.extend([0; 14]);
    // The end of 16,384 blocks and more, and that of one block.
    run.extend([0xE0, 0x00]);
    let quantisation = [&[0][..], &[1; 64]].concat();
    let size = [&[8][..], &side.to_be_bytes(), &side.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
    let head =
        [segment(0xDB, &quantisation), segment(frame, &size), segment(0xC4, &table), segment(0xC4, &run)]
            .concat();
    [&[0xFF, 0xD8][..], &head, &scans.concat(), &[0xFF, 0xD9]].concat()
}

/// The first pass over the mean values of blocks, then passes over all other ones, of which there are none.
fn progressive(side: u16, passes: usize) -> Vec<u8> {
    let blocks = usize::from(side).div_ceil(8).pow(2);
    let mut scans = vec![[segment(0xDA, &[1, 1, 0, 0, 0, 0]), vec![0; blocks.div_ceil(8)]].concat()];
    // Runs of 16,384 blocks: a code of one bit and 14 bits more, all of them zero.
    let runs = vec![0; (blocks.div_ceil(16_384) * 15).div_ceil(8)];
    for pass in 0..passes - 1 {
        // Each refines the one before by a bit, and after fourteen it begins again.
        let bit = 13 - u8::try_from(pass % 14).unwrap();
        let before = if bit == 13 { 0 } else { bit + 1 };
        scans.push([segment(0xDA, &[1, 1, 0, 1, 63, before << 4 | bit]), runs.clone()].concat());
    }
    jpeg(0xC2, side, &scans)
}

#[tokio::test]
async fn jpeg_of_many_passes_is_read_up_to_the_pixels_of_all() {
    let most = u16::try_from((MAX_PASSED_PIXELS / MAX_SCANS as u64).isqrt()).unwrap();
    let words = "passes, which makes";
    is_refused("over 196 megapixels", &progressive(14_000, MAX_SCANS), ErrorKind::TooLarge, words).await;
    is_refused("over one row more", &progressive(most + 1, MAX_SCANS), ErrorKind::TooLarge, words).await;
    for (side, passes) in [(most, MAX_SCANS), (8_000, 14), (12_000, 7)] {
        let what = format!("{passes} passes over both sides of {side}");
        ends_in_time(&what, Recipe::Picture, &progressive(side, passes)).await;
    }
}

#[tokio::test]
async fn jpeg_of_random_codes_ends_in_time() {
    let mut state = 1_u32;
    let random: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0].min(0xFE)
    })
    .take(60_000_000)
    .collect();
    for (what, frame) in [("Huffman", 0xC0), ("arithmetic", 0xC9), ("arithmetic, progressive", 0xCA)] {
        let scan =
            [segment(0xDA, &[1, 1, 0, 0, if frame == 0xCA { 0 } else { 63 }, 0]), random.clone()].concat();
        ends_in_time(what, Recipe::Picture, &jpeg(frame, 16_000, &[scan])).await;
    }
}
