//! What bytes are, by their content, and how they may be shown.
//!
//! Everything here looks at a file's first bytes and at names; nothing reads files or knows where they lie. What a
//! sender declares is a claim: [`detect`] says what is really there, [`verdict`] compares the two.

mod container;
mod detect;
mod disposition;
mod markup;
mod mime;
mod verdict;

pub use detect::{DETECT_BYTES, detect};
pub use disposition::{content_disposition, generated_name};
pub use mime::{extension, is_pdf, safe_inline};
pub use verdict::{Verdict, verdict};
