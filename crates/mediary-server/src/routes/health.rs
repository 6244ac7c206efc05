//! Health and metrics, for operators and their tools.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "Operation", security(()), responses((status = 200, body = String)))]
async fn alive() -> &'static str {
    "ok\n"
}

/// Whether everything needed answers.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    ready: bool,
    checks: Vec<ReadinessCheck>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReadinessCheck {
    /// `database` or `storage`.
    name: &'static str,
    ok: bool,
}

/// Whether everything needed answers
///
/// The answer is kept for two seconds.
#[utoipa::path(get, path = "/readyz", tag = "Operation", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let health = app.engine().health().await;
    for check in health.iter().filter(|check| !check.ok) {
        tracing::warn!(check = check.name, detail = check.detail, "not ready");
    }
    // Details may name hosts and paths, and anybody can ask here: they are in the log.
    let checks: Vec<_> =
        health.iter().map(|check| ReadinessCheck { name: check.name, ok: check.ok }).collect();
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, checks }))
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "Operation", security(()),
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemBody)))]
async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let metrics = app.config().metrics.as_ref().ok_or_else(Problem::not_found)?.render();
    let text = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))];
    Ok((text, metrics).into_response())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use http::Request;
    use serde_json::json;

    use super::*;
    use crate::testing::House;

    #[tokio::test]
    async fn checks_of_readiness_are_named() {
        let house = House::open().await;
        let ask = |path: &str| house.send(Request::get(path).body(Body::empty()).unwrap());
        assert_eq!(ask("/healthz").await.status, StatusCode::OK);
        let ready = ask("/readyz").await;
        let checks = json!([{"name": "database", "ok": true}, {"name": "storage", "ok": true}]);
        assert_eq!(ready.json(), json!({"ready": true, "checks": checks}));
        house.store.close().await;
        assert_eq!(ask("/readyz").await.status, StatusCode::OK, "strangers cause one look in a while");
        house.clock.advance(Duration::from_secs(2));
        let broken = ask("/readyz").await;
        assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(broken.json()["checks"][0], json!({"name": "database", "ok": false}));
        assert_eq!(ask("/metrics").await.code(), "not_found");
    }
}
