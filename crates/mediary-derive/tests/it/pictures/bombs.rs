//! Pictures that would take more than they may: refused by their header, or read as far as the limits go.

use mediary_core::VariantKind::{Preview, Thumb};
use mediary_derive::ErrorKind;
use mediary_derive::image::limits::{MAX_ANIMATION_BYTES, MAX_FRAMES, MAX_SCANS};

use super::corpus::{self, file, product, refusal};
use super::files::{gif, noisy_gif, png, png_that_says, webp_canvas, with_size};

#[test]
fn pictures_that_say_too_much_are_refused_by_their_header() {
    for (what, bytes) in [
        ("PNG of 3.6 gigapixels", png_that_says(60_000, 60_000, 8, 2)),
        ("PNG of 16 exapixels", png_that_says(u32::MAX >> 1, u32::MAX >> 1, 16, 6)),
        ("PNG of 16 bits and 38 megapixels", png_that_says(7_200, 5_400, 16, 6)),
        ("GIF canvas of 4.3 gigapixels", gif(u16::MAX, u16::MAX, 2)),
        ("WebP canvas of 16383²", webp_canvas(16_383, 16_383)),
        ("progressive JPEG of 65500²", with_size(&file("progressive.jpg"), 65_500, 65_500)),
    ] {
        let error = refusal(&bytes);
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{what}: {error}");
        assert!(
            error.sentence().contains("megapixels") || error.sentence().contains("MB"),
            "{what}: {error}"
        );
    }
}

#[test]
fn png_that_is_mostly_zeroes_is_within_its_memory_or_refused() {
    let derived = mediary_derive::image::derive(&png(6_000, 4_000)).expect("24 megapixels of grey");
    assert_eq!((derived.facts.width, derived.facts.height), (Some(6_000), Some(4_000)));
    assert_eq!(refusal(&png(12_000, 11_000)).kind(), ErrorKind::TooLarge);
}

#[test]
fn gif_of_a_hundred_thousand_frames_is_shown_by_its_first_ones() {
    let derived = mediary_derive::image::derive(&gif(64, 64, 100_000)).expect("a GIF");
    let preview = product(&derived, Preview);
    assert_eq!(preview.duration_ms, Some(100 * MAX_FRAMES as u64));
    assert!(corpus::frames(&preview.bytes) <= MAX_FRAMES);
    product(&derived, Thumb);
}

#[test]
fn gif_with_a_large_canvas_moves_as_far_as_its_pixels_go() {
    let derived = mediary_derive::image::derive(&gif(4_000, 4_000, 100)).expect("a GIF");
    assert_eq!(product(&derived, Preview).duration_ms, Some(300), "three frames of 16 megapixels");
    let derived = mediary_derive::image::derive(&gif(5_000, 4_500, 100)).expect("a GIF");
    let preview = product(&derived, Preview);
    assert_eq!(preview.duration_ms, Some(200), "two frames of 22 megapixels");
}

#[test]
fn gif_that_would_be_a_large_preview_is_shown_by_a_still() {
    let noisy = noisy_gif(300, 40);
    let derived = mediary_derive::image::derive(&noisy).expect("a GIF");
    let preview = product(&derived, Preview);
    assert_eq!((preview.duration_ms, corpus::frames(&preview.bytes)), (None, 0));
    assert!(preview.bytes.len() < MAX_ANIMATION_BYTES);
}

#[test]
fn jpeg_of_many_passes_is_refused() {
    let whole = file("progressive.jpg");
    let scans: Vec<usize> =
        whole.windows(2).enumerate().filter(|(_, pair)| *pair == [0xFF, 0xDA]).map(|(at, _)| at).collect();
    let (last, end) = (scans[scans.len() - 1], whole.len() - 2);
    let repeat = |times: usize| [&whole[..end], &whole[last..end].repeat(times), &whole[end..]].concat();
    let error = refusal(&repeat(MAX_SCANS + 1 - scans.len()));
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.sentence().contains("passes"), "{error}");
    assert!(mediary_derive::image::derive(&repeat(MAX_SCANS - scans.len())).is_ok());
}
