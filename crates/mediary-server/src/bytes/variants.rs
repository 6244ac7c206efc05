//! Variants that are stored beside their file, as they are listed, served and kept by browsers.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use mediary_blob::StorageKey;
use mediary_core::{Role, StorageBackend, VariantKind};
use mediary_store::{FinishedDerivation, NewVariant};
use mediary_testing::files::PNG;
use serde_json::json;

use crate::testing::{Answer, Company, House, Made, request};

const THUMB: &[u8] = b"RIFF\x10\0\0\0WEBPVP8 made here";

struct Scene {
    house: House,
    company: Company,
    made: Made,
}

impl Scene {
    /// A stored picture whose `thumb` was made.
    async fn open() -> Self {
        let house = House::open().await;
        let company = house.company("acme").await;
        let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
        let scene = Self { house, company, made };
        scene.derive().await;
        scene
    }

    async fn derive(&self) {
        let Self { house: House { store, storage, .. }, company, made } = self;
        let life = Duration::from_secs(30);
        let claim = store.claim_derivation_for_viewer("node", company.id, made.media, 1, life).await;
        let claim = claim.unwrap().unwrap();
        let key = StorageKey::variant(company.id, Some(made.message), made.media, VariantKind::Thumb);
        let keys = [key.to_string()];
        store.reserve_variants(company.id, made.media, StorageBackend::Local, &keys).await.unwrap();
        let mut upload = storage.create(&key).await.unwrap();
        upload.write(Bytes::from_static(THUMB)).await.unwrap();
        let stored = upload.stage().await.unwrap().publish().await.unwrap();
        let thumb = NewVariant {
            kind: VariantKind::Thumb,
            storage_backend: StorageBackend::Local,
            storage_key: key.to_string(),
            mime_type: "image/webp".to_owned(),
            file_size: stored.size,
            sha256: stored.sha256,
            width: Some(320),
            height: Some(240),
            duration_ms: None,
        };
        let finished = FinishedDerivation {
            company_id: company.id,
            media_id: made.media,
            lease: claim.lease,
            sha256: claim.sha256,
            version: 1,
            width: Some(640),
            height: Some(480),
            duration_ms: None,
            thumbhash: Some(vec![1, 2, 3]),
            pages: None,
            names: Vec::new(),
            unplayable: None,
            missing: None,
            step: claim.step,
            next: None,
            variants: vec![thumb],
        };
        assert!(store.finish_derivation(finished).await.unwrap());
    }

    async fn get(&self, path: &str) -> Answer {
        self.house.get(path, self.company.key(Role::Viewer)).await
    }

    async fn listed(&self) -> serde_json::Value {
        self.get(&format!("/api/media/{}", self.made.media)).await.json()
    }

    async fn url(&self) -> String {
        self.listed().await["variants"][0]["url"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn variant_is_listed_with_its_file_wherever_that_is_listed() {
    let scene = Scene::open().await;
    let record = scene.listed().await;
    let thumb = json!({"kind": "thumb", "mimeType": "image/webp", "width": 320, "height": 240,
        "fileSize": THUMB.len(), "url": record["variants"][0]["url"]});
    assert_eq!(record["variants"], json!([thumb]));
    assert_eq!((&record["width"], &record["thumbhash"]), (&json!(640), &json!("AQID")));
    let conversation = scene.made.conversation;
    let message = scene.get(&format!("/api/messages/{}", scene.made.message)).await.json();
    let lists = [
        scene.get("/api/media").await.json()["items"][0].clone(),
        scene.get(&format!("/api/conversations/{conversation}/media")).await.json()["items"][0].clone(),
        scene.get(&format!("/api/conversations/{conversation}/messages")).await.json()["items"][0]["media"]
            .clone(),
        scene.get("/api/conversations").await.json()["items"][0]["lastMessage"]["media"].clone(),
        message["media"].clone(),
    ];
    for listed in lists {
        assert_eq!(listed["variants"], json!([thumb]));
    }
}

#[tokio::test]
async fn variant_is_kept_by_browsers_for_ever_only_under_the_url_that_names_its_content() {
    let scene = Scene::open().await;
    let url = scene.url().await;
    let named = scene.get(&url).await;
    assert_eq!((named.status, &named.body[..]), (StatusCode::OK, THUMB));
    assert_eq!(named.header("content-type"), "image/webp");
    assert_eq!(named.header("cache-control"), "private, max-age=31536000, immutable");
    let (plain, _) = url.split_once("&v=").unwrap();
    for other in [plain.to_owned(), format!("{plain}&v=0123456789abcdef"), format!("{plain}&v=")] {
        let answer = scene.get(&other).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, THUMB), "{other}");
        assert_eq!(answer.header("cache-control"), "private, no-cache", "{other}");
        assert_eq!(answer.header("etag"), named.header("etag"));
    }
    let plain = format!("/api/media/messages/{}", scene.made.message);
    let original = scene.get(&plain).await;
    assert_ne!(original.header("etag"), named.header("etag"));
    let version = &original.header("etag")[1..17];
    let original = scene.get(&format!("{plain}?v={version}")).await;
    assert_eq!(original.header("cache-control"), "private, no-cache", "a lost access holds at once");
    let again = request("GET", &url, Some(scene.company.key(Role::Viewer)))
        .header("if-none-match", named.header("etag"));
    let again = scene.house.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.header("cache-control"), named.header("cache-control"));
}

#[tokio::test]
async fn variant_is_not_there_for_another_company_nor_after_its_file_is_deleted() {
    let scene = Scene::open().await;
    let url = scene.url().await;
    let other = scene.house.company("other").await;
    let refused = scene.house.get(&url, other.key(Role::Admin)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::NOT_FOUND, "not_found".to_owned()));
    let path = format!("/api/media/{}", scene.made.media);
    let delete = request("DELETE", &path, Some(scene.company.key(Role::Admin)));
    assert_eq!(scene.house.send(delete.body(Body::empty()).unwrap()).await.status, StatusCode::NO_CONTENT);
    let gone = scene.get(&url).await;
    assert_eq!((gone.status, gone.header("cache-control")), (StatusCode::GONE, "no-store"));
    assert_eq!(scene.listed().await["variants"], json!([]));
}

#[tokio::test]
async fn link_opens_a_variant_that_files_of_the_type_may_have() {
    let scene = Scene::open().await;
    let sign = format!("/api/media/{}/signed-url", scene.made.media);
    let agent = scene.company.key(Role::Agent);
    let link = scene.house.post(&sign, agent, &json!({"variant": "thumb"})).await;
    let link = link.json()["url"].as_str().unwrap().replace("https://media.example", "");
    let opened = scene.house.send(request("GET", &link, None).body(Body::empty()).unwrap()).await;
    assert_eq!((opened.status, &opened.body[..]), (StatusCode::OK, THUMB));
    for kind in ["poster", "peaks", "thumbs", ""] {
        assert_eq!(scene.house.post(&sign, agent, &json!({ "variant": kind })).await.code(), "not_found");
    }
}
