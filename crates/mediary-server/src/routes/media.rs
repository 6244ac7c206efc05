//! The records of media files, and what can be done about them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{
    ConversationId, Direction, DownloadStatus, FileType, MediaId, Timestamp, WordQuery, limits,
};
use mediary_store::{MediaQuery, MediaSort, Order};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{MediaFile, MediaStatus, Page, Shape, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, given, rights};

const RETRY_ATTEMPTS_MAX: i64 = 1000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_media))
        .routes(routes!(list_conversation_media))
        .routes(routes!(get_media, delete_media))
        .routes(routes!(get_media_status))
        .routes(routes!(download_media))
        .routes(routes!(retry_media))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct Filter {
    /// May be given more than once.
    #[serde(default)]
    #[param(value_type = Vec<words::FileType>, required = false)]
    file_type: Vec<FileType>,
    #[serde(default, deserialize_with = "given")]
    #[param(value_type = Option<words::DownloadStatus>)]
    download_status: Option<DownloadStatus>,
    /// RFC 3339; created at or after. Not later than `to`.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// RFC 3339; created before.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Of messages that came in, or of those that went out.
    #[serde(default, deserialize_with = "given")]
    #[param(value_type = Option<words::Direction>)]
    direction: Option<Direction>,
    /// Phone number or user id of who sent the message.
    sender: Option<String>,
    /// Words in the file's name or the message's caption, all of them, in any order; the last one may be the beginning of one. Case and
    /// accents do not matter.
    q: Option<String>,
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    #[serde(default)]
    #[param(inline)]
    order: SortOrder,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    #[default]
    Date,
    Size,
    Name,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SortOrder {
    Asc,
    #[default]
    Desc,
}

impl Filter {
    fn query(self, conversation: Option<ConversationId>, paging: Paging) -> Result<MediaQuery, Problem> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(Problem::field("from", "must not be later than `to`"));
        }
        Ok(MediaQuery {
            conversation,
            with_library: false,
            file_types: self.file_type,
            download_status: self.download_status,
            from: self.from,
            to: self.to,
            direction: self.direction,
            sender: short("sender", self.sender)?.map(number_or_id),
            words: words_of("q", self.q)?,
            sort: match self.sort {
                Sort::Date => MediaSort::Date,
                Sort::Size => MediaSort::Size,
                Sort::Name => MediaSort::Name,
            },
            order: match self.order {
                SortOrder::Asc => Order::Ascending,
                SortOrder::Desc => Order::Descending,
            },
            page: paging.into(),
        })
    }
}

/// A short text of a query; one without letters counts as none, as forms send it.
pub(super) fn short(field: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > limits::SHORT_TEXT_CHARS) {
        let max_chars = limits::SHORT_TEXT_CHARS;
        return Err(Problem::field(field, format!("must have at most {max_chars} characters")));
    }
    Ok(text)
}

/// The words of a query. Where something is asked for in which there is no word, nothing could be found.
pub(super) fn words_of(field: &str, text: Option<String>) -> Result<Option<WordQuery>, Problem> {
    let Some(text) = short(field, text)? else { return Ok(None) };
    let words =
        WordQuery::new(&text).ok_or_else(|| Problem::field(field, "must have a letter or a digit"))?;
    Ok(Some(words))
}

/// A phone number in the form in which messages have it, however it was written; a user id as it is.
fn number_or_id(sender: String) -> String {
    if sender.contains(char::is_alphabetic) {
        return sender;
    }
    sender.chars().filter(char::is_ascii_digit).collect()
}

/// Media of the company
#[utoipa::path(get, path = "/api/media", tag = "Media", params(Paging, Filter),
    responses((status = 200, body = Page<MediaFile>), (status = 400, body = ProblemBody)))]
async fn list_media(
    State(app): State<App>,
    may: May<rights::Read>,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<MediaFile>>, Problem> {
    let page = app.store().media_list(&may.caller().scope(), &filter.query(None, paging)?).await?;
    let reader = app.reader(may.caller(), &page.items).await?;
    Ok(Json(Page::of(page, &reader)))
}

/// Media of a conversation
#[utoipa::path(get, path = "/api/conversations/{id}/media", tag = "Media", params(("id" = i64, Path), Paging, Filter),
    responses((status = 200, body = Page<MediaFile>), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn list_conversation_media(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<ConversationId>,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<MediaFile>>, Problem> {
    let scope = may.caller().scope();
    let page = app.store().media_list(&scope, &filter.query(Some(id), paging)?).await?;
    // An empty page may also be that of a conversation that is not there.
    if page.items.is_empty() && app.store().conversation(&scope, id).await?.is_none() {
        return Err(Problem::not_found());
    }
    let reader = app.reader(may.caller(), &page.items).await?;
    Ok(Json(Page::of(page, &reader)))
}

/// One media file
#[utoipa::path(get, path = "/api/media/{id}", tag = "Media", params(("id" = i64, Path)),
    responses((status = 200, body = MediaFile), (status = 404, body = ProblemBody)))]
async fn get_media(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MediaId>,
) -> Result<Json<MediaFile>, Problem> {
    let row = app.store().media(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)?;
    let reader = app.reader(may.caller(), [&row]).await?;
    Ok(Json(MediaFile::shape(row, &reader)))
}

/// Where a download stands
#[utoipa::path(get, path = "/api/media/{id}/status", tag = "Media", params(("id" = i64, Path)),
    responses((status = 200, body = MediaStatus), (status = 404, body = ProblemBody)))]
