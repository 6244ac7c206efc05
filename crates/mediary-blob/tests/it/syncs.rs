//! What reaches the disk, and in which order: no test that reads a file back can tell, for the cache answers. So this
//! program runs itself under strace and looks at the calls.

use std::process::Command;

use mediary_blob::Storage;
use tempfile::TempDir;

use crate::behaviour::{key, put};

#[tokio::test]
#[ignore = "it is what the test below looks at"]
async fn two_files_are_stored() {
    let folder = TempDir::new().unwrap();
    let storage = Storage::open_local(folder.path()).await.unwrap();
    put(&storage, &key(1), b"the first makes the folders").await;
    put(&storage, &key(1), b"the second finds them").await;
}

/// The calls of the second file, by name.
fn calls() -> Vec<String> {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,exit_group"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "syncs::two_files_are_stored", "--ignored"])
        .output()
        .expect("strace is needed: run `xtask/install.sh test`");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let name = |line: &str| {
        let call = line.rsplit("] ").next().unwrap().trim_start_matches("<... ");
        call.split(['(', ' ']).next().unwrap().to_owned()
    };
    // A call that another thread interrupts is shown twice; its beginning counts.
    let calls: Vec<String> = said.lines().filter(|line| !line.contains("resumed>")).map(name).collect();
    let renames: Vec<usize> = (0..calls.len()).filter(|place| calls[*place].starts_with("rename")).collect();
    assert_eq!(renames.len(), 2, "{said}");
    calls[renames[1] - 1..].to_vec()
}

#[test]
fn a_file_is_synced_before_it_has_its_name_and_the_folder_after() {
    let calls = calls();
    let names: Vec<&str> = calls.iter().map(String::as_str).collect();
    assert!(
        matches!(names[..], ["fsync", "renameat", "fsync", "exit_group"]),
        "the file, its name, the folder: {names:?}"
    );
}
