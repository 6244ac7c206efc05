//! PDF, by hayro: a reader and painter in safe Rust. Fonts that a document does not bring along are replaced by those of the PDF
//! standard, so text in other scripts may be missing from the picture.

use ::image::{DynamicImage, RgbImage};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use mediary_core::VariantKind;

use crate::image::{self, PREVIEW_SIDE, THUMB_SIDE, encode, resize};
use crate::{Derived, Error, Facts, Result};

/// A page is drawn no narrower than this, however long it is; in pixels.
const SHORTEST_SIDE: f32 = 1.0;

pub(crate) fn derive(bytes: Vec<u8>) -> Result<Derived> {
    let document = Pdf::new(bytes).map_err(explained)?;
    let pages = document.pages();
    let Some(first) = pages.first() else {
        return Err(Error::broken("the PDF has no pages"));
    };
    let mut facts = Facts { pages: u32::try_from(pages.len()).ok(), ..Facts::default() };
    let mut products = Vec::new();
    if let Some(picture) = draw(first) {
        let thumb = resize::within(&picture, THUMB_SIDE)?;
        facts.thumbhash = Some(encode::thumbhash(&thumb)?);
        products.push(image::product(VariantKind::Thumb, &thumb)?);
        products.push(image::product(VariantKind::Preview, &picture)?);
    }
    Ok(Derived { facts, products, missing: None })
}

/// The page on white, its longest side as long as a preview's; `None` of a page without a size.
fn draw(page: &Page<'_>) -> Option<DynamicImage> {
    let (width, height) = page.render_dimensions();
    let longest = width.max(height);
    if !(longest.is_finite() && width > 0.0 && height > 0.0) {
        return None;
    }
    let side = PREVIEW_SIDE as f32;
    // The target has whole pixels, so each side has its own factor; it is cut off to them, hence a quarter of one more.
    let factor = |length: f32| ((length * side / longest).round().max(SHORTEST_SIDE) + 0.25) / length;
    let settings = PixmapSettings { x_scale: factor(width), y_scale: factor(height), bg_color: WHITE };
    let cache = RenderCache::new();
    let pixmap =
        hayro::render(page, &cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let opaque = pixmap.data_as_u8_slice().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    let picture = RgbImage::from_raw(pixmap.width().into(), pixmap.height().into(), opaque.collect())?;
    resize::within(&picture.into(), PREVIEW_SIDE).ok()
}

fn explained(error: LoadPdfError) -> Error {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Error::unsupported("the PDF is encrypted with a password")
        }
        LoadPdfError::Decryption(_) => {
            Error::unsupported("the PDF is encrypted in a way that cannot be read")
        }
        LoadPdfError::Invalid => Error::broken("the PDF is damaged: its pages cannot be found"),
    }
}
