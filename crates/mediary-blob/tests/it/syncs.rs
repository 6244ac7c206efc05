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

/// The calls from the first file's rename on, each with the paths of what it is about.
fn calls() -> Vec<String> {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-y", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "syncs::two_files_are_stored", "--ignored"])
        .output()
        .expect("strace is needed: run `xtask/install.sh test`");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // A call that another thread interrupts is shown twice; its beginning counts.
    let lines = said.lines().filter(|line| !line.contains("resumed>"));
    let calls = lines.map(|line| line.rsplit("] ").next().unwrap().to_owned());
    calls.skip_while(|call| !call.starts_with("rename")).collect()
}

#[test]
fn file_is_synced_before_it_has_its_name_and_the_folder_after() {
    let calls = calls();
    // Of the second file: the first one's syncs are not its own.
    let renamed = calls.iter().rposition(|call| call.starts_with("rename")).unwrap();
    assert!(renamed > 0, "two files: {calls:#?}");
    let (before, after) = (&calls[1..renamed], &calls[renamed + 1..]);
    let temporary = calls[renamed].split('"').nth(1).unwrap();
    let folder = calls[renamed].split(['<', '>']).nth(1).unwrap();
    let synced = |calls: &[String], path: &str| {
        calls.iter().any(|call| call.contains("sync(") && call.contains(&format!("{path}>")))
    };
    assert!(synced(before, &format!("{folder}/{temporary}")), "the file before: {calls:#?}");
    assert!(synced(after, folder), "the folder after: {calls:#?}");
}
