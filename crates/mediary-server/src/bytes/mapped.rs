//! The body of a file that consists of parts of a stored one and of bytes of its own.

use std::ops::{Deref, Range};
use std::sync::Arc;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use mediary_blob::{CHUNK_BYTES, Reader, StoredFile};
use mediary_core::error_chain;
use mediary_derive::VirtualFile;
use mediary_derive::virtual_file::Piece;

/// The bytes of `part`. The first of them are read before the head is sent, so that a failure still becomes an answer.
pub(crate) async fn body<M>(
    file: StoredFile,
    map: Arc<M>,
    part: Range<u64>,
) -> Result<Body, mediary_blob::Error>
where
    M: Deref<Target = VirtualFile> + Send + Sync + 'static,
{
    let mut transfer = Transfer::new(file, map, part);
    let Some(first) = transfer.next().await? else { return Ok(Body::empty()) };
    let rest = stream::unfold(transfer, async |mut transfer| {
        tokio::task::yield_now().await;
        let next = transfer.next().await.inspect_err(|error| {
            tracing::error!(error = error_chain(error), "failed to read a stored file while sending it");
        });
        next.transpose().map(|next| (next, transfer))
    });
    Ok(Body::from_stream(stream::iter([Ok(first)]).chain(rest)))
}

/// A voice note is in pieces of a page each, some of them of a few bytes. They are put together to as much as is sent at a time, and
/// those that lie in one chunk of the stored file come from one read. A longer piece is read by itself, as it is.
struct Transfer<M> {
    file: StoredFile,
    map: Arc<M>,
    /// What is still to be sent.
    part: Range<u64>,
    /// Reads a long piece.
    reader: Option<Reader>,
    /// What was read last for short pieces, and where it begins in the stored file.
    chunk: (u64, Bytes),
}

