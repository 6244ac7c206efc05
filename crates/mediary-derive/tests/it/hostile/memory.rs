//! Pictures that take as much memory as any may, by a worker that has little more: they are made, and what says of itself that it is
//! a little larger is refused before it is decoded.

use std::time::Duration;

use mediary_derive::image::limits::MAX_MEMORY_BYTES;
use mediary_derive::{ErrorKind, Needs, Recipe};

use super::animations::{gif, webp};
use super::heic::of_tiles;
use super::stills::{RGB, RGBA, bmp, png};
use super::{is_refused, outcome_within};
use crate::pictures::files::{webp_canvas, with_size};

/// For all that is not reckoned: the state of decoders, and the stack.
const BESIDE: u64 = 16 * 1024 * 1024;

async fn is_the_limit(what: &str, within: &[u8], beyond: &[u8]) {
    let time = Duration::from_secs(20);
    let needs = Needs {
        memory_bytes: MAX_MEMORY_BYTES + BESIDE,
        cpu: time,
        time: time * 20,
        ..Recipe::Picture.needs(0)
    };
    if let Err(error) = outcome_within(needs, Recipe::Picture, within).await {
        panic!("{what}: {error}");
    }
    is_refused(what, beyond, ErrorKind::TooLarge, "MB of memory").await;
}

#[tokio::test]
async fn png_is_read_up_to_its_memory() {
    let file = |width, height, depth, colour| png(width, height, depth, colour, false, &[]);
    is_the_limit("RGB", &file(14_000, 9_750, 8, RGB), &file(14_000, 9_960, 8, RGB)).await;
    is_the_limit("RGBA", &file(8_000, 6_500, 8, RGBA), &file(8_000, 6_600, 8, RGBA)).await;
    is_the_limit("16 bits", &file(6_000, 6_300, 16, RGBA), &file(6_000, 6_430, 16, RGBA)).await;
}

#[tokio::test]
async fn bmp_is_read_up_to_its_memory() {
    let file = |height| bmp(12_000, height, 1, &[0, 1]);
    is_the_limit("BMP", &file(11_400), &file(11_430)).await;
}

#[tokio::test]
async fn gif_is_read_up_to_its_memory() {
    is_the_limit("GIF", &gif(6_190, 6_190, 1), &gif(6_210, 6_210, 1)).await;
}

#[tokio::test]
async fn webp_is_read_up_to_its_memory() {
    is_the_limit("WebP", &webp(6_460, 6_460, 0), &webp_canvas(6_490, 6_490)).await;
}

#[tokio::test]
async fn heic_is_read_up_to_its_memory() {
    is_the_limit("HEIC", &of_tiles(12, 16, 512), &of_tiles(12, 17, 512)).await;
}

/// Others are drawn in a part of their size, or row by row.
#[tokio::test]
async fn jpeg_of_inks_that_is_to_be_sent_is_refused_beyond_its_memory() {
    let photo = Recipe::Photo { max_bytes: 5_000_000 };
    let inks = crate::harness::bytes_of_picture("cmyk-adobe.jpg");
    let error = outcome_within(photo.needs(0), photo, &with_size(&inks, 8_190, 8_190)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.sentence().contains("MB of memory"), "{error}");
}
