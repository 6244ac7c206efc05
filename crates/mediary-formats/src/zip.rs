//! Packages in zip: office documents, books, programs and plain archives, told apart by the names of the files in them.
//!
//! The names stand twice: before each file, of which the beginning of a package shows the first ones, and all of them
//! again at its end, in the central directory (APPNOTE 4.3.12). Writers put what tells anywhere.

use crate::sample::Sample;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Splits of an archive once began like this; some writers still do so.
const SPANNED: &[u8] = b"PK\x07\x08";

pub(crate) const PLAIN: &str = "application/zip";

/// The type of a package; `None` if this is no zip.
pub(crate) fn detect(sample: &Sample) -> Option<&'static str> {
    let head = sample.head();
    if ![LOCAL, END, SPANNED].iter().any(|mark| head.starts_with(mark)) {
        return None;
    }
    if let Some(mime) = entries(head, &FIRST).find_map(|(name, content)| declared(name, content)) {
        return Some(mime);
    }
    let mut seen = NameFindings::default();
    entries(head, &FIRST).for_each(|(name, _)| seen.note(name));
    entries(sample.tail(), &LAST).for_each(|(name, _)| seen.note(name));
    Some(seen.mime())
}

/// Whether every name in the package is in sight, so that what was not found is not there.
pub(crate) fn is_whole_in_sight(sample: &Sample) -> bool {
    let tail = sample.tail();
    let Some(end) = tail.windows(END.len()).rposition(|window| window == END) else { return false };
    let Some(count) = number(&tail[end..], 10) else { return false };
    entries(&tail[..end], &LAST).count() >= count
}

/// Where the names stand in one of the two kinds of entries.
struct Layout {
    mark: &'static [u8],
    name_length_at: usize,
    name_at: usize,
}

const FIRST: Layout = Layout { mark: LOCAL, name_length_at: 26, name_at: 30 };
const LAST: Layout = Layout { mark: CENTRAL, name_length_at: 28, name_at: 46 };

/// Name, and what comes after it, of each entry that begins within sight. Sizes may be written only after the content,
/// so the next one is found by its mark.
fn entries<'a>(bytes: &'a [u8], layout: &'a Layout) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let starts = bytes.windows(4).enumerate().filter(|(_, window)| *window == layout.mark);
    starts.filter_map(|(start, _)| {
        let entry = &bytes[start..];
        let (name, extra) =
            (number(entry, layout.name_length_at)?, number(entry, layout.name_length_at + 2)?);
        let end = layout.name_at + name;
        Some((entry.get(layout.name_at..end)?, entry.get(end + extra..).unwrap_or_default()))
    })
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at + 2).map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])))
}

/// OpenDocument and EPUB put their own type first, uncompressed.
fn declared(name: &[u8], content: &[u8]) -> Option<&'static str> {
    const DECLARED: &[&str] = &[
        "application/epub+zip",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.graphics",
    ];
    // The longest that fits, since one name may begin another (`…text`, `…text-template`).
    let fits = DECLARED.iter().filter(|mime| content.starts_with(mime.as_bytes()));
    fits.max_by_key(|mime| mime.len()).copied().filter(|_| name == b"mimetype")
}

/// What the names say.
#[derive(Debug, Default)]
struct NameFindings {
    /// Every package of Office has these; a plain archive may have a folder `word` too.
    is_office: bool,
    word: bool,
    excel: bool,
    powerpoint: bool,
    macros: bool,
    binary_workbook: bool,
    android: bool,
    java: bool,
    iwork: bool,
    slides: bool,
    tables: bool,
}

impl NameFindings {
    fn note(&mut self, name: &[u8]) {
        self.is_office |= name == b"[Content_Types].xml" || name == b"_rels/.rels";
        self.word |= name.starts_with(b"word/");
        self.excel |= name.starts_with(b"xl/");
        self.powerpoint |= name.starts_with(b"ppt/");
        self.macros |= name.ends_with(b"/vbaProject.bin");
        self.binary_workbook |= name == b"xl/workbook.bin";
        self.android |= name == b"AndroidManifest.xml" || name == b"classes.dex";
        self.java |= name == b"META-INF/MANIFEST.MF";
        self.iwork |= name == b"Index/Document.iwa" || name == b"Index.zip";
        self.slides |= name.starts_with(b"Index/Slide") || name.starts_with(b"Index/TemplateSlide");
        self.tables |= name.starts_with(b"Index/Tables/");
    }

    /// Programs for Android are signed as Java's are, so they come first.
    fn mime(&self) -> &'static str {
        match self {
            Self { android: true, .. } => "application/vnd.android.package-archive",
            Self { is_office: true, word: true, macros: true, .. } => {
                "application/vnd.ms-word.document.macroenabled.12"
            }
            Self { is_office: true, word: true, .. } => {
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            }
            Self { is_office: true, excel: true, binary_workbook: true, .. } => {
                "application/vnd.ms-excel.sheet.binary.macroenabled.12"
            }
            Self { is_office: true, excel: true, macros: true, .. } => {
                "application/vnd.ms-excel.sheet.macroenabled.12"
            }
            Self { is_office: true, excel: true, .. } => {
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
            Self { is_office: true, powerpoint: true, macros: true, .. } => {
                "application/vnd.ms-powerpoint.presentation.macroenabled.12"
            }
            Self { is_office: true, powerpoint: true, .. } => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self { iwork: true, slides: true, .. } => "application/vnd.apple.keynote",
            Self { iwork: true, tables: true, .. } => "application/vnd.apple.numbers",
            Self { iwork: true, .. } => "application/vnd.apple.pages",
            Self { java: true, .. } => "application/java-archive",
            _ => PLAIN,
        }
    }
}
