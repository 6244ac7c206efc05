//! Generators and checks of the project: `cargo xtask openapi` writes the API's document, the checks are tests.

mod arrows;
mod mutants;
mod rooms;
mod tidy;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let task = std::env::args().nth(1);
    match task.as_deref() {
        Some("openapi") => write_openapi(),
        _ => bail!("usage: cargo xtask openapi"),
    }
}

/// The document that the web client's types are generated from.
fn openapi_path() -> PathBuf {
    root().join("web/openapi.json")
}

fn openapi_text() -> anyhow::Result<String> {
    let mut text = mediary_server::openapi().to_pretty_json().context("writing the OpenAPI document")?;
    text.push('\n');
    Ok(text)
}

fn write_openapi() -> anyhow::Result<()> {
    let path = openapi_path();
    std::fs::write(&path, openapi_text()?).with_context(|| format!("writing {}", path.display()))
}

/// The workspace's root folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_openapi_document_is_that_of_the_server() {
        let committed = std::fs::read_to_string(openapi_path()).unwrap();
        assert!(
            committed == openapi_text().unwrap(),
            "web/openapi.json is out of date: run `cargo xtask openapi`"
        );
    }
}
