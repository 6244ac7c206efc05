//! Names that hosts give to files: in a header, in a URL. They are claims, and not clean: see [`crate::name_with_ending`].

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The file name in a `Content-Disposition` (RFC 6266), in any script where there is one.
pub fn name_of_disposition(header: &str) -> Option<String> {
    let (mut plain, mut extended) = (None, None);
    let mut rest = header.split_once(';')?.1;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = value(after.trim_start());
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("filename") {
            plain.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("filename*") {
            extended = extended.or_else(|| extended_value(&value));
        }
        rest = next;
    }
    extended.or(plain).filter(|name| !name.trim().is_empty())
}

/// The last part of the path of a URL, decoded, if it is text.
pub fn name_of_path(path: &str) -> Option<String> {
    let last = path.rsplit('/').next().unwrap_or_default();
    percent_decoded(last).filter(|name| !name.trim().is_empty())
}

/// A value in quotes or without, and what stands behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), rest);
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => value.extend(chars.next()),
            char => value.push(char),
        }
    }
    let rest = chars.as_str();
    (value, rest.split_once(';').map_or("", |(_, rest)| rest))
}

/// `UTF-8'en'%E2%82%AC%20rates` (RFC 8187).
fn extended_value(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    charset.eq_ignore_ascii_case("utf-8").then(|| percent_decoded(encoded)).flatten()
}

/// `None` if it is no text. A `%` without two digits stands for itself.
fn percent_decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::content_disposition;

    #[test]
    fn name_is_read_as_clients_write_it() {
        for (header, name) in [
            ("attachment; filename=\"invoice 7.pdf\"", Some("invoice 7.pdf")),
            ("attachment;filename=plain.pdf", Some("plain.pdf")),
            ("ATTACHMENT; FileName = plain.pdf ; size=9", Some("plain.pdf")),
            ("inline; filename=\"a;b=\\\"c\\\".pdf\"; x=y", Some("a;b=\"c\".pdf")),
            ("attachment; filename=\"e.pdf\"; filename*=UTF-8''%e2%82%ac%20rates.pdf", Some("€ rates.pdf")),
            ("attachment; filename*=utf-8'en'%D0%A1.pdf; filename=c.pdf", Some("С.pdf")),
            ("attachment; filename*=iso-8859-1''%E4.pdf; filename=a.pdf", Some("a.pdf")),
            ("attachment; filename*=UTF-8''%FF.pdf; filename=a.pdf", Some("a.pdf")),
            ("attachment; filename=\"never closed", Some("never closed")),
            ("attachment; filename=\"\"", None),
            ("attachment; filename", None),
            ("attachment", None),
            ("filename=x.pdf", None),
            ("", None),
        ] {
            assert_eq!(name_of_disposition(header).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn name_in_a_path_is_its_last_part() {
        for (path, name) in [
            ("/files/price%20list%20%E2%82%AC.pdf", Some("price list €.pdf")),
            ("/100%/50%zz", Some("50%zz")),
            ("/files/", None),
            ("/", None),
            ("/%FF", None),
            ("/a%2F..%2Fb", Some("a/../b")),
        ] {
            assert_eq!(name_of_path(path).as_deref(), name, "{path}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_a_panic(header in any::<String>()) {
            name_of_disposition(&header);
            name_of_disposition(&format!("attachment; {header}"));
            name_of_path(&header);
        }

        #[test]
        fn name_that_is_written_here_is_read_again(name in "[a-zA-Zäöü€ ;\"%=']{0,20}\\.pdf") {
            let header = content_disposition(false, &name);
            let read = name_of_disposition(&header).unwrap();
            prop_assert_eq!(content_disposition(false, &read), header);
        }
    }
}
