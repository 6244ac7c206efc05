use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use mediary_core::Role;
use mediary_core::limits::{
    ARCHIVE_LINK_LIFE, ARCHIVE_LINKS_PER_COMPANY, ARCHIVE_LINKS_PER_MINUTE, ARCHIVES_AT_ONCE_BY_LINKS,
    ARCHIVES_AT_ONCE_PER_COMPANY, ARCHIVES_AT_ONCE_PER_READER, MEMBER_SHARE,
};
use mediary_testing::files::{PNG, content_like};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::testing::{Answer, Company, House, Made, request};

async fn ask(house: &House, path: &str, key: Option<&str>, headers: &[(&str, &str)]) -> Answer {
    let mut request = request("GET", path, key);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

/// Reads a zip with Python's library, which checks every CRC: its files by their names.
fn unpacked(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    const SCRIPT: &str = "import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
print(json.dumps([[info.filename, archive.read(info).hex(), info.compress_type] for info in archive.infolist()]))";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.zip");
    std::fs::write(&path, zip).unwrap();
    let read = Command::new("python3").arg("-c").arg(SCRIPT).arg(&path).output().expect("python3 is here");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    if let Ok(tested) = Command::new("unzip").arg("-tqq").arg(&path).output() {
        assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
    }
    let files: Vec<(String, String, u32)> = serde_json::from_slice(&read.stdout).unwrap();
    let bytes = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
    assert!(files.iter().all(|(_, _, method)| *method == 0), "stored as they are");
    let count = files.len();
    let files: BTreeMap<_, _> = files.into_iter().map(|(name, hex, _)| (name, bytes(&hex))).collect();
    assert_eq!(files.len(), count, "every name is there once");
    files
}

fn manifest(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["manifest.json"]).unwrap()
}

fn path_of(made: Made) -> String {
    format!("/api/conversations/{}/media/archive", made.conversation)
}

/// A hundred files of a conversation, with names that some system would not take twice, or not at all.
async fn hundred(house: &House, company: &Company) -> (Made, Vec<Vec<u8>>) {
    let names = [
        "فاتورة مارس.pdf",
        "Photo.png",
        "photo.PNG",
        "CON.png",
        "../../etc/passwd",
        "a\u{202e}gnp.exe",
        "manifest.json",
    ];
    let (mut contents, mut last) = (Vec::new(), None);
    for number in 0..100_usize {
        let bytes = content_like(PNG, PNG.len() + 1000 * number);
        let name = names[number % names.len()];
        last = Some(house.stored_named(company, &format!("wamid.{number}"), name, &bytes).await);
        house.clock.advance(Duration::from_secs(1));
        contents.push(bytes);
    }
    (last.unwrap(), contents)
}

#[tokio::test]
async fn archive_has_every_file_under_a_name_of_its_own_and_says_what_it_is() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let (made, mut contents) = hundred(&house, &company).await;
    let waiting = house.message(&company, "wamid.waiting").await;
    let answer = ask(&house, &path_of(made), Some(company.key(Role::Viewer)), &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/zip");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"conversation-"));
    let files = unpacked(&answer.body);
    let manifest = manifest(&files);
    assert_eq!((files.len(), manifest["files"].as_array().unwrap().len()), (101, 100));
    let mut lowered: Vec<String> = files.keys().map(|name| name.to_lowercase()).collect();
    lowered.sort_unstable();
    lowered.dedup();
    assert_eq!(lowered.len(), 101, "names differ by more than case");
    for name in files.keys() {
        let bad = |c: char| c.is_control() || "/\\:*?\"<>|\u{202e}".contains(c);
        assert!(!name.contains(bad) && !name.to_uppercase().starts_with("CON."), "{name}");
    }
    assert!(files.contains_key("فاتورة مارس.pdf") && files.contains_key("فاتورة مارس (2).pdf"));
    for file in manifest["files"].as_array().unwrap() {
        let bytes = &files[file["name"].as_str().unwrap()];
        assert_eq!(file["size"], bytes.len());
        let at = contents.iter().position(|content| content == bytes).expect("one of the files");
        contents.remove(at);
        assert!(file["messageId"].is_i64() && file["sha256"].as_str().unwrap().len() == 64);
        assert!(file["time"].as_str().unwrap().starts_with("2025-10-09T08:"));
    }
    let missing = &manifest["missing"];
    assert_eq!((missing.as_array().unwrap().len(), &missing[0]["mediaId"]), (1, &json!(waiting.media)));
    assert_eq!(missing[0]["reason"]["code"], "not_here_yet");
}

