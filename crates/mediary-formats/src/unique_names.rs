//! Names of files that lie in one folder, on any system.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use crate::disposition::shorten;

/// Names that were given. Two that differ by case only, or in how an accent is written, are one name on some systems.
#[derive(Debug, Default)]
pub struct UniqueNames(HashMap<String, u32>);

impl UniqueNames {
    /// The name, with a number where it was given before. It is cleaned already, as those of [`crate::name_with_ending`] are.
    pub fn give(&mut self, name: &str) -> String {
        // Some characters are longer once they are composed.
        let name = shorten(&name.nfc().collect::<String>());
        let mut given = name.clone();
        loop {
            let known = self.0.entry(key(&given)).or_insert(0);
            if *known == 0 {
                *known = 1;
                return given;
            }
            // Counted at the name itself, so that a thousand of one name are not tried a million times.
            let count = self.0.entry(key(&name)).or_insert(1);
            *count += 1;
            given = numbered(&name, *count);
        }
    }
}

fn key(name: &str) -> String {
    name.to_lowercase().nfkc().collect()
}

/// `a.pdf` becomes `a (2).pdf`.
fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.').filter(|(stem, ending)| !stem.is_empty() && ending.len() <= 16) {
        Some((stem, ending)) => format!("{stem} ({number}).{ending}"),
        None => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_was_given_gets_a_number_in_front_of_its_ending() {
        let mut names = UniqueNames::default();
        let given = ["a.pdf", "A.PDF", "a (2).pdf", "a.pdf", "é", "e\u{301}", "صورة.jpg", "صورة.jpg"]
            .map(|name| names.give(name));
        let expected =
            ["a.pdf", "A (2).PDF", "a (2) (2).pdf", "a (3).pdf", "é", "é (2)", "صورة.jpg", "صورة (2).jpg"];
        assert_eq!(given, expected);
    }

    #[test]
    fn name_that_grows_when_it_is_composed_fits_all_the_same() {
        let given = UniqueNames::default().give(&format!("{}.pdf", "\u{1D160}".repeat(49)));
        assert!(given.len() <= 200 && given.ends_with(".pdf"), "{} bytes", given.len());
    }

    #[test]
    fn thousands_of_one_name_differ() {
        let mut names = UniqueNames::default();
        let given: std::collections::HashSet<String> = (0..5000).map(|_| names.give("photo.jpg")).collect();
        assert_eq!(given.len(), 5000);
    }
}
