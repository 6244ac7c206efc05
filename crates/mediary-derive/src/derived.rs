//! The result of reading a file: facts for its record, and products to keep beside it.

use mediary_core::VariantKind;

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
