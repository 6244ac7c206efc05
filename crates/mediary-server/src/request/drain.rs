//! Refusing a body so that its sender reads why: one that is still sending when the connection closes never reads the answer.

use std::time::Duration;

use axum::body::Body;
use http_body::Body as _;
use http_body_util::BodyExt;

/// Bytes that are read and discarded at most; beyond them the connection is closed.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
const TIME_MAX: Duration = Duration::from_secs(5);

/// Reads the rest of a refused body, within bounds.
pub(crate) async fn drain(body: &mut Body) {
    if body.size_hint().lower() > BYTES_MAX {
        return;
    }
    let reading = async {
        let mut read = 0;
        while read < BYTES_MAX
            && let Some(Ok(frame)) = body.frame().await
        {
            read += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
    };
    // Refused either way: what is not read in time stays unread.
    let _ = tokio::time::timeout(TIME_MAX, reading).await;
}