impl<M: Deref<Target = VirtualFile>> Transfer<M> {
    fn new(file: StoredFile, map: Arc<M>, part: Range<u64>) -> Self {
        Self { file, map, part, reader: None, chunk: (0, Bytes::new()) }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, mediary_blob::Error> {
        loop {
            if let Some(reader) = &mut self.reader {
                if let Some(bytes) = reader.next().await? {
                    self.part.start += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                self.reader = None;
            }
            let gathered = self.gather().await?;
            if !gathered.is_empty() || self.reader.is_none() {
                return Ok(Some(gathered).filter(|gathered| !gathered.is_empty()));
            }
        }
    }

    /// Short pieces and bytes of the file's own, up to the next long piece, whose reader is then there.
    async fn gather(&mut self) -> Result<Bytes, mediary_blob::Error> {
        let map = self.map.clone();
        let mut gathered = BytesMut::new();
        for piece in map.range(self.part.clone()) {
            let room = CHUNK_BYTES - gathered.len();
            let before = gathered.len();
            match piece {
                Piece::Own(own) => gathered.extend_from_slice(&own[..own.len().min(room)]),
                Piece::Original(range) if range.end - range.start >= CHUNK_BYTES as u64 => {
                    self.reader = Some(self.file.reader(range));
                    break;
                }
                Piece::Original(range) => {
                    let bytes = self.short(&map, range.clone()).await?;
                    gathered.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
            }
            self.part.start += (gathered.len() - before) as u64;
            if gathered.len() == CHUNK_BYTES {
                break;
            }
        }
        Ok(gathered.freeze())
    }

    /// A short piece, the next one of what is still to be sent. It is read with those that follow it in its chunk.
    async fn short(&mut self, map: &VirtualFile, range: Range<u64>) -> Result<Bytes, mediary_blob::Error> {
        if let Some(bytes) = part_of(&self.chunk, &range) {
            return Ok(bytes);
        }
        let read = read_together(map, self.part.clone(), &range);
        let length = usize::try_from(read.end - read.start).unwrap_or(CHUNK_BYTES);
        self.chunk = (read.start, self.file.read_at(read.start, length).await?);
        part_of(&self.chunk, &range).ok_or_else(|| mediary_blob::Error::truncated(range.start))
    }
}

fn part_of((start, bytes): &(u64, Bytes), range: &Range<u64>) -> Option<Bytes> {
    let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
    let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
    (to <= bytes.len()).then(|| bytes.slice(from..to))
}

/// What is read of the stored file for `first`, the first piece of `part`: up to the end of the last piece that follows it there
/// within one chunk. No more, so that a few bytes cost a few bytes.
fn read_together(map: &VirtualFile, part: Range<u64>, first: &Range<u64>) -> Range<u64> {
    let last_end = first.start + CHUNK_BYTES as u64;
    let mut end = first.end;
    for piece in map.range(part) {
        match piece {
            Piece::Original(next) if next.start >= first.start && next.end <= last_end => {
                end = end.max(next.end);
            }
            Piece::Original(_) => break,
            Piece::Own(_) => {}
        }
    }
    first.start..end
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use http::StatusCode;
    use mediary_blob::{Storage, StorageKey};
    use mediary_core::DerivationStep;
    use mediary_core::{CompanyId, MessageId, Role};
    use mediary_derive::virtual_file::VirtualFileBuilder;
    use mediary_store::FinishedDerivation;
    use mediary_testing::files::{PNG, VIDEO, VOICE_NOTE, content, video_with_index_at_the_end};
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Company, House, Made, request};

    struct Scene {
        house: House,
        company: Company,
        made: Made,
    }

    impl Scene {
        async fn of(bytes: &[u8], mime: &str) -> Self {
            let house = House::open().await;
            let company = house.company("acme").await;
            let made = house.stored(&company, "wamid.1", bytes, mime).await;
            Self { house, company, made }
        }

        async fn playable(&self, method: &str, headers: &[(&str, &str)]) -> Answer {
            let path = format!("/api/media/messages/{}?variant=playable", self.made.message);
            let mut request = request(method, &path, Some(self.company.key(Role::Viewer)));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            self.house.send(request.body(Body::empty()).unwrap()).await
        }

        /// A worker has looked at it.
        async fn examine(&self, unplayable: Option<&str>, missing: Option<&str>) {
            let Self { house, company, made } = self;
            let life = Duration::from_secs(30);
            let claim =
                house.store.claim_derivation_for_viewer("node", company.id, made.media, 1, life).await;
            let claim = claim.unwrap().unwrap();
            let finished = FinishedDerivation {
                company_id: company.id,
                media_id: made.media,
                lease: claim.lease,
                sha256: claim.sha256,
                version: 1,
                width: None,
                height: None,
                duration_ms: None,
                thumbhash: None,
                pages: None,
                names: Vec::new(),
                unplayable: unplayable.map(str::to_owned),
                missing: missing.map(str::to_owned),
                step: DerivationStep::Short,
                next: None,
                variants: Vec::new(),
            };
            assert!(house.store.finish_derivation(finished).await.unwrap());
        }

        async fn record(&self) -> serde_json::Value {
            let path = format!("/api/media/{}", self.made.media);
            self.house.get(&path, self.company.key(Role::Viewer)).await.json()
        }
    }

    #[tokio::test]
    async fn playable_voice_note_is_an_mp4_with_a_tag_of_its_own_and_exact_parts() {
        let scene = Scene::of(VOICE_NOTE, "audio/ogg").await;
        let whole = scene.playable("GET", &[]).await;
        assert_eq!((whole.status, &whole.body[4..8]), (StatusCode::OK, &b"ftyp"[..]));
        assert_eq!(whole.header("content-type"), "audio/mp4; codecs=\"opus\"");
        assert_eq!(whole.header("content-length"), whole.body.len().to_string());
        assert!(
            whole.header("content-disposition").contains(".m4a"),
            "{}",
            whole.header("content-disposition")
        );
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=7-40006", 7..40_007),
            ("bytes=-9", whole.body.len() - 9..whole.body.len()),
            ("bytes=5-", 5..whole.body.len()),
        ] {
            let answer = scene.playable("GET", &[("range", range)]).await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(&answer.body[..], &whole.body[part], "{range}");
        }
        let head = scene.playable("HEAD", &[]).await;
        assert_eq!((head.status, head.body.len(), &head.headers), (StatusCode::OK, 0, &whole.headers));
        let tag = whole.header("etag");
        let path = format!("/api/media/messages/{}", scene.made.message);
        let original = scene.house.get(&path, scene.company.key(Role::Viewer)).await;
        assert_eq!(&original.body[..], VOICE_NOTE, "the original stays the original");
        assert_ne!(original.header("etag"), tag);
        let again = scene.playable("GET", &[("if-none-match", tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        let part =
            scene.playable("GET", &[("range", "bytes=0-9"), ("if-range", original.header("etag"))]).await;
        assert_eq!((part.status, part.body.len()), (StatusCode::OK, whole.body.len()), "another tag");
    }

    #[tokio::test]
    async fn playable_video_is_the_same_with_its_index_in_front() {
        let scene = Scene::of(&video_with_index_at_the_end(), "video/mp4").await;
        let whole = scene.playable("GET", &[]).await;
        assert_eq!(whole.status, StatusCode::OK);
        assert!(whole.body[..] == *VIDEO, "byte by byte");
        let part = scene.playable("GET", &[("range", "bytes=1000-90000")]).await;
        assert!(part.body[..] == VIDEO[1000..=90_000]);
        assert_eq!(scene.record().await["variants"], json!([]), "nobody has examined it");
        scene.examine(None, None).await;
        let record = scene.record().await;
        let url = format!("/api/media/messages/{}?variant=playable", scene.made.message);
        let variant = json!({"kind": "playable", "mimeType": "video/mp4", "width": null, "height": null,
            "fileSize": null, "url": url});
        assert_eq!(record["variants"], json!([variant]));
        let sign = format!("/api/media/{}/signed-url", scene.made.media);
        let link =
            scene.house.post(&sign, scene.company.key(Role::Agent), &json!({"variant": "playable"})).await;
        let link = link.json()["url"].as_str().unwrap().replace("https://media.example", "");
        let opened = scene.house.send(request("GET", &link, None).body(Body::empty()).unwrap()).await;
        assert!(opened.status == StatusCode::OK && opened.body[..] == *VIDEO);
    }

    #[tokio::test]
    async fn playable_video_with_its_index_in_front_is_the_file_itself() {
        let scene = Scene::of(VIDEO, "video/mp4").await;
        let whole = scene.playable("GET", &[]).await;
        let path = format!("/api/media/messages/{}", scene.made.message);
        let original = scene.house.get(&path, scene.company.key(Role::Viewer)).await;
        assert_eq!(whole.header("etag"), original.header("etag"));
        assert!(whole.body[..] == *VIDEO);
    }

    #[tokio::test]
    async fn file_that_cannot_be_made_playable_says_why() {
        let scene = Scene::of(PNG, "image/png").await;
        assert_eq!(scene.playable("GET", &[]).await.code(), "not_found");
        assert_eq!(scene.record().await["variants"], json!([]));
        let sign = format!("/api/media/{}/signed-url", scene.made.media);
        let link =
            scene.house.post(&sign, scene.company.key(Role::Agent), &json!({"variant": "playable"})).await;
        assert_eq!(link.code(), "not_found");

        let cut = &video_with_index_at_the_end()[..100_000];
        let scene = Scene::of(cut, "video/mp4").await;
        let answer = scene.playable("GET", &[]).await;
        assert_eq!(answer.code(), "not_found");
        assert!(answer.json()["detail"].as_str().unwrap().contains("cut off"), "{answer:?}");
    }

    #[tokio::test]
    async fn playable_file_that_cannot_be_had_is_not_listed() {
        for (unplayable, missing) in [(Some("HEVC"), None), (None, Some("its samples lie in another file"))] {
            let scene = Scene::of(&video_with_index_at_the_end(), "video/mp4").await;
            scene.examine(unplayable, missing).await;
            assert_eq!(scene.record().await["variants"], json!([]));
        }
    }

    #[tokio::test]
    async fn link_to_a_playable_file_that_is_never_made_is_refused_with_the_reason() {
        let cut = &video_with_index_at_the_end()[..100_000];
        let scene = Scene::of(cut, "video/mp4").await;
        let sign = format!("/api/media/{}/signed-url", scene.made.media);
        let link =
            scene.house.post(&sign, scene.company.key(Role::Agent), &json!({"variant": "playable"})).await;
        assert_eq!(link.code(), "not_found");
        assert!(link.json()["detail"].as_str().unwrap().contains("cut off"), "{link:?}");
    }

    #[tokio::test]
    async fn what_is_made_while_it_is_served_is_kept_for_ever_under_no_url() {
        for (bytes, mime) in [(VOICE_NOTE, "audio/ogg"), (VIDEO, "video/mp4")] {
            let scene = Scene::of(bytes, mime).await;
            let record = scene.record().await;
            let version = &record["sha256"].as_str().unwrap()[..16];
            let path = format!("/api/media/messages/{}?variant=playable&v={version}", scene.made.message);
            let answer = scene.house.get(&path, scene.company.key(Role::Viewer)).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header("cache-control"), "private, no-cache", "{mime}");
        }
    }

    #[tokio::test]
    async fn playable_file_of_another_company_is_not_there() {
        let scene = Scene::of(VOICE_NOTE, "audio/ogg").await;
        let other = scene.house.company("other").await;
        let path = format!("/api/media/messages/{}?variant=playable", scene.made.message);
        assert_eq!(scene.playable("GET", &[]).await.status, StatusCode::OK);
        let answer = scene.house.get(&path, other.key(Role::Viewer)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "not_found".to_owned()));
    }

    /// A file of pages of `head` and `data` bytes, and a map that leaves the heads out, with bytes of its own before all.
    fn pages(pages: u64, head: u64, data: u64) -> (Vec<u8>, VirtualFile) {
        let mut builder = VirtualFileBuilder::default();
        builder.own(b"the index").unwrap();
        for page in 0..pages {
            let start = page * (head + data) + head;
            builder.original(start..start + data).unwrap();
        }
        (content((pages * (head + data)) as usize), builder.build())
    }

    async fn stored(bytes: &[u8]) -> StoredFile {
        let storage = Storage::in_memory();
        let key = StorageKey::media(CompanyId(1), MessageId(2), "3");
        let mut upload = storage.create(&key).await.unwrap();
        upload.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        upload.stage().await.unwrap().publish().await.unwrap();
        storage.open(&key).await.unwrap()
    }

    #[tokio::test]
    async fn short_pieces_are_sent_and_read_together_and_long_ones_as_they_are() {
        for (count, head, data) in [(20_000, 28, 3), (3, 28, 700_000), (40, 28, 100_000)] {
            let (original, map) = pages(count, head, data);
            let whole = map.whole(&original).unwrap();
            let file = stored(&original).await;
            let map = Arc::new(Arc::new(map));
            for part in [0..whole.len(), 4..whole.len() - 1, 12..13] {
                let mut transfer =
                    Transfer::new(file.clone(), map.clone(), part.start as u64..part.end as u64);
                let (mut sent, mut steps) = (Vec::new(), 0);
                while let Some(bytes) = transfer.next().await.unwrap() {
                    assert!(!bytes.is_empty() && bytes.len() <= CHUNK_BYTES);
                    sent.extend_from_slice(&bytes);
                    steps += 1;
                }
                assert!(sent == whole[part], "{count} pages");
                assert!(steps <= 2 * sent.len() / CHUNK_BYTES + 2 * 3 + 1, "{count} pages in {steps} steps");
            }
        }
    }

    #[test]
    fn one_read_takes_the_pieces_that_follow_in_its_chunk_and_nothing_more() {
        let (original, map) = pages(20_000, 28, 3);
        let all = 0..map.length();
        let first = 28..31;
        let read = read_together(&map, all, &first);
        assert_eq!(read.start, 28);
        assert!(
            (CHUNK_BYTES as u64 - 31..=CHUNK_BYTES as u64).contains(&(read.end - read.start)),
            "{read:?}"
        );
        assert_eq!(read_together(&map, 9..11, &(28..30)), 28..30, "what is not asked for is not read");
        let last = original.len() as u64 - 3..original.len() as u64;
        assert_eq!(read_together(&map, map.length() - 3..map.length(), &last), last);
        let mut back = VirtualFileBuilder::default();
        back.original(100..110).unwrap();
        back.original(50..60).unwrap();
        assert_eq!(read_together(&back.build(), 0..20, &(100..110)), 100..110);
    }
}
