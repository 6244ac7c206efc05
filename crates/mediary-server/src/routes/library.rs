//! Files that a company keeps to send them again.

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use mediary_core::{FileType, MediaId};
use mediary_engine::{LibraryDraft, LibrarySource};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::send::form;
use super::send::{is_form, refused_after_reading};
use crate::App;
use crate::json::{MediaFile, Page, Reader, Shape, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, given, rights};

/// With files that may take long to arrive; the list has the same path, so it is here as well.
pub(super) fn upload_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_library, add_to_library))
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(remove_from_library))
}

/// A file that is kept to be sent again, by its `id` as `libraryId`.
#[derive(Debug, Serialize, ToSchema)]
struct LibraryItem {
    #[schema(value_type = i64)]
    id: MediaId,
    /// What people find it by; no other file of the library has this name.
    name: String,
    media: MediaFile,
}

impl Shape<mediary_store::MediaFile> for LibraryItem {
    fn shape(row: mediary_store::MediaFile, reader: &Reader) -> Self {
        let name = row.library_name.clone().unwrap_or_default();
        Self { id: row.id, name, media: MediaFile::shape(row, reader) }
    }
}

/// A stored file that is to be kept. To upload one, send a form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewLibraryItem {
    #[serde(default, deserialize_with = "given")]
    #[schema(required, min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// A stored file, of which the library gets a copy.
    #[serde(default, deserialize_with = "given")]
    #[schema(required, value_type = i64, nullable = false)]
    media_id: Option<MediaId>,
    /// As what it is to be sent, which decides its limits; unless given, as what the stored file is.
    #[serde(default, rename = "type", deserialize_with = "given")]
    #[schema(value_type = Option<words::FileType>, nullable = false)]
    kind: Option<FileType>,
}

/// A file that is to be kept, with its bytes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LibraryForm {
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// As what it is to be sent, which decides its limits; unless given, as what WhatsApp takes it.
    #[serde(default, rename = "type")]
    #[schema(value_type = Option<words::FileType>, nullable = false)]
    kind: Option<FileType>,
    #[serde(skip)]
    #[schema(required, value_type = String, format = Binary)]
    #[expect(dead_code, reason = "describes the form, which is read part by part")]
    file: (),
}

/// Files kept to be sent again, newest first
#[utoipa::path(get, path = "/api/library", tag = "Library", params(Paging),
    responses((status = 200, body = Page<LibraryItem>), (status = 400, body = ProblemBody)))]
async fn list_library(
    State(app): State<App>,
    may: May<rights::Read>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<LibraryItem>>, Problem> {
    let page = app.store().library(&may.caller().scope(), &paging.into()).await?;
    let reader = app.reader(may.caller(), &page.items).await?;
    Ok(Json(Page::of(page, &reader)))
}

/// Keep a file to send it again
///
/// As a form with the file, or as JSON with the id of a stored one. It is checked as if it were sent, and has bytes of its own: neither
/// a retention nor the deletion of a conversation takes it away.
#[utoipa::path(post, path = "/api/library", tag = "Library",
    request_body(content((NewLibraryItem = "application/json"), (LibraryForm = "multipart/form-data"))),
    responses((status = 201, body = LibraryItem), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 410, body = ProblemBody), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
async fn add_to_library(
    State(app): State<App>,
    may: May<rights::Send>,
    Peer(address): Peer,
    request: Request,
) -> Result<(StatusCode, Json<LibraryItem>), Problem> {
    let company = may.caller().company_id;
    let (draft, _slot) = if is_form(&request) {
        let slot = match app.upload_slot(company) {
            Ok(slot) => slot,
            Err(refused) => return Err(refused_after_reading(refused, request).await),
        };
        (of_form(form::read(&app, &may, request, 1).await?)?, slot)
    } else {
        let Body(item) = Body::<NewLibraryItem>::from_request(request, &app).await?;
        let missing =
            || Problem::field("mediaId", "is missing: the id of a stored file; or send the file as a form");
        let source = LibrarySource::Stored(item.media_id.ok_or_else(missing)?);
        // A stored file is copied, which takes as much memory as one that comes.
        (LibraryDraft { name: named(item.name)?, source, kind: item.kind }, app.upload_slot(company)?)
    };
    let by = may.caller().actor(address);
    let row = app.engine().library().add(&may, draft, &by).await?;
    let reader = app.reader(may.caller(), [&row]).await?;
    Ok((StatusCode::CREATED, Json(LibraryItem::shape(row, &reader))))
}

fn of_form(parts: form::Parts) -> Result<LibraryDraft, Problem> {
    let LibraryForm { name, kind, .. } = form::shaped(form::once(parts.fields)?)?;
    let name = named(name)?;
    let file = parts.files.into_iter().next().ok_or_else(|| Problem::field("file", "is missing"))?;
    Ok(LibraryDraft { name, source: LibrarySource::Received(file.received, file.name), kind })
}

fn named(name: Option<String>) -> Result<String, Problem> {
    name.ok_or_else(|| Problem::field("name", "is missing: what people will find the file by"))
}

/// Take a file out of the library
///
/// Messages that were sent with it keep theirs.
#[utoipa::path(delete, path = "/api/library/{id}", tag = "Library", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn remove_from_library(
    State(app): State<App>,
    may: May<rights::Send>,
    Peer(address): Peer,
    Id(id): Id<MediaId>,
) -> Result<StatusCode, Problem> {
    let by = may.caller().actor(address);
    app.engine().library().remove(&may, id, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
