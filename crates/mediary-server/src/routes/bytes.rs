//! The files themselves: by message, by WhatsApp's id, by signed link.

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use mediary_core::{MediaId, MessageId};
use mediary_engine::{Caller, OpenRequest, OpenedMedia, Target};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::bytes::answer::{View, Viewer, answer};
use crate::bytes::watch::while_access_holds;
use crate::json::variant_version;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, Name, Peer, Query, part, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read_message_file))
        .routes(routes!(read_file))
        .routes(routes!(read_whatsapp_file))
        .routes(routes!(read_linked_file))
}

/// The bytes of a file, in its own media type.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
struct FileBytes(#[expect(dead_code, reason = "describes an answer that is streamed")] Vec<u8>);

/// For a variant under a URL that names its content. Only the browser of who may see it keeps it, and a log-out clears that.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

/// The values of a flag in a query.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `flag` reads")]
enum Flag {
    #[schema(rename = "1")]
    One,
    #[schema(rename = "true")]
    True,
    #[schema(rename = "0")]
    Zero,
    #[schema(rename = "false")]
    False,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// Which of the message's files: 0, or nothing, is its own media, higher ones are its attachments.
    #[serde(default, deserialize_with = "part")]
    #[param(value_type = Option<u32>)]
    part: u32,
    /// A kind from the record's `variants`, instead of the file itself.
    variant: Option<String>,
    /// The version of a stored variant, from its URL in the record: a browser may keep what has this one for ever.
    v: Option<String>,
    /// `1` to save the file instead of showing it.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline, value_type = Option<Flag>)]
    download: bool,
}

/// The file of a message
///
/// From storage, else from WhatsApp, as the company's policy says. Serves ranges and conditional requests.
#[utoipa::path(get, path = "/api/media/messages/{messageId}", tag = "Bytes",
    params(("messageId" = i64, Path), FileQuery), responses(
    (status = 200, content_type = "*/*", body = inline(FileBytes)), (status = 206, content_type = "*/*", body = inline(FileBytes)),
    (status = 202, description = "the variant is being made: ask again after `Retry-After`"),
    (status = 302, description = "to the bucket that keeps the file"), (status = 304), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416, body = ProblemBody),
    (status = 503, body = ProblemBody), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody), (status = 502, body = ProblemBody), (status = 504, body = ProblemBody)))]
async fn read_message_file(
    State(app): State<App>,
    may: May<rights::Read>,
    Peer(address): Peer,
    Id(id): Id<MessageId>,
    Query(query): Query<FileQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let target = if query.part == 0 { Target::Message(id) } else { Target::Attachment(id, query.part) };
    let (wanted, save) = ((target, query.variant, query.v), query.download);
    served(&app, Viewer { may: &may, address }, wanted, View { save, ..View::of(&request) }).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordFileQuery {
    /// A kind from the record's `variants`, instead of the file itself.
    variant: Option<String>,
    /// The version of a stored variant, from its URL in the record: a browser may keep what has this one for ever.
    v: Option<String>,
    /// `1` to save the file instead of showing it.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline, value_type = Option<Flag>)]
    download: bool,
}

/// A file by its record
///
/// The same as by its message. A file of the library has no message, so this is its `url`.
#[utoipa::path(get, path = "/api/media/{id}/file", tag = "Bytes",
    params(("id" = i64, Path), RecordFileQuery), responses(
    (status = 200, content_type = "*/*", body = inline(FileBytes)), (status = 206, content_type = "*/*", body = inline(FileBytes)),
    (status = 202, description = "the variant is being made: ask again after `Retry-After`"),
    (status = 302, description = "to the bucket that keeps the file"), (status = 304), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416, body = ProblemBody),
    (status = 503, body = ProblemBody), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody), (status = 502, body = ProblemBody), (status = 504, body = ProblemBody)))]
async fn read_file(
    State(app): State<App>,
    may: May<rights::Read>,
    Peer(address): Peer,
    Id(id): Id<MediaId>,
    Query(query): Query<RecordFileQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let (wanted, save) = ((Target::Media(id), query.variant, query.v), query.download);
    served(&app, Viewer { may: &may, address }, wanted, View { save, ..View::of(&request) }).await
}

