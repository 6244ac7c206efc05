//! The built-in media: small real files, part of the program so that a demonstration needs nothing else.

use std::borrow::Cow;

use bytes::Bytes;
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};

use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "samples/"]
#[exclude = "make/*"]
#[exclude = "*.sh"]
#[exclude = "*.md"]
#[exclude = "*.py"]
struct Files;

/// A built-in media file, as its index describes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleInfo {
    pub name: String,
    pub file: String,
    pub mime_type: String,
    /// WhatsApp's kind of media.
    pub kind: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// What the file was called where it came from.
    #[serde(default)]
    pub file_name: Option<String>,
}

pub(crate) struct Sample {
    pub(crate) content: Bytes,
    pub(crate) mime_type: String,
}

/// Every built-in sample.
pub fn samples() -> Result<Vec<SampleInfo>, Error> {
    let index = Files::get("index.json").ok_or_else(|| Error::not_found("there is no index of samples"))?;
    serde_json::from_slice(&index.data).map_err(|error| Error::io("cannot read the index of samples", error))
}

pub(crate) fn find(name: &str) -> Result<Sample, Error> {
    let unknown =
        || Error::not_found(format!("there is no sample {name:?}; GET /_control/samples lists them"));
    let info = samples()?.into_iter().find(|sample| sample.name == name).ok_or_else(unknown)?;
    let file = Files::get(&info.file).ok_or_else(unknown)?;
    let content = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Ok(Sample { content, mime_type: info.mime_type })
}
