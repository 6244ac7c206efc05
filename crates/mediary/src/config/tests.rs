use std::collections::HashMap;

use super::*;

fn config(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mediary.toml");
    std::fs::write(&path, file).unwrap();
    let env: HashMap<String, String> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::from_values(Values::read(&path, |name| env.get(name).cloned()))
}

#[test]
fn environment_wins_over_the_file_and_the_file_over_defaults() {
    let config = config("workers = 3\nlisten = \"127.0.0.1:9001\"\n", &[("MEDIARY_WORKERS", "5")]).unwrap();
    assert_eq!(config.workers, 5);
    assert_eq!(config.listen.port(), 9001);
    assert_eq!(config.downloads_per_company, limits::DOWNLOADS_PER_COMPANY_DEFAULT);
}

#[test]
fn wrong_key_is_named_with_its_line_and_a_hint() {
    let error = config("listen = \"127.0.0.1:1\"\nworker = 3\n", &[]).unwrap_err().to_string();
    assert!(error.contains("mediary.toml line 2: worker is not a setting; did you mean workers?"), "{error}");
}

#[test]
fn problems_are_reported_together() {
    let error = config("workers = 0\n", &[("MEDIARY_LISTEN", "nowhere"), ("MEDIARY_MEDIA_POLICY", "keep")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 1: workers (\"0\"): must be a whole number from 1 to 1024"), "{error}");
    assert!(
        error.contains("MEDIARY_LISTEN (\"nowhere\"): must be an address of this machine with a port"),
        "{error}"
    );
    assert!(error.contains("allowed are: store, on_view, stream"), "{error}");
}

#[test]
fn wrong_settings_are_named_with_their_value_and_what_is_right() {
    let web = "such as https://media.example.com";
    let key = ("MEDIARY_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    for (variable, value, right) in [
        ("MEDIARY_MEDIA_HOSTS", "cdn.example.com:443", "without https://, path and port (any is allowed)"),
        ("MEDIARY_MEDIA_HOSTS", "*.fbsbx.com", "give each host alone and in full"),
        ("MEDIARY_AWS_STAND_IN", "https://aws.example", "must be an address of this machine"),
        ("MEDIARY_DIALOG360_URL", "waba-v2.360dialog.io", "such as https://waba-v2.360dialog.io"),
        ("MEDIARY_LINK_HOSTS", "10.0.0.0/8", "give each host alone and in full"),
        ("MEDIARY_LOG", "loud", "must be off, error, warn, info, debug or trace"),
        ("MEDIARY_LOG", "info,mediary_engine=loud", "such as info,mediary_engine=debug"),
        ("MEDIARY_PUBLIC_URL", "media.example.com", web),
        ("MEDIARY_PUBLIC_URL", "ftp://media.example.com", "must begin with http:// or https://"),
        ("MEDIARY_PUBLIC_URL", "https://media.example.com/?a=b", "must end before the ?"),
        ("MEDIARY_GRAPH_URL", "https:///", "such as https://graph.facebook.com"),
        (
            "MEDIARY_GRAPH_URL",
            "https://graph.facebook.com/v27.0",
            "the version is set by MEDIARY_GRAPH_VERSION",
        ),
        ("AWS_ENDPOINT_URL", "minio:9000", "must begin with http:// or https://"),
        ("AWS_ENDPOINT_URL", "http://minio:9000/bucket", "without the bucket"),
        ("R2_ENDPOINT", "nowhere", web),
        ("MEDIARY_LISTEN", "8080", "such as 127.0.0.1:8080"),
        ("MEDIARY_MEDIA_SANDBOX", "on", "allowed are: required, preferred, off"),
    ] {
        let error = config("", &[(variable, value)]).unwrap_err().to_string();
        assert!(error.contains(&format!("{variable} ({value:?}): ")) && error.contains(right), "{error}");
    }
    for (address, right) in [
        ("postgres://", "must name a host, such as postgres://user@host:5432/database"),
        ("postgres://me:hunter2@db", "must name a database"),
        ("postgres://me:hunter2@db:99999/mediary", "must look like postgres://user@host:5432/database"),
        ("sqlite://", "must name a file, such as sqlite:///folder/mediary.db"),
        ("sqlite::memory:", "must name a file"),
        ("mysql://db/x", "must begin with sqlite:// or postgres://"),
    ] {
        let error = config("", &[("MEDIARY_DATABASE_URL", address), key]).unwrap_err().to_string();
        assert!(error.contains(&format!("MEDIARY_DATABASE_URL: {right}")), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error =
        config("", &[("MEDIARY_GRAPH_URL", "https://me:hunter2@graph.test")]).unwrap_err().to_string();
    assert!(error.contains("must hold no user name") && !error.contains("hunter2"), "{error}");
}

#[test]
fn wrong_setting_of_the_span_export_is_named_without_its_secrets() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    for (variable, value, right) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must begin with http:// or https://"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "nowhere", "such as http://127.0.0.1:4318"),
        ("OTEL_SDK_DISABLED", "yes", "must be true or false"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "must be otlp or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "must be http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "must be none"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "must be a whole number from 1 to 600000"),
        ("OTEL_RESOURCE_ATTRIBUTES", "production", "must be name=value"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "must be always_on, always_off or traceidratio"),
    ] {
        let error = config("", &[endpoint, (variable, value)]).unwrap_err().to_string();
        assert!(error.contains(&format!("{variable} ({value:?}): ")) && error.contains(right), "{error}");
    }
    let ratio = [endpoint, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "50")];
    let error = config("", &ratio).unwrap_err().to_string();
    assert!(error.contains("OTEL_TRACES_SAMPLER_ARG (\"50\"): must be a number from 0 to 1"), "{error}");
    for headers in ["Authorization: Bearer hunter2", "api key=hunter2", "key=hunter2%0a"] {
        let error = config("", &[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", headers)]).unwrap_err().to_string();
        assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS: ") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn span_export_is_off_without_an_endpoint_and_reads_the_standard_variables_with_one() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otel.test/base/");
    let collector = |env: &[(&str, &str)]| config("", env).unwrap().span_export.collector;
    // They may be there for other programs.
    assert!(collector(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_SERVICE_NAME", "all")]).is_none());
    assert!(collector(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]).is_none());
    assert!(collector(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]).is_none());

    let plain = collector(&[endpoint]).unwrap();
    assert_eq!(plain.url.as_str(), "https://otel.test/base/v1/traces");
    assert_eq!(
        (plain.timeout, plain.resource["service.name"].as_str()),
        (Duration::from_secs(10), "mediary")
    );
    assert_eq!(format!("{:?}", plain.sampler), "ParentBased(AlwaysOn)");

    let env = [
        endpoint,
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces.test/own"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=general"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", " api-key = own%2Cone , x-team=media"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,host.name=a%20b"),
        ("OTEL_SERVICE_NAME", "media"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
    ];
    let given = collector(&env).unwrap();
    assert_eq!(given.url.as_str(), "http://traces.test/own");
    assert_eq!(
        (&given.headers["api-key"], &given.headers["x-team"]),
        (&"own,one".parse().unwrap(), &"media".parse().unwrap())
    );
    assert_eq!(given.timeout, Duration::from_secs(3));
    assert_eq!(
        (given.resource["service.name"].as_str(), given.resource["host.name"].as_str()),
        ("media", "a b")
    );
    assert_eq!(format!("{:?}", given.sampler), "ParentBased(TraceIdRatioBased(0.25))");
    let config = config("", &env).unwrap();
    let shown = format!("{config:?} {:?}", config.described());
    assert!(!shown.contains("own,one") && !shown.contains("own%2C") && !shown.contains("general"), "{shown}");
}

#[test]
fn settings_of_many_shapes_are_right() {
    let key = ("MEDIARY_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    for (variable, value) in [
        ("MEDIARY_MEDIA_HOSTS", "lookaside.fbsbx.com, 127.0.0.1, ::1"),
        ("MEDIARY_LINK_HOSTS", "files.internal,10.1.2.3"),
        ("MEDIARY_LOG", "WARN"),
        ("MEDIARY_LOG", "info,mediary_engine=debug,hyper=off"),
        ("MEDIARY_LOG", "warn,mediary_server[request{id=7}]=trace"),
        ("MEDIARY_PUBLIC_URL", "https://media.example.com/"),
        ("MEDIARY_DATABASE_URL", "postgres:///mediary?host=/run/postgresql"),
        ("MEDIARY_DATABASE_URL", "postgresql://%2Frun%2Fpostgresql/mediary"),
        ("MEDIARY_DATABASE_URL", "sqlite:data/m.db?mode=rwc"),
    ] {
        config("", &[(variable, value), key]).unwrap();
    }
}

#[test]
fn trusted_proxies_are_read_from_file_and_environment_and_shown() {
    let shown = |config: Config| {
        let shown = config.described().into_iter().find(|(env, _)| *env == "MEDIARY_TRUSTED_PROXIES");
        shown.unwrap().1
    };
    assert_eq!(shown(config("", &[]).unwrap()), "none");
    let file = "trusted_proxies = [\"10.0.0.5\", \"fd00::/8\"]\n";
    assert_eq!(shown(config(file, &[]).unwrap()), "10.0.0.5/32,fd00::/8");
    let env = [("MEDIARY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")];
    assert_eq!(shown(config(file, &env).unwrap()), "127.0.0.1/32,10.0.0.0/8");
    let error = config("trusted_proxies = \"nginx\"\n", &[]).unwrap_err().to_string();
    assert!(
        error.contains("line 1: trusted_proxies") && error.contains("not an address or a network"),
        "{error}"
    );
}

#[test]
fn line_that_is_not_toml_is_named() {
    let error = config("workers = 1\nlisten 3\n", &[]).unwrap_err().to_string();
    assert!(error.contains("mediary.toml line 2:"), "{error}");
}

#[test]
fn postgres_needs_a_key_and_no_secret_is_shown() {
    let url = ("MEDIARY_DATABASE_URL", "postgres://me:hunter2@127.0.0.1/db");
    let error = config("", &[url]).unwrap_err().to_string();
    assert!(error.contains("MEDIARY_SECRET_KEY is needed with Postgres"), "{error}");

    let error = config("", &[url, ("MEDIARY_SECRET_KEY", "c2hvcnQ=")]).unwrap_err().to_string();
    assert!(
        error.contains("must be 32 bytes in base64")
            && error.contains("these are 5 bytes")
            && !error.contains("c2hvcnQ"),
        "{error}"
    );

    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let config = config("", &[url, ("MEDIARY_SECRET_KEY", key), ("MEDIARY_APP_SECRET", "s3cret")]).unwrap();
    let shown = format!("{config:?} {:?}", config.described());
    for secret in ["hunter2", "s3cret", key] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn key_is_made_once_and_guarded() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = config("", &[("MEDIARY_DATA_DIR", data.to_str().unwrap())]).unwrap();
    assert!(
        secret_key(&config, true).unwrap_err().to_string().contains("is missing"),
        "others were sealed with it"
    );
    let first = secret_key(&config, false).unwrap();
    assert_eq!(secret_key(&config, false).unwrap(), first);
    let path = data.join("secret.key");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(secret_key(&config, false).unwrap_err().to_string().contains("chmod 600"));
}

/// A value of every setting that is not its default.
const GIVEN: &[(&str, &str)] = &[
    ("MEDIARY_LISTEN", "127.0.0.1:9001"),
    ("MEDIARY_PUBLIC_URL", "https://media.test/"),
    ("MEDIARY_TRUSTED_PROXIES", "10.0.0.5/32"),
    ("MEDIARY_METRICS_LISTEN", "127.0.0.1:9002"),
    ("MEDIARY_DATA_DIR", "/srv/media"),
    ("MEDIARY_DATABASE_URL", "postgres://me:hunter2@127.0.0.1/mediary"),
    ("MEDIARY_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("MEDIARY_APP_SECRET", "an app secret"),
    ("MEDIARY_VERIFY_TOKEN", "a verify token"),
    ("MEDIARY_GRAPH_URL", "https://graph.test/"),
    ("MEDIARY_GRAPH_VERSION", "v99.0"),
    ("MEDIARY_MEDIA_HOSTS", "media.test"),
    ("MEDIARY_DIALOG360_URL", "https://360dialog.test/"),
    ("MEDIARY_AWS_STAND_IN", "http://127.0.0.1:9100/"),
    ("MEDIARY_LINK_HOSTS", "files.test"),
    ("MEDIARY_MEDIA_POLICY", "on_view"),
    ("MEDIARY_MEDIA_SANDBOX", "preferred"),
    ("MEDIARY_WORKERS", "3"),
    ("MEDIARY_DOWNLOADS_PER_COMPANY", "5"),
    ("MEDIARY_DOWNLOADS_PER_ACCOUNT", "2"),
    ("MEDIARY_MAX_IMAGE_BYTES", "1001"),
    ("MEDIARY_MAX_VIDEO_BYTES", "1002"),
    ("MEDIARY_MAX_AUDIO_BYTES", "1003"),
    ("MEDIARY_MAX_DOCUMENT_BYTES", "1004"),
    ("MEDIARY_MAX_STICKER_BYTES", "1005"),
    ("MEDIARY_WEBHOOK_RETENTION_DAYS", "7"),
    ("MEDIARY_RETRY_QUICK_FIRST_MS", "101"),
    ("MEDIARY_RETRY_QUICK_ATTEMPTS", "9"),
    ("MEDIARY_RETRY_SWEEP_MS", "102"),
    ("MEDIARY_RETRY_THROTTLED_FIRST_MS", "103"),
    ("MEDIARY_RETRY_THROTTLED_MOST_MS", "104"),
    ("MEDIARY_RETRY_STORAGE_FIRST_MS", "105"),
    ("MEDIARY_RETRY_STORAGE_MOST_MS", "106"),
    ("MEDIARY_LEASE_MS", "107"),
    ("MEDIARY_CONNECT_TIMEOUT_MS", "108"),
    ("MEDIARY_SILENCE_TIMEOUT_MS", "109"),
    ("MEDIARY_LOG", "warn"),
    ("MEDIARY_LOG_FORMAT", "json"),
    ("MEDIA_STORAGE_BACKEND", "s3"),
    ("MEDIA_ARCHIVE_BACKEND", "r2"),
    ("MEDIA_DELIVERY", "redirect"),
    ("AWS_S3_BUCKET", "media"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIATEST"),
    ("AWS_SECRET_ACCESS_KEY", "half of a key"),
    ("AWS_ENDPOINT_URL", "https://s3.test"),
    ("AWS_S3_PATH_STYLE", "false"),
    ("AWS_S3_STORAGE_CLASS", "STANDARD_IA"),
    ("AWS_S3_ENCRYPTION", "aws:kms:a-key"),
    ("R2_ACCOUNT_ID", "an-account"),
    ("R2_BUCKET", "archive"),
    ("R2_ACCESS_KEY_ID", "r2-key"),
    ("R2_SECRET_ACCESS_KEY", "another half"),
    ("R2_ENDPOINT", "https://r2.test"),
    ("OTEL_SDK_DISABLED", "true"),
    ("OTEL_TRACES_EXPORTER", "none"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4319"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "key=a secret"),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "key=more of it"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "5000"),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "6000"),
    ("OTEL_SERVICE_NAME", "media"),
    ("OTEL_RESOURCE_ATTRIBUTES", "host.name=a"),
    ("OTEL_TRACES_SAMPLER", "traceidratio"),
    ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
];

#[test]
fn settings_are_shown_as_they_were_given_and_secrets_hidden() {
    let shown = config("", GIVEN).unwrap().described();
    let given: HashMap<_, _> = GIVEN.iter().copied().collect();
    for (setting, (env, shown)) in settings::SETTINGS.iter().zip(shown) {
        let given = given.get(env).unwrap_or_else(|| panic!("give {env} a value here"));
        let right = if setting.secret { shown.ends_with("(hidden)") } else { shown == *given };
        assert!(right, "{env} was given {given:?} and shows {shown:?}");
    }
}

#[test]
fn settings_are_all_described() {
    let config = config("", &[]).unwrap();
    for (env, value) in config.described() {
        assert!(!value.is_empty(), "{env} has no description");
    }
}

/// The words of a text that look like variables of ours, with whether an ellipsis stands for a part of it.
fn variables(text: &str) -> Vec<(&str, bool)> {
    let is_of_name = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_of_name) {
        let end = rest[begin..].find(|letter| !is_of_name(letter)).map_or(rest.len(), |end| begin + end);
        let name = &rest[begin..end];
        let is_part = name.ends_with('_') || rest[..begin].ends_with('…') || rest[end..].starts_with('…');
        found.push((name, is_part));
        rest = &rest[end..];
    }
    found.retain(|(name, _)| {
        ["MEDIARY_", "MEDIA_", "AWS_", "R2_", "OTEL_"].iter().any(|prefix| name.starts_with(prefix))
    });
    found
}

#[test]
fn settings_of_the_guide_are_those_of_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    // What is exported has a page with more about it.
    let pages = [read("running.md"), read("monitoring.md")];
    let rows = pages.iter().flat_map(|page| page.lines().filter(|line| line.starts_with("| `")));
    let listed: Vec<_> = rows.flat_map(variables).collect();
    for setting in settings::SETTINGS {
        let is_listed = listed.iter().any(|(name, is_part)| *name == setting.env && !is_part);
        assert!(
            is_listed,
            "no table of docs/guide/running.md or monitoring.md has a row with {}",
            setting.env
        );
    }
    for page in std::fs::read_dir(&folder).unwrap() {
        let path = page.unwrap().path();
        for (name, is_part) in variables(&std::fs::read_to_string(&path).unwrap()) {
            let known = settings::SETTINGS.iter().any(|setting| match is_part {
                true => setting.env.starts_with(name),
                false => setting.env == name,
            });
            assert!(known, "{} speaks of {name}, which is not a setting", path.display());
        }
    }
}
