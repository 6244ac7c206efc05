//! AWS End User Messaging Social, which carries WhatsApp's messages for its customers: the calls of its API, and the events that it
//! sends by SNS. What is carried is Graph's: the same messages, the same webhooks.
//!
//! The calls are signed by the storage library, which signs for S3 already; AWS's own library for this service would bring 37 packages
//! for six calls (decision 0022).

mod client;
mod event;
mod refusal;
mod regions;
mod sns;
mod sns_client;

pub use client::{AwsAccess, AwsClient, AwsOptions, BucketObject, FetchedMedia};
pub use event::webhook_of_event;
pub use regions::{NotAnArn, TopicArn};
pub use sns::{SnsError, SnsMessage, SnsMessageKind};
pub use sns_client::SnsClient;
