//! Office documents from before 2007 (MS-CFB): told apart by the names of their streams.
//!
//! The names stand in a directory that lies anywhere in the file, for most writers near its beginning or its end. What is not in sight
//! leaves the document unnamed.

use crate::sample::{OLE_MAGIC, Sample};

const UNNAMED: &str = "application/x-ole-storage";
/// Streams that one kind of document has each.
const STREAMS: &[(&str, &str)] = &[
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__nameid_version1.0", "application/vnd.ms-outlook"),
];
/// Of an entry of the directory: its name in UTF-16, and the length of the name with its zero.
const ENTRY: usize = 128;
const NAME_LENGTH_AT: usize = 64;

/// The type of such a document; `None` if this is none.
pub(crate) fn detect(sample: &Sample) -> Option<&'static str> {
    if !sample.head().starts_with(OLE_MAGIC) {
        return None;
    }
    Some(directory(sample.head()).or_else(|| directory(sample.tail())).unwrap_or(UNNAMED))
}

/// By the first entry that tells: documents inside of this one come after it.
fn directory(bytes: &[u8]) -> Option<&'static str> {
    bytes.windows(ENTRY).find_map(|entry| {
        // Most places are no entries, and are passed by quickly.
        let length = usize::from(u16::from_le_bytes([entry[NAME_LENGTH_AT], entry[NAME_LENGTH_AT + 1]]));
        if !(4..=NAME_LENGTH_AT).contains(&length) || entry[1] != 0 {
            return None;
        }
        STREAMS.iter().find(|(name, _)| is_name(entry, length, name)).map(|(_, mime)| *mime)
    })
}

fn is_name(entry: &[u8], length: usize, name: &str) -> bool {
    let units = name.bytes().flat_map(|byte| [byte, 0]).chain([0, 0]);
    length == name.len() * 2 + 2 && entry[..length].iter().copied().eq(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Vec<u8> {
        let mut entry: Vec<u8> = name.bytes().flat_map(|byte| [byte, 0]).collect();
        entry.resize(ENTRY, 0);
        entry[NAME_LENGTH_AT] = u8::try_from(name.len() * 2 + 2).unwrap();
        entry
    }

    fn detected(parts: &[Vec<u8>]) -> Option<&'static str> {
        let mut sample = Sample::default();
        sample.add(&[OLE_MAGIC.to_vec(), vec![0xFE; 504]].concat());
        parts.iter().for_each(|part| sample.add(part));
        sample.end();
        detect(&sample)
    }

    #[test]
    fn office_documents_are_told_apart_by_their_streams() {
        let root = entry("Root Entry");
        for (stream, mime) in STREAMS {
            assert_eq!(detected(&[root.clone(), entry(stream)]), Some(*mime), "{stream} near the beginning");
            let far = vec![7; 300_000];
            assert_eq!(detected(&[far, root.clone(), entry(stream)]), Some(*mime), "{stream} near the end");
        }
        assert_eq!(detected(&[root, entry("Bookmarks")]), Some(UNNAMED));
        assert_eq!(detected(&[vec![7; 90_000], entry("Workbook"), vec![7; 90_000]]), Some(UNNAMED));
    }

    #[test]
    fn office_document_is_what_it_is_whatever_it_holds() {
        let parts = [entry("Root Entry"), entry("WordDocument"), entry("ObjectPool"), entry("Workbook")];
        assert_eq!(detected(&parts), Some("application/msword"));
    }
}