async fn get_media_status(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MediaId>,
) -> Result<Json<MediaStatus>, Problem> {
    let status = app.engine().media_status(&may, id).await?;
    Ok(Json(status.into()))
}

/// Download now
///
/// For a file that failed, or that waits for somebody to look at it.
#[utoipa::path(post, path = "/api/media/{id}/download", tag = "Media", params(("id" = i64, Path)), responses(
    (status = 202, body = MediaFile), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 410, body = ProblemBody)))]
async fn download_media(
    State(app): State<App>,
    may: May<rights::StartDownload>,
    Peer(address): Peer,
    Id(id): Id<MediaId>,
) -> Result<(StatusCode, Json<MediaFile>), Problem> {
    let row = app.engine().download_now(&may, id, &may.caller().actor(address)).await?;
    let reader = app.reader(may.caller(), [&row]).await?;
    Ok((StatusCode::ACCEPTED, Json(MediaFile::shape(row, &reader))))
}

/// Which failed downloads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Retry {
    /// Only downloads that were tried at most this often; all of them unless given.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    max_attempts: Option<i64>,
}

/// The outcome of the retry.
#[derive(Debug, Serialize, ToSchema)]
struct RetryOutcome {
    /// How many were queued now.
    retried: usize,
    /// How many of them succeeded within ten seconds.
    succeeded: usize,
    /// How many of them failed within ten seconds.
    failed: usize,
}

