//! Compared with what libvips and libheif make of the same files: size, turn, mean colour and structure.
//!
//! `xtask/install.sh test` installs both.

use std::path::Path;
use std::process::Command;

use image::{DynamicImage, Rgb, RgbImage};
use mediary_core::VariantKind::{self, Preview, Thumb};
use mediary_derive::image::{PREVIEW_SIDE, THUMB_SIDE};

use super::corpus::{derive, product, webp};
use super::ssim::ssim;
use crate::harness::{picture as corpus, run};

/// How near a picture is to the oracle's: structure, at least, and the mean of each channel, at most.
#[derive(Clone, Copy)]
struct Near {
    ssim: f64,
    levels: f64,
}

const NEAR: Near = Near { ssim: 0.95, levels: 6.0 };
/// Without a profile for inks, libvips takes one of its own, where the formula takes away each ink's share of the light: the same
/// picture in somewhat other colours.
const OF_INKS: Near = Near { ssim: 0.9, levels: 20.0 };

/// How files are named whose colours are not sRGB. It is not asked to convert others, as it moves them by up to two levels.
const OTHER_COLOURS: [&str; 3] = ["cmyk", "ycck", "display-p3"];

/// The file, and how near it has to be to the oracle's.
const PICTURES: &[(&str, Near)] = &[
    ("orientation-1.jpg", NEAR),
    ("orientation-2.jpg", NEAR),
    ("orientation-3.jpg", NEAR),
    ("orientation-4.jpg", NEAR),
    ("orientation-5.jpg", NEAR),
    ("orientation-6.jpg", NEAR),
    ("orientation-7.jpg", NEAR),
    ("orientation-8.jpg", NEAR),
    ("progressive.jpg", NEAR),
    ("grey.jpg", NEAR),
    ("full-colour.jpg", NEAR),
    ("cmyk-adobe.jpg", OF_INKS),
    ("cmyk-unmarked.jpg", OF_INKS),
    ("ycck-adobe.jpg", OF_INKS),
    ("display-p3.jpg", NEAR),
    ("display-p3.png", NEAR),
    ("rgb-16.png", NEAR),
    ("rgba-16.png", NEAR),
    ("alpha.png", NEAR),
    ("grey-alpha.png", NEAR),
    ("palette.png", NEAR),
    ("oriented.png", NEAR),
    ("lossy.webp", NEAR),
    ("alpha.webp", NEAR),
    ("animated.webp", NEAR),
    ("still.gif", NEAR),
];

#[test]
fn pictures_are_what_libvips_makes_of_them() {
    for &(name, near) in PICTURES {
        compare(name, &corpus(name), near);
    }
}

/// Other builds take inks without their profile.
#[cfg(feature = "fast-jpeg")]
#[test]
fn inks_with_a_profile_are_what_libvips_makes_of_them() {
    compare("cmyk-profile.jpg", &corpus("cmyk-profile.jpg"), NEAR);
}

/// Of a GIF that moves, the still.
#[test]
fn thumb_of_a_gif_that_moves_is_what_libvips_makes_of_it() {
    compare_one("animated.gif", &corpus("animated.gif"), (Thumb, THUMB_SIDE), NEAR);
}

#[test]
fn heic_is_what_libheif_decodes() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = [
        "plain.heic",
        "ten-bits.heic",
        "alpha.heic",
        "orientation-3.heic",
        "orientation-6.heic",
        "orientation-8.heic",
        "display-p3.heic",
        "tiles.heic",
    ];
    for name in names {
        let decoded = folder.path().join(name).with_extension("png");
        run(Command::new("heif-convert").arg(corpus(name)).arg(&decoded), "libheif-examples");
        compare(name, &decoded, NEAR);
    }
}

fn compare(name: &str, oracle: &Path, near: Near) {
    for variant in [(Thumb, THUMB_SIDE), (Preview, PREVIEW_SIDE)] {
        compare_one(name, oracle, variant, near);
    }
}

fn compare_one(name: &str, oracle: &Path, (kind, side): (VariantKind, u32), near: Near) {
    let ours = on_grey(&webp(&product(&derive(name), kind).bytes));
    let theirs = on_grey(&by_vips(oracle, side));
    assert_eq!(ours.dimensions(), theirs.dimensions(), "{name} {kind:?}");
    let (found, expected) = (mean(&ours), mean(&theirs));
    let off =
        found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f64::max);
    let alike = ssim(&ours, &theirs);
    println!("{name} {kind:?}: {off:.1} levels, SSIM {alike:.3}");
    assert!(off <= near.levels, "{name} {kind:?}: mean {found:.1?}, the oracle's {expected:.1?}");
    assert!(alike >= near.ssim, "{name} {kind:?}: SSIM {alike:.3}");
}

/// Upright, in sRGB, no side longer than this, in the same format: what that loses is not what is compared.
fn by_vips(path: &Path, side: u32) -> DynamicImage {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made.webp");
    let size = format!("{side}x{side}>");
    let output = format!("{}[Q=75]", made.display());
    let vips = &mut Command::new("vipsthumbnail");
    vips.arg(path).args(["--size", &size, "--output", &output]);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if OTHER_COLOURS.iter().any(|beginning| name.starts_with(beginning)) {
        vips.args(["--export-profile", "srgb"]);
    }
    // What libheif decoded is upright, though its EXIF says otherwise.
    if !path.starts_with(env!("CARGO_MANIFEST_DIR")) {
        vips.arg("--no-rotate");
    }
    run(vips, "libvips-tools");
    webp(&std::fs::read(&made).expect("what vipsthumbnail wrote"))
}

/// Transparency over the same ground, so that invisible colours do not count.
fn on_grey(picture: &DynamicImage) -> RgbImage {
    const GREY: f32 = 128.0;
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let share = f32::from(alpha) / 255.0;
        Rgb([red, green, blue].map(|light| (f32::from(light) * share + GREY * (1.0 - share)).round() as u8))
    })
}

fn mean(picture: &RgbImage) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for pixel in picture.pixels() {
        for (sum, light) in sums.iter_mut().zip(pixel.0) {
            *sum += f64::from(light);
        }
    }
    sums.map(|sum| sum / f64::from(picture.width() * picture.height()))
}
