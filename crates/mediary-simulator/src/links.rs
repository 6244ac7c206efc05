//! What WhatsApp found behind the links of sent messages.

use std::collections::HashMap;

use mediary_core::Timestamp;
use parking_lot::Mutex;

/// What was found behind a link: its size and type, or why there is none.
pub(crate) type LinkContent = Result<(u64, String), String>;

/// What was found behind which link, and when.
#[derive(Debug, Default)]
pub(crate) struct Links(pub(crate) Mutex<HashMap<String, (Timestamp, LinkContent)>>);