/// Retry failed downloads
#[utoipa::path(post, path = "/api/media/retry", tag = "Media", request_body = Retry,
    responses((status = 200, body = RetryOutcome), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
async fn retry_media(
    State(app): State<App>,
    may: May<rights::RetryAll>,
    Peer(address): Peer,
    Body(retry): Body<Retry>,
) -> Result<Json<RetryOutcome>, Problem> {
    let max_attempts = retry.max_attempts;
    if max_attempts.is_some_and(|max_attempts| !(1..=RETRY_ATTEMPTS_MAX).contains(&max_attempts)) {
        return Err(Problem::field(
            "maxAttempts",
            format!("must be a whole number from 1 to {RETRY_ATTEMPTS_MAX}"),
        ));
    }
    let by = may.caller().actor(address);
    let outcome = app.engine().retry_failed(&may, max_attempts, &by).await?;
    Ok(Json(RetryOutcome { retried: outcome.retried, succeeded: outcome.succeeded, failed: outcome.failed }))
}

/// Delete a media file
///
/// The message stays and says so; the bytes go with the next sweep.
#[utoipa::path(delete, path = "/api/media/{id}", tag = "Media", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn delete_media(
    State(app): State<App>,
    may: May<rights::DeleteMedia>,
    Peer(address): Peer,
    Id(id): Id<MediaId>,
) -> Result<StatusCode, Problem> {
    app.engine().delete_media(&may, id, &may.caller().actor(address)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An empty value counts as none, as forms send it.
pub(super) fn moment<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || serde::de::Error::custom(Timestamp::RFC3339_RULE);
    // A plus sign that was not escaped arrives as a space.
    Timestamp::parse_rfc3339(&text.replace(' ', "+")).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use axum::body::Body as HttpBody;
    use mediary_core::Role;
    use mediary_testing::files::PNG;
    use serde_json::json;

    use super::*;
    use crate::testing::{House, request};

    #[tokio::test]
    async fn record_has_every_field_of_the_contract() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
        let record = house.get(&format!("/api/media/{}", made.media), company.key(Role::Viewer)).await.json();
        let mut fields: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let mut expected = [
            "id",
            "companyId",
            "conversationId",
            "messageId",
            "part",
            "fileKey",
            "fileName",
            "fileUrl",
            "fileSize",
            "fileType",
            "mimeType",
            "detectedMimeType",
            "sha256",
            "voice",
            "animated",
            "width",
            "height",
            "durationMs",
            "thumbhash",
            "integrity",
            "scanStatus",
            "expiresAt",
            "isActive",
            "variants",
            "variantsError",
            "pages",
            "names",
            "unplayable",
            "providerMediaId",
            "policy",
            "downloadStatus",
            "downloadAttempts",
            "lastError",
            "url",
            "storedAt",
            "createdAt",
            "updatedAt",
        ];
        expected.sort_unstable();
        assert_eq!(fields, expected);
        assert_eq!(record["url"], format!("/api/media/messages/{}", made.message));
        assert_eq!(record["createdAt"], "2025-10-09T08:53:20Z");
        assert_eq!(record["fileUrl"], json!(null));
        let admin = house
            .get(&format!("/api/messages/{}/media", made.message), company.key(Role::Admin))
            .await
            .json();
        assert!(admin["fileUrl"].as_str().unwrap().starts_with("file://"));
    }

    #[tokio::test]
    async fn lists_filter_and_name_invalid_filters() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let waiting = house.message(&company, "wamid.1").await;
        let stored = house.stored(&company, "wamid.2", PNG, "image/png").await;
        let key = company.key(Role::Viewer);
        let of_conversation = format!("/api/conversations/{}/media", waiting.conversation);
        for (query, ids) in [
            ("", vec![stored.media.0, waiting.media.0]),
            ("?order=asc", vec![waiting.media.0, stored.media.0]),
            ("?downloadStatus=completed", vec![stored.media.0]),
            ("?fileType=image&fileType=video&downloadStatus=downloading", vec![waiting.media.0]),
            ("?fileType=video&fileType=audio", vec![]),
            ("?from=2025-10-09T08:53:21Z", vec![]),
            ("?from=2025-10-09T08:53:20Z&to=2025-10-09T08:53:20Z", vec![]),
            ("?to=2025-10-09T09:53:21%2B01:00&downloadStatus=completed", vec![stored.media.0]),
            (
                "?direction=inbound&sender=%2B1%20555-123-4567&order=asc",
                vec![waiting.media.0, stored.media.0],
            ),
            ("?direction=outbound", vec![]),
            ("?sender=US.1", vec![]),
            ("?q=&sender=&downloadStatus=completed", vec![stored.media.0]),
            ("?q=nothing+of+that", vec![]),
        ] {
            for path in ["/api/media", &of_conversation] {
                let answer = house.get(&format!("{path}{query}"), key).await;
                let items = answer.json()["items"].as_array().unwrap().clone();
                let found: Vec<i64> = items.iter().map(|item| item["id"].as_i64().unwrap()).collect();
                assert_eq!(found, ids, "{path}{query}");
            }
        }
        for (query, field) in [
            ("fileType=gif", "fileType"),
            ("downloadStatus=done", "downloadStatus"),
            ("from=yesterday", "from"),
            ("from=2025-10-09T08:53:22Z&to=2025-10-09T08:53:21Z", "from"),
            ("direction=up", "direction"),
            ("q=%E2%80%A6", "q"),
            ("sort=colour", "sort"),
            ("order=up", "order"),
            ("limit=1000", "limit"),
        ] {
            assert_eq!(house.get(&format!("/api/media?{query}"), key).await.field(), field, "{query}");
        }
        for field in ["q", "sender"] {
            let long = "x".repeat(limits::SHORT_TEXT_CHARS + 1);
            assert_eq!(house.get(&format!("/api/media?{field}={long}"), key).await.field(), field);
        }
    }

    #[tokio::test]
    async fn download_is_asked_for_once() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let waiting = house.message(&company, "wamid.1").await;
        let stored = house.stored(&company, "wamid.2", PNG, "image/png").await;
        let key = company.key(Role::Agent);
        let ask = |id: MediaId| house.post_empty(format!("/api/media/{id}/download"), key);
        let answer = ask(waiting.media).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert_eq!(answer.json()["id"], waiting.media.0);
        assert_eq!(ask(stored.media).await.code(), "conflict");
        let status = house.get(&format!("/api/media/{}/status", stored.media), key).await.json();
        let size = PNG.len();
        let expected = json!({"status": "completed", "progress": 1.0, "bytesDownloaded": size, "fileSize": size, "error": null});
        assert_eq!(status, expected);
    }

    #[tokio::test]
    async fn retry_and_delete_are_checked() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let manager = company.key(Role::Manager);
        let nothing = house.post("/api/media/retry", manager, &json!({})).await;
        assert_eq!(nothing.json(), json!({"retried": 0, "succeeded": 0, "failed": 0}));
        for (body, field) in [
            (json!({"maxAttempts": 0}), "maxAttempts"),
            (json!({"maxAttempts": "5"}), "maxAttempts"),
            (json!({"attempts": 5}), "attempts"),
        ] {
            assert_eq!(house.post("/api/media/retry", manager, &body).await.field(), field, "{body}");
        }
        let made = house.message(&company, "wamid.1").await;
        let path = format!("/api/media/{}", made.media);
        let delete = request("DELETE", &path, Some(manager)).body(HttpBody::empty()).unwrap();
        assert_eq!(house.send(delete).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.get("/api/media", manager).await.json()["items"], json!([]));
        let audit = house.get("/api/audit", company.key(Role::Admin)).await.json();
        assert_eq!(audit["items"][0]["action"], "media.deleted");
        assert_eq!(audit["items"][0]["record"], format!("media:{}", made.media));
    }
}