/// A file, or the variant of it that is named, by its version where that is named, too.
async fn served(
    app: &App,
    viewer: Viewer<'_>,
    (target, variant, version): (Target, Option<String>, Option<String>),
    view: View<'_>,
) -> Result<Response, Problem> {
    let opened = open(app, viewer.may, target, variant, view).await?;
    let info = &opened.info;
    let is_this_version =
        info.is_stored_variant && version.is_some() && version == info.sha256.as_ref().map(variant_version);
    let mut response = answer(app, viewer, opened, view).await?;
    let has_it = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    if is_this_version && has_it {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    }
    Ok(while_access_holds(app, viewer.may.caller(), view, response))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProviderFileQuery {
    /// Anything; it makes the URL new, and has the file fetched again although it is being sent to somebody.
    t: Option<String>,
    /// `1` to save the file instead of showing it.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline, value_type = Option<Flag>)]
    download: bool,
}

/// A file by WhatsApp's id for it
///
/// Always from WhatsApp, and never stored.
#[utoipa::path(get, path = "/api/whatsapp/media/{providerMediaId}", tag = "Bytes",
    params(("providerMediaId" = String, Path), ProviderFileQuery), responses(
    (status = 200, content_type = "*/*", body = inline(FileBytes)), (status = 206, content_type = "*/*", body = inline(FileBytes)),
    (status = 404, body = ProblemBody), (status = 410, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 413, body = ProblemBody), (status = 502, body = ProblemBody), (status = 504, body = ProblemBody)))]
async fn read_whatsapp_file(
    State(app): State<App>,
    may: May<rights::Read>,
    Peer(address): Peer,
    Name(provider_media_id): Name,
    Query(query): Query<ProviderFileQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let view = View { save: query.download, ..View::of(&request) };
    let (wanted, refetch) = (view.wanted(), query.t.is_some());
    let opened = app.engine().open_from_provider(&may, &provider_media_id, wanted, refetch).await?;
    let response = answer(&app, Viewer { may: &may, address }, opened, view).await?;
    Ok(while_access_holds(&app, may.caller(), view, response))
}

/// A file by signed link
#[utoipa::path(get, path = "/m/{token}", tag = "Bytes", params(("token" = String, Path)), security(()), responses(
    (status = 200, content_type = "*/*", body = inline(FileBytes)), (status = 206, content_type = "*/*", body = inline(FileBytes)),
    (status = 202, description = "the variant is being made: ask again after `Retry-After`"),
    (status = 302, description = "to the bucket that keeps the file"), (status = 304), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 413, body = ProblemBody), (status = 502, body = ProblemBody), (status = 504, body = ProblemBody)))]
async fn read_linked_file(
    State(app): State<App>,
    Peer(address): Peer,
    Name(token): Name,
    request: Request,
) -> Result<Response, Problem> {
    let now = app.engine().now();
    let link = app.engine().links().verify(&token, now)?;
    let life = Some(link.expires_at.since(now));
    let view = View { save: link.download, link_life: life, ..View::of(&request) };
    let may = May::ask(Arc::new(Caller::of_link(&link)))?;
    let opened = open(&app, &may, Target::Media(link.media_id), link.variant, view).await?;
    answer(&app, Viewer { may: &may, address }, opened, view).await
}

