//! The records of media files, and what can be done about them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{ConversationId, DownloadStatus, FileType, MediaId, Timestamp};
use mediary_store::{MediaQuery, MediaSort, Order};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{MediaFile, MediaStatus, Page, Shape, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, rights};

const RETRY_ATTEMPTS_DEFAULT: i64 = 5;
const RETRY_ATTEMPTS_MAX: i64 = 1000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(of_conversation))
        .routes(routes!(get, delete))
        .routes(routes!(status))
        .routes(routes!(download))
        .routes(routes!(retry))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct Filter {
    /// May be given more than once.
    #[serde(default)]
    #[param(value_type = Vec<words::FileType>, required = false)]
    file_type: Vec<FileType>,
    #[param(value_type = Option<words::DownloadStatus>)]
    download_status: Option<DownloadStatus>,
    /// RFC 3339; created at or after.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// RFC 3339; created before.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    #[serde(default)]
    #[param(inline)]
    order: Direction,
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
enum Direction {
    Asc,
    #[default]
    Desc,
}

impl Filter {
    fn query(self, conversation: Option<ConversationId>, paging: Paging) -> MediaQuery {
        MediaQuery {
            conversation,
            file_types: self.file_type,
            download_status: self.download_status,
            from: self.from,
            to: self.to,
            sort: match self.sort {
                Sort::Date => MediaSort::Date,
                Sort::Size => MediaSort::Size,
                Sort::Name => MediaSort::Name,
            },
            order: match self.order {
                Direction::Asc => Order::Ascending,
                Direction::Desc => Order::Descending,
            },
            page: paging.into(),
        }
    }
}

/// Media of the company
#[utoipa::path(get, path = "/api/media", tag = "Media", params(Paging, Filter),
    responses((status = 200, body = Page<MediaFile>), (status = 400, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    may: May<rights::Read>,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<MediaFile>>, Problem> {
    let page = app.store().media_list(may.caller.company_id, &filter.query(None, paging)).await?;
    Ok(Json(Page::of(page, may.caller.role)))
}

/// Media of a conversation
#[utoipa::path(get, path = "/api/conversations/{id}/media", tag = "Media", params(("id" = i64, Path), Paging, Filter),
    responses((status = 200, body = Page<MediaFile>), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn of_conversation(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<ConversationId>,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<MediaFile>>, Problem> {
    let company = may.caller.company_id;
    let page = app.store().media_list(company, &filter.query(Some(id), paging)).await?;
    // An empty page may also be that of a conversation that is not there.
    if page.items.is_empty() && app.store().conversation(company, id).await?.is_none() {
        return Err(Problem::not_found());
    }
    Ok(Json(Page::of(page, may.caller.role)))
}

/// One media file
#[utoipa::path(get, path = "/api/media/{id}", tag = "Media", params(("id" = i64, Path)),
    responses((status = 200, body = MediaFile), (status = 404, body = ProblemBody)))]
async fn get(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MediaId>,
) -> Result<Json<MediaFile>, Problem> {
    let row = app.store().media(may.caller.company_id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(MediaFile::shape(row, may.caller.role)))
}

/// Where a download stands
#[utoipa::path(get, path = "/api/media/{id}/status", tag = "Media", params(("id" = i64, Path)),
    responses((status = 200, body = MediaStatus), (status = 404, body = ProblemBody)))]
async fn status(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MediaId>,
) -> Result<Json<MediaStatus>, Problem> {
    let status = app.engine().media_status(&may.caller, id).await?;
    Ok(Json(status.into()))
}

/// Download now
///
/// For a file that failed, or that waits for somebody to look at it.
#[utoipa::path(post, path = "/api/media/{id}/download", tag = "Media", params(("id" = i64, Path)), responses(
    (status = 202, body = MediaFile), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 410, body = ProblemBody)))]
async fn download(
    State(app): State<App>,
    may: May<rights::StartDownload>,
    Id(id): Id<MediaId>,
) -> Result<(StatusCode, Json<MediaFile>), Problem> {
    let row = app.engine().download_now(&may.caller, id).await?;
    Ok((StatusCode::ACCEPTED, Json(MediaFile::shape(row, may.caller.role))))
}

/// Which failed downloads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Retry {
    /// Only downloads that were started at most this often; 5 unless given.
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    max_attempts: Option<i64>,
}

/// What came of it.
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
async fn retry(
    State(app): State<App>,
    may: May<rights::RetryAll>,
    Body(retry): Body<Retry>,
) -> Result<Json<RetryOutcome>, Problem> {
    let most = retry.max_attempts.unwrap_or(RETRY_ATTEMPTS_DEFAULT);
    if !(1..=RETRY_ATTEMPTS_MAX).contains(&most) {
        return Err(Problem::field("maxAttempts", format!("must be from 1 to {RETRY_ATTEMPTS_MAX}")));
    }
    let outcome = app.engine().retry_failed(&may.caller, most).await?;
    Ok(Json(RetryOutcome { retried: outcome.retried, succeeded: outcome.succeeded, failed: outcome.failed }))
}

/// Delete a media file
///
/// The message stays and says so; the bytes go with the next sweep.
#[utoipa::path(delete, path = "/api/media/{id}", tag = "Media", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn delete(
    State(app): State<App>,
    may: May<rights::DeleteMedia>,
    Peer(address): Peer,
    Id(id): Id<MediaId>,
) -> Result<StatusCode, Problem> {
    app.engine().delete_media(&may.caller, id).await?;
    app.audit(&may.caller, address, "media.deleted", format!("media:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

/// An empty value counts as none, as forms send it.
fn moment<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || serde::de::Error::custom("must be an RFC 3339 time, like 2026-11-20T09:30:00Z");
    // A plus sign that was not escaped arrives as a space.
    Timestamp::parse_rfc3339(&text.replace(' ', "+")).map(Some).ok_or_else(wrong)
}
