//! SNS: whether a message is its own, and confirmations of subscriptions.
//!
//! Why a message that passes comes from its topic:
//! 1. The caller knows the topic: one that no account has is refused before anything is fetched.
//! 2. The certificate is asked of `sns.{region}.amazonaws.com` by https, in the region of that topic, and of no other host: neither a
//!    redirect nor the message itself can name one. So TLS proves whose certificate it is, and its own chain need not.
//! 3. The signature covers the topic, the kind, the time and the message, and the address by which a subscription is confirmed.
//!    SNS signs with its own key for all customers: hence 1.
//! 4. A message that is older than [`crate::sns::OLDEST`] is refused, as SNS gives up sooner. What is replayed within that time changes nothing
//!    once it is recorded: messages are known by their ids.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use data_encoding::BASE64;
use http::HeaderMap;
use mediary_core::Timestamp;
use mediary_graph::{Error, ErrorKind};
use mediary_outbound::{AllowedHosts, Breaker, Client, ClientOptions, Resolver, system_lookup};
use moka::sync::Cache;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use tokio::sync::Semaphore;
use url::Url;
use webpki::EndEntityCert;

use crate::regions::TopicArn;
use crate::sns::{SnsError, SnsMessage, SnsMessageKind};

/// Bytes of a certificate, which has two thousand.
const CERTIFICATE_BYTES: usize = 16 * 1024;
/// Hexadecimal digits of a certificate's name.
const CERTIFICATE_NAME_DIGITS: usize = 32;
/// How long a message waits until its certificate is asked for.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// Certificates that are fetched at once.
const FETCHED_AT_ONCE: usize = 4;
/// Certificates that are remembered, and for how long. Each region has one for months.
const CERTIFICATES: u64 = 64;
const CERTIFICATE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Bytes of the answer to a confirmation that are read.
const CONFIRMATION_BYTES: usize = 64 * 1024;

/// The certificates of SNS, by their address.
type Certificates = Cache<String, Arc<CertificateDer<'static>>>;

fn certificates() -> Certificates {
    Cache::builder().max_capacity(CERTIFICATES).time_to_live(CERTIFICATE_LIFE).build()
}

/// Asks SNS what its messages name. Clones share what it remembers.
#[derive(Clone, Debug)]
pub struct SnsClient {
    named: Client,
    /// What takes the place of SNS on this machine.
    stand_in: Option<Url>,
    certificates: Certificates,
    fetching: Arc<Semaphore>,
}

impl SnsClient {
    pub(crate) fn new(options: &ClientOptions, stand_in: Option<Url>) -> Result<Self, Error> {
        let named = Client::new(options, Resolver::public_addresses(system_lookup()), Breaker::default())?;
        let fetching = Arc::new(Semaphore::new(FETCHED_AT_ONCE));
        Ok(Self { named, stand_in, certificates: certificates(), fetching })
    }
}

impl SnsClient {
    /// What a message of this topic is for, once it is proved to be SNS's. The topic must be known to the caller.
    pub async fn prove(
        &self,
        message: &SnsMessage,
        topic: &TopicArn,
        now: Timestamp,
    ) -> Result<SnsMessageKind, SnsError> {
        let refused = SnsError::Refused;
        if message.topic_arn != topic.as_str() {
            return Err(refused("of another topic"));
        }
        let kind = message.kind().ok_or(refused("of no kind that SNS sends"))?;
        let text = message.signed_text().ok_or(refused("without a field that its signature covers"))?;
        let algorithm = RsaSignature::of_version(&message.signature_version)
            .ok_or(refused("with a signature of another version than 1 or 2"))?;
        let signature = BASE64.decode(message.signature.as_bytes());
        let signature = signature.map_err(|_| refused("with a signature that is no base64"))?;
        if !message.is_of_now(now) {
            return Err(refused("older than a day, or of the future"));
        }
        let certificate = self.certificate(&message.certificate_url, topic).await?;
        let certificate = EndEntityCert::try_from(&*certificate);
        let certificate = certificate.map_err(|_| refused("with a certificate that cannot be read"))?;
        match certificate.verify_signature(&algorithm, text.as_bytes(), &signature) {
            Ok(()) => Ok(kind),
            Err(_) => Err(refused("whose signature is not SNS's")),
        }
    }

