//! A company's slow uploads hold up nobody else's.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, StatusCode, header};
use mediary_core::Role;
use mediary_core::limits::UPLOADS_IN_FLIGHT_PER_COMPANY;
use mediary_testing::files::PNG;
use serde_json::json;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::Scene;
use crate::testing::request;

/// A form that begins, says so, and never goes on.
fn endless(scene: &Scene, began: mpsc::UnboundedSender<()>) -> Request<Body> {
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";
    let head = stream::once(async move {
        began.send(()).unwrap();
        Ok::<_, Infallible>(Bytes::from(head))
    });
    request("POST", "/api/messages", Some(scene.company.key(Role::Agent)))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(Body::from_stream(head.chain(stream::pending())))
        .unwrap()
}

#[tokio::test]
async fn company_with_too_many_uploads_is_told_to_come_back_and_another_is_served() {
    let scene = Scene::open().await;
    let (began, mut begins) = mpsc::unbounded_channel();
    let mut uploads = Vec::new();
    for _ in 0..UPLOADS_IN_FLIGHT_PER_COMPANY {
        let slow = scene.house.router.clone().oneshot(endless(&scene, began.clone()));
        uploads.push(tokio::spawn(slow));
        begins.recv().await.unwrap();
    }
    let refused = scene.send_form(&[("type", "image")], Some(("a.png", PNG))).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    assert_eq!(refused.header("retry-after"), "5");
    for body in [
        json!({"type": "image", "mediaId": scene.made.media.0}),
        json!({"conversationIds": [scene.made.conversation.0]}),
    ] {
        let answer = match body.get("type") {
            Some(_) => scene.send(body).await,
            None => {
                let path = format!("/api/messages/{}/forward", scene.made.message);
                scene.house.post(&path, scene.company.key(Role::Agent), &body).await
            }
        };
        assert_eq!(answer.code(), "rate_limited", "a copy takes as much");
    }
    assert_eq!(scene.send(json!({"type": "text", "text": "no file"})).await.status, StatusCode::CREATED);
    let other = scene.house.company("other").await;
    let theirs = scene.house.stored(&other, "wamid.9", PNG, "image/png").await;
    let body = json!({"conversationId": theirs.conversation.0, "type": "image", "mediaId": theirs.media.0});
    let sent = scene.house.post("/api/messages", other.key(Role::Agent), &body).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let slow = uploads.pop().unwrap();
    slow.abort();
    assert!(slow.await.unwrap_err().is_cancelled());
    let sent = scene.send_form(&[("type", "image")], Some(("a.png", PNG))).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    uploads.iter().for_each(tokio::task::JoinHandle::abort);
}
