//! The body of a file that consists of parts of a stored one and of bytes of its own.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use mediary_blob::{Reader, StoredFile};
use mediary_core::error_chain;
use mediary_derive::virtual_file::Piece;
use mediary_engine::LentMap;

/// Bytes of the file's own that are sent at a time.
const OWN_BYTES: usize = 256 * 1024;

/// The bytes of `part`. The first of them are read before the head is sent, so that a failure still becomes an answer.
pub(crate) async fn body(
    file: StoredFile,
    map: Arc<LentMap>,
    part: Range<u64>,
) -> Result<Body, mediary_blob::Error> {
    let mut transfer = Transfer { file, map, part, reader: None };
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

struct Transfer {
    file: StoredFile,
    map: Arc<LentMap>,
    /// What is still to be sent.
    part: Range<u64>,
    /// The range of the stored file that is being read.
    reader: Option<Reader>,
}

impl Transfer {
    async fn next(&mut self) -> Result<Option<Bytes>, mediary_blob::Error> {
        loop {
            if let Some(reader) = &mut self.reader {
                match reader.next().await? {
                    Some(bytes) => return Ok(Some(self.sent(bytes))),
                    None => self.reader = None,
                }
            }
            let Some(piece) = self.map.range(self.part.clone()).next() else { return Ok(None) };
            match piece {
                Piece::Own(own) => {
                    let bytes = Bytes::copy_from_slice(&own[..own.len().min(OWN_BYTES)]);
                    return Ok(Some(self.sent(bytes)));
                }
                Piece::Original(range) => self.reader = Some(self.file.reader(range)),
            }
        }
    }

    fn sent(&mut self, bytes: Bytes) -> Bytes {
        self.part.start += bytes.len() as u64;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::StatusCode;
    use mediary_core::Role;
    use mediary_testing::files::{PNG, VIDEO, VOICE_NOTE, video_with_index_at_the_end};
    use serde_json::json;

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
    async fn playable_file_of_another_company_is_not_there() {
        let scene = Scene::of(VOICE_NOTE, "audio/ogg").await;
        let other = scene.house.company("other").await;
        let path = format!("/api/media/messages/{}?variant=playable", scene.made.message);
        assert_eq!(scene.playable("GET", &[]).await.status, StatusCode::OK);
        let answer = scene.house.get(&path, other.key(Role::Viewer)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "not_found".to_owned()));
    }
}
