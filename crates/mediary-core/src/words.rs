//! The words of a text, as a search compares them, and where in the text they stand.
//!
//! Case and marks above and below letters do not matter, nor do the shapes in which Unicode has the same letter or digit. What is
//! written without spaces, as Chinese, Japanese and Thai are, has no words that could be told apart: there every two letters that
//! stand together are one, and the last letter is one by itself, so that each letter begins one.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Letters of a word that count; longer ones are compared by their beginning.
const WORD_CHARS: usize = 40;
/// Words of a text that are found. WhatsApp's longest text has 4,096 characters, and so rarely as many as these.
const WORDS_MAX: usize = 1000;
/// Words that a query may have.
pub const QUERY_WORDS_MAX: usize = 16;

/// A word as it is compared, and the bytes of the text that it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub range: Range<usize>,
}

/// The words of a text, the first [`WORDS_MAX`] of them.
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Words::default();
    for (start, letter) in text.char_indices() {
        if words.found.len() >= WORDS_MAX {
            break;
        }
        words.take(letter, start..start + letter.len_utf8());
    }
    words.end();
    words.found.truncate(WORDS_MAX);
    words.found
}

#[derive(Default)]
struct Words {
    found: Vec<Word>,
    /// The word that is being read, and its length in letters.
    current: Option<(Word, usize)>,
    /// The last letter of a run without spaces.
    unspaced: Option<Word>,
}

impl Words {
    fn take(&mut self, letter: char, at: Range<usize>) {
        if letter.is_ascii() {
            return match letter.is_ascii_alphanumeric() {
                true => self.letter(letter.to_ascii_lowercase(), &at),
                false => self.end(),
            };
        }
        if is_passed_over(letter) {
            return;
        }
        if is_unspaced(letter) {
            return self.unspaced(letter, at);
        }
        for part in std::iter::once(letter).nfkd().filter(|part| canonical_combining_class(*part) == 0) {
            self.folded(part, &at);
        }
    }

    fn folded(&mut self, part: char, at: &Range<usize>) {
        if is_unspaced(part) {
            return self.unspaced(part, at.clone());
        }
        if let Some(letters) = spelled_out(part) {
            return letters.chars().for_each(|letter| self.letter(letter, at));
        }
        match digit(part) {
            Some(digit) => self.letter(digit, at),
            None if part.is_alphanumeric() => {
                part.to_lowercase()
                    .filter(|letter| canonical_combining_class(*letter) == 0)
                    .for_each(|letter| self.letter(letter, at));
            }
            None => self.end(),
        }
    }

    fn letter(&mut self, letter: char, at: &Range<usize>) {
        self.end_of_unspaced();
        let (word, length) =
            self.current.get_or_insert_with(|| (Word { text: String::new(), range: at.clone() }, 0));
        word.range.end = at.end;
        if *length < WORD_CHARS {
            word.text.push(letter);
            *length += 1;
        }
    }

    fn unspaced(&mut self, letter: char, at: Range<usize>) {
        self.end_of_word();
        let folded: String =
            std::iter::once(letter).nfkd().filter(|part| canonical_combining_class(*part) == 0).collect();
        let this = Word { text: folded, range: at };
        if let Some(before) = self.unspaced.replace(this.clone()) {
            let text = before.text + &this.text;
            self.found.push(Word { text, range: before.range.start..this.range.end });
        }
    }

    fn end_of_word(&mut self) {
        self.found.extend(self.current.take().map(|(word, _)| word));
    }

    fn end_of_unspaced(&mut self) {
        self.found.extend(self.unspaced.take());
    }

    fn end(&mut self) {
        self.end_of_word();
        self.end_of_unspaced();
    }
}

/// What belongs to a word and says nothing: marks, joiners, the Arabic stroke that only makes a word longer, signs of direction.
fn is_passed_over(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || canonical_combining_class(letter) != 0
}

/// Letters of languages that are written without spaces.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3fffd}')
        && letter.is_alphanumeric()
}

/// Letters that people also write as others, and that Unicode does not take apart.
fn spelled_out(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ł' | 'Ł' => "l",
        'ı' => "i",
        'þ' | 'Þ' => "th",
        // Arabic: alef maksura, and teh marbuta.
        'ى' | 'ی' => "ي",
        'ة' => "ه",
        'ک' => "ك",
        _ => return None,
    })
}

/// Digits of other scripts.
fn digit(letter: char) -> Option<char> {
    const ZEROS: [u32; 4] = [0x660, 0x6f0, 0x966, 0x9e6];
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&u32::from(letter)))?;
    char::from_digit(u32::from(letter) - zero, 10)
}

/// What a search looks for: texts that have all of its words, the last one perhaps only as the beginning of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordQuery {
    words: Vec<String>,
    /// The last one, of which more may follow.
    beginning: Option<String>,
}

impl WordQuery {
    /// Reads what somebody typed; `None` where no letter and no digit is in it. What stands after the last of
    /// [`QUERY_WORDS_MAX`] words is left out.
    pub fn new(typed: &str) -> Option<Self> {
        let mut found = words(typed);
        found.truncate(QUERY_WORDS_MAX);
        let last = found.last()?.clone();
        // The last letter of a run without spaces is in the pair before it.
        let is_in_a_pair = found.len() > 1 && found[found.len() - 2].range.end == last.range.end;
        let is_open = !is_in_a_pair && last.range.end == typed.trim_end_matches(is_passed_over).len();
        let mut texts: Vec<String> = pairs_only(&found);
        let beginning = if is_open { texts.pop() } else { None };
        texts.sort_unstable();
        texts.dedup();
        Some(Self { words: texts, beginning })
    }

