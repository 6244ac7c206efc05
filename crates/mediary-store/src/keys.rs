//! What a storage key tells of its bytes.

use mediary_core::MediaId;

/// The file that a key is of a variant of: `media/{company}/{message}/variants/{media}-{kind}-{random}`. The key of a file has one
/// part less.
pub(crate) fn variant_of(key: &str) -> Option<MediaId> {
    let mut parts = key.split('/').skip(3);
    let (folder, name, end) = (parts.next()?, parts.next()?, parts.next());
    let (media, _) = name.split_once('-')?;
    let media = media.parse().ok()?;
    (folder == "variants" && end.is_none()).then_some(MediaId(media))
}

/// Whether a key is of an upload: `media/{company}/uploads/{random}`, in whatever generation. Other keys have the id of a message there.
pub(crate) fn is_upload(key: &str) -> bool {
    key.split('/').nth(2) == Some("uploads")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_a_variant_names_its_file() {
        let of = |key| variant_of(key).map(|media| media.0);
        assert_eq!(of("media/1/2/variants/34-thumb-00ff00ff00ff00ff"), Some(34));
        for key in [
            "media/1/2/variants",
            "media/1/2/34-thumb-00",
            "media/1/2/variants/thumb",
            "media/1/2/other/34-thumb-00",
            "media/1/2/variants/34-thumb-00/more",
            "media/1/2/variants/x-thumb-00",
        ] {
            assert_eq!(of(key), None, "{key}");
        }
    }

    #[test]
    fn only_keys_of_uploads_are_taken_for_such() {
        assert!(is_upload("media/1/uploads/00ff") && is_upload("media/1/uploads/00ff.g2"));
        for key in ["media/1/2/uploads", "media/1/2/variants/3-thumb-00", "uploads/1/2", "media/1"] {
            assert!(!is_upload(key), "{key}");
        }
    }
}
