//! Accounts that are to be added, and what is to change about them: which fields belong to which provider, and what they may hold.

use mediary_aws::TopicArn;
use mediary_core::{AccountStatus, Error, MediaPolicy, Provider, Result, Retention, field};
use mediary_store::AwsSettings;
use secrecy::{ExposeSecret, SecretString};

/// Characters of a secret that stands in a header.
const HEADER_SECRET_CHARS_MIN: usize = 16;

/// A new account, its secrets in the clear.
#[derive(Clone, Debug)]
pub struct AccountDraft {
    pub provider: Provider,
    /// Where it is at AWS, for that provider.
    pub aws: Option<AwsSettings>,
    pub phone_number_id: String,
    pub waba_id: Option<String>,
    pub display_phone_number: Option<String>,
    pub name: String,
    pub access_token: Option<SecretString>,
    pub app_secret: Option<SecretString>,
    pub verify_token: Option<SecretString>,
    pub media_policy: Option<MediaPolicy>,
}

/// What changes about an account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    pub name: Option<String>,
    pub waba_id: Option<String>,
    pub display_phone_number: Option<String>,
    pub access_token: Option<SecretString>,
    pub app_secret: Option<SecretString>,
    pub verify_token: Option<SecretString>,
    /// `Some(None)` goes back to the company's policy.
    pub media_policy: Option<Option<MediaPolicy>>,
    /// `Some(None)` goes back to the company's retention.
    pub retention: Option<Option<Retention>>,
    pub status: Option<AccountStatus>,
    pub aws_bucket: Option<String>,
    pub aws_topic_arn: Option<String>,
}

impl AccountDraft {
    pub(crate) fn check(&self) -> Result<()> {
        field::whatsapp_id("phoneNumberId", &self.phone_number_id)?;
        field::name("name", &self.name)?;
        check_optional(self.waba_id.as_deref(), self.display_phone_number.as_deref())?;
        check_tokens([&self.access_token, &self.app_secret, &self.verify_token])?;
        check_header_secret(self.provider, self.app_secret.as_ref())?;
        if self.provider == Provider::Dialog360 && self.app_secret.is_none() {
            let needed = "is needed: 360dialog signs nothing, so its webhook has to bring a secret in the header Authorization";
            return Err(Error::invalid("appSecret", needed));
        }
        check_aws(self.provider, self.aws.as_ref())?;
        check_key(self.provider, self.access_token.as_ref())
    }
}

/// An account at AWS has its settings there, and no other one has.
fn check_aws(provider: Provider, aws: Option<&AwsSettings>) -> Result<()> {
    match (provider, aws) {
        (Provider::Aws, Some(aws)) => {
            field::aws_phone_number_id("awsPhoneNumberId", &aws.phone_number_id)?;
            field::aws_region("awsRegion", &aws.region)?;
            check_places(Some(&aws.bucket), Some(&aws.topic_arn))
        }
        (Provider::Aws, None) => {
            let needed =
                "is needed, as are awsRegion, awsBucket and awsTopicArn: they say where the number is at AWS";
            Err(Error::invalid("awsPhoneNumberId", needed))
        }
        (_, Some(_)) => Err(Error::invalid("awsPhoneNumberId", "is for accounts of the provider aws alone")),
        (_, None) => Ok(()),
    }
}

fn check_places(bucket: Option<&String>, topic_arn: Option<&String>) -> Result<()> {
    bucket.into_iter().try_for_each(|bucket| field::aws_bucket("awsBucket", bucket))?;
    topic_arn.into_iter().try_for_each(|arn| {
        TopicArn::parse(arn).map(drop).map_err(|wrong| Error::invalid("awsTopicArn", wrong.to_string()))
    })
}

/// AWS's access tokens have two parts.
fn check_key(provider: Provider, token: Option<&SecretString>) -> Result<()> {
    let has_parts = |token: &SecretString| {
        token.expose_secret().split_once(':').is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty())
    };
    if provider == Provider::Aws && token.is_some_and(|token| !has_parts(token)) {
        let rule = "must be an access key of AWS: its id, a colon, and the secret key";
        return Err(Error::invalid("accessToken", rule));
    }
    Ok(())
}

impl AccountChange {
    /// What can be told without the account.
    pub(crate) fn check(&self) -> Result<()> {
        self.name.iter().try_for_each(|name| field::name("name", name))?;
        check_optional(self.waba_id.as_deref(), self.display_phone_number.as_deref())?;
        check_places(self.aws_bucket.as_ref(), self.aws_topic_arn.as_ref())?;
        check_tokens([&self.access_token, &self.app_secret, &self.verify_token])
    }

    /// Whether it fits an account of this provider.
    pub(super) fn check_for(&self, provider: Provider) -> Result<()> {
        check_header_secret(provider, self.app_secret.as_ref())?;
        check_key(provider, self.access_token.as_ref())?;
        for (field, given) in [("awsBucket", &self.aws_bucket), ("awsTopicArn", &self.aws_topic_arn)] {
            if provider != Provider::Aws && given.is_some() {
                return Err(Error::invalid(field, "is for accounts of the provider aws alone"));
            }
        }
        Ok(())
    }
}

fn check_optional(waba_id: Option<&str>, display_phone_number: Option<&str>) -> Result<()> {
    waba_id.iter().try_for_each(|id| field::whatsapp_id("wabaId", id))?;
    Ok(display_phone_number
        .iter()
        .try_for_each(|number| field::display_number("displayPhoneNumber", number))?)
}

/// A secret that comes as it is can be guessed from outside, unlike one that signs.
fn check_header_secret(provider: Provider, secret: Option<&SecretString>) -> Result<()> {
    let too_short = |secret: &SecretString| secret.expose_secret().len() < HEADER_SECRET_CHARS_MIN;
    if provider == Provider::Dialog360 && secret.is_some_and(too_short) {
        let rule =
            format!("must have at least {HEADER_SECRET_CHARS_MIN} characters: 360dialog sends it as it is");
        return Err(Error::invalid("appSecret", rule));
    }
    Ok(())
}

fn check_tokens(tokens: [&Option<SecretString>; 3]) -> Result<()> {
    let fields = ["accessToken", "appSecret", "verifyToken"];
    for (field, token) in fields.into_iter().zip(tokens) {
        token.iter().try_for_each(|token| field::token(field, token.expose_secret()))?;
    }
    Ok(())
}