    /// Words that have to be there as they are.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The beginning of a word that has to be there.
    pub fn beginning(&self) -> Option<&str> {
        self.beginning.as_deref()
    }

    /// Whether all of it is in these texts together.
    pub fn is_in<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>) -> bool {
        let found: Vec<Word> = texts.into_iter().flat_map(|text| words(text.as_ref())).collect();
        self.words.iter().all(|wanted| found.iter().any(|word| word.text == *wanted))
            && self
                .beginning
                .as_ref()
                .is_none_or(|wanted| found.iter().any(|word| word.text.starts_with(wanted.as_str())))
    }

    /// The bytes of a text that the words of the query are at, in order; those that overlap are one.
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let wanted = |word: &Word| {
            self.words.contains(&word.text)
                || self.beginning.as_ref().is_some_and(|beginning| word.text.starts_with(beginning.as_str()))
        };
        let mut marks: Vec<Range<usize>> = Vec::new();
        let mut found: Vec<Range<usize>> =
            words(text).into_iter().filter(wanted).map(|word| word.range).collect();
        found.sort_unstable_by_key(|range| range.start);
        for range in found {
            match marks.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => marks.push(range),
            }
        }
        marks
    }
}

/// The words without the single letters that end a pair.
fn pairs_only(found: &[Word]) -> Vec<String> {
    let ends_a_pair = |at: usize| at > 0 && found[at - 1].range.end == found[at].range.end;
    let kept = found.iter().enumerate().filter(|(at, _)| !ends_a_pair(*at));
    kept.map(|(_, word)| word.text.clone()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    fn finds(typed: &str, text: &str) -> bool {
        WordQuery::new(typed).unwrap().is_in([text])
    }

    #[test]
    fn words_are_folded_and_split_at_what_is_no_letter() {
        for (text, expected) in [
            ("Invoice_2024-05.PDF", vec!["invoice", "2024", "05", "pdf"]),
            ("Ça coûte très CHER!", vec!["ca", "coute", "tres", "cher"]),
            ("Ca cou\u{302}te", vec!["ca", "coute"]),
            ("Straße Łódź Øre", vec!["strasse", "lodz", "ore"]),
            ("İstanbul ışık", vec!["istanbul", "isik"]),
            ("ﬁnal Ｆｕｌｌ", vec!["final", "full"]),
            ("الفاتورةُ رقم ١٢٣", vec!["الفاتوره", "رقم", "123"]),
            ("أحمد إيمان آمن مـــرحبا", vec!["احمد", "ايمان", "امن", "مرحبا"]),
            ("किताब", vec!["किताब"]),
            ("中文字 ok", vec!["中文", "文字", "字", "ok"]),
            ("字", vec!["字"]),
            ("ｶﾞｽ", vec!["カス", "ス"]),
            ("👍 …", vec![]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn all_words_are_needed_and_the_last_one_may_go_on() {
        assert!(finds("rech mai", "Die Mai-Rechnung: Rech") && !finds("rech mai", "Mai: Rechnung"));
        assert!(finds("INVOICE 20", "invoice_2024.pdf") && !finds("invoice 20 ", "invoice_2024.pdf"));
        assert!(finds("cafe", "Café") && finds("café", "CAFE"));
        assert!(finds("فاتوره", "الفاتورة فاتورة") && !finds("زيت", "فاتورة"));
        assert!(finds("文字", "中文字典") && finds("字", "中文字") && finds("中", "中文字"));
        assert!(!finds("字文", "中文字") && !finds("典", "中文字"));
        assert!(finds("文字 ok", "ok 中文字"));
        assert_eq!(WordQuery::new(" …👍 "), None);
        assert_eq!(WordQuery::new(&"a ".repeat(100)).unwrap().words(), ["a"]);
    }

    #[test]
    fn query_names_its_words_for_an_index() {
        let query = WordQuery::new("the big inv").unwrap();
        assert_eq!((query.words(), query.beginning()), (&["big".into(), "the".into()][..], Some("inv")));
        let query = WordQuery::new("中文字").unwrap();
        assert_eq!((query.words(), query.beginning()), (&["中文".into(), "文字".into()][..], None));
        assert_eq!(WordQuery::new("字").unwrap().beginning(), Some("字"));
    }

    #[test]
    fn marks_say_where_the_words_stand() {
        let marked = |typed: &str, text: &str| -> Vec<String> {
            let marks = WordQuery::new(typed).unwrap().marks(text);
            marks.into_iter().map(|range| text[range].to_owned()).collect()
        };
        assert_eq!(marked("cafe cr", "Un Café, CRÈME, cafe\u{301}s"), ["Café", "CRÈME"]);
        assert_eq!(marked("中文字", "看中文字典"), ["中文字"]);
        assert_eq!(marked("x", "nothing here"), [""; 0]);
    }

    #[test]
    fn long_texts_and_words_are_bounded() {
        assert_eq!(words(&"a ".repeat(5000)).len(), WORDS_MAX);
        let long = "x".repeat(100_000);
        assert_eq!(texts(&long), ["x".repeat(WORD_CHARS)]);
        assert_eq!(words(&long)[0].range, 0..100_000);
        assert!(finds(&long, &long), "both are cut");
    }

    proptest! {
        #[test]
        fn ranges_are_of_the_text(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert!(text.get(word.range.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(!word.text.is_empty());
                prop_assert!(word.text.chars().all(|c| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit()), "{}", word.text);
            }
        }

        #[test]
        fn text_finds_itself(text in "[a-zäöü中文字 ]{0,40}") {
            if let Some(query) = WordQuery::new(&text) {
                prop_assert!(query.is_in([text.as_str()]), "{query:?}");
            }
        }
    }
}
