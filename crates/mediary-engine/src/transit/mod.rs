//! Transfers from WhatsApp, for one reader or many. Knows neither downloads nor views.

pub(crate) mod inbound_file;
pub(crate) mod inbound_files;
pub(crate) mod line;
pub(crate) mod range;
pub(crate) mod upstream;
pub(crate) mod window;
