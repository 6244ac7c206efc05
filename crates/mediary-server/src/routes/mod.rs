//! The routes, one group a file, and the layers around each kind.

mod account_checks;
mod accounts;
mod activity;
mod api_keys;
mod archives;
mod auth;
mod bytes;
mod conversations;
#[cfg(test)]
mod crossing;
pub(crate) mod docs;
mod events;
mod health;
mod library;
mod links;
mod media;
mod messages;
mod policies;
mod records;
mod search;
mod send;
mod sessions;
mod settings;
pub(crate) mod ui;
mod uploads;
mod users;
mod webhook;
mod webhook_events;
#[cfg(test)]
mod wording;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::description::describe;
use crate::problem::Problem;
use crate::{App, Surface};
use crate::{failures, layers};

/// The routes of the app's surface, with what surrounds them.
pub(crate) fn router(app: &App) -> Router {
    match app.config().surface {
        Surface::Everything => everything(app),
        Surface::Operation => operation(app),
    }
}

fn operation(app: &App) -> Router {
    let (routes, _) = health::routes().split_for_parts();
    routes
        .method_not_allowed_fallback(layers::method_not_allowed)
        .fallback(async || Problem::not_found())
        .layer(from_fn_with_state(app.clone(), layers::minimal))
        .with_state(app.clone())
}

fn everything(app: &App) -> Router {
    let (json, _) = json_routes().split_for_parts();
    let json = json
        .route("/api/openapi.json", get(docs::openapi))
        .route("/api/docs", get(docs::page))
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), layers::api));
    let (fast, _) = fast_routes().split_for_parts();
    let fast = fast
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), layers::minimal));
    let (uploads, _) = slow_routes().split_for_parts();
    let uploads = uploads
        .method_not_allowed_fallback(layers::method_not_allowed)
        // What is read has limits of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), layers::upload));
    let pages = Router::new()
        .fallback(ui::page)
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), layers::minimal));
    json.merge(fast).merge(uploads).fallback_service(pages.with_state(app.clone())).with_state(app.clone())
}

/// The description of every route.
pub(crate) fn openapi() -> OpenApi {
    let (_, mut api) = OpenApiRouter::with_openapi(describe())
        .merge(json_routes())
        .merge(fast_routes())
        .merge(slow_routes())
        .split_for_parts();
    failures::document(&mut api);
    api
}

/// Answered with JSON, logged one by one.
fn json_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(auth::routes())
        .merge(conversations::routes())
        .merge(messages::routes())
        .merge(send::routes())
        .merge(media::routes())
        .merge(links::routes())
        .merge(archives::routes())
        .merge(library::routes())
        .merge(events::routes())
        .merge(settings::routes())
        .merge(policies::routes())
        .merge(accounts::routes())
        .merge(account_checks::routes())
        .merge(users::routes())
        .merge(api_keys::routes())
        .merge(records::routes())
        .merge(activity::routes())
        .merge(sessions::routes())
        .merge(search::routes())
        .merge(webhook_events::routes())
}

/// With bodies that may take long to arrive.
fn slow_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(send::upload_routes()).merge(library::upload_routes()).merge(uploads::routes())
}

/// Asked so often, or by machines so simple, that little may surround them.
fn fast_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(bytes::routes())
        .merge(archives::byte_routes())
        .merge(webhook::routes())
        .merge(health::routes())
}
