//! Where a number is at AWS.

use clap::Args;
use mediary_store::AwsSettings;

/// All of it, or nothing.
#[derive(Debug, Args)]
pub(crate) struct AwsArgs {
    /// AWS's own id of the number: phone-number-id-…
    #[arg(long, requires_all = ["aws_region", "aws_bucket", "aws_topic_arn"])]
    aws_phone_number_id: Option<String>,
    #[arg(long, requires = "aws_phone_number_id")]
    aws_region: Option<String>,
    /// Media passes through this bucket.
    #[arg(long, requires = "aws_phone_number_id")]
    aws_bucket: Option<String>,
    /// The SNS topic of the number's events.
    #[arg(long, requires = "aws_phone_number_id")]
    aws_topic_arn: Option<String>,
}

impl AwsArgs {
    pub(crate) fn settings(self) -> Option<AwsSettings> {
        Some(AwsSettings {
            phone_number_id: self.aws_phone_number_id?,
            region: self.aws_region?,
            bucket: self.aws_bucket?,
            topic_arn: self.aws_topic_arn?,
        })
    }
}

/// What can change of it.
#[derive(Debug, Args)]
pub(crate) struct AwsChanges {
    #[arg(long)]
    pub(crate) aws_bucket: Option<String>,
    #[arg(long)]
    pub(crate) aws_topic_arn: Option<String>,
}
