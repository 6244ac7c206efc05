//! An error with what lies below it, as one line for a log.

use std::error::Error;

/// The text of an error, then those of its sources, joined by colons.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn error_chain_names_every_source_in_order() {
        let error =
            Layer("read a file", Some(Box::new(Layer("open it", Some(Box::new(Layer("denied", None)))))));
        assert_eq!(error_chain(&error), "read a file: open it: denied");
        assert_eq!(error_chain(&Layer("alone", None)), "alone");
    }
}
