//! Every metric of the server, by name.

use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

pub(crate) const CONNECTIONS: &str = "mediary_http_connections";
pub(crate) const CONNECTIONS_REFUSED: &str = "mediary_http_connections_refused_total";
pub(crate) const WEBHOOK_REQUESTS: &str = "mediary_webhook_requests_total";
const WEBHOOK_SECONDS: &str = "mediary_webhook_seconds";
const BYTES_SENT: &str = "mediary_media_sent_bytes_total";

/// Describes every metric, and starts those without labels at zero.
pub(crate) fn describe() {
    describe_gauge!(CONNECTIONS, Unit::Count, "Open HTTP connections.");
    describe_counter!(CONNECTIONS_REFUSED, Unit::Count, "Connections closed because every slot was taken.");
    describe_counter!(WEBHOOK_REQUESTS, Unit::Count, "Webhook bodies from WhatsApp, by result.");
    describe_histogram!(WEBHOOK_SECONDS, Unit::Seconds, "From a webhook's head to its answer.");
    describe_counter!(BYTES_SENT, Unit::Bytes, "Bytes of media sent to viewers, by source.");
    gauge!(CONNECTIONS).set(0.0);
    counter!(CONNECTIONS_REFUSED).absolute(0);
    counter!(WEBHOOK_REQUESTS, "result" => "accepted").absolute(0);
}

/// The metrics of the paths that run thousands of times a second, looked up once.
pub(crate) struct Meters {
    pub(crate) stored_bytes: Counter,
    pub(crate) provider_bytes: Counter,
    pub(crate) webhook_seconds: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            stored_bytes: counter!(BYTES_SENT, "source" => "storage"),
            provider_bytes: counter!(BYTES_SENT, "source" => "provider"),
            webhook_seconds: histogram!(WEBHOOK_SECONDS),
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}
