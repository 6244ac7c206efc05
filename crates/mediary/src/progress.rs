//! How far a long command has come, for people at a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

pub(crate) fn files(files: u64, json: bool) -> ProgressBar {
    bar(files, json, "{bar:40} {pos}/{len} files, {per_sec}, {eta} left")
}

pub(crate) fn bytes(bytes: u64, json: bool) -> ProgressBar {
    bar(bytes, json, "{bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left")
}

fn bar(length: u64, json: bool, template: &str) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
