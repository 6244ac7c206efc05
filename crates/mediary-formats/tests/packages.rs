//! Packages as office programs, phones and streaming writers make them, and what is said of them.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the lint's own exception covers test functions alone"
)]

use mediary_core::FileType::Document;
use mediary_formats::{Sample, Verdict, extension, verdict};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const XLSM: &str = "application/vnd.ms-excel.sheet.macroenabled.12";
const ODT: &str = "application/vnd.oasis.opendocument.text";
const PAGES: &str = "application/vnd.apple.pages";
const JAR: &str = "application/java-archive";
const APK: &str = "application/vnd.android.package-archive";
const ZIP: &str = "application/zip";

/// A zip file: each entry with its content stored, sizes in front or (as streaming writers do) behind it.
fn zip(files: &[(&str, &[u8])], streaming: bool) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = u32::try_from(body.len()).unwrap().to_le_bytes();
        let (size, flags) = if streaming { (0, 8u16) } else { (content.len(), 0) };
        let size = u32::try_from(size).unwrap().to_le_bytes();
        let real = u32::try_from(content.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let flags = flags.to_le_bytes();
        body.extend([b"PK\x03\x04\x14\0", &flags[..], &[0; 10], &size, &size, &length, &[0, 0]].concat());
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(content);
        if streaming {
            body.extend([b"PK\x07\x08", &[0; 4][..], &real, &real].concat());
        }
        directory.extend([b"PK\x01\x02\x14\0\x14\0", &flags[..], &[0; 10], &real, &real, &length].concat());
        directory.extend([&[0; 12][..], &offset].concat());
        directory.extend_from_slice(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (size, at) = (directory.len(), body.len());
    let [size, at] = [size, at].map(|number| u32::try_from(number).unwrap().to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &at, &[0, 0]].concat();
    [body, directory, end].concat()
}

fn sample(whole: &[u8]) -> Sample {
    let mut sample = Sample::default();
    whole.chunks(30_011).for_each(|chunk| sample.add(chunk));
    sample.end();
    sample
}

/// Files with what tells them apart beyond the first bytes, and what they are.
fn packages() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let picture = vec![7; 60_000];
    let late = |names: &[&'static str]| {
        let mut files: Vec<(&str, &[u8])> =
            vec![("docProps/thumbnail.jpeg", &picture), ("customXml/item1.xml", &picture)];
        files.extend(names.iter().map(|name| (*name, &b"<x/>"[..])));
        files
    };
    let office = "[Content_Types].xml";
    vec![
        (
            "docx with its thumbnail first",
            zip(&late(&["word/document.xml", "_rels/.rels", office]), false),
            DOCX,
        ),
        ("xlsx of a streaming writer", zip(&late(&["xl/workbook.xml", office]), true), XLSX),
        ("xlsx of a small writer", zip(&[(office, b""), ("xl/workbook.xml", b"")], true), XLSX),
        ("xlsm", zip(&late(&["xl/workbook.xml", "xl/vbaProject.bin", office]), false), XLSM),
        ("odt", zip(&[("mimetype", ODT.as_bytes()), ("content.xml", &picture)], false), ODT),
        ("pages", zip(&late(&["Index/Document.iwa", "Index/Metadata.iwa"]), false), PAGES),
        ("jar", zip(&late(&["META-INF/MANIFEST.MF", "a/B.class"]), false), JAR),
        ("apk", zip(&late(&["META-INF/MANIFEST.MF", "classes.dex", "AndroidManifest.xml"]), false), APK),
        ("archive", zip(&late(&["notes.txt"]), false), ZIP),
        ("archive with a folder named word", zip(&late(&["word/notes.txt"]), false), ZIP),
        (
            "spanned docx",
            [b"PK\x07\x08", &zip(&late(&["word/document.xml", office]), false)[..]].concat(),
            DOCX,
        ),
    ]
}

#[test]
fn packages_are_distinguished_wherever_their_distinctive_part_lies() {
    for (name, whole, mime) in packages() {
        let sample = sample(&whole);
        assert_eq!(verdict(Document, Some(mime), &sample), Verdict::Same, "{name}, declared right");
        for declared in [None, Some("application/octet-stream")] {
            assert_eq!(
                verdict(Document, declared, &sample),
                Verdict::SameFamily(mime),
                "{name}, {declared:?}"
            );
        }
        let as_zip = verdict(Document, Some("application/x-zip-compressed"), &sample);
        let expected = if mime == ZIP { Verdict::Same } else { Verdict::SameFamily(mime) };
        assert_eq!(as_zip, expected, "{name}, declared a zip");
        assert!(extension(mime).is_some(), "{name}");
    }
}

#[test]
fn archive_that_is_declared_a_document_is_reported() {
    let archive = sample(&zip(&[("a.txt", b"a"), ("b.txt", b"b")], false));
    assert_eq!(verdict(Document, Some(DOCX), &archive), Verdict::SameFamily(ZIP));
    // Where not everything is in sight, it may be one.
    let head = Sample::of_head(&zip(&[("a.bin", &[7; 60_000])], false));
    assert_eq!(verdict(Document, Some(DOCX), &head), Verdict::Same);
}
