//! Documents: the first page as a picture, and how many pages there are; of contact cards the people on them.

#[cfg(feature = "pdf")]
mod pdf;

use mediary_formats::card;

use crate::{Derived, Error, Facts, Result};

/// Of a document that is read: what WhatsApp carries.
pub const MAX_FILE_BYTES: usize = 100 * 1024 * 1024;

/// Makes `thumb` and `preview` of a PDF's first page (WebP, longest sides 320 and 1280 pixels), its blurred picture, and the number
/// of pages.
///
/// Of a PDF whose first page cannot be drawn there is the number of pages alone, and of a contact card the names on it. Other
/// documents show their kind only, which `mediary_formats` tells.
pub fn derive(bytes: Vec<u8>) -> Result<Derived> {
    if bytes.is_empty() {
        return Err(Error::broken("the file is empty"));
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Error::too_large(format!(
            "the document has {} MB; at most {} MB are read",
            bytes.len() / 1_000_000,
            MAX_FILE_BYTES / 1_000_000
        )));
    }
    match mediary_formats::detect(&bytes) {
        Some("application/pdf") => pdf(bytes),
        Some("text/vcard") => {
            let facts = Facts { names: card::contact_names(&bytes), ..Facts::default() };
            Ok(Derived { facts, products: Vec::new(), missing: None })
        }
        Some(other) => Err(Error::unsupported(format!("there is no preview of {other} documents"))),
        None => Err(Error::unsupported("there is no preview of documents of an unknown kind")),
    }
}

#[cfg(feature = "pdf")]
fn pdf(bytes: Vec<u8>) -> Result<Derived> {
    pdf::derive(bytes)
}

#[cfg(not(feature = "pdf"))]
fn pdf(_: Vec<u8>) -> Result<Derived> {
    Err(Error::left_out("PDF documents", "pdf"))
}
