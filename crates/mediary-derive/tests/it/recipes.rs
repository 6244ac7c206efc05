//! Recipes, carried out by locked-up workers of a real pool: what comes of a file in there is what comes of it outside.

use std::fs::File;
use std::path::{Path, PathBuf};

use mediary_core::{CompanyId, VariantKind};
use mediary_derive::pool::{Input, Job, Pool};
use mediary_derive::{Derived, Error, ErrorKind, Recipe, Result, make};

use crate::harness::{picture, pool_for_recipes as pool};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mediary-simulator/samples").join(name)
}

async fn run(pool: &Pool, recipe: Recipe, path: &Path) -> Result<Derived> {
    let input = Input::from_file(File::open(path).unwrap()).unwrap();
    pool.run(Job::new(CompanyId(1), recipe, input)).await
}

/// What the locked-up worker makes, once it was seen to be what is made outside.
async fn made(pool: &Pool, recipe: Recipe, path: &Path) -> Derived {
    let inside = run(pool, recipe, path).await.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(make(&recipe, File::open(path).unwrap()), Ok(inside.clone()), "{}", path.display());
    inside
}

fn kinds(derived: &Derived) -> Vec<VariantKind> {
    derived.products.iter().map(|product| product.kind).collect()
}

async fn refused(recipe: Recipe, path: &Path) -> Error {
    run(&pool(), recipe, path).await.unwrap_err()
}

#[tokio::test]
async fn pictures_of_every_kind_are_made_in_a_locked_up_worker() {
    let pool = pool();
    let names = [
        "orientation-6.jpg",
        "progressive.jpg",
        "cmyk-profile.jpg",
        "display-p3.png",
        "rgba-16.png",
        "lossy.webp",
        "animated.webp",
        "animated.gif",
        "scene.bmp",
    ];
    for name in names {
        let derived = made(&pool, Recipe::Picture, &picture(name)).await;
        assert!(derived.facts.width.is_some() && derived.facts.thumbhash.is_some(), "{name}");
        assert_eq!(kinds(&derived), [VariantKind::Thumb, VariantKind::Preview], "{name}");
    }
}

#[tokio::test]
async fn photo_of_an_iphone_is_made_in_a_locked_up_worker() {
    let pool = pool();
    for name in ["plain.heic", "orientation-8.heic", "alpha.heic", "tiles.heic"] {
        let derived = made(&pool, Recipe::Picture, &picture(name)).await;
        assert_eq!(kinds(&derived), [VariantKind::Thumb, VariantKind::Preview], "{name}");
    }
}

#[tokio::test]
async fn pdf_is_drawn_in_a_locked_up_worker() {
    let pool = pool();
    for (path, pages) in [(picture("two-pages.pdf"), 2), (sample("invoice.pdf"), 2)] {
        let derived = made(&pool, Recipe::Document, &path).await;
        assert_eq!(derived.facts.pages, Some(pages));
        assert_eq!(kinds(&derived), [VariantKind::Thumb, VariantKind::Preview]);
    }
    let error = refused(Recipe::Document, &picture("encrypted.pdf")).await;
    assert_eq!(
        (error.kind(), error.sentence()),
        (ErrorKind::Unsupported, "the PDF is encrypted with a password")
    );
}

#[tokio::test]
async fn picture_to_send_is_made_in_a_locked_up_worker() {
    let pool = pool();
    for name in ["orientation-6.jpg", "alpha.png", "animated.gif"] {
        let photo = made(&pool, Recipe::Photo { max_bytes: 5_000_000 }, &picture(name)).await;
        assert_eq!(photo.products[0].mime_type, "image/jpeg");
        assert!(photo.products[0].bytes.starts_with(b"\xFF\xD8"), "{name}");
        let sticker = made(&pool, Recipe::Sticker { max_bytes: 500_000 }, &picture(name)).await;
        assert_eq!(sticker.products[0].mime_type, "image/webp");
        assert!(sticker.products[0].bytes.starts_with(b"RIFF"), "{name}");
    }
}

#[tokio::test]
async fn recording_and_video_are_made_in_a_locked_up_worker() {
    let pool = pool();
    for name in ["voice-en.ogg", "jingle.mp3"] {
        let derived = made(&pool, Recipe::Audio, &sample(name)).await;
        assert!(derived.facts.duration_ms.is_some(), "{name}");
        assert_eq!(kinds(&derived), [VariantKind::Peaks], "{name}");
        let note = made(&pool, Recipe::VoiceNote, &sample(name)).await;
        assert!(note.products[0].bytes.starts_with(b"OggS"), "{name}");
    }
    let derived = made(&pool, Recipe::Video, &sample("wheel.mp4")).await;
    assert!(derived.facts.width.is_some() && derived.facts.duration_ms.is_some());
}

#[tokio::test]
async fn file_of_another_kind_is_refused_in_words() {
    for recipe in [Recipe::Picture, Recipe::Document, Recipe::Photo { max_bytes: 9_000 }] {
        let error = refused(recipe, &sample("price-list.csv")).await;
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{recipe:?}: {error}");
    }
}

/// A message of the worker must hold them all, of letters that take more than a byte each.
#[tokio::test]
async fn longest_names_of_the_most_people_come_through_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.vcf");
    for letter in ["漢", "😀"] {
        let name = letter.repeat(200);
        let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEND:VCARD\r\n").repeat(51);
        std::fs::write(&path, card).unwrap();
        let derived = made(&pool(), Recipe::Document, &path).await;
        assert_eq!(derived.facts.names, vec![name; 50]);
    }
}

/// 8-bit sound of one sample a second.
fn slow_sound(samples: u32) -> Vec<u8> {
    let mut wav = b"RIFF".to_vec();
    wav.extend((samples + 36).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    for (number, bytes) in [(16_u32, 4), (1, 2), (1, 2), (1, 4), (1, 4), (1, 2), (8, 2)] {
        wav.extend(&number.to_le_bytes()[..bytes]);
    }
    wav.extend(b"data");
    wav.extend(samples.to_le_bytes());
    wav.resize(44 + samples as usize, 128);
    wav
}

#[tokio::test]
async fn duration_is_believed_up_to_a_year_and_unknown_beyond() {
    const DAY: u32 = 24 * 3600;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.wav");
    for (days, duration_ms) in [(50, Some(50 * u64::from(DAY) * 1000)), (400, None)] {
        std::fs::write(&path, slow_sound(days * DAY)).unwrap();
        let derived = made(&pool(), Recipe::Audio, &path).await;
        assert_eq!(derived.facts.duration_ms, duration_ms, "{days} days");
    }
}
