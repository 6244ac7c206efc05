//! The answer to a job: what the worker writes, and what the program believes of it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use mediary_core::VariantKind;
use mediary_formats::card::{MAX_NAME_CHARS, MAX_NAMES};
use serde::{Deserialize, Serialize};

use crate::limits::{
    MAX_DURATION_MS, MAX_PAGES, MAX_SENTENCE_CHARS, MAX_SIDE, MAX_THUMBHASH_BYTES, MAX_UNPLAYABLE_CHARS,
};
use crate::{Derived, Error, ErrorKind, Facts, Product, Result, audio};

/// What products are: the only types that an answer may name.
pub(crate) const MIME_TYPES: &[&str] = &[
    "image/webp",
    "image/jpeg",
    "image/png",
    "audio/mp4",
    audio::PLAYABLE_MIME_TYPE,
    "audio/ogg",
    "audio/ogg; codecs=opus",
    "video/mp4",
    "application/json",
    "application/octet-stream",
];

/// [`Derived`] without the bytes of its products.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Made {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) thumbhash: Option<Vec<u8>>,
    pub(crate) pages: Option<u32>,
    pub(crate) names: Vec<String>,
    pub(crate) unplayable: Option<String>,
    pub(crate) missing: Option<String>,
    pub(crate) products: Vec<Placed>,
}

/// A product, and where its bytes lie in the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Placed {
    pub(crate) kind: VariantKind,
    pub(crate) mime_type: String,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// [`Error`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailureKind {
    Unsupported,
    Broken,
    TooLarge,
    Worker,
}

impl Failure {
    pub(crate) fn of(error: &Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Unsupported => FailureKind::Unsupported,
            ErrorKind::Broken => FailureKind::Broken,
            ErrorKind::TooLarge => FailureKind::TooLarge,
            // It is the program that looks at the time.
            ErrorKind::OutOfTime | ErrorKind::Worker => FailureKind::Worker,
        };
        Self { kind, sentence: error.sentence().chars().take(MAX_SENTENCE_CHARS).collect() }
    }

    /// Its sentence is shown to people: it is short, and has no control characters.
    pub(crate) fn into_error(self) -> Error {
        let kind = match self.kind {
            FailureKind::Unsupported => ErrorKind::Unsupported,
            FailureKind::Broken => ErrorKind::Broken,
            FailureKind::TooLarge => ErrorKind::TooLarge,
            FailureKind::Worker => ErrorKind::Worker,
        };
        let printable = self.sentence.chars().filter(|letter| !letter.is_control());
        Error::new(kind, printable.take(MAX_SENTENCE_CHARS).collect::<String>())
    }
}

/// The worker's side: the products go to the output, one after the other.
pub(crate) fn write(derived: Derived, output: &File, output_bytes: u64) -> Result<Made> {
    let Derived { facts, products, missing } = derived;
    let mut made = Made {
        width: facts.width,
        height: facts.height,
        duration_ms: facts.duration_ms,
        thumbhash: facts.thumbhash,
        pages: facts.pages,
        names: facts.names,
        unplayable: facts.unplayable,
        missing: missing.map(|sentence| sentence.chars().take(MAX_SENTENCE_CHARS).collect()),
        products: Vec::with_capacity(products.len()),
    };
    let mut offset = 0;
    for product in products {
        let bytes = product.bytes.len() as u64;
        if bytes > output_bytes - offset {
            return Err(Error::too_large(format!("what was made of it has more than {output_bytes} bytes")));
        }
        output.write_all_at(&product.bytes, offset).map_err(|error| {
            Error::new(ErrorKind::Worker, format!("what was made cannot be written: {error}"))
        })?;
        made.products.push(Placed {
            kind: product.kind,
            mime_type: product.mime_type.to_owned(),
            width: product.width,
            height: product.height,
            duration_ms: product.duration_ms,
            offset,
            bytes,
        });
        offset += bytes;
    }
    Ok(made)
}

/// The program's side: everything is checked before it is used, and bytes are copied, as the worker could change them later.
pub(crate) fn read(made: Made, output: &File, output_bytes: u64) -> Result<Derived, &'static str> {
    let facts = Facts {
        width: side(made.width)?,
        height: side(made.height)?,
        duration_ms: duration(made.duration_ms)?,
        thumbhash: check(
            made.thumbhash,
            |hash| (1..=MAX_THUMBHASH_BYTES).contains(&hash.len()),
            "an impossible thumbhash",
        )?,
        pages: check(made.pages, |pages| *pages <= MAX_PAGES, "an impossible number of pages")?,
        names: if are_names(&made.names) { made.names } else { return Err("impossible names") },
        unplayable: check(made.unplayable, |word| is_short_word(word), "an impossible format")?,
    };
    let total = made.products.iter().try_fold(0_u64, |total, product| total.checked_add(product.bytes));
    if total.is_none_or(|total| total > output_bytes) {
        return Err("products that are larger than the output");
    }
    let mut products: Vec<Product> = Vec::new();
    for placed in made.products {
        if products.iter().any(|product| product.kind == placed.kind) {
            return Err("two products of one kind");
        }
        products.push(read_product(&placed, output, output_bytes)?);
    }
    let missing = check(made.missing, |sentence| is_sentence(sentence), "an impossible sentence")?;
    Ok(Derived { facts, products, missing })
}