    /// Confirms a subscription of a message that was proved, as SNS wants it: by a visit to the address that it names.
    pub async fn confirm(&self, message: &SnsMessage, topic: &TopicArn) -> Result<(), SnsError> {
        let url =
            message.subscribe_url.as_deref().ok_or(SnsError::Refused("without an address to confirm at"))?;
        self.visit(url, topic, CONFIRMATION_BYTES).await.map(drop)
    }

    async fn certificate(
        &self,
        url: &str,
        topic: &TopicArn,
    ) -> Result<Arc<CertificateDer<'static>>, SnsError> {
        // Checked before the cache is: what it has for one region does not speak for a topic of another.
        let checked = self.checked(url, topic)?;
        let name = checked.path().strip_prefix("/SimpleNotificationService-");
        let name = name.and_then(|name| name.strip_suffix(".pem")).unwrap_or_default();
        let is_usual = name.len() == CERTIFICATE_NAME_DIGITS
            && name.bytes().all(|byte| byte.is_ascii_hexdigit())
            && checked.query().is_none();
        if !is_usual {
            return Err(SnsError::Refused("whose certificate is not where SNS keeps them"));
        }
        if let Some(known) = self.certificates.get(checked.as_str()) {
            return Ok(known);
        }
        // Anybody who knows a topic's name can make us ask for certificates that do not exist: so few are asked for at once.
        let Ok(Ok(_one_of_few)) = tokio::time::timeout(TURN_WITHIN, self.fetching.acquire()).await else {
            return Err(SnsError::Unreachable(Error::new(
                ErrorKind::Unavailable,
                "too many certificates of SNS are asked for",
            )));
        };
        let pem = self.visit(url, topic, CERTIFICATE_BYTES).await?;
        let der = CertificateDer::from_pem_slice(&pem);
        let der = Arc::new(der.map_err(|_| SnsError::Refused("with a certificate that cannot be read"))?);
        self.certificates.insert(checked.into(), der.clone());
        Ok(der)
    }

    /// The address, if it is one of SNS's own in the topic's region.
    fn checked(&self, url: &str, topic: &TopicArn) -> Result<Url, SnsError> {
        let url = Url::parse(url).map_err(|_| SnsError::Refused("with an address that cannot be read"))?;
        self.hosts(topic)?.check(&url).map_err(|_| SnsError::Refused("with an address that is not SNS's"))?;
        if self.stand_in.is_none() && url.port().is_some() {
            return Err(SnsError::Refused("with an address that is not SNS's"));
        }
        Ok(url)
    }

    fn hosts(&self, topic: &TopicArn) -> Result<AllowedHosts, SnsError> {
        let stand_in = self.stand_in.as_ref().and_then(Url::host_str).map(str::to_owned);
        let plain_http = stand_in.is_some();
        AllowedHosts::new(&[stand_in.unwrap_or_else(|| topic.host())], plain_http)
            .map_err(|error| SnsError::Unreachable(error.into()))
    }

    async fn visit(&self, url: &str, topic: &TopicArn, limit: usize) -> Result<Vec<u8>, SnsError> {
        let url = self.checked(url, topic)?;
        let unreachable = |error: mediary_outbound::Error| SnsError::Unreachable(error.into());
        let hosts = self.hosts(topic)?;
        let response = self.named.get_allowed(url, &HeaderMap::new(), &hosts).await.map_err(unreachable)?;
        let status = response.status();
        let body = response.read(limit).await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        let context = format!("SNS answered with HTTP {}", status.as_u16());
        let kind = ErrorKind::Unavailable;
        Err(SnsError::Unreachable(Error::new(kind, context)))
    }
}

