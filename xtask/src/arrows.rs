//! Which crate may use which: the arrows of ARCHITECTURE.md, held against what the manifests say.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Our crates, what each may use of ours, and what it must never see of others'.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("mediary-core", &[], &["tokio", "sqlx", "axum", "reqwest", "object_store"]),
    ("mediary-outbound", &[], &["sqlx", "axum", "object_store", "reqwest"]),
    (
        "mediary-graph",
        &["mediary-core", "mediary-outbound"],
        &["sqlx", "axum", "object_store", "reqwest", "hyper-util", "hyper-rustls"],
    ),
    (
        "mediary-aws",
        &["mediary-core", "mediary-graph", "mediary-outbound"],
        &["sqlx", "axum", "reqwest", "hyper-util", "hyper-rustls"],
    ),
    ("mediary-store", &["mediary-core"], &["axum", "reqwest", "object_store"]),
    ("mediary-blob", &["mediary-core"], &["sqlx", "axum"]),
    ("mediary-formats", &["mediary-core"], &["sqlx", "axum", "object_store", "reqwest"]),
    ("mediary-derive", &["mediary-core", "mediary-formats"], &["sqlx", "axum", "object_store", "reqwest"]),
    (
        "mediary-engine",
        &[
            "mediary-aws",
            "mediary-core",
            "mediary-outbound",
            "mediary-graph",
            "mediary-store",
            "mediary-blob",
            "mediary-formats",
            "mediary-derive",
        ],
        &["axum", "sqlx", "reqwest", "hyper-rustls"],
    ),
    (
        "mediary-server",
        &[
            "mediary-core",
            "mediary-graph",
            "mediary-store",
            "mediary-engine",
            "mediary-blob",
            "mediary-derive",
            "mediary-web",
        ],
        &["sqlx", "reqwest", "hyper-rustls"],
    ),
    ("mediary-simulator", &["mediary-core", "mediary-graph"], &["sqlx"]),
    (
        "mediary",
        &[
            "mediary-aws",
            "mediary-core",
            "mediary-outbound",
            "mediary-graph",
            "mediary-store",
            "mediary-blob",
            "mediary-formats",
            "mediary-derive",
            "mediary-engine",
            "mediary-server",
            "mediary-simulator",
            "mediary-web",
        ],
        &[],
    ),
    ("mediary-test-s3", &[], &["sqlx", "axum", "reqwest"]),
    (
        "mediary-testing",
        &[
            "mediary-aws",
            "mediary-core",
            "mediary-outbound",
            "mediary-graph",
            "mediary-store",
            "mediary-blob",
            "mediary-simulator",
            "mediary-test-s3",
        ],
        &["sqlx", "axum", "reqwest", "hyper-rustls"],
    ),
    ("mediary-web", &[], &["tokio", "sqlx", "axum", "reqwest"]),
    ("mediary-bench", &["mediary-core", "mediary-derive", "mediary-graph"], &["sqlx"]),
    ("xtask", &["mediary-server"], &[]),
];

fn packages() -> Vec<Package> {
    MetadataCommand::new().no_deps().other_options(vec!["--offline".to_owned()]).exec().unwrap().packages
}

fn normal_dependencies(package: &Package) -> BTreeSet<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.clone())
        .collect()
}

#[test]
fn crates_use_only_what_their_arrows_allow() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().map(|(name, ours, never)| (*name, (*ours, *never))).collect();
    let packages = packages();
    let ours: BTreeSet<_> = packages.iter().map(|package| package.name.to_string()).collect();
    for package in &packages {
        let Some((may_use, never)) = allowed.get(package.name.as_str()) else {
            panic!("{} has no place in the table of arrows", package.name);
        };
        for dependency in normal_dependencies(package) {
            if ours.contains(&dependency) {
                assert!(
                    may_use.contains(&dependency.as_str()),
                    "{} → {dependency}: a new arrow needs a decision record in docs/decisions",
                    package.name
                );
            }
            assert!(!never.contains(&dependency.as_str()), "{} must never see {dependency}", package.name);
        }
    }
}

#[test]
fn crates_for_tests_are_dev_dependencies_and_never_published() {
    const FOR_TESTS: [&str; 2] = ["mediary-testing", "mediary-test-s3"];
    for package in packages() {
        if FOR_TESTS.contains(&package.name.as_str()) {
            assert_eq!(package.publish.as_deref(), Some([].as_slice()), "{} is not for others", package.name);
            continue;
        }
        for name in FOR_TESTS {
            assert!(
                !normal_dependencies(&package).contains(name),
                "{} → {name}: only tests may use it, so name it below [dev-dependencies]",
                package.name
            );
        }
    }
}

#[test]
fn crates_of_the_table_exist() {
    let packages = packages();
    for (name, ..) in ARROWS {
        assert!(
            packages.iter().any(|package| package.name == *name),
            "{name} is in the table, but not in the house"
        );
    }
}
