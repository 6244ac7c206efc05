//! Variables that look like settings and are none: a misspelt one would silently leave the default in force.

use super::settings::SETTINGS;

const PREFIX: &str = "MEDIARY_";
/// Read by builds and tests, not by the program.
const NOT_SETTINGS: &[&str] = &["MEDIARY_UI", "MEDIARY_FAULT", "MEDIARY_TEST_POSTGRES"];
/// Variables that Kubernetes gives every container beside a service named `mediary`.
const SERVICE_LINKS: &[&str] = &["MEDIARY_SERVICE_", "MEDIARY_PORT"];
/// How alike two names are, from 0 to 1, before one may be meant by the other.
const ALIKE: f64 = 0.75;

/// A sentence for each of `names` that begins like a setting of ours and is none.
pub(crate) fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut unknown: Vec<_> = names
        .filter(|name| name.starts_with(PREFIX) && !NOT_SETTINGS.contains(&name.as_str()))
        .filter(|name| !SERVICE_LINKS.iter().any(|link| name.starts_with(link)))
        .filter(|name| SETTINGS.iter().all(|setting| setting.env != name))
        .collect();
    unknown.sort();
    unknown.iter().map(|name| sentence(name)).collect()
}

fn sentence(name: &str) -> String {
    // Beyond the prefix, which all have in common.
    let alike = |env: &str| {
        let own = env.strip_prefix(PREFIX)?;
        Some(strsim::normalized_damerau_levenshtein(own, &name[PREFIX.len()..]))
    };
    let rated = SETTINGS.iter().filter_map(|setting| Some((alike(setting.env)?, setting.env)));
    match rated.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((rating, nearest)) if rating >= ALIKE => {
            format!("{name} is not a setting and has no effect; did you mean {nearest}?")
        }
        _ => format!("{name} is not a setting and has no effect; docs/guide/running.md lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_variables_are_named_with_the_nearest_setting() {
        let names = [
            "MEDIARY_WORKER",
            "MEDIARY_LISTEN",
            "MEDIARY_PUBLIC_ULR",
            "MEDIARY_COLOUR",
            "MEDIARY_UI",
            "MEDIARY_SERVICE_HOST",
            "PATH",
        ];
        assert_eq!(
            unknown_variables(names.into_iter().map(str::to_owned)),
            [
                "MEDIARY_COLOUR is not a setting and has no effect; docs/guide/running.md lists them",
                "MEDIARY_PUBLIC_ULR is not a setting and has no effect; did you mean MEDIARY_PUBLIC_URL?",
                "MEDIARY_WORKER is not a setting and has no effect; did you mean MEDIARY_WORKERS?",
            ]
        );
    }
}
