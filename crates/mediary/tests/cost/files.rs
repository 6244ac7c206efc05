//! Files, their names and types, and what upstream says of them.

use std::hint::black_box;

use mediary_core::{FileType, Timestamp, upstream_text};
use mediary_formats::{Sample, content_disposition, generated_name, name_with_ending, verdict};

use crate::entrances::{Enter, Entrance, known};

pub(crate) fn all() -> Vec<Entrance> {
    let mut all = names_and_words();
    all.extend(contents());
    all
}

fn names_and_words() -> Vec<Entrance> {
    vec![
        known("file name: letters", 2000, |_, n| name("ä".repeat(n))),
        known("file name: dots", 2000, |_, n| name(".".repeat(n))),
        known("file name: what is taken out", 2000, |_, n| name("\u{202e}/\u{0}".repeat(n))),
        known("file name: combining signs", 2000, |_, n| name(format!("a{}", "\u{301}".repeat(n)))),
        known("file name: letters of the sender", 2000, |_, n| {
            let sender = "ä ".repeat(n);
            Box::new(move || {
                let mime = Some("application/pdf");
                let _ = black_box(generated_name(FileType::Document, Timestamp(0), Some(&sender), mime));
            })
        }),
        known("file type: letters", 2000, |_, n| {
            let mime = "a/;".repeat(n);
            Box::new(move || {
                let _ = black_box(name_with_ending("a", &mime, true));
            })
        }),
        known("upstream's words: words", 400, |_, n| clean("a ".repeat(n))),
        known("upstream's words: one long word", 1000, |_, n| clean("a".repeat(n))),
        known("upstream's words: a token's beginnings", 400, |_, n| clean("EAA;".repeat(n))),
        known("upstream's words: digits", 1000, |_, n| clean("1".repeat(n))),
        known("upstream's words: digits apart", 400, |_, n| clean("1 - ".repeat(n))),
        known("upstream's words: signs of numbers", 500, |_, n| clean(format!("1{}", " -(".repeat(n)))),
    ]
}

/// What is looked at has 8 KiB at the beginning of a file and 64 KiB at its end.
fn contents() -> Vec<Entrance> {
    vec![
        known("content: comments of a page", 250, |_, n| sniff(&"<!---->".repeat(n))),
        known("content: comments without an end", 500, |_, n| sniff(&"<!--".repeat(n))),
        known("content: instructions of a page", 400, |_, n| sniff(&"<??>".repeat(n))),
        known("content: spaces before a page", 2000, |_, n| sniff(&" ".repeat(n))),
        known("content: beginnings of an archive", 450, |_, n| sniff(&"PK\u{3}\u{4}".repeat(n))),
        known("content: entries at an archive's end", 100, |_, n| {
            sniff(&format!("PK\u{3}\u{4}{}", format!("PK\u{1}\u{2}{}", "\0".repeat(46)).repeat(n)))
        }),
        known("content: ends of an archive", 1500, |_, n| {
            sniff(&format!("PK\u{3}\u{4}{}", "PK\u{5}\u{6}".repeat(n)))
        }),
        known("content: brands of a film", 500, |_, n| {
            sniff(&format!("\0\0\u{7f}\u{7f}ftypabcd\0\0\0\0{}", "abcd".repeat(n)))
        }),
        known("content: tags of a sound", 2000, |_, n| sniff(&format!("ID3{}", "\0".repeat(n)))),
        known("content: percent signs", 2000, |_, n| sniff(&"%".repeat(n))),
        known("content: pieces that come", 100, |_, n| {
            Box::new(move || {
                let mut sample = Sample::default();
                (0..n).for_each(|_| sample.add(b"PK\x03\x04PK\x01\x02"));
                sample.end();
                let _ = black_box(verdict(FileType::Document, None, &sample));
            })
        }),
    ]
}

fn name(name: String) -> Enter<'static> {
    Box::new(move || {
        let whole = name_with_ending(&name, "application/pdf", true);
        let _ = black_box((content_disposition(true, &name), whole));
    })
}

fn clean(words: String) -> Enter<'static> {
    Box::new(move || {
        let _ = black_box(upstream_text(&words));
    })
}

fn sniff(content: &str) -> Enter<'static> {
    let content = content.as_bytes().to_vec();
    Box::new(move || {
        let mut sample = Sample::default();
        sample.add(&content);
        sample.end();
        for declared in [None, Some("text/plain")] {
            let _ = black_box(verdict(FileType::Document, declared, &sample));
        }
    })
}
