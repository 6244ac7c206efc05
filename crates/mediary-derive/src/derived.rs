//! The result of reading a file: facts for its record, and products to keep beside it.

use mediary_core::VariantKind;

use crate::limits::{MAX_DURATION_MS, MAX_PAGES, MAX_SIDE};

/// What is known of a file once it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// In pixels, as it is shown: after its orientation is applied.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
    /// A blurred picture of some 25 bytes (thumbhash).
    pub thumbhash: Option<Vec<u8>>,
    /// Of a document.
    pub pages: Option<u32>,
    /// The people on a contact card.
    pub names: Vec<String>,
    /// Why browsers may be unable to play it, where that is so: "HEVC".
    pub unplayable: Option<String>,
}

/// Something made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub kind: VariantKind,
    pub mime_type: &'static str,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
    pub bytes: Vec<u8>,
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    pub facts: Facts,
    pub products: Vec<Product>,
    /// Why there is not more of it, where something that is made of other files of its kind is not there.
    pub missing: Option<String>,
}

impl Derived {
    /// What a file claims and nobody would believe is unknown. Each reader has its own arithmetic, so this stands behind all of them.
    pub(crate) fn within_limits(mut self) -> Self {
        let is_side = |pixels: &u32| (1..=MAX_SIDE).contains(pixels);
        let is_duration = |duration: &u64| *duration <= MAX_DURATION_MS;
        let Facts { width, height, duration_ms, pages, .. } = &mut self.facts;
        (*width, *height) = (width.filter(is_side), height.filter(is_side));
        *duration_ms = duration_ms.filter(is_duration);
        *pages = pages.filter(|pages| *pages <= MAX_PAGES);
        for product in &mut self.products {
            product.duration_ms = product.duration_ms.filter(is_duration);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_that_nobody_would_believe_are_unknown() {
        let claims = |width, duration_ms, pages| {
            let facts = Facts {
                width: Some(width),
                duration_ms: Some(duration_ms),
                pages: Some(pages),
                ..Facts::default()
            };
            let facts = Derived { facts, ..Derived::default() }.within_limits().facts;
            (facts.width, facts.duration_ms, facts.pages)
        };
        let (side, duration, pages) = (MAX_SIDE, MAX_DURATION_MS, MAX_PAGES);
        assert_eq!(claims(side, duration, pages), (Some(side), Some(duration), Some(pages)));
        assert_eq!(claims(side + 1, duration + 1, pages + 1), (None, None, None));
        assert_eq!(claims(0, 0, 0), (None, Some(0), Some(0)));
    }
}
