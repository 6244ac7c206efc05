//! From the colours of a file to sRGB.

use ::image::{DynamicImage, Rgb, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::limits::MAX_PROFILE_BYTES;

/// What the channels of a decoded picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    /// RGB, with or without transparency.
    Light,
    /// CMYK, in which 255 means all of an ink.
    Inks,
}

/// The picture in sRGB. A profile that is damaged, too large or meant for other channels is as none.
pub(crate) fn to_srgb(picture: DynamicImage, channels: Channels, profile: Option<&[u8]>) -> DynamicImage {
    let profile = profile
        .filter(|profile| profile.len() <= MAX_PROFILE_BYTES)
        .and_then(|profile| ColorProfile::new_from_slice(profile).ok());
    match channels {
        Channels::Light => match profile.and_then(|profile| light_to_srgb(&picture, &profile)) {
            Some(converted) => converted,
            None => picture,
        },
        Channels::Inks => {
            let converted = profile.and_then(|profile| inks_to_srgb(&picture, &profile));
            converted.unwrap_or_else(|| plain_inks(&picture))
        }
    }
}

fn light_to_srgb(picture: &DynamicImage, profile: &ColorProfile) -> Option<DynamicImage> {
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let layout = if picture.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let mut pixels = vec![0; picture.as_bytes().len()];
    let transform = profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), layout, TransformOptions::default())
        .ok()?;
    transform.transform(picture.as_bytes(), &mut pixels).ok()?;
    let (width, height) = (picture.width(), picture.height());
    match picture {
        DynamicImage::ImageRgba8(_) => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
    }
}

fn inks_to_srgb(picture: &DynamicImage, profile: &ColorProfile) -> Option<DynamicImage> {
    if profile.color_space != DataColorSpace::Cmyk {
        return None;
    }
    let inks = picture.as_bytes();
    let mut pixels = vec![0; inks.len() / 4 * 3];
    let transform = profile
        .create_transform_8bit(
            Layout::Rgba,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()?;
    transform.transform(inks, &mut pixels).ok()?;
    RgbImage::from_raw(picture.width(), picture.height(), pixels).map(DynamicImage::from)
}

/// Without a profile each ink takes away its share of the light.
fn plain_inks(picture: &DynamicImage) -> DynamicImage {
    let inks = picture.as_bytes();
    let left = |ink: u8, black: u8| {
        let light = u16::from(255 - ink) * u16::from(255 - black);
        // Rounded, and at most 255.
        ((light + 127) / 255) as u8
    };
    let light = |x: u32, y: u32| {
        let at = (y as usize * picture.width() as usize + x as usize) * 4;
        let [cyan, magenta, yellow, black] = [inks[at], inks[at + 1], inks[at + 2], inks[at + 3]];
        Rgb([left(cyan, black), left(magenta, black), left(yellow, black)])
    };
    RgbImage::from_fn(picture.width(), picture.height(), light).into()
}
