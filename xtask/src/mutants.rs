//! The mutants of `xtask/mutants`: faults put in on purpose, one by one, each of which some test must see.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::root;
use crate::tidy::files_under;

/// Protections that are tried, at least.
const MUTANTS_MIN: usize = 14;

fn patches() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files_under(&root().join("xtask/mutants"), &mut found);
    found
}

/// What must fail for a mutant, after `Test: `.
fn test_of(patch: &str) -> Option<&str> {
    patch.lines().find_map(|line| line.strip_prefix("Test: "))
}

/// Whether a crate has the test, or the module of tests, that a command ends with.
fn exists(command: &str) -> bool {
    let mut words = command.split(' ');
    let Some(package) = words.find(|word| *word == "-p").and_then(|_| words.next()) else { return false };
    let name = command.rsplit([' ', ':']).next().unwrap_or_default();
    let mut files = Vec::new();
    files_under(&root().join("crates").join(package), &mut files);
    let is_there = |text: String| {
        [format!("fn {name}("), format!("mod {name};")].iter().any(|item| text.contains(item.as_str()))
    };
    files
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .any(|path| is_there(fs::read_to_string(path).unwrap()))
}

#[test]
fn mutants_still_apply_and_name_a_test_that_exists() {
    let patches = patches();
    assert!(patches.len() >= MUTANTS_MIN, "{} mutants", patches.len());
    for patch in patches {
        let text = fs::read_to_string(&patch).unwrap();
        let patch = patch.display();
        let test = test_of(&text).unwrap_or_else(|| panic!("{patch} names no test"));
        assert!(exists(test), "{patch}: there is no such test: {test}");
        let checked = Command::new("git")
            .args(["apply", "--check", "-C1", &patch.to_string()])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(
            checked.status.success(),
            "{patch} no longer applies: put the same fault into the code as it is now. {}",
            String::from_utf8_lossy(&checked.stderr)
        );
    }
}
