//! File names for people: cleaned of what could deceive or break out, written so that every client reads them.

use mediary_core::{FileType, Timestamp};

use crate::mime::extension;

/// Bytes of a file name that is passed on, so that it fits every file system.
const NAME_BYTES: usize = 200;
/// Letters of a file name's ending that survive shortening.
const ENDING_BYTES: usize = 16;

/// The `Content-Disposition` for a file: an ASCII `filename` that every client understands, then the real name.
pub fn content_disposition(inline: bool, file_name: &str) -> String {
    let name = clean(file_name);
    let ascii: String = name.chars().map(|char| if is_plain(char) { char } else { '_' }).collect();
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    let kind = if inline { "inline" } else { "attachment" };
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// What stands for itself within quotes. Some clients decode `%` there, and `;` makes simple parsers stumble.
fn is_plain(char: char) -> bool {
    matches!(char, ' '..='~') && !matches!(char, '"' | '\\' | '%' | ';')
}

/// A name for a file that came without one: kind, time and sender, and the ending of its type.
pub fn generated_name(
    kind: FileType,
    timestamp: Timestamp,
    sender: Option<&str>,
    mime: Option<&str>,
) -> String {
    let time = timestamp.to_offset_date_time();
    let (hour, minute, second) = time.to_hms();
    let mut name = format!("{kind} {} {hour:02}.{minute:02}.{second:02}", time.date());
    if let Some(sender) = sender {
        name.push_str(&format!(" {sender}"));
    }
    if let Some(extension) = mime.and_then(extension) {
        name.push_str(&format!(".{extension}"));
    }
    clean(&name)
}

/// The name of a file that came with one. One without an ending gets that of its type; so does one with a program's
/// ending whose bytes were `proved` to be something else, since the ending is what a desktop goes by.
pub fn name_with_ending(name: &str, mime: &str, proved: bool) -> String {
    let name = clean(name);
    let Some(right) = extension(mime) else { return name };
    match ending(&name) {
        Some(given) if !(proved && is_program(given) && !given.eq_ignore_ascii_case(right)) => name,
        _ => clean(&format!("{}.{right}", shorten_to(&name, NAME_BYTES - right.len() - 1))),
    }
}

/// The name of a file whose content is served in another type: with that type's ending instead of its own.
pub fn name_in_type(name: &str, mime: &str) -> String {
    let name = clean(name);
    let Some(right) = extension(mime) else { return name };
    let stem = ending(&name).map_or(&name[..], |given| &name[..name.len() - given.len() - 1]);
    clean(&format!("{}.{right}", shorten_to(stem, NAME_BYTES - right.len() - 1)))
}

/// What a desktop takes for the ending of a name: some letters and digits behind the last dot, not digits alone.
fn ending(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    let is_one = !stem.is_empty()
        && (1..ENDING_BYTES).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_one.then_some(ending)
}

fn is_program(ending: &str) -> bool {
    const PROGRAMS: &[&str] = &[
        "apk", "app", "bat", "cmd", "com", "cpl", "exe", "hta", "jar", "js", "jse", "lnk", "msi", "pif",
        "ps1", "reg", "scr", "sh", "vbe", "vbs", "wsf",
    ];
    PROGRAMS.iter().any(|program| program.eq_ignore_ascii_case(ending))
}

/// Windows takes these for devices, whatever the ending.
fn is_device(name: &str) -> bool {
    const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let is_numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")).is_some_and(|number| {
        matches!(number, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    });
    is_numbered || DEVICES.contains(&&*stem)
}

