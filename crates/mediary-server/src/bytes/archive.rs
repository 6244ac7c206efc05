//! An archive as an answer: made while it is sent, one file open at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mediary_blob::{CHUNK_BYTES, Reader, StoredFile};
use mediary_core::{Error, ErrorCode, Sha256, error_chain, limits};
use mediary_engine::{
    ArchivePlan, ArchiveSection as Section, May, OpenRequest, RequestedContent, Source, Target, crc32_of,
    crc32_of_file, rights,
};

use super::answer::{View, beyond_the_end, with};
use super::headers::set;
use super::{conditions, range};
use crate::App;
use crate::archive_slots::ArchiveSlot;
use crate::problem::Problem;
use crate::wire::QuickenedPace;

/// Who gets an archive, and from where.
#[derive(Clone)]
pub(crate) struct Recipient {
    pub(crate) may: May<rights::Read>,
    pub(crate) address: IpAddr,
}

/// The answer with an archive, or with the part of it that is asked for.
pub(crate) async fn answer(
    app: &App,
    (recipient, slot): (Recipient, ArchiveSlot),
    plan: ArchivePlan,
    name: &str,
    view: View<'_>,
) -> Result<Response, Problem> {
    let (size, etag) = (plan.layout.length(), format!("\"{}\"", plan.identity));
    let mut headers = headers(name, &etag);
    if conditions::names_etag(view.asked, &etag) {
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_DISPOSITION);
        headers.remove(header::ACCEPT_RANGES);
        return Ok(with(StatusCode::NOT_MODIFIED, headers, Body::empty()));
    }
    let wanted = match view.asked.get(header::RANGE) {
        asked @ Some(_)
            if view.method == Method::GET && conditions::range_applies(view.asked, Some(&etag), None) =>
        {
            range::wanted(asked, size)
        }
        _ => range::RequestedPart::Whole,
    };
    let (status, part) = match wanted {
        range::RequestedPart::Whole => (StatusCode::OK, 0..size),
        range::RequestedPart::Part { start, end } => {
            set(&mut headers, header::CONTENT_RANGE, &format!("bytes {start}-{}/{size}", end - 1));
            (StatusCode::PARTIAL_CONTENT, start..end)
        }
        range::RequestedPart::Nothing => return Ok(beyond_the_end(size)),
    };
    headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
    if view.method == Method::HEAD {
        return Ok(with(status, headers, Body::empty()));
    }
    app.meters().stored_bytes.increment(part.end - part.start);
    let pace = view.handover.map(|handover| handover.quicken(limits::ARCHIVE_READER_BYTES_PER_SECOND));
    let transfer = Transfer::new(app.clone(), recipient, plan, part, Held { _slot: slot, _pace: pace });
    Ok(with(status, headers, body(transfer).await?))
}

fn headers(name: &str, etag: &str) -> HeaderMap {
    let fixed = HeaderValue::from_static;
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CONTENT_TYPE, fixed("application/zip"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, fixed("sandbox; default-src 'none'"));
    headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
    headers.insert("x-robots-tag", fixed("noindex"));
    headers.insert("cross-origin-resource-policy", fixed("same-origin"));
    headers.insert(header::CACHE_CONTROL, fixed("private, no-cache"));
    headers.insert(header::ACCEPT_RANGES, fixed("bytes"));
    set(&mut headers, header::ETAG, etag);
    set(&mut headers, header::CONTENT_DISPOSITION, &ArchivePlan::content_disposition(name));
    headers
}

/// The first bytes are made before the head is sent, so that a failure still becomes an answer. A later one breaks the connection off.
async fn body(mut transfer: Transfer) -> Result<Body, Problem> {
    let Some(first) = transfer.next().await? else { return Ok(Body::empty()) };
    let rest = stream::unfold(transfer, async |mut transfer| {
        tokio::task::yield_now().await;
        let next = transfer.next().await.inspect_err(|error| {
            tracing::warn!(error = error_chain(error), "an archive broke off while it was sent");
        });
        next.transpose().map(|next| (next, transfer))
    });
    Ok(Body::from_stream(stream::iter([Ok(first)]).chain(rest)))
}

/// What is held until an archive is sent: its slot, and a pace for its reader, so that a slow one does not keep the slot from others.
struct Held {
    _slot: ArchiveSlot,
    _pace: Option<QuickenedPace>,
}

