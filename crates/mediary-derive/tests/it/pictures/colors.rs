//! Colours: profiles and inks. Expected values are those of libvips where it has the same to go by.

use mediary_core::VariantKind::Preview;

use super::corpus::{CORNERS, MEAN, assert_corners, assert_near, derive, file, mean, pixels, product};
use super::files::with_profile;

#[test]
fn wide_gamut_is_brought_to_srgb() {
    let names = ["display-p3.jpg", "display-p3.png"];
    for name in names.into_iter().chain(cfg!(feature = "heic").then_some("display-p3.heic")) {
        let picture = pixels(product(&derive(name), Preview));
        let corners = [[240, 0, 1], [0, 183, 0], [24, 51, 217], [239, 214, 0]];
        assert_corners(&picture, corners, 12.0, name);
        assert_near(mean(&picture), [152.6, 125.7, 130.8], 4.0, name);
    }
}

/// The files were made by the plain formula, so that the same formula gives the scene.
#[test]
fn inks_without_a_profile_are_neither_inverted_nor_black() {
    for name in ["cmyk-adobe.jpg", "ycck-adobe.jpg", "cmyk-unmarked.jpg"] {
        let picture = pixels(product(&derive(name), Preview));
        assert_corners(&picture, CORNERS, 14.0, name);
        assert_near(mean(&picture), MEAN, 4.0, name);
    }
}

#[cfg(feature = "fast-jpeg")]
#[test]
fn inks_with_a_profile_are_those_of_the_press() {
    let picture = pixels(product(&derive("cmyk-profile.jpg"), Preview));
    assert_near(mean(&picture), [157.2, 138.4, 135.2], 6.0, "cmyk-profile.jpg");
    assert_corners(
        &picture,
        [[210, 66, 46], [0, 135, 85], [54, 70, 142], [240, 210, 67]],
        16.0,
        "cmyk-profile.jpg",
    );
}

#[test]
fn grey_stays_grey() {
    for name in ["grey.jpg", "grey-alpha.png"] {
        let picture = pixels(product(&derive(name), Preview));
        let coloured = picture.pixels().filter(|pixel| {
            let [red, green, blue, alpha] = pixel.0;
            alpha > 200 && red.max(green).max(blue) - red.min(green).min(blue) > 4
        });
        assert_eq!(coloured.count(), 0, "{name}");
    }
}

#[test]
fn profiles_that_are_none_change_nothing() {
    let plain = file("orientation-1.jpg");
    let mut believable = vec![0; 4 * 1024 * 1024];
    believable[..4].copy_from_slice(&(4_u32 * 1024 * 1024).to_be_bytes());
    believable[8..12].copy_from_slice(&[4, 0x20, 0, 0]);
    believable[12..24].copy_from_slice(b"mntrRGB XYZ ");
    believable[36..40].copy_from_slice(b"acsp");
    believable[128..132].copy_from_slice(&200_000_u32.to_be_bytes());
    let ended_early = {
        let p3 = p3_profile();
        p3[..p3.len() / 2].to_vec()
    };
    for (what, profile) in [
        ("4 MB of nothing", vec![0; 4 * 1024 * 1024]),
        ("4 MB of 200,000 tags", believable),
        ("half a profile", ended_early),
        ("one byte", vec![7]),
    ] {
        let derived = mediary_derive::image::derive(&with_profile(&plain, &profile)).expect(what);
        let picture = pixels(product(&derived, Preview));
        assert_corners(&picture, CORNERS, 14.0, what);
    }
}

/// The profile of the Display P3 file.
fn p3_profile() -> Vec<u8> {
    let file = file("display-p3.jpg");
    let mark = b"ICC_PROFILE\0";
    let at = file.windows(mark.len()).position(|window| window == mark).expect("a profile");
    let length = usize::from(u16::from_be_bytes([file[at - 2], file[at - 1]]));
    file[at + mark.len() + 2..at - 2 + length].to_vec()
}