#[tokio::test]
async fn parts_of_an_archive_make_the_whole_until_something_changes() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let (made, _) = hundred(&house, &company).await;
    let (key, path) = (Some(company.key(Role::Viewer)), path_of(made));
    // The end first, when no checksum is known.
    let end = ask(&house, &path, key, &[("range", "bytes=-5000")]).await;
    assert_eq!(end.status, StatusCode::PARTIAL_CONTENT);
    let whole = ask(&house, &path, key, &[]).await;
    let (size, tag) = (whole.body.len(), whole.header("etag").to_owned());
    assert!(tag.starts_with('"') && tag.len() == 66);
    assert_eq!((end.header("etag"), &end.body[..]), (tag.as_str(), &whole.body[size - 5000..]));
    let mut at = 0_usize;
    for step in [1, 29, 500, 70_000, 1_000_000, 3, usize::MAX] {
        let to = at.saturating_add(step).min(size);
        let range = format!("bytes={at}-{}", to - 1);
        let part = ask(&house, &path, key, &[("range", &range), ("if-range", &tag)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(part.header("content-range"), format!("bytes {at}-{}/{size}", to - 1));
        assert!(part.body == whole.body[at..to], "{range}");
        at = to;
    }
    assert_eq!(at, size);
    assert_eq!(ask(&house, &path, key, &[("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
    let beyond = ask(&house, &path, key, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    let head = request("HEAD", &path, key).body(Body::empty()).unwrap();
    let head = house.send(head).await;
    assert_eq!((head.header("content-length"), head.body.len()), (size.to_string().as_str(), 0));
    let delete = request("DELETE", &format!("/api/media/{}", made.media), Some(company.key(Role::Agent)));
    house.send(delete.body(Body::empty()).unwrap()).await;
    let other = ask(&house, &path, key, &[("range", "bytes=100-"), ("if-range", &tag)]).await;
    assert_eq!(other.status, StatusCode::OK, "it is another archive");
    assert_ne!(other.header("etag"), tag);
    assert_eq!(unpacked(&other.body).len(), 100);
}

#[tokio::test]
async fn filters_choose_the_files_of_a_conversation() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
    let key = Some(company.key(Role::Viewer));
    for (query, files) in [
        ("", 2),
        ("?fileType=image", 2),
        ("?fileType=video&fileType=audio", 1),
        ("?to=2025-10-09T08:53:20Z", 1),
        ("?from=2025-10-09T08:53:20Z", 2),
    ] {
        let answer = ask(&house, &format!("{}{query}", path_of(made)), key, &[]).await;
        assert_eq!(unpacked(&answer.body).len(), files, "{query}");
    }
    let wrong = format!("{}?from=2025-10-09T08:53:22Z&to=2025-10-09T08:53:21Z", path_of(made));
    assert_eq!(ask(&house, &wrong, key, &[]).await.field(), "from");
    assert_eq!(ask(&house, "/api/conversations/999/media/archive", key, &[]).await.code(), "not_found");
    let stranger = house.company("other").await;
    let answer = ask(&house, &path_of(made), Some(stranger.key(Role::Admin)), &[]).await;
    assert_eq!(answer.code(), "not_found");
}

#[tokio::test]
async fn link_gives_chosen_files_without_a_session_until_it_ends() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let (first, second) =
        (house.stored(&company, "wamid.1", PNG, "image/png").await, house.message(&company, "wamid.2").await);
    let gone = house.stored(&company, "wamid.3", &content_like(PNG, 5000), "image/png").await;
    let delete = request("DELETE", &format!("/api/media/{}", gone.media), Some(company.key(Role::Agent)));
    house.send(delete.body(Body::empty()).unwrap()).await;
    let ids = json!({"ids": [gone.media, first.media, second.media, first.media]});
    let made = house.post("/api/media/archive", company.key(Role::Viewer), &ids).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.json()["expiresAt"], "2025-10-10T08:53:20Z");
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let path = url[url.find("/m/archive/").unwrap()..].to_owned();
    let answer = ask(&house, &path, None, &[]).await;
    let files = unpacked(&answer.body);
    let manifest = manifest(&files);
    assert_eq!(files[manifest["files"][0]["name"].as_str().unwrap()], PNG);
    let missing: Vec<_> =
        manifest["missing"].as_array().unwrap().iter().map(|file| file["reason"]["code"].clone()).collect();
    assert_eq!(missing, [json!("media_deleted"), json!("not_here_yet")]);
    let deleted = &manifest["missing"][0];
    assert_eq!((&deleted["name"], &deleted["size"]), (&json!(null), &json!(null)), "nothing of it is told");
    assert!(manifest["missing"][1]["name"].is_string());
    let tag = answer.header("etag").to_owned();
    let rest = ask(&house, &path, None, &[("range", "bytes=1000-"), ("if-range", &tag)]).await;
    assert!(rest.status == StatusCode::PARTIAL_CONTENT && rest.body == answer.body[1000..]);
    let audit = house.get("/api/audit", company.key(Role::Admin)).await.json();
    assert_eq!(audit["items"][0]["action"], "archive.created");
    for path in ["/m/archive/made-up".to_owned(), path.replace("/m/archive/", "/m/"), format!("{path}A")] {
        assert_eq!(ask(&house, &path, None, &[]).await.code(), "not_found", "{path}");
    }
    house.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(ask(&house, &path, None, &[]).await.code(), "link_expired");
    house.engine.sweep().await.unwrap();
    assert_eq!(house.store.archive(company.id, 1).await.unwrap(), None);
}

#[tokio::test]
async fn only_own_files_are_chosen_and_not_too_many() {
    let house = House::open().await;
    let (company, other) = (house.company("acme").await, house.company("other").await);
    let theirs = house.stored(&other, "wamid.1", PNG, "image/png").await;
    let ours = house.stored(&company, "wamid.2", PNG, "image/png").await;
    let post = async |ids: Vec<i64>| {
        house.post("/api/media/archive", company.key(Role::Viewer), &json!({"ids": ids})).await
    };
    let refused = post(vec![ours.media.0, theirs.media.0]).await;
    assert_eq!(refused.code(), "not_found");
    assert!(refused.json()["detail"].as_str().unwrap().contains(&theirs.media.to_string()));
    assert_eq!(post(vec![]).await.field(), "ids");
    assert_eq!(post(vec![ours.media.0; 1001]).await.field(), "ids");
    assert_eq!(post(vec![ours.media.0; 1000]).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn links_are_made_a_few_in_a_minute_and_each_is_in_the_audit_log() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
    let make =
        async |role| house.post("/api/media/archive", company.key(role), &json!({"ids": [made.media]})).await;
    for _ in 0..ARCHIVE_LINKS_PER_MINUTE {
        assert_eq!(make(Role::Viewer).await.status, StatusCode::CREATED);
    }
    let refused = make(Role::Viewer).await;
    assert_eq!((refused.code(), refused.header("retry-after")), ("rate_limited".into(), "60"));
    assert_eq!(make(Role::Agent).await.status, StatusCode::CREATED, "each by themselves");
    house.clock.advance(Duration::from_secs(60));
    assert_eq!(make(Role::Viewer).await.status, StatusCode::CREATED);
    let path = "/api/audit?action=archive.created&limit=100";
    let log = house.get(path, company.key(Role::Admin)).await.json();
    let entries = log["items"].as_array().unwrap();
    assert_eq!(entries.len(), usize::try_from(ARCHIVE_LINKS_PER_MINUTE).unwrap() + 2);
    assert!(entries.iter().all(|entry| entry["who"].as_str().unwrap().starts_with("api_key:")));
}

#[tokio::test]
async fn archive_breaks_off_when_a_file_is_not_there_any_more() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
    std::fs::remove_dir_all(house.folder().join(format!("files/media/{}", company.id))).unwrap();
    let request = request("GET", &path_of(made), Some(company.key(Role::Viewer)));
    let response = house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let is_refused = !response.status().is_success();
    assert!(is_refused || response.into_body().collect().await.is_err(), "nobody takes a part for the whole");
}

/// Begins to read an archive, which holds its slot until the answer is dropped.
async fn begin(house: &House, path: &str, key: Option<&str>) -> http::Response<Body> {
    let request = request("GET", path, key);
    house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn readers_of_a_link_hold_up_nobody_else() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", &content_like(PNG, 3_000_000), "image/png").await;
    let link = async || {
        let made =
            house.post("/api/media/archive", company.key(Role::Viewer), &json!({"ids": [made.media]})).await;
        let url = made.json()["url"].as_str().unwrap().to_owned();
        url[url.find("/m/archive/").unwrap()..].to_owned()
    };
    let (first, mut open) = (link().await, Vec::new());
    for _ in 0..ARCHIVES_AT_ONCE_PER_READER {
        open.push(begin(&house, &first, None).await);
    }
    let refused = begin(&house, &first, None).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "30");
    while open.len() < ARCHIVES_AT_ONCE_BY_LINKS {
        open.push(begin(&house, &link().await, None).await);
    }
    assert!(open.iter().all(|response| response.status() == StatusCode::OK));
    assert_eq!(begin(&house, &link().await, None).await.status(), StatusCode::TOO_MANY_REQUESTS);
    for role in [Role::Viewer, Role::Agent] {
        open.push(begin(&house, &path_of(made), Some(company.key(role))).await);
        assert_eq!(open.last().unwrap().status(), StatusCode::OK, "people have their own");
    }
    let end = ask(&house, &first, None, &[("range", "bytes=-10")]).await;
    assert_eq!(end.status, StatusCode::TOO_MANY_REQUESTS, "a part is no way around it");
    open.remove(0);
    assert_eq!(ask(&house, &first, None, &[("range", "bytes=-10")]).await.body.len(), 10);
}

#[tokio::test]
async fn archive_has_to_be_taken_at_a_pace() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", &content_like(PNG, 3_000_000), "image/png").await;
    let handover = crate::wire::Handover::default();
    let request = request("GET", &path_of(made), Some(company.key(Role::Viewer))).extension(handover.clone());
    let response = house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(handover.quickened(), Some(mediary_core::limits::ARCHIVE_READER_BYTES_PER_SECOND));
    drop(response);
    assert_eq!(handover.quickened(), None, "the next answer on the connection has the usual one");
}

#[tokio::test]
async fn company_has_some_archives_at_once() {
    let house = House::open().await;
    let (company, other) = (house.company("acme").await, house.company("other").await);
    let content = content_like(PNG, 3_000_000);
    let made = house.stored(&company, "wamid.1", &content, "image/png").await;
    let theirs = house.stored(&other, "wamid.2", PNG, "image/png").await;
    let (path, mut open) = (path_of(made), Vec::new());
    let of_role = async |role| begin(&house, &path, Some(company.key(role))).await;
    for role in [Role::Viewer, Role::Agent, Role::Manager, Role::Admin] {
        for _ in 0..ARCHIVES_AT_ONCE_PER_READER {
            open.push(of_role(role).await);
        }
        assert_eq!(of_role(role).await.status(), StatusCode::TOO_MANY_REQUESTS, "one reader");
    }
    assert_eq!(open.len(), ARCHIVES_AT_ONCE_PER_COMPANY);
    assert!(open.iter().all(|response| response.status() == StatusCode::OK));
    house.user(&company, Role::Viewer).await;
    let cookie = house.cookie(&company, Role::Viewer).await;
    let of_person = async || {
        let request = request("GET", &path, None).header("cookie", &cookie).body(Body::empty()).unwrap();
        house.router.clone().oneshot(request).await.unwrap()
    };
    assert_eq!(of_person().await.status(), StatusCode::TOO_MANY_REQUESTS, "the company");
    let answer = ask(&house, &path_of(theirs), Some(other.key(Role::Viewer)), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "another company has its own");
    open.pop();
    assert_eq!(of_person().await.status(), StatusCode::OK);
    assert_eq!(open[0].headers()[header::CONTENT_TYPE], "application/zip");
}

#[tokio::test]
async fn link_ends_with_the_way_in_of_its_maker() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
    let link = async |key: &str| {
        let link = house.post("/api/media/archive", key, &json!({"ids": [made.media]})).await;
        let url = link.json()["url"].as_str().unwrap().to_owned();
        url[url.find("/m/archive/").unwrap()..].to_owned()
    };
    let (of_viewer, of_agent) = (link(company.key(Role::Viewer)).await, link(company.key(Role::Agent)).await);
    assert_eq!(ask(&house, &of_viewer, None, &[]).await.status, StatusCode::OK);
    let caller = house.app.engine().access().authenticate_key(company.key(Role::Viewer)).await.unwrap();
    let mediary_engine::Identity::Key { id, .. } = caller.unwrap().who else { panic!("a key") };
    let by = mediary_store::Actor::command_line();
    assert!(house.store.revoke_api_key(company.id, id, &by).await.unwrap());
    assert_eq!(ask(&house, &of_viewer, None, &[]).await.code(), "link_expired");
    assert_eq!(ask(&house, &of_agent, None, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn company_has_so_many_links_that_have_not_ended_and_each_member_half_of_them() {
    let house = House::open().await;
    let (company, other) = (house.company("acme").await, house.company("other").await);
    let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
    let theirs = house.stored(&other, "wamid.2", PNG, "image/png").await;
    let link = async |company: &Company, made: &Made| {
        house.post("/api/media/archive", company.key(Role::Viewer), &json!({"ids": [made.media]})).await
    };
    let until = house.engine.now().plus(ARCHIVE_LINK_LIFE);
    let add = async |who: &str| {
        let by = mediary_store::Actor { who: who.into(), ip: None };
        house.store.add_archive(company.id, &[made.media], until, &by).await.unwrap()
    };
    let more = async |who: &str, count: u64| {
        for _ in 0..count {
            let added = add(who).await;
            assert!(matches!(added, mediary_store::AddedArchive::Added(_)), "{added:?}");
        }
    };
    more("a", 1).await;
    house.clock.advance(Duration::from_secs(3600));
    assert_eq!(link(&company, &made).await.status, StatusCode::CREATED);
    let half = ARCHIVE_LINKS_PER_COMPANY / MEMBER_SHARE as u64;
    more("a", half - 1).await;
    assert!(matches!(add("a").await, mediary_store::AddedArchive::Full { .. }), "half are of this one");
    more("b", half - 1).await;
    let refused = link(&company, &made).await;
    let left = (ARCHIVE_LINK_LIFE.as_secs() - 3600).to_string();
    assert_eq!((refused.code(), refused.header("retry-after")), ("rate_limited".into(), left.as_str()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("1000 of your company"), "{refused:?}");
    assert_eq!(link(&other, &theirs).await.status, StatusCode::CREATED, "each company by itself");
    house.clock.advance(ARCHIVE_LINK_LIFE - Duration::from_secs(3600));
    assert_eq!(link(&company, &made).await.status, StatusCode::CREATED, "the first ones have ended");
}