/// RSA with PKCS #1 padding: version 1 of SNS's signatures hashes with SHA-1, which no TLS library offers any more.
#[derive(Clone, Copy)]
struct RsaSignature(&'static RsaParameters);

impl RsaSignature {
    fn of_version(version: &str) -> Option<Self> {
        match version {
            "1" => Some(Self(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY)),
            "2" => Some(Self(&RSA_PKCS1_2048_8192_SHA256)),
            _ => None,
        }
    }
}

impl fmt::Debug for RsaSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSignature")
    }
}

impl SignatureVerificationAlgorithm for RsaSignature {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.0, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    /// Only of certificates' own signatures, which are not checked here.
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_PKCS1_SHA256
    }
}

#[cfg(test)]
mod tests {
    use mediary_testing::whatsapp::client_options;
    use serde_json::{Value, json};

    use super::*;
    use crate::sns::OLDEST;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:whatsapp";

    fn client() -> SnsClient {
        SnsClient::new(&client_options(Duration::from_millis(10)), None).unwrap()
    }

    #[test]
    fn only_snss_own_host_in_the_region_of_the_topic_is_visited() {
        let topic = TopicArn::parse(TOPIC).unwrap();
        let is_visited = |url: &str| client().checked(url, &topic).is_ok();
        assert!(is_visited("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"));
        for url in [
            "http://sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
            "https://evil.sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
            "https://s3.eu-west-1.amazonaws.com/bucket/x.pem",
            "https://169.254.169.254/latest/meta-data/x.pem",
            "https://127.0.0.1/x.pem",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(!is_visited(url), "{url}");
        }
    }

    fn message(change: impl FnOnce(&mut Value)) -> SnsMessage {
        let mut message = json!({"Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Message": "x",
            "Timestamp": "2026-11-30T12:00:00.000Z", "SignatureVersion": "2", "Signature": "AAAA",
            "SigningCertURL": "https://evil.example/SimpleNotificationService-0.pem"});
        change(&mut message);
        SnsMessage::parse(message.to_string().as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn message_is_refused_before_anything_is_fetched_for_it() {
        let now = Timestamp(1_796_040_000_000);
        let (client, topic) = (client(), TopicArn::parse(TOPIC).unwrap());
        let old = now.plus(OLDEST).plus(Duration::from_secs(1));
        let table: [(&str, Timestamp, SnsMessage); 6] = [
            (
                "another topic",
                now,
                message(|m| m["TopicArn"] = "arn:aws:sns:eu-west-1:123456789012:x".into()),
            ),
            ("no kind", now, message(|m| m["Type"] = "Other".into())),
            ("another version", now, message(|m| m["SignatureVersion"] = "3".into())),
            ("older than a day", old, message(|_| ())),
            ("of the future", Timestamp(0), message(|_| ())),
            ("an address that is not SNS's", now, message(|_| ())),
        ];
        for (why, now, message) in table {
            let refused = client.prove(&message, &topic, now).await.unwrap_err();
            assert!(matches!(refused, SnsError::Refused(said) if said.contains(why)), "{why}: {refused}");
        }
    }

    #[test]
    fn signed_text_has_the_fields_of_its_kind_in_their_order() {
        let text = message(|m| m["Subject"] = "s".into()).signed_text().unwrap();
        let lines = format!(
            "Message\nx\nMessageId\n1\nSubject\ns\nTimestamp\n2026-11-30T12:00:00.000Z\nTopicArn\n{TOPIC}\nType\nNotification\n"
        );
        assert_eq!(text, lines);
        let asks = message(|m| {
            m["Type"] = "SubscriptionConfirmation".into();
            m["Token"] = "t".into();
            m["SubscribeURL"] = "u".into();
        });
        assert!(asks.signed_text().unwrap().contains("\nSubscribeURL\nu\nTimestamp\n"));
        let without = message(|m| m["Type"] = "SubscriptionConfirmation".into());
        assert!(without.signed_text().is_none());
    }
}