fn read_product(placed: &Placed, output: &File, output_bytes: u64) -> Result<Product, &'static str> {
    let mime_type =
        MIME_TYPES.iter().find(|known| **known == placed.mime_type).ok_or("a product of unknown type")?;
    if placed.bytes == 0 || placed.offset.checked_add(placed.bytes).is_none_or(|end| end > output_bytes) {
        return Err("a product that lies outside the output");
    }
    // At most `output_bytes`, which the program chose.
    let mut bytes =
        vec![0; usize::try_from(placed.bytes).map_err(|_| "a product that lies outside the output")?];
    output.read_exact_at(&mut bytes, placed.offset).map_err(|_| "a product that cannot be read")?;
    Ok(Product {
        kind: placed.kind,
        mime_type,
        width: side(placed.width)?,
        height: side(placed.height)?,
        duration_ms: duration(placed.duration_ms)?,
        bytes,
    })
}

fn side(pixels: Option<u32>) -> Result<Option<u32>, &'static str> {
    check(pixels, |pixels| (1..=MAX_SIDE).contains(pixels), "an impossible width or height")
}

fn duration(duration_ms: Option<u64>) -> Result<Option<u64>, &'static str> {
    check(duration_ms, |duration| *duration <= MAX_DURATION_MS, "an impossible duration")
}

fn are_names(names: &[String]) -> bool {
    let is_name = |name: &String| {
        (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    names.len() <= MAX_NAMES && names.iter().all(is_name)
}

fn is_short_word(word: &str) -> bool {
    (1..=MAX_UNPLAYABLE_CHARS).contains(&word.len())
        && word.chars().all(|letter| letter == ' ' || letter.is_ascii_graphic())
}

/// It is shown to people.
fn is_sentence(sentence: &str) -> bool {
    (1..=MAX_SENTENCE_CHARS).contains(&sentence.chars().count()) && !sentence.chars().any(char::is_control)
}

fn check<T>(
    value: Option<T>,
    is_right: impl Fn(&T) -> bool,
    what: &'static str,
) -> Result<Option<T>, &'static str> {
    if value.as_ref().is_none_or(is_right) { Ok(value) } else { Err(what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(bytes: u64) -> File {
        let file = tempfile::tempfile().unwrap();
        file.set_len(bytes).unwrap();
        file
    }

    fn product(kind: VariantKind, bytes: &[u8]) -> Product {
        Product {
            kind,
            mime_type: "audio/ogg; codecs=opus",
            width: None,
            height: None,
            duration_ms: Some(10),
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn products_may_fill_the_output() {
        let derived = Derived {
            facts: Facts {
                pages: Some(3),
                names: vec!["Anna".to_owned()],
                unplayable: Some("MPEG-4 Part 2".to_owned()),
                ..Facts::default()
            },
            products: vec![product(VariantKind::Playable, b"abc"), product(VariantKind::Peaks, b"de")],
            missing: Some("its samples lie in another file".to_owned()),
        };
        let output = output(5);
        let made = write(derived.clone(), &output, 5).unwrap();
        assert_eq!(read(made.clone(), &output, 5), Ok(derived.clone()));
        assert_eq!(read(made, &output, 4), Err("products that are larger than the output"));
        assert_eq!(write(derived, &output, 4).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn sound_for_browsers_has_a_known_type() {
        assert!(MIME_TYPES.contains(&crate::audio::PLAYABLE_MIME_TYPE));
    }

    #[test]
    fn facts_are_believed_up_to_their_limits() {
        let output = output(1);
        let at_the_limits = Made {
            width: Some(MAX_SIDE),
            height: Some(1),
            duration_ms: Some(MAX_DURATION_MS),
            thumbhash: Some(vec![0; MAX_THUMBHASH_BYTES]),
            pages: Some(MAX_PAGES),
            names: vec!["ä".repeat(MAX_NAME_CHARS); MAX_NAMES],
            unplayable: Some("x".repeat(MAX_UNPLAYABLE_CHARS)),
            missing: Some("ä".repeat(MAX_SENTENCE_CHARS)),
            products: Vec::new(),
        };
        assert!(read(at_the_limits.clone(), &output, 1).is_ok());
        let at = at_the_limits;
        for beyond in [
            Made { width: Some(MAX_SIDE + 1), ..at.clone() },
            Made { height: Some(0), ..at.clone() },
            Made { duration_ms: Some(MAX_DURATION_MS + 1), ..at.clone() },
            Made { thumbhash: Some(vec![0; MAX_THUMBHASH_BYTES + 1]), ..at.clone() },
            Made { thumbhash: Some(Vec::new()), ..at.clone() },
            Made { pages: Some(MAX_PAGES + 1), ..at.clone() },
            Made { names: vec!["a".to_owned(); MAX_NAMES + 1], ..at.clone() },
            Made { names: vec!["ä".repeat(MAX_NAME_CHARS + 1)], ..at.clone() },
            Made { names: vec!["a\nb".to_owned()], ..at.clone() },
            Made { names: vec![String::new()], ..at.clone() },
            Made { unplayable: Some("x".repeat(MAX_UNPLAYABLE_CHARS + 1)), ..at.clone() },
            Made { unplayable: Some("a\nb".to_owned()), ..at.clone() },
            Made { missing: Some("ä".repeat(MAX_SENTENCE_CHARS + 1)), ..at.clone() },
            Made { missing: Some("a\nb".to_owned()), ..at.clone() },
            Made { missing: Some(String::new()), ..at },
        ] {
            assert!(read(beyond.clone(), &output, 1).is_err(), "{beyond:?}");
        }
    }

    #[test]
    fn sentence_of_a_worker_is_short_and_printable() {
        let failure =
            Failure { kind: FailureKind::Broken, sentence: format!("\u{1b}[2J{}", "a".repeat(1000)) };
        let error = failure.into_error();
        assert_eq!(error.kind(), ErrorKind::Broken);
        assert_eq!(error.sentence().chars().count(), MAX_SENTENCE_CHARS);
        assert!(!error.sentence().contains('\u{1b}'));
    }
}
