//! Intake: webhooks, their records, and imports from older systems.

pub(crate) mod aws;
pub(crate) mod dialog360;
pub(crate) mod import;
pub(crate) mod ingest;
pub(crate) mod webhook;

use bytes::Bytes;
use mediary_core::Result;

use crate::context::Context;

/// Who sends a webhook, besides Meta, and what proves it outside of the body.
#[derive(Clone, Copy)]
pub enum WebhookSender<'a> {
    /// With the bearer token that came.
    Dialog360 { secret: Option<&'a str> },
    /// By SNS, whose messages are signed within.
    Aws,
}

impl std::fmt::Debug for WebhookSender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dialog360 { .. } => "Dialog360",
            Self::Aws => "Aws",
        })
    }
}

/// Takes what this sender sends.
pub(crate) async fn accept_from(context: &Context, sender: WebhookSender<'_>, body: Bytes) -> Result<()> {
    match sender {
        WebhookSender::Dialog360 { secret } => dialog360::accept(context, secret, body).await.map(drop),
        WebhookSender::Aws => aws::accept(context, &body).await,
    }
}
