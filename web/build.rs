//! Builds the inbox with npm inside `OUT_DIR`, once for each state of its sources.
//!
//! `MEDIARY_UI=skip` leaves npm alone and embeds a page that says how to get the inbox. Without it a failing build of
//! the inbox ends a release build; a development build goes on with that page, so that Rust work never waits for Node.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the inbox is built from. Tests and development tools are left out, so that changing them rebuilds nothing.
const SOURCES: &[&str] = &[
    "src",
    "packages/media/src",
    "packages/media/package.json",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    ".npmrc",
];

const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mediary</title>\
<body><h1>The inbox is not in this build</h1>\
<p>Mediary runs, but it was built without its web inbox. Install Node.js 20.19 or newer and build again \
without <code>MEDIARY_UI=skip</code>.</p></body></html>";

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    println!("cargo::rerun-if-env-changed=MEDIARY_UI");
    let ui = PathBuf::from(env::var("OUT_DIR")?).join("ui");
    if env::var("MEDIARY_UI").is_ok_and(|value| value == "skip") {
        println!("cargo::warning=MEDIARY_UI=skip: the inbox is not embedded");
        return place_holder(&ui);
    }
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    match build(&root, &ui) {
        Err(error) if env::var("PROFILE")? == "debug" => {
            println!("cargo::warning=the inbox is not embedded: {error}");
            place_holder(&ui)
        }
        outcome => outcome,
    }
}

fn build(root: &Path, ui: &Path) -> Outcome {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&root.join(source), &mut files)?;
    }
    files.sort();
    let sources = hash_of(root, &files)?;
    let built = ui.join("built");
    if fs::read_to_string(&built).is_ok_and(|stamp| stamp == sources) {
        return Ok(());
    }
    // Whatever fails from here on, the next run has to try again.
    remove(&built)?;
    copy(root, ui, &files)?;
    install(root, ui)?;
    npm(ui, &["run", "build"])?;
    Ok(fs::write(built, sources)?)
}

/// Installs the packages when the lock file says something new; most edits leave them alone.
fn install(root: &Path, ui: &Path) -> Outcome {
    let manifests: Vec<_> =
        ["package.json", "package-lock.json", ".npmrc"].map(|name| root.join(name)).into();
    let wanted = hash_of(root, &manifests)?;
    let installed = ui.join("installed");
    if fs::read_to_string(&installed).is_ok_and(|stamp| stamp == wanted) {
        return Ok(());
    }
    npm(ui, &["ci", "--omit=dev", "--no-audit", "--no-fund"])?;
    Ok(fs::write(installed, wanted)?)
}

fn npm(ui: &Path, arguments: &[&str]) -> Outcome {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program).args(arguments).current_dir(ui).output()?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("npm {} failed: {out}{err}", arguments.join(" ")).replace('\n', " | ").into())
}

/// Lists the files under `path`, telling cargo to watch them and their folders.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if !is_test(&entry) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "test" || name.ends_with(".test.ts") || name.ends_with(".test.tsx")
}

fn hash_of(root: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(root).unwrap_or(file).hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn copy(root: &Path, ui: &Path, files: &[PathBuf]) -> io::Result<()> {
    // A file deleted from the sources must not live on in the copy.
    for folder in ["src", "packages", "public"] {
        remove(&ui.join(folder))?;
    }
    for file in files {
        let target = ui.join(file.strip_prefix(root).unwrap_or(file));
        fs::create_dir_all(target.parent().unwrap_or(ui))?;
        fs::copy(file, target)?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn place_holder(ui: &Path) -> Outcome {
    remove(&ui.join("built"))?;
    remove(&ui.join("dist"))?;
    fs::create_dir_all(ui.join("dist"))?;
    Ok(fs::write(ui.join("dist/index.html"), PLACEHOLDER)?)
}
