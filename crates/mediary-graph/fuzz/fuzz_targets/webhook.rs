//! Any bytes: whatever they are, they are read or refused, and the quick look agrees with the reader.
//!
//! `cargo +nightly fuzz run webhook` in `crates/mediary-graph`, with `tests/payloads` as a first corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediary_core::Sha256;
use mediary_graph::{UpdateKind, Webhook, addressees, signature_matches};

fuzz_target!(|body: &[u8]| {
    let webhook = Webhook::parse(body);
    assert!(webhook.is_ok() || addressees(body).is_err());
    for update in webhook.iter().flat_map(Webhook::updates) {
        if let UpdateKind::Message { message, .. } = update.kind {
            let _ = (message.display_text(), message.message_type());
        }
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = text.parse::<Sha256>();
        assert!(!signature_matches(text, b"{}", b"secret") || text.starts_with("sha256="));
    }
});
