//! The whole system: the real program on a real database, a folder and a simulated WhatsApp.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod api_answers;
mod backup;
mod bucket;
mod bytes;
mod campaign;
mod cli;
mod cli_output;
mod cli_refusals;
mod cluster;
mod command_outputs;
#[cfg(feature = "faults")]
mod crash;
mod degraded;
mod demo;
mod events;
mod harness;
mod imports;
mod media;
mod media_workers;
mod memory;
mod on_demand;
mod open_files;
mod policies;
mod receipts;
mod sending;
mod sending_convert;
mod sending_link;
mod sending_resumably;
mod spans;
mod start;
mod unknown_size;
mod upstream_words;
mod webhook;

/// The names of the snapshots that a folder of this suite holds.
fn snapshots_of(module: &str) -> std::collections::BTreeSet<String> {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(module).join("snapshots");
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let prefix = format!("it__{module}__");
    files.filter_map(|name| Some(name.strip_suffix(".snap")?.strip_prefix(&prefix)?.to_owned())).collect()
}
