//! What a reviewer would otherwise have to say again and again.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// A file longer than this is several rooms.
const FILE_LINES_MAX: usize = 500;

pub(crate) fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
    const SKIPPED: [&str; 6] = ["target", "node_modules", "dist", ".git", "payloads", "snapshots"];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                files_under(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "web", "xtask", "bench"] {
        files_under(&root().join(folder), &mut found);
    }
    found.retain(|path| {
        let name = path.to_string_lossy();
        [".rs", ".ts", ".tsx", ".py", ".sh"].iter().any(|ending| name.ends_with(ending))
            && !name.contains(".gen.")
    });
    found
}

#[test]
fn files_are_not_too_long() {
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines: is it one room, or several?", path.display());
    }
}

#[test]
fn code_has_no_marks_for_later() {
    // Spelled in two halves, so that this file does not find itself.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["todo", "!("].concat()];
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{} leaves something for later: {mark}", path.display());
        }
    }
}

#[test]
fn architecture_names_every_crate() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(text.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name {name}");
    }
}
