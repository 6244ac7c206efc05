//! What several modules need: a pool that carries out recipes, files, and programs that files are compared with.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mediary_derive::pool::{Pool, Settings};

/// The program that plays the worker.
pub(crate) const WORKER: &str = env!("CARGO_BIN_EXE_media-worker-for-tests");

/// Two workers at once, which make what recipes say.
pub(crate) fn pool_for_recipes() -> Pool {
    Pool::new(Settings { max_workers: 2, ..settings_for_recipes() }).unwrap()
}

pub(crate) fn settings_for_recipes() -> Settings {
    Settings::new(WORKER.into(), vec!["recipes".into()])
}

/// A file of the corpus.
pub(crate) fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pictures").join(name)
}

/// The bytes of a file of the corpus.
pub(crate) fn bytes_of_picture(name: &str) -> Vec<u8> {
    let path = picture(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a program prints. The package is that of Debian which brings it, and `xtask/install.sh test` installs: a test that cannot ask
/// its oracle has failed.
pub(crate) fn run(command: &mut Command, package: &str) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        let program = command.get_program();
        panic!("{program:?} is not there ({error}): xtask/install.sh test installs the package {package}")
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Has ffmpeg write a file in the folder.
pub(crate) fn ffmpeg(folder: &Path, arguments: &str) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y"]).args(arguments.split_whitespace()).current_dir(folder);
    run(&mut ffmpeg, "ffmpeg");
}

#[test]
#[should_panic(expected = "installs the package ffmpeg")]
fn program_that_is_not_there_fails_the_test_and_names_its_package() {
    run(&mut Command::new("/nowhere/ffmpeg"), "ffmpeg");
}
