//! Archives: the stored files of a conversation, or chosen ones, in one zip.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use mediary_core::{ConversationId, ErrorCode, FileType, MediaId, Timestamp, limits};
use mediary_engine::{ArchiveLink, ArchiveSelection, Caller, Links};
use mediary_store::AddedArchive;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::media::moment;
use crate::App;
use crate::archive_slots::ArchiveReader;
use crate::bytes::answer::View;
use crate::bytes::archive::{Recipient, answer};
use crate::bytes::watch::while_access_holds;
use crate::json::{Time, words};
use crate::member::Member;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Name, Peer, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_archive))
}

pub(super) fn byte_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_conversation_archive)).routes(routes!(read_archive))
}

/// The bytes of a zip.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
struct ZipBytes(#[expect(dead_code, reason = "describes an answer that is streamed")] Vec<u8>);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct ArchiveFilter {
    /// May be given more than once.
    #[serde(default)]
    #[param(value_type = Vec<words::FileType>, required = false)]
    file_type: Vec<FileType>,
    /// RFC 3339; created at or after. Not later than `to`.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// RFC 3339; created before.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// The files of a conversation in one zip
///
/// Its stored files, as they are, and `manifest.json`: each with name, size, hash, message and time, and what is missing with the
/// reason. Nothing is fetched from WhatsApp. Serves ranges and conditional requests: the tag names all of the archive, so a part that
/// is asked for with `If-Range` continues the same one.
#[utoipa::path(get, path = "/api/conversations/{id}/media/archive", tag = "Bytes", params(("id" = i64, Path), ArchiveFilter),
    responses((status = 200, content_type = "application/zip", body = inline(ZipBytes)),
    (status = 206, content_type = "application/zip", body = inline(ZipBytes)), (status = 304), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 416, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn read_conversation_archive(
    State(app): State<App>,
    may: May<rights::Read>,
    Peer(address): Peer,
    Id(id): Id<ConversationId>,
    Query(ArchiveFilter { file_type, from, to }): Query<ArchiveFilter>,
    request: Request,
) -> Result<Response, Problem> {
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Problem::field("from", "must not be later than `to`"));
    }
    let slot = app.archives().take(ArchiveReader::of_caller(may.caller()))?;
    let selection = ArchiveSelection::Conversation { id, file_types: file_type, from, to };
    let plan = app.engine().plan_archive(&may, &selection).await?;
    let (view, recipient) = (View::of(&request), Recipient { may: may.clone(), address });
    let name = format!("conversation-{id}.zip");
    let response = answer(&app, (recipient, slot), plan, &name, view).await?;
    Ok(while_access_holds(&app, may.caller(), view, response))
}

/// Files that are chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewArchive {
    /// Ids of media files, each once.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ArchiveUrl {
    url: String,
    #[schema(value_type = Time)]
    expires_at: Timestamp,
}

/// Make a link to a zip of chosen files
///
/// Anybody with the link can read these files until it ends, a day later, without logging in, and continue where a download broke off.
/// A caller who may read the files one by one may have them together. Each link is in the audit log, and ends when its maker is deactivated
/// or revoked. Of one caller twenty in a minute and five hundred that have not ended, of a company a thousand: the next one is 429.
#[utoipa::path(post, path = "/api/media/archive", tag = "Media", request_body = NewArchive, responses(
    (status = 201, body = ArchiveUrl), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
async fn create_archive(
    State(app): State<App>,
    may: May<rights::Read>,
    Peer(address): Peer,
    Body(NewArchive { mut ids }): Body<NewArchive>,
) -> Result<(StatusCode, Json<ArchiveUrl>), Problem> {
    let max = limits::ARCHIVE_CHOSEN_FILES;
    if ids.is_empty() || ids.len() > max {
        return Err(Problem::field("ids", format!("must have from 1 to {max} ids")));
    }
    let maker = Member::of(may.caller());
    let _turn = app.archive_links().begin(maker, app.engine().now(), "links to archives that you make")?;
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let files: Vec<MediaId> = ids.into_iter().map(MediaId).collect();
    let company_id = may.caller().company_id;
    let found = app.store().media_of_ids(&may.caller().scope(), &files).await?;
    if found.len() < files.len() {
        let known: std::collections::HashSet<MediaId> = found.iter().map(|file| file.id).collect();
        let first = files.iter().find(|id| !known.contains(id)).map(|id| id.0).unwrap_or_default();
        return Err(Problem::not_found().detail(format!("there is no media file {first}")));
    }
    let expires_at = Links::expiry(app.engine().now(), limits::ARCHIVE_LINK_LIFE)?;
    let by = may.caller().actor(address);
    let archive_id = match app.store().add_archive(company_id, &files, expires_at, &by).await? {
        AddedArchive::Added(id) => id,
        AddedArchive::Full { until } => return Err(too_many_links(until, app.engine().now())),
    };
    let token = app.engine().links().sign_archive(&ArchiveLink { company_id, archive_id, expires_at });
    let url = app.public_url(&format!("/m/archive/{token}")).to_string();
    Ok((StatusCode::CREATED, Json(ArchiveUrl { url, expires_at })))
}

fn too_many_links(until: Timestamp, now: Timestamp) -> Problem {
    let max = limits::ARCHIVE_LINKS_PER_COMPANY;
    let yours = max / limits::MEMBER_SHARE as u64;
    let detail = format!(
        "{yours} links to archives that you made, or {max} of your company, have not ended, and no more may be; the first of them ends at {until}"
    );
    Problem::new(ErrorCode::RateLimited).detail(detail).retry_after(Some(until.since(now)))
}

/// A zip by its link
#[utoipa::path(get, path = "/m/archive/{token}", tag = "Bytes", params(("token" = String, Path)), security(()),
    responses((status = 200, content_type = "application/zip", body = inline(ZipBytes)),
    (status = 206, content_type = "application/zip", body = inline(ZipBytes)), (status = 304), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
async fn read_archive(
    State(app): State<App>,
    Peer(address): Peer,
    Name(token): Name,
    request: Request,
) -> Result<Response, Problem> {
    let link = app.engine().links().verify_archive(&token, app.engine().now())?;
    let slot = app.archives().take(ArchiveReader::of_link(&link))?;
    let files = app.store().archive(link.company_id, link.archive_id).await?;
    let files = files.ok_or_else(|| Problem::new(ErrorCode::LinkExpired))?;
    let may = May::ask(Arc::new(Caller::of_archive_link(&link)))?;
    let plan = app.engine().plan_archive(&may, &ArchiveSelection::Files(files)).await?;
    let name = format!("media-{}.zip", link.archive_id);
    answer(&app, (Recipient { may, address }, slot), plan, &name, View::of(&request)).await
}

#[cfg(test)]
mod tests;