/// The name without control characters, without characters that turn the reading direction or are not seen
/// (`gpj.exe` reads as `exe.jpg` behind one), without anything that means something in a path, and of bearable length.
fn clean(name: &str) -> String {
    let cleaned: String =
        name.chars()
            .filter(|char| !char.is_control() && !is_deceptive(*char))
            .map(|char| {
                if matches!(char, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { char }
            })
            .collect();
    let trimmed = cleaned.trim_matches(|char: char| char.is_whitespace() || char == '.');
    match trimmed {
        "" => "file".to_owned(),
        _ if is_device(trimmed) => shorten(&format!("_{trimmed}")),
        _ => shorten(trimmed),
    }
}

pub(crate) fn is_deceptive(char: char) -> bool {
    matches!(char,
        '\u{061C}' | '\u{180E}' | '\u{FEFF}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

pub(crate) fn shorten(name: &str) -> String {
    shorten_to(name, NAME_BYTES)
}

fn shorten_to(name: &str, max_bytes: usize) -> String {
    if name.len() <= max_bytes {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= ENDING_BYTES { ending } else { "" };
    let mut end = max_bytes - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn name_in_another_type_has_the_ending_of_that_type() {
        assert_eq!(name_in_type("note.ogg", "audio/mp4"), "note.m4a");
        assert_eq!(name_in_type("my.holiday.MOV", "video/mp4"), "my.holiday.mp4");
        assert_eq!(name_in_type("voice 2026-11-29 10.20.30", "audio/mp4"), "voice 2026-11-29 10.20.30.m4a");
        assert_eq!(name_in_type("note.ogg", "application/unknown"), "note.ogg");
    }

    #[test]
    fn names_in_every_script_come_through() {
        assert_eq!(
            content_disposition(false, "invoice 7.pdf"),
            "attachment; filename=\"invoice 7.pdf\"; filename*=UTF-8''invoice%207.pdf"
        );
        assert_eq!(
            content_disposition(true, "Счёт.pdf"),
            "inline; filename=\"____.pdf\"; filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82.pdf"
        );
        assert_eq!(
            content_disposition(true, "a\"b;c%20.pdf"),
            "inline; filename=\"a_b_c_20.pdf\"; filename*=UTF-8''a_b%3Bc%2520.pdf"
        );
    }

    #[test]
    fn names_cannot_deceive_or_leave_their_folder() {
        assert_eq!(clean("photo\u{202E}gpj.exe"), "photogpj.exe");
        assert_eq!(clean("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(clean("a\r\nSet-Cookie: x"), "aSet-Cookie_ x");
        assert_eq!(clean(" .. "), "file");
        assert_eq!(clean(""), "file");
        assert_eq!(clean("C:\\temp\\x.doc"), "C__temp_x.doc");
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = clean(&format!("{}.pdf", "я".repeat(500)));
        assert!(name.len() <= NAME_BYTES && name.ends_with("я.pdf"), "{name}");
    }

    #[test]
    fn names_of_the_field_are_saved_with_a_fitting_ending() {
        const PDF: &str = "application/pdf";
        const VCARD: &str = "text/x-vcard";
        let accents = format!("x{}", "\u{301}".repeat(200));
        for (name, mime, saved) in [
            ("Invoice 7", PDF, "Invoice 7.pdf"),
            ("Invoice v1.2", PDF, "Invoice v1.2.pdf"),
            ("Mr. Smith", PDF, "Mr. Smith.pdf"),
            ("scan.PDF", PDF, "scan.PDF"),
            ("a.pdf.exe", PDF, "a.pdf.exe.pdf"),
            ("setup.exe", "application/x-msdownload", "setup.exe"),
            (".htaccess", PDF, "htaccess.pdf"),
            ("CON.pdf", PDF, "_CON.pdf"),
            ("con", PDF, "_con.pdf"),
            ("lpt1.txt.pdf", PDF, "_lpt1.txt.pdf"),
            ("COM¹", PDF, "_COM¹.pdf"),
            ("Console.pdf", PDF, "Console.pdf"),
            ("\u{202E}fdp.exe", PDF, "fdp.exe.pdf"),
            ("Ana Acme", VCARD, "Ana Acme.vcf"),
            ("notes", "application/x-unheard-of", "notes"),
            ("a\u{0}b\r\n.pdf", PDF, "ab.pdf"),
        ] {
            assert_eq!(name_with_ending(name, mime, true), saved, "{name:?}");
        }
        assert_eq!(
            name_with_ending("a.pdf.exe", PDF, false),
            "a.pdf.exe",
            "what is only said proves nothing"
        );
        for long in [
            format!("{}.pdf", "ü".repeat(300)),
            format!("{}.{}", "a".repeat(250), "b".repeat(20)),
            accents,
            "a".repeat(400),
        ] {
            let saved = name_with_ending(&long, PDF, true);
            assert!(saved.len() <= NAME_BYTES && saved.ends_with(".pdf"), "{saved}");
        }
    }

    #[test]
    fn file_without_a_name_gets_a_descriptive_one() {
        let moment = Timestamp::from_unix_seconds(1_697_043_379).unwrap();
        assert_eq!(
            generated_name(FileType::Audio, moment, Some("Ana / Acme"), Some("audio/ogg; codecs=opus")),
            "audio 2023-10-11 16.56.19 Ana _ Acme.ogg"
        );
        assert_eq!(generated_name(FileType::Document, moment, None, None), "document 2023-10-11 16.56.19");
    }

    proptest! {
        #[test]
        fn name_with_its_ending_fits_every_file_system(name in any::<String>(), proved in any::<bool>()) {
            let saved = name_with_ending(&name, "application/pdf", proved);
            prop_assert!(!saved.is_empty() && saved.len() <= NAME_BYTES);
            prop_assert!(!saved.contains(['/', '\\', ':', '\0']) && !is_device(&saved));
        }

        #[test]
        fn header_is_always_one_safe_line(name in any::<String>(), inline in any::<bool>()) {
            let header = content_disposition(inline, &name);
            prop_assert!(header.bytes().all(|byte| (0x20..0x7F).contains(&byte)));
            prop_assert_eq!(header.matches('"').count(), 2);
            prop_assert!(header.len() < 4 * NAME_BYTES + 60);
        }
    }
}
