//! Every metric of the engine, by name, described and started at zero so that a dashboard shows it from the start.

use metrics::{Counter, Gauge, Histogram, Unit};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub(crate) const DOWNLOAD_STARTED: &str = "mediary_media_download_started_total";
pub(crate) const DOWNLOAD_COMPLETED: &str = "mediary_media_download_completed_total";
pub(crate) const DOWNLOAD_FAILED: &str = "mediary_media_download_failed_total";
pub(crate) const RETRY_TRIGGERED: &str = "mediary_media_retry_triggered_total";
pub(crate) const MEDIA_VIEWED: &str = "mediary_media_viewed_total";
pub(crate) const VIEWS: &str = "mediary_media_views_ended_total";
pub(crate) const PROXY_FIRST_BYTE_SECONDS: &str = "mediary_proxy_first_byte_seconds";
pub(crate) const VIEW_SECONDS: &str = "mediary_media_view_seconds";
pub(crate) const EXTRACTION_FAILED: &str = "mediary_media_extraction_failed_total";
pub(crate) const DOWNLOAD_SECONDS: &str = "mediary_media_download_seconds";
pub(crate) const DOWNLOADED_BYTES: &str = "mediary_media_downloaded_bytes_total";
pub(crate) const DERIVED: &str = "mediary_media_derived_total";
pub(crate) const DERIVATION_FAILED: &str = "mediary_media_derivation_failed_total";
pub(crate) const DERIVING: &str = "mediary_media_derivations_in_flight";
pub(crate) const SENT: &str = "mediary_messages_sent_total";
pub(crate) const SEND_FAILED: &str = "mediary_messages_failed_total";
pub(crate) const SENDING: &str = "mediary_messages_in_flight";
pub(crate) const IN_FLIGHT: &str = "mediary_media_downloads_in_flight";
pub(crate) const WAITING: &str = "mediary_media_downloads_waiting";
pub(crate) const OLDEST_WAITING_SECONDS: &str = "mediary_media_oldest_waiting_seconds";
pub(crate) const EXPIRING_UNSAVED: &str = "mediary_media_expiring_within_a_day_unsaved";
pub(crate) const NOT_UNDERSTOOD: &str = "mediary_webhook_updates_not_understood_total";
pub(crate) const INGEST_EVENTS: &str = "mediary_ingest_events_total";
pub(crate) const ITEMS_PARKED: &str = "mediary_ingest_items_parked_total";
pub(crate) const PARKED_ITEMS: &str = "mediary_ingest_parked_items";
pub(crate) const WEBHOOKS_WITHOUT_ACCOUNT: &str = "mediary_webhooks_without_account_total";
pub(crate) const WAITING_WEBHOOKS: &str = "mediary_webhooks_waiting_for_account";
pub(crate) const INGEST_LAG_SECONDS: &str = "mediary_ingest_lag_seconds";
pub(crate) const INBOX_DEPTH: &str = "mediary_webhook_inbox_depth";
pub(crate) const INBOX_OLDEST_SECONDS: &str = "mediary_webhook_inbox_oldest_seconds";
pub(crate) const GRAPH_CALLS: &str = "mediary_graph_calls_total";
pub(crate) const STORAGE_READS: &str = "mediary_storage_reads_total";
pub(crate) const STORAGE_ERRORS: &str = "mediary_storage_errors_total";
pub(crate) const CHECKED_MISSING: &str = "mediary_storage_check_missing_files";
pub(crate) const CHECKED_WRONG: &str = "mediary_storage_check_wrong_files";
pub(crate) const CHECKED_UNTRACKED: &str = "mediary_storage_check_untracked_files";
pub(crate) const UNTRACKED_REMOVED: &str = "mediary_storage_untracked_removed_total";
pub(crate) const CHECK_AGE_SECONDS: &str = "mediary_storage_check_age_seconds";
pub(crate) const EVENT_LISTENERS: &str = "mediary_live_event_listeners";

const COUNTERS: &[(&str, Unit, &str)] = &[
    (DOWNLOAD_STARTED, Unit::Count, "Downloads started."),
    (DOWNLOAD_COMPLETED, Unit::Count, "Downloads whose bytes and record are safe."),
    (
        DERIVED,
        Unit::Count,
        "Files of which everything was made that can be: thumbnails, waveforms and the like.",
    ),
    (DERIVATION_FAILED, Unit::Count, "Attempts to make something of a file that did not work."),
    (SENT, Unit::Count, "Messages that WhatsApp took."),
    (SEND_FAILED, Unit::Count, "Messages that were given up before WhatsApp took them."),
    (RETRY_TRIGGERED, Unit::Count, "Downloads that somebody asked to try again."),
    (MEDIA_VIEWED, Unit::Count, "Files opened for somebody."),
    (EXTRACTION_FAILED, Unit::Count, "Media messages that came without a media id."),
    (DOWNLOADED_BYTES, Unit::Bytes, "Bytes received from WhatsApp for downloads."),
    (
        NOT_UNDERSTOOD,
        Unit::Count,
        "Updates in webhooks that are kept as they came, for nothing in them is known.",
    ),
    (
        UNTRACKED_REMOVED,
        Unit::Count,
        "Stored files removed because no record named them on two daily checks.",
    ),
    (INGEST_EVENTS, Unit::Count, "Webhook bodies turned into records."),
    (ITEMS_PARKED, Unit::Count, "Items of webhooks that could not be recorded and were parked."),
    (WEBHOOKS_WITHOUT_ACCOUNT, Unit::Count, "Numbers without an active account that webhooks came for."),
];

