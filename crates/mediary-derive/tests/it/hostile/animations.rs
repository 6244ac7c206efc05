//! GIF and WebP whose frames are larger than their canvas.

use mediary_derive::image::limits::MAX_ANIMATION_PIXELS;
use mediary_derive::{ErrorKind, Recipe};

use super::{ends_in_time, is_refused, outcome};

/// A GIF of so many frames with both sides of `side` pixels, on a canvas with both sides of `canvas`.
pub(super) fn gif(canvas: u16, side: u16, frames: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, canvas, canvas, &[220, 30, 30, 30, 180, 40]).unwrap();
    let pixels = vec![1; usize::from(side) * usize::from(side)];
    let mut frame = gif::Frame { width: side, height: side, buffer: pixels.into(), ..gif::Frame::default() };
    frame.make_lzw_pre_encoded();
    for _ in 0..frames {
        encoder.write_lzw_pre_encoded_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

#[tokio::test]
async fn gif_of_frames_that_are_larger_than_its_canvas_moves_as_far_as_their_pixels_go() {
    let side = 4_000;
    let of_frame = u64::from(side) * u64::from(side);
    let derived = outcome(Recipe::Picture, &gif(2, side, 60)).await.unwrap();
    assert_eq!((derived.facts.width, derived.facts.height), (Some(2), Some(2)));
    assert_eq!(derived.products[1].duration_ms, Some(100 * (MAX_ANIMATION_PIXELS / of_frame)));
    ends_in_time("as a sticker", Recipe::Sticker { max_bytes: 500_000 }, &gif(2, side, 60)).await;
}

#[tokio::test]
async fn gif_of_one_frame_that_is_larger_than_its_canvas_is_shown_within_the_memory_of_a_picture() {
    assert!(ends_in_time("frame of 81 megapixels", Recipe::Picture, &gif(2, 9_000, 1)).await.is_none());
    is_refused("frame of 100 megapixels", &gif(2, 10_000, 60), ErrorKind::TooLarge, "MB of memory").await;
    is_refused("frame of 400 megapixels", &gif(2, 20_000, 60), ErrorKind::TooLarge, "megapixels").await;
}

/// A WebP of this canvas around a lossy picture of another size.
pub(super) fn webp(canvas: u32, side: u32, frames: usize) -> Vec<u8> {
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let pixels = vec![90; side as usize * side as usize * 3];
    let plain = webp::Encoder::from_rgb(&pixels, side, side).encode(1.0).to_vec();
    let picture = &plain[12..];
    let moves = if frames == 0 { 0 } else { 2 };
    let mut content = b"WEBP".to_vec();
    let mut chunk = |name: &[u8], bytes: &[u8]| {
        content.extend(name);
        content.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        content.extend(bytes);
    };
    chunk(b"VP8X", &[vec![moves, 0, 0, 0], three(canvas - 1), three(canvas - 1)].concat());
    if frames > 0 {
        chunk(b"ANIM", &[0; 6]);
    }
    for _ in 0..frames {
        let frame = [three(0), three(0), three(canvas - 1), three(canvas - 1), three(100), vec![0]].concat();
        chunk(b"ANMF", &[&frame, picture].concat());
    }
    if frames == 0 {
        content.extend(picture);
    }
    [&b"RIFF"[..], &u32::try_from(content.len()).unwrap().to_le_bytes(), &content].concat()
}

#[tokio::test]
async fn webp_with_a_picture_that_is_larger_than_its_canvas_is_refused_before_that_is_decoded() {
    for frames in [0, 1, 60] {
        let what = format!("{frames} frames");
        is_refused(&what, &webp(16, 4_000, frames), ErrorKind::Broken, "larger than it says").await;
        assert!(outcome(Recipe::Picture, &webp(64, 64, frames)).await.is_ok(), "{what}");
    }
    let sticker = Recipe::Sticker { max_bytes: 500_000 };
    let error = outcome(sticker, &webp(16, 4_000, 60)).await.unwrap_err();
    assert!(error.sentence().contains("larger than it says"), "{error}");
}
