//! Every setting, once: its key in `mediary.toml`, its variable in the environment, and whether it is secret. docs/guide/running.md says what each is.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The key in `mediary.toml`.
    pub(crate) key: &'static str,
    /// The variable in the environment.
    pub(crate) env: &'static str,
    /// Whether its value is never shown.
    pub(crate) secret: bool,
}

const fn plain(key: &'static str, env: &'static str) -> Setting {
    Setting { key, env, secret: false }
}

const fn secret(key: &'static str, env: &'static str) -> Setting {
    Setting { key, env, secret: true }
}

pub(crate) const SETTINGS: &[Setting] = &[
    plain("listen", "MEDIARY_LISTEN"),
    plain("public_url", "MEDIARY_PUBLIC_URL"),
    plain("trusted_proxies", "MEDIARY_TRUSTED_PROXIES"),
    plain("metrics_listen", "MEDIARY_METRICS_LISTEN"),
    plain("data_dir", "MEDIARY_DATA_DIR"),
    secret("database_url", "MEDIARY_DATABASE_URL"),
    secret("secret_key", "MEDIARY_SECRET_KEY"),
    secret("app_secret", "MEDIARY_APP_SECRET"),
    secret("verify_token", "MEDIARY_VERIFY_TOKEN"),
    plain("graph_url", "MEDIARY_GRAPH_URL"),
    plain("graph_version", "MEDIARY_GRAPH_VERSION"),
    plain("media_hosts", "MEDIARY_MEDIA_HOSTS"),
    plain("dialog360_url", "MEDIARY_DIALOG360_URL"),
    plain("aws_stand_in", "MEDIARY_AWS_STAND_IN"),
    plain("link_hosts", "MEDIARY_LINK_HOSTS"),
    plain("media_policy", "MEDIARY_MEDIA_POLICY"),
    plain("media_sandbox", "MEDIARY_MEDIA_SANDBOX"),
    plain("workers", "MEDIARY_WORKERS"),
    plain("downloads_per_company", "MEDIARY_DOWNLOADS_PER_COMPANY"),
    plain("downloads_per_account", "MEDIARY_DOWNLOADS_PER_ACCOUNT"),
    plain("max_image_bytes", "MEDIARY_MAX_IMAGE_BYTES"),
    plain("max_video_bytes", "MEDIARY_MAX_VIDEO_BYTES"),
    plain("max_audio_bytes", "MEDIARY_MAX_AUDIO_BYTES"),
    plain("max_document_bytes", "MEDIARY_MAX_DOCUMENT_BYTES"),
    plain("max_sticker_bytes", "MEDIARY_MAX_STICKER_BYTES"),
    plain("webhook_retention_days", "MEDIARY_WEBHOOK_RETENTION_DAYS"),
    plain("retry_quick_first_ms", "MEDIARY_RETRY_QUICK_FIRST_MS"),
    plain("retry_quick_attempts", "MEDIARY_RETRY_QUICK_ATTEMPTS"),
    plain("retry_sweep_ms", "MEDIARY_RETRY_SWEEP_MS"),
    plain("retry_throttled_first_ms", "MEDIARY_RETRY_THROTTLED_FIRST_MS"),
    plain("retry_throttled_most_ms", "MEDIARY_RETRY_THROTTLED_MOST_MS"),
    plain("retry_storage_first_ms", "MEDIARY_RETRY_STORAGE_FIRST_MS"),
    plain("retry_storage_most_ms", "MEDIARY_RETRY_STORAGE_MOST_MS"),
    plain("lease_ms", "MEDIARY_LEASE_MS"),
    plain("connect_timeout_ms", "MEDIARY_CONNECT_TIMEOUT_MS"),
    plain("silence_timeout_ms", "MEDIARY_SILENCE_TIMEOUT_MS"),
    plain("log", "MEDIARY_LOG"),
    plain("log_format", "MEDIARY_LOG_FORMAT"),
    plain("media_storage_backend", "MEDIA_STORAGE_BACKEND"),
    plain("media_archive_backend", "MEDIA_ARCHIVE_BACKEND"),
    plain("media_delivery", "MEDIA_DELIVERY"),
    plain("aws_s3_bucket", "AWS_S3_BUCKET"),
    plain("aws_region", "AWS_REGION"),
    plain("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    secret("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    plain("aws_endpoint_url", "AWS_ENDPOINT_URL"),
    plain("aws_s3_path_style", "AWS_S3_PATH_STYLE"),
    plain("aws_s3_storage_class", "AWS_S3_STORAGE_CLASS"),
    plain("aws_s3_encryption", "AWS_S3_ENCRYPTION"),
    plain("r2_account_id", "R2_ACCOUNT_ID"),
    plain("r2_bucket", "R2_BUCKET"),
    plain("r2_access_key_id", "R2_ACCESS_KEY_ID"),
    secret("r2_secret_access_key", "R2_SECRET_ACCESS_KEY"),
    plain("r2_endpoint", "R2_ENDPOINT"),
    plain("otel_sdk_disabled", "OTEL_SDK_DISABLED"),
    plain("otel_traces_exporter", "OTEL_TRACES_EXPORTER"),
    plain("otel_exporter_otlp_endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    plain("otel_exporter_otlp_traces_endpoint", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
    secret("otel_exporter_otlp_headers", "OTEL_EXPORTER_OTLP_HEADERS"),
    secret("otel_exporter_otlp_traces_headers", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
    plain("otel_exporter_otlp_protocol", "OTEL_EXPORTER_OTLP_PROTOCOL"),
    plain("otel_exporter_otlp_traces_protocol", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"),
    plain("otel_exporter_otlp_compression", "OTEL_EXPORTER_OTLP_COMPRESSION"),
    plain("otel_exporter_otlp_traces_compression", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"),
    plain("otel_exporter_otlp_timeout", "OTEL_EXPORTER_OTLP_TIMEOUT"),
    plain("otel_exporter_otlp_traces_timeout", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"),
    plain("otel_service_name", "OTEL_SERVICE_NAME"),
    plain("otel_resource_attributes", "OTEL_RESOURCE_ATTRIBUTES"),
    plain("otel_traces_sampler", "OTEL_TRACES_SAMPLER"),
    plain("otel_traces_sampler_arg", "OTEL_TRACES_SAMPLER_ARG"),
];

/// The setting with this key in the file.
pub(crate) fn by_key(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}
