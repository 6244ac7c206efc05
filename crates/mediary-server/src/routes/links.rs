//! Signed links: made here, opened in [`super::bytes`].

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use mediary_core::{DownloadStatus, ErrorCode, MediaId, Timestamp};
use mediary_engine::{Caller, Link, Links, OpenRequest, RequestedContent, Target, variant_kinds};
use mediary_store::MediaFile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::Time;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Peer, given, rights};

/// The life of a link unless the request says otherwise: an hour.
const LIFE_DEFAULT_SECONDS: u64 = 3600;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_media_url))
}

/// What a link opens, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewLink {
    /// An hour unless given.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 604_800, nullable = false)]
    expires_in_seconds: Option<i64>,
    /// The kind of a variant of the file, instead of the file itself.
    variant: Option<String>,
    /// Whether the file comes as an attachment.
    #[serde(default)]
    download: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedLink {
    url: String,
    #[schema(value_type = Time)]
    expires_at: Timestamp,
}

/// Whether there is, or may yet be, such a variant of a file.
fn check_variant(media: &MediaFile, kind: &str) -> Result<(), Problem> {
    let mime_type = media.detected_mime_type.as_deref().or(media.mime_type.as_deref()).unwrap_or_default();
    let kinds: Vec<_> = variant_kinds(mime_type).iter().map(|known| known.as_str()).collect();
    if kinds.contains(&kind) {
        return Ok(());
    }
    let instead = match kinds.as_slice() {
        [] => "none".to_owned(),
        kinds => kinds.join(", "),
    };
    Err(Problem::not_found().detail(format!("this file has no such variant; those it may have: {instead}")))
}

/// Looks whether a link to a variant of a stored file opens anything, or will. What stands in its way for a time does not matter.
async fn refuse_what_is_never_made(app: &App, link: &Link) -> Result<(), Problem> {
    let holder = May::<rights::Read>::ask(Arc::new(Caller::of_link(link)))?;
    let (target, variant) = (Target::Media(link.media_id), link.variant.clone());
    let request = OpenRequest { target, variant, wanted: RequestedContent::Description };
    match app.engine().open(&holder, request).await {
        Err(error) if error.code() == ErrorCode::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Make a signed link
///
/// Anybody with the link can read this one file until it ends, without logging in.
#[utoipa::path(post, path = "/api/media/{id}/signed-url", tag = "Media", params(("id" = i64, Path)),
    request_body = NewLink, responses((status = 200, body = SignedLink), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 410, body = ProblemBody)))]
async fn sign_media_url(
    State(app): State<App>,
    may: May<rights::ShareLink>,
    Peer(address): Peer,
    Id(id): Id<MediaId>,
    Body(wanted): Body<NewLink>,
) -> Result<Json<SignedLink>, Problem> {
    let company_id = may.caller().company_id;
    let media = app.store().media(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)?;
    if !media.is_active {
        let gone = Problem::new(ErrorCode::MediaDeleted);
        return Err(match media.last_error.filter(|_| media.deletion_reason.is_some()) {
            Some(sentence) => gone.detail(sentence),
            None => gone,
        });
    }
    if let Some(kind) = &wanted.variant {
        check_variant(&media, kind)?;
    }
    // Below nothing is as wrong as nothing.
    let seconds = wanted.expires_in_seconds.map(|seconds| u64::try_from(seconds).unwrap_or(0));
    let life = Duration::from_secs(seconds.unwrap_or(LIFE_DEFAULT_SECONDS));
    let expires_at = Links::expiry(app.engine().now(), life)?;
    let link =
        Link { company_id, media_id: id, variant: wanted.variant, download: wanted.download, expires_at };
    if link.variant.is_some() && media.download_status == DownloadStatus::Completed {
        refuse_what_is_never_made(&app, &link).await?;
    }
    let token = app.engine().links().sign(&link)?;
    // No link is handed out that the log does not know.
    let by = may.caller().actor(address);
    app.store().audit(company_id, &by, "link.created", &format!("media:{id}")).await?;
    Ok(Json(SignedLink { url: app.public_url(&format!("/m/{token}")).to_string(), expires_at }))
}