const GAUGES: &[(&str, Unit, &str)] = &[
    (IN_FLIGHT, Unit::Count, "Downloads that this process works on now."),
    (DERIVING, Unit::Count, "Files of which this process has something made now."),
    (SENDING, Unit::Count, "Messages that this process sends now."),
    (WAITING, Unit::Count, "Downloads that are due and wait for a worker."),
    (OLDEST_WAITING_SECONDS, Unit::Seconds, "How long the oldest due download has waited."),
    (EXPIRING_UNSAVED, Unit::Count, "Media that expires at WhatsApp within a day and is not saved yet."),
    (INBOX_DEPTH, Unit::Count, "Webhook bodies that are safe but not yet turned into records."),
    (INBOX_OLDEST_SECONDS, Unit::Seconds, "How long the oldest of them has waited."),
    (PARKED_ITEMS, Unit::Count, "Items of webhooks that are parked now."),
    (WAITING_WEBHOOKS, Unit::Count, "Webhooks that are read again when their number has an active account."),
    (CHECKED_MISSING, Unit::Count, "Files that the last daily checks did not find where their records say."),
    (CHECKED_WRONG, Unit::Count, "Files that the last daily checks found with another size than recorded."),
    (CHECKED_UNTRACKED, Unit::Count, "Stored files that no record names, by the last daily checks."),
    (
        CHECK_AGE_SECONDS,
        Unit::Seconds,
        "How long ago the check of the company that waits longest came to its end.",
    ),
    (EVENT_LISTENERS, Unit::Count, "Live-event listeners."),
];

/// Counters with one label, and every value that it takes.
const LABELLED: &[(&str, &str, &[&str], &str)] = &[
    (
        DOWNLOAD_FAILED,
        "code",
        &[
            "media_expired",
            "payload_too_large",
            "integrity_mismatch",
            "media_quarantined",
            "provider_unauthorized",
            "provider_rate_limited",
            "provider_unavailable",
            "provider_timeout",
            "storage_error",
            "storage_full",
        ],
        "Downloads that did not end with a file, by error code.",
    ),
    (
        GRAPH_CALLS,
        "result",
        &["ok", "throttled", "unauthorized", "gone", "failed"],
        "Calls to WhatsApp, by result.",
    ),
    (STORAGE_READS, "result", &["hit", "miss", "wrong"], "Files looked for in storage."),
    (STORAGE_ERRORS, "kind", &["full", "refused", "io"], "Storage operations that failed."),
];

const HISTOGRAMS: &[(&str, Unit, &str)] = &[
    (DOWNLOAD_SECONDS, Unit::Seconds, "From the claim of a download to its safe record."),
    (PROXY_FIRST_BYTE_SECONDS, Unit::Seconds, "From a viewer's request to the first byte from WhatsApp."),
    (VIEW_SECONDS, Unit::Seconds, "From a viewer's request to the last byte from WhatsApp."),
    (INGEST_LAG_SECONDS, Unit::Seconds, "From the receipt of a webhook body to its records."),
];

/// Describes every metric and starts it at zero. Call once the recorder is installed.
pub fn describe() {
    for (name, unit, text) in COUNTERS {
        describe_counter!(*name, *unit, *text);
        counter!(*name).absolute(0);
    }
    for (name, label, values, text) in LABELLED {
        describe_counter!(*name, Unit::Count, *text);
        for value in *values {
            counter!(*name, *label => *value).absolute(0);
        }
    }
    for (name, unit, text) in GAUGES {
        describe_gauge!(*name, *unit, *text);
        gauge!(*name).set(0.0);
    }
    for (name, unit, text) in HISTOGRAMS {
        describe_histogram!(*name, *unit, *text);
    }
}

/// The metrics of the paths that run thousands of times a second, looked up once.
#[derive(Clone)]
pub(crate) struct Meters {
    pub(crate) started: Counter,
    pub(crate) completed: Counter,
    pub(crate) downloaded_bytes: Counter,
    pub(crate) viewed: Counter,
    pub(crate) storage_hit: Counter,
    pub(crate) download_seconds: Histogram,
    pub(crate) in_flight: Gauge,
    pub(crate) deriving: Gauge,
    pub(crate) derived: Counter,
    pub(crate) derivation_failed: Counter,
    pub(crate) sending: Gauge,
    pub(crate) sent: Counter,
    pub(crate) send_failed: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        Self {
            started: counter!(DOWNLOAD_STARTED),
            completed: counter!(DOWNLOAD_COMPLETED),
            downloaded_bytes: counter!(DOWNLOADED_BYTES),
            viewed: counter!(MEDIA_VIEWED),
            storage_hit: counter!(STORAGE_READS, "result" => "hit"),
            download_seconds: histogram!(DOWNLOAD_SECONDS),
            in_flight: gauge!(IN_FLIGHT),
            deriving: gauge!(DERIVING),
            derived: counter!(DERIVED),
            derivation_failed: counter!(DERIVATION_FAILED),
            sending: gauge!(SENDING),
            sent: counter!(SENT),
            send_failed: counter!(SEND_FAILED),
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

pub(crate) fn not_understood() {
    counter!(NOT_UNDERSTOOD).increment(1);
}

pub(crate) fn extraction_failed() {
    counter!(EXTRACTION_FAILED).increment(1);
}