struct Transfer {
    app: App,
    recipient: Recipient,
    plan: Arc<ArchivePlan>,
    /// What is still to be sent.
    part: Range<u64>,
    /// Reads the file that is sent now.
    reader: Option<Reader>,
    /// The file that was opened last: it is needed for its checksum and then for itself.
    opened: Option<(usize, StoredFile)>,
    checksums: HashMap<Sha256, u32>,
    _held: Held,
}

impl Transfer {
    fn new(app: App, recipient: Recipient, mut plan: ArchivePlan, part: Range<u64>, held: Held) -> Self {
        let checksums = std::mem::take(&mut plan.checksums);
        Self {
            app,
            recipient,
            plan: Arc::new(plan),
            part,
            reader: None,
            opened: None,
            checksums,
            _held: held,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(reader) = &mut self.reader {
            if let Some(bytes) = reader.next().await? {
                self.part.start += bytes.len() as u64;
                return Ok(Some(bytes));
            }
            self.reader = None;
        }
        let gathered = self.gather().await?;
        if gathered.is_empty() {
            return match &mut self.reader {
                Some(_) => Box::pin(self.next()).await,
                None => Ok(None),
            };
        }
        Ok(Some(gathered))
    }

    /// What is not a stored file, up to the next one, whose reader is then there.
    async fn gather(&mut self) -> Result<Bytes, Error> {
        let plan = self.plan.clone();
        let mut gathered = BytesMut::new();
        while gathered.len() < CHUNK_BYTES && !self.part.is_empty() {
            let Some((section, place)) = plan.layout.section_at(self.part.start) else { break };
            let end = place.end.min(self.part.end);
            let within = self.part.start - place.start..end - place.start;
            let own = match section {
                Section::Content(0) => plan.manifest.clone(),
                Section::Content(index) => {
                    let file = self.open(index).await?;
                    let (viewer, address) = (self.recipient.may.caller(), self.recipient.address);
                    self.app.note_view(viewer, address, plan.files[index - 1].media_id).await?;
                    self.reader = Some(file.reader(within));
                    break;
                }
                Section::Header(index) => plan.layout.header(index, self.checksum(index).await?).into(),
                Section::Record(index) => plan.layout.record(index, self.checksum(index).await?).into(),
                Section::End => plan.layout.end().into(),
            };
            let cut = usize::try_from(within.start).ok().zip(usize::try_from(within.end).ok());
            let own = cut.and_then(|(from, to)| own.get(from..to)).ok_or_else(changed)?;
            gathered.extend_from_slice(own);
            self.part.start = end;
        }
        Ok(gathered.freeze())
    }

    /// The CRC-32 of a file. One that nobody knows is made by reading the file, before its header is sent.
    async fn checksum(&mut self, index: usize) -> Result<u32, Error> {
        let Some(planned) = index.checked_sub(1).map(|file| self.plan.files[file]) else {
            return Ok(crc32_of(&self.plan.manifest));
        };
        if let Some(known) = self.checksums.get(&planned.sha256) {
            return Ok(*known);
        }
        let file = self.open(index).await?;
        let crc32 = crc32_of_file(&file).await?;
        self.checksums.insert(planned.sha256, crc32);
        self.app.engine().note_checksum(self.plan.company_id, &planned.sha256, crc32).await;
        Ok(crc32)
    }

    /// Opens a file of the archive, which has to be the one that was planned. Nothing is fetched from WhatsApp.
    async fn open(&mut self, index: usize) -> Result<StoredFile, Error> {
        if let Some((opened, file)) = &self.opened
            && *opened == index
        {
            return Ok(file.clone());
        }
        let planned = self.plan.files[index - 1];
        let wanted = RequestedContent::Description;
        let request = OpenRequest { target: Target::Media(planned.media_id), variant: None, wanted };
        let opened = self.app.engine().open(&self.recipient.may, request).await?;
        match opened.source {
            Source::Stored(file)
                if opened.info.sha256 == Some(planned.sha256) && file.size() == planned.size =>
            {
                self.opened = Some((index, file.clone()));
                Ok(file)
            }
            _ => Err(changed()),
        }
    }
}

fn changed() -> Error {
    Error::refused(ErrorCode::Conflict, "a file of the archive has changed; ask for the archive again")
}
