//! What bytes are, by their content, and how they may be shown.
//!
//! Everything here looks at a file's first and last bytes and at names; nothing reads files or knows where they lie. What a
//! sender declares is a claim: [`detect`] says what is really there, [`verdict`] compares the two.

mod announced_name;
mod archive;
pub mod card;
mod container;
mod detect;
mod disposition;
mod markup;
mod mime;
mod ole;
mod proved;
mod sample;
mod unique_names;
mod verdict;
mod zip;

pub use announced_name::{name_of_disposition, name_of_path};
pub use archive::{ArchiveLayout, ArchivedFile, Section};
pub use detect::detect;
pub use disposition::{content_disposition, generated_name, name_in_type, name_with_ending};
pub use mime::{canonical, extension, is_pdf, safe_inline};
pub use proved::ProvedContent;
pub use sample::{DETECT_BYTES, Sample, TAIL_BYTES};
pub use unique_names::UniqueNames;
pub use verdict::{Verdict, verdict};