async fn open(
    app: &App,
    may: &May<rights::Read>,
    target: Target,
    variant: Option<String>,
    view: View<'_>,
) -> Result<OpenedMedia, Problem> {
    let request = OpenRequest { target, variant, wanted: view.wanted() };
    Ok(app.engine().open(may, request).await?)
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(serde::de::Error::custom("must be one of: 1, true, 0, false")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use http::StatusCode;
    use mediary_core::Role;
    use mediary_testing::files::{PNG, content_like};
    use serde_json::json;

    use crate::testing::{Answer, Company, House, Made, request};

    /// Larger than what leaves in one piece.
    const SIZE: usize = 200_000;

    fn picture() -> Vec<u8> {
        content_like(PNG, SIZE)
    }

    struct Scene {
        house: House,
        company: Company,
        made: Made,
    }

    impl Scene {
        async fn new(mime: &str) -> Self {
            let house = House::open().await;
            let company = house.company("acme").await;
            let made = house.stored(&company, "wamid.1", &picture(), mime).await;
            Self { house, company, made }
        }

        async fn ask(&self, method: &str, query: &str, headers: &[(&str, &str)]) -> Answer {
            let path = format!("/api/media/messages/{}{query}", self.made.message);
            let mut request = request(method, &path, Some(self.company.key(Role::Viewer)));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            self.house.send(request.body(Body::empty()).unwrap()).await
        }
    }

    #[tokio::test]
    async fn stored_file_comes_whole_with_everything_a_browser_needs() {
        let scene = Scene::new("image/png").await;
        let answer = scene.ask("GET", "", &[]).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &picture()[..]));
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-length", "200000"),
            ("accept-ranges", "bytes"),
            ("cache-control", "private, no-cache"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-robots-tag", "noindex"),
            ("referrer-policy", "no-referrer"),
            ("last-modified", "Thu, 09 Oct 2025 08:53:20 GMT"),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        assert!(answer.header("content-security-policy").starts_with("sandbox; default-src 'none'"));
        assert!(answer.header("content-disposition").starts_with("inline; filename="));
        assert_eq!(answer.header("etag").len(), 66);
        assert!(
            scene
                .ask("GET", "?download=1", &[])
                .await
                .header("content-disposition")
                .starts_with("attachment;")
        );
    }

    #[tokio::test]
    async fn part_of_a_message_is_the_file_that_it_names() {
        let house = House::open().await;
        let (company, other) = (house.company("acme").await, house.company("other").await);
        let (own, attached) = (picture(), [picture(), b"attached".to_vec()].concat());
        let made = house.stored_with_attachment(&company, "wamid.1", [&own, &attached], "image/png").await;
        let ask = |query: &str, of: &Company| {
            let path = format!("/api/media/messages/{}{query}", made.message);
            let request = request("GET", &path, Some(of.key(Role::Viewer)));
            house.send(request.header("range", "bytes=-8").body(Body::empty()).unwrap())
        };
        for (query, file) in [("", &own), ("?part=0", &own), ("?part=1", &attached)] {
            let answer = ask(query, &company).await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{query}");
            assert_eq!(&answer.body[..], &file[file.len() - 8..], "{query}");
            assert_eq!(ask(query, &other).await.code(), "not_found", "{query}");
        }
        assert_eq!(ask("?part=2", &company).await.code(), "not_found");
        for wrong in ["?part=-1", "?part=one", "?part="] {
            assert_eq!(ask(wrong, &company).await.field(), "part", "{wrong}");
        }
    }

    #[tokio::test]
    async fn head_says_the_same_without_the_bytes() {
        let scene = Scene::new("image/png").await;
        let (get, head) = (scene.ask("GET", "", &[]).await, scene.ask("HEAD", "", &[]).await);
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(get.headers, head.headers);
        let part = scene.ask("HEAD", "", &[("range", "bytes=0-9")]).await;
        assert_eq!((part.status, part.header("content-length")), (StatusCode::OK, "200000"));
    }

    #[tokio::test]
    async fn ranges_are_exact() {
        let scene = Scene::new("video/mp4").await;
        let whole = picture();
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=100-70099", 100..70_100),
            ("bytes=-7", SIZE - 7..SIZE),
            ("bytes=5-", 5..SIZE),
        ] {
            let answer = scene.ask("GET", "", &[("range", range)]).await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
            let expected = format!("bytes {}-{}/{SIZE}", part.start, part.end - 1);
            assert_eq!(answer.header("content-range"), expected);
            assert_eq!(answer.header("content-length"), part.len().to_string());
            assert_eq!(&answer.body[..], &whole[part], "{range}");
        }
        let beyond = scene.ask("GET", "", &[("range", "bytes=200000-")]).await;
        assert_eq!(beyond.code(), "range_not_satisfiable");
        assert_eq!(beyond.header("content-range"), "bytes */200000");
        let many = scene.ask("GET", "", &[("range", "bytes=0-1,5-6")]).await;
        assert_eq!((many.status, many.body.len()), (StatusCode::OK, SIZE));
    }

    #[tokio::test]
    async fn conditional_requests_answer_304() {
        let scene = Scene::new("image/png").await;
        let first = scene.ask("GET", "", &[]).await;
        let (etag, modified) = (first.header("etag"), first.header("last-modified"));
        for condition in [("if-none-match", etag), ("if-none-match", "*"), ("if-modified-since", modified)] {
            let again = scene.ask("GET", "", &[condition]).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{condition:?}");
            assert_eq!(again.header("etag"), etag);
            assert_eq!(again.header("cache-control"), "private, no-cache");
        }
        let other =
            scene.ask("GET", "", &[("if-none-match", "\"other\""), ("if-modified-since", modified)]).await;
        assert_eq!(other.status, StatusCode::OK);
        let part = scene.ask("GET", "", &[("range", "bytes=0-9"), ("if-range", etag)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        let changed = scene.ask("GET", "", &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await;
        assert_eq!((changed.status, changed.body.len()), (StatusCode::OK, SIZE));
    }

    #[tokio::test]
    async fn types_that_are_safe_alone_are_shown_in_place() {
        for (mime, shown) in
            [("image/png", true), ("application/pdf", true), ("text/html", false), ("image/svg+xml", false)]
        {
            let scene = Scene::new(mime).await;
            let answer = scene.ask("GET", "", &[]).await;
            assert_eq!(answer.header("content-disposition").starts_with("inline"), shown, "{mime}");
            let sandboxed = answer.header("content-security-policy").contains("sandbox");
            assert_eq!(sandboxed, mime != "application/pdf", "{mime}");
        }
    }

    #[tokio::test]
    async fn invalid_queries_of_a_file_are_refused() {
        let scene = Scene::new("image/png").await;
        assert_eq!(scene.ask("GET", "?download=perhaps", &[]).await.field(), "download");
        assert_eq!(scene.ask("GET", "?variant=hologram", &[]).await.code(), "not_found");
        let key = scene.company.key(Role::Viewer);
        assert_eq!(scene.house.get("/api/media/messages/abc", key).await.code(), "not_found");
    }

    async fn link(scene: &Scene, body: &serde_json::Value) -> String {
        let path = format!("/api/media/{}/signed-url", scene.made.media);
        let answer = scene.house.post(&path, scene.company.key(Role::Agent), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let url = answer.json()["url"].as_str().unwrap().to_owned();
        url.strip_prefix("https://media.example").expect("links are made for the public address").to_owned()
    }

    #[tokio::test]
    async fn link_opens_its_file_until_it_ends() {
        let scene = Scene::new("image/png").await;
        let path = link(&scene, &json!({"expiresInSeconds": 60, "download": true})).await;
        let open = |path: String| scene.house.send(request("GET", &path, None).body(Body::empty()).unwrap());
        let answer = open(path.clone()).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, SIZE));
        assert_eq!(answer.header("cache-control"), "private, max-age=60");
        assert!(answer.header("content-disposition").starts_with("attachment"));
        let mut made_up = path.clone();
        made_up.replace_range(10..11, if &path[10..11] == "A" { "B" } else { "A" });
        assert_eq!(open(made_up).await.code(), "not_found");
        scene.house.clock.advance(Duration::from_secs(60));
        assert_eq!(open(path).await.code(), "link_expired");
    }

    #[tokio::test]
    async fn deleted_file_is_gone_on_every_path() {
        let scene = Scene::new("image/png").await;
        let path = link(&scene, &json!({})).await;
        let agent = scene.company.key(Role::Agent);
        let record = format!("/api/media/{}", scene.made.media);
        let delete = request("DELETE", &record, Some(agent)).body(Body::empty()).unwrap();
        assert_eq!(scene.house.send(delete).await.status, StatusCode::NO_CONTENT);
        assert_eq!(scene.ask("GET", "", &[]).await.code(), "media_deleted");
        let by_link = scene.house.send(request("GET", &path, None).body(Body::empty()).unwrap()).await;
        assert_eq!(by_link.code(), "media_deleted");
        assert_eq!(scene.house.get("/api/whatsapp/media/wamid.1", agent).await.code(), "media_deleted");
        let again = scene.house.post(&format!("{record}/signed-url"), agent, &json!({})).await;
        assert_eq!(again.code(), "media_deleted");
        assert_eq!(scene.house.get(&record, agent).await.json()["isActive"], false);
    }
}
