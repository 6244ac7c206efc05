//! A picture as a decoder leaves it, and the steps from there to what people see.

use ::image::DynamicImage;
use ::image::metadata::Orientation;

use super::color::{self, Channels};
use super::resize;
use crate::Result;

/// A decoded picture: RGB or RGBA of 8 bits (or inks in place of RGBA), as it lies in the file.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) picture: DynamicImage,
    pub(crate) channels: Channels,
    /// What the header says; the picture may be smaller.
    pub(crate) size: (u32, u32),
    pub(crate) orientation: Orientation,
    /// What its numbers mean; sRGB without one.
    pub(crate) profile: Option<Vec<u8>>,
}

impl Decoded {
    /// The size of the whole picture, upright.
    pub(crate) fn shown_size(&self) -> (u32, u32) {
        let (width, height) = self.size;
        if lies_on_its_side(self.orientation) { (height, width) } else { (width, height) }
    }

    /// The picture as people see it: upright, in sRGB, and no side longer than this.
    pub(crate) fn shown_within(self, side: u32) -> Result<DynamicImage> {
        let small = match self.channels {
            Channels::Light => resize::within(&self.picture, side)?,
            Channels::Inks => resize::within_by_channel(&self.picture, side)?,
        };
        // Fewer pixels are left to be converted and turned after the resize.
        drop(self.picture);
        let mut shown = color::to_srgb(small, self.channels, self.profile.as_deref());
        shown.apply_orientation(self.orientation);
        Ok(shown)
    }
}

fn lies_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}
