//! Regions, and the names of topics, from which the hosts follow that may be asked about them.

use std::fmt;

use mediary_core::field::is_aws_region;
use url::Url;

/// Characters of a topic's name, by AWS's own limit.
const TOPIC_CHARS_MAX: usize = 256;
const ACCOUNT_DIGITS: usize = 12;

/// The name of an SNS topic: `arn:aws:sns:{region}:{account}:{topic}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicArn(String);

/// A text that names no topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnArn;

impl TopicArn {
    /// Reads the name of a topic that is not FIFO, which alone AWS sends WhatsApp's events to.
    pub fn parse(text: &str) -> Result<Self, NotAnArn> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", "aws", "sns", region, account, topic] = parts.as_slice() else { return Err(NotAnArn) };
        let is_account = account.len() == ACCOUNT_DIGITS && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_topic = (1..=TOPIC_CHARS_MAX).contains(&topic.len())
            && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if is_aws_region(region) && is_account && is_topic {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnArn)
        }
    }

    /// The topic's name as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one host that speaks for topics of this region.
    pub(crate) fn host(&self) -> String {
        let region = self.0.split(':').nth(3).unwrap_or_default();
        format!("sns.{region}.amazonaws.com")
    }
}

/// Where the API of a region is.
pub(crate) fn api_url(region: &str) -> Option<Url> {
    is_aws_region(region)
        .then(|| Url::parse(&format!("https://social-messaging.{region}.amazonaws.com")).ok())?
}

impl fmt::Display for NotAnArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must look like arn:aws:sns:eu-west-1:123456789012:whatsapp")
    }
}

impl std::error::Error for NotAnArn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_decides_the_host_and_nothing_else_gets_into_it() {
        let arn = TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:whatsapp").unwrap();
        assert_eq!(arn.host(), "sns.eu-west-1.amazonaws.com");
        for wrong in [
            "",
            "arn:aws:sns:eu-west-1:123456789012:whatsapp.fifo",
            "arn:aws:sns:eu-west-1:123456789012:a:b",
            "arn:aws:sqs:eu-west-1:123456789012:whatsapp",
            "arn:aws:sns:evil.example/:123456789012:whatsapp",
            "arn:aws:sns:EU:123456789012:whatsapp",
            "arn:aws:sns:-x:123456789012:whatsapp",
            "arn:aws:sns::123456789012:whatsapp",
            "arn:aws:sns:eu-west-1:1234:whatsapp",
        ] {
            assert_eq!(TopicArn::parse(wrong), Err(NotAnArn), "{wrong}");
        }
        assert!(api_url("evil.example/").is_none());
        assert_eq!(
            api_url("eu-west-1").unwrap().as_str(),
            "https://social-messaging.eu-west-1.amazonaws.com/"
        );
    }
}
