//! The form of an upload (RFC 7578), made while it is sent: what stands before and behind the file is known beforehand, and so is
//! the length of it all.

use std::io;

use aws_lc_rs::rand;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::stream::{self, Stream, StreamExt};
use mediary_outbound::RequestBody;

use crate::error::{Error, ErrorKind};
use crate::outgoing::Upload;

/// The form of an upload.
pub(super) struct Form {
    boundary: String,
    before: Bytes,
    behind: Bytes,
}

impl Form {
    pub(super) fn new(upload: &Upload) -> Result<Self, Error> {
        // Nobody who makes a file can know it beforehand, and so end the form within the file.
        let mut random = [0; 16];
        rand::fill(&mut random).map_err(|_| {
            Error::new(ErrorKind::BadRequest, "no boundary can be made for the upload").without_effect()
        })?;
        let boundary = format!("mediary-{}", HEXLOWER.encode(&random));
        let field = |name: &str, value: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let before = format!(
            "{}{}--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            field("messaging_product", "whatsapp"),
            field("type", upload.mime()),
            upload.file_name(),
            upload.mime(),
        );
        let behind = format!("\r\n--{boundary}--\r\n");
        Ok(Self { boundary, before: before.into(), behind: behind.into() })
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The whole form. A file of another length than announced makes it too long or too short, which ends the call before the
    /// form is complete.
    pub(super) fn body(
        self,
        length: u64,
        file: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> RequestBody {
        let whole = self.before.len() as u64 + length + self.behind.len() as u64;
        let before = stream::iter([Ok(self.before)]);
        let behind = stream::iter([Ok(self.behind)]);
        RequestBody::stream(whole, before.chain(file).chain(behind))
    }
}
