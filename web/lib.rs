//! The inbox, built from this folder and embedded in the binary.
//!
//! It knows nothing of HTTP: the server decides about headers, and answers [`index`] for every path that belongs to the
//! inbox itself (`/c/12`) instead of to a file.

use std::borrow::Cow;

use rust_embed::RustEmbed;

/// Files under this folder carry a hash of their content in their name.
const HASHED_FOLDER: &str = "assets/";

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/ui/dist"]
struct Files;

/// One file of the built inbox.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The bytes, borrowed from the binary where they are not compressed in it.
    pub data: Cow<'static, [u8]>,
    /// The value of `Content-Type`, with its charset where the type is text.
    pub content_type: String,
    /// A strong entity tag, with its quotes.
    pub etag: String,
    /// Whether the name changes with the content, so that a browser may keep it for ever.
    pub immutable: bool,
}

/// Finds the file that the inbox serves at `path` (with or without the leading slash).
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    let file = Files::get(path)?;
    Some(Asset {
        content_type: with_charset(file.metadata.mimetype()),
        etag: etag(file.metadata.sha256_hash()),
        immutable: path.starts_with(HASHED_FOLDER),
        data: file.data,
    })
}

/// The page that starts the inbox.
pub fn index() -> Asset {
    asset("index.html").expect("the build script always writes index.html")
}

fn with_charset(mime: &str) -> String {
    let text = mime.starts_with("text/") || mime.ends_with("javascript") || mime == "image/svg+xml";
    if text { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}

/// Half of the SHA-256 is far more than telling two builds of one file apart needs.
fn etag(sha256: [u8; 32]) -> String {
    let hex: String = sha256[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_a_page_that_must_be_asked_for_again() {
        let index = index();
        assert_eq!(index.content_type, "text/html; charset=utf-8");
        assert!(!index.immutable);
        assert!(index.data.starts_with(b"<!doctype html>"));
    }

    #[test]
    fn path_finds_the_same_file_with_and_without_its_slash() {
        let (with, without) = (asset("/index.html"), asset("index.html"));
        assert_eq!(with.map(|a| a.etag), without.map(|a| a.etag));
    }

    #[test]
    fn every_file_has_a_type_and_only_hashed_names_are_immutable() {
        for name in Files::iter() {
            let file = asset(&name).expect("a listed file is there");
            assert!(file.content_type.contains('/'), "{name}: {}", file.content_type);
            assert_eq!(file.etag.len(), 34, "{name}: {}", file.etag);
            assert_eq!(file.immutable, name.starts_with("assets/"), "{name}");
        }
    }

    #[test]
    fn unknown_and_outside_paths_are_nothing() {
        for path in ["", "/", "c/12", "../Cargo.toml", "assets/../../Cargo.toml", "/etc/passwd"] {
            assert!(asset(path).is_none(), "{path}");
        }
    }
}
