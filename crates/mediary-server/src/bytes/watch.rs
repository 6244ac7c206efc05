//! A file that is being sent to somebody who loses access meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use mediary_engine::Caller;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use super::answer::View;
use crate::App;
use crate::request::{Credentials, RECHECK};

/// Has the answer broken off when its caller's session or key ends, or opens another role, as event streams are. What leaves in one
/// piece is gone before anybody could look.
pub(crate) fn while_access_holds(
    app: &App,
    caller: &Arc<Caller>,
    view: View<'_>,
    response: Response,
) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let (credentials, caller, app) = (Credentials::of(view.asked), caller.clone(), app.clone());
    let handover = view.handover.cloned();
    let (lose, lost) = oneshot::channel();
    let watcher = tokio::spawn(async move {
        loop {
            tokio::time::sleep(RECHECK).await;
            if !credentials.still_hold(app.engine().access(), &caller).await {
                tracing::info!(
                    company.id = caller.company_id.0,
                    "a file was cut off because its caller lost access"
                );
                // Both: the body may wait for bytes, and the socket for a reader who is slow.
                let _ = lose.send(());
                if let Some(handover) = handover {
                    handover.cut();
                }
                return;
            }
        }
    });
    response.map(|body| Body::new(WatchedBody { body, lost, _watcher: AbortOnDropHandle::new(watcher) }))
}

/// A body that fails once access is lost.
struct WatchedBody {
    body: Body,
    lost: oneshot::Receiver<()>,
    /// Ends with the body.
    _watcher: AbortOnDropHandle<()>,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        // Also if the watcher is gone without a word: then nobody looks any more whether access holds.
        if Pin::new(&mut self.lost).poll(cx).is_ready() {
            return Poll::Ready(Some(Err("the caller lost access".into())));
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
