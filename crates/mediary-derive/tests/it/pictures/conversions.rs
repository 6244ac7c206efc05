//! Pictures made ready to be sent.

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use mediary_derive::ErrorKind;
use mediary_derive::image::{to_jpeg, to_sticker};

use super::corpus::{self, CORNERS, assert_corners, file};

const MAX_JPEG: usize = 5_000_000;
const MAX_STICKER: usize = 500_000;

fn jpeg(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).expect("a JPEG")
}

#[test]
fn jpeg_for_sending_is_upright_without_metadata_and_on_white() {
    let sent = to_jpeg(&file("orientation-6.jpg"), MAX_JPEG).expect("a JPEG");
    let picture = jpeg(&sent).into_rgba8();
    assert_eq!(picture.dimensions(), (480, 320));
    assert_corners(&picture, CORNERS, 14.0, "upright");
    assert!(!sent.windows(4).any(|window| window == b"Exif"));

    let picture = jpeg(&to_jpeg(&file("alpha.png"), MAX_JPEG).expect("a JPEG")).into_rgba8();
    let [red, green, blue, _] = picture.get_pixel(120, 2).0;
    assert!(red > 240 && green > 240 && blue > 240, "white where nothing was");
}

#[test]
fn jpeg_for_sending_is_made_of_heic() {
    let picture = jpeg(&to_jpeg(&file("orientation-8.heic"), MAX_JPEG).expect("a JPEG"));
    assert_corners(&picture.into_rgba8(), CORNERS, 14.0, "heic");
}

#[test]
fn jpeg_for_sending_is_as_small_as_it_has_to_be() {
    let noisy = png_of(&noise(1500, 1000));
    for most in [600_000, 150_000] {
        let sent = to_jpeg(&noisy, most).expect("a JPEG");
        assert!(sent.len() <= most, "{} of {most} bytes", sent.len());
        jpeg(&sent);
    }
    let error = to_jpeg(&noisy, 100).expect_err("too small");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.sentence().contains("100 bytes"), "{error}");
}

#[test]
fn sticker_is_a_square_webp_with_the_picture_in_its_middle() {
    for name in ["orientation-5.jpg", "alpha.png", "still.gif", "scene.bmp"] {
        let sticker = to_sticker(&file(name), MAX_STICKER).expect(name);
        assert!(sticker.len() <= 100_000, "{name}: {} bytes", sticker.len());
        assert_eq!(corpus::frames(&sticker), 0, "{name}");
        let picture = corpus::webp(&sticker).into_rgba8();
        assert_eq!(picture.dimensions(), (512, 512), "{name}");
        assert_eq!(picture.get_pixel(256, 2).0[3], 0, "{name}: nothing above");
        assert_ne!(picture.get_pixel(100, 300).0[3], 0, "{name}: something in the middle");
    }
}

#[test]
fn sticker_is_no_larger_than_it_may_be() {
    let noisy = png_of(&noise(600, 600));
    let scene = file("orientation-1.jpg");
    for (picture, max_bytes, most) in [(&noisy, MAX_STICKER, 100_000), (&scene, 5_000, 5_000)] {
        let sticker = to_sticker(picture, max_bytes).expect("a sticker");
        assert!(sticker.len() <= most, "{} bytes", sticker.len());
    }
    for name in ["alpha.png", "animated.gif"] {
        let error = to_sticker(&file(name), 100).expect_err("too small");
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.sentence().contains("100 bytes"), "{error}");
    }
}

#[test]
fn sticker_of_a_gif_that_moves_moves_and_is_small_enough() {
    let sticker = to_sticker(&file("animated.gif"), MAX_STICKER).expect("a sticker");
    assert!(sticker.len() <= 500_000, "{} bytes", sticker.len());
    assert_eq!(corpus::frames(&sticker), 12);
    assert_eq!(corpus::webp(&sticker).into_rgba8().dimensions(), (512, 512));
}

#[test]
fn stickers_stay_as_they_are() {
    let still = to_sticker(&file("alpha.webp"), MAX_STICKER).expect("a sticker");
    for sticker in [file("animated.webp"), still] {
        assert_eq!(to_sticker(&sticker, MAX_STICKER).expect("a sticker"), sticker);
        assert_eq!(to_sticker(&sticker, sticker.len()).expect("a sticker"), sticker);
        let smaller = to_sticker(&sticker, sticker.len() - 1).expect("a smaller one");
        assert!(smaller.len() < sticker.len());
    }
    let shortened =
        to_sticker(&file("animated-broken.webp"), MAX_STICKER).expect("the frames that are whole");
    assert!((2..8).contains(&corpus::frames(&shortened)), "{} frames", corpus::frames(&shortened));
}

/// What no encoder makes small.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    RgbImage::from_fn(width, height, |_, _| Rgb([next(), next(), next()]))
}

fn png_of(picture: &RgbImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).expect("a PNG");
    file.into_inner()
}
