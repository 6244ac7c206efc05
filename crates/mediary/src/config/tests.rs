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
fn the_environment_wins_over_the_file_and_the_file_over_defaults() {
    let config = config("workers = 3\nlisten = \"127.0.0.1:9001\"\n", &[("MEDIARY_WORKERS", "5")]).unwrap();
    assert_eq!(config.workers, 5);
    assert_eq!(config.listen.port(), 9001);
    assert_eq!(config.downloads_per_company, limits::DOWNLOADS_PER_COMPANY_DEFAULT);
}

#[test]
fn a_wrong_key_is_named_with_its_line_and_a_hint() {
    let error = config("listen = \"127.0.0.1:1\"\nworker = 3\n", &[]).unwrap_err().to_string();
    assert!(error.contains("mediary.toml line 2: worker is not a setting; did you mean workers?"), "{error}");
}

#[test]
fn all_problems_are_told_at_once() {
    let error = config("workers = 0\n", &[("MEDIARY_LISTEN", "nowhere"), ("MEDIARY_MEDIA_POLICY", "keep")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 1: workers (\"0\"): must be a whole number from 1 to 1024"), "{error}");
    assert!(error.contains("MEDIARY_LISTEN (\"nowhere\"): is not an address with a port"), "{error}");
    assert!(error.contains("allowed are: store, on_view, stream"), "{error}");
}

#[test]
fn trusted_proxies_are_read_from_both_places_and_shown() {
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
fn a_line_that_is_not_toml_is_named() {
    let error = config("workers = 1\nlisten 3\n", &[]).unwrap_err().to_string();
    assert!(error.contains("mediary.toml line 2:"), "{error}");
}

#[test]
fn postgres_needs_a_key_and_no_secret_is_shown() {
    let url = ("MEDIARY_DATABASE_URL", "postgres://me:hunter2@127.0.0.1/db");
    let error = config("", &[url]).unwrap_err().to_string();
    assert!(error.contains("MEDIARY_SECRET_KEY is needed with Postgres"), "{error}");

    let error = config("", &[url, ("MEDIARY_SECRET_KEY", "c2hvcnQ=")]).unwrap_err().to_string();
    assert!(error.contains("must be 32 bytes, not 5") && !error.contains("c2hvcnQ"), "{error}");

    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let config = config("", &[url, ("MEDIARY_SECRET_KEY", key), ("MEDIARY_APP_SECRET", "s3cret")]).unwrap();
    let shown = format!("{config:?} {:?}", config.described());
    for secret in ["hunter2", "s3cret", key] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_key_is_made_once_and_guarded() {
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

#[test]
fn every_setting_is_described() {
    let config = config("", &[]).unwrap();
    for (env, value) in config.described() {
        assert!(!value.is_empty(), "{env} has no description");
    }
}
