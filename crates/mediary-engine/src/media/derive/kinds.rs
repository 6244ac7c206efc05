//! Which files something is made of, by the type that was detected, and what.

use mediary_core::{DerivationStep, VariantKind};
use mediary_derive::Recipe;
use mediary_formats::canonical;

/// What can be made of files of a type.
struct Making {
    recipe: Recipe,
    kinds: &'static [VariantKind],
}

fn making(mime_type: &str) -> Option<Making> {
    use VariantKind::{Peaks, Playable, Poster, Preview, Thumb};

    let (recipe, kinds): (_, &[VariantKind]) = match canonical(mime_type).split_once('/')? {
        // A program of its own, not a picture.
        ("image", "svg+xml") => return None,
        ("image", _) => (Recipe::Picture, &[Thumb, Preview]),
        ("audio", "ogg" | "opus") => (Recipe::OggAudio, &[Peaks, Playable]),
        ("audio", _) => (Recipe::Audio, &[Peaks, Playable]),
        ("video", _) => (Recipe::Video, &[Thumb, Poster, Playable]),
        ("application", "pdf") => (Recipe::Document, &[Thumb, Preview]),
        ("text", "vcard") => (Recipe::Document, &[]),
        _ => return None,
    };
    Some(Making { recipe, kinds })
}

pub(super) fn recipe(mime_type: &str) -> Option<Recipe> {
    making(mime_type).map(|making| making.recipe)
}

/// The same for a step of it.
pub(super) fn recipe_of(mime_type: &str, step: DerivationStep) -> Option<Recipe> {
    match (recipe(mime_type)?, step) {
        (Recipe::Video, DerivationStep::Conversion) => Some(Recipe::Conversion),
        (recipe, _) => Some(recipe),
    }
}

/// Whether a step that takes minutes makes this kind of variant of files of this type, where there is such a step.
pub(super) fn is_of_a_long_step(mime_type: &str, kind: VariantKind) -> bool {
    match recipe(mime_type) {
        Some(Recipe::Video) => kind == VariantKind::Playable,
        Some(Recipe::Audio | Recipe::OggAudio) => true,
        _ => false,
    }
}

/// Whether it takes ffmpeg to make this kind of variant of files of this type.
pub(super) fn needs_ffmpeg(mime_type: &str, kind: VariantKind) -> bool {
    recipe(mime_type) == Some(Recipe::Video) && matches!(kind, VariantKind::Thumb | VariantKind::Poster)
}

/// The kinds of variant that a file of this type may have, where everything is there that makes them.
pub fn variant_kinds(mime_type: &str) -> &'static [VariantKind] {
    making(mime_type).map_or(&[], |making| making.kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_their_names_without_parameters() {
        assert_eq!(recipe("audio/ogg; codecs=opus"), Some(Recipe::OggAudio));
        assert_eq!(recipe("audio/amr"), Some(Recipe::Audio));
        assert_eq!(recipe("IMAGE/HEIC"), Some(Recipe::Picture));
        assert_eq!(recipe("video/mp4"), Some(Recipe::Video));
        assert_eq!(recipe("application/pdf"), Some(Recipe::Document));
        assert_eq!(recipe("text/vcard"), Some(Recipe::Document));
        for card in ["text/x-vcard; charset=utf-8", "text/directory", "Text/X-vCard", "application/x-pdf"] {
            assert_eq!(recipe(card), Some(Recipe::Document), "{card}");
        }
        assert_eq!(recipe("application/ogg"), Some(Recipe::OggAudio));
        assert_eq!(variant_kinds("image/jpg"), variant_kinds("image/jpeg"));
        for nothing in ["image/svg+xml", "text/plain", "application/zip", "image", ""] {
            assert_eq!((recipe(nothing), variant_kinds(nothing).len()), (None, 0), "{nothing}");
        }
    }
}
