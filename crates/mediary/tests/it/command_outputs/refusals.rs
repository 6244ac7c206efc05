//! Calls that cannot be right, and files that are not there.

use super::Outputs;
use crate::harness::{Database, World};

pub(super) async fn refusals(outputs: &mut Outputs) {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    outputs.hold_all(
        "refusals",
        &world,
        &[
            "serv",
            "company",
            "company add --name Acme",
            "company add --name Acme --slug Acme!",
            "company add --name Acme --slug acme",
            "user add --company nobody --email a@b.test --name A --role agent",
            "user add --company acme --email a --name A --role agent",
            "user add --company acme --email a@b.test --name A --role king",
            "api-key revoke --company acme --name none",
            "account update --company acme --phone-number-id 106540352242922",
            "account update --company acme --phone-number-id 106540352242922 --status off",
            "account update --company acme --phone-number-id 106540352242922 --access-token-env NOT_THERE",
            "company update --company acme --retention archive_after:30",
            "company update --company acme --retention days_after_stored",
            "retry --max-attempts 0",
            "storage erase --company nobody",
            "storage migrate --to r2",
            "storage check --yes",
            "serve --no-workers --workers-only",
            "simulate --play",
        ],
    );
    refusals_of_files(outputs, &world);
}

/// Every command that takes a file or a folder.
fn refusals_of_files(outputs: &mut Outputs, world: &World) {
    let folder = world.folder();
    std::fs::write(folder.join("lines.jsonl"), "").unwrap();
    std::fs::write(folder.join("letter"), "Dear Sir or Madam").unwrap();
    std::fs::create_dir(folder.join("folder")).unwrap();
    std::fs::write(folder.join("folder/photo"), "").unwrap();
    std::os::unix::fs::symlink("circle", folder.join("circle")).unwrap();
    for (name, content) in [("array", &b"[{}]"[..]), ("gzip", b"\x1F\x8B\x08"), ("zeros", b"a\0")] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let mut text = outputs.transcripts(
        world,
        &[
            "import messages none.jsonl --company acme",
            "import messages none/old.jsonl --company acme",
            "import messages letter/old.jsonl --company acme",
            "import messages folder --company acme",
            "import messages circle --company acme",
            "import messages - --company acme",
            "import messages array --company acme",
            "import messages gzip --company acme",
            "import messages zeros --company acme",
            "import messages lines.jsonl --company acme --report lines.jsonl",
            "import messages lines.jsonl --company acme --report letter",
            "import messages lines.jsonl --company acme --report folder",
            "import messages lines.jsonl --company acme --report none/report",
            "import messages lines.jsonl --company acme --report letter/report",
            "demo --data-dir letter",
            "demo --data-dir letter/demo",
            "demo --data-dir folder",
            "demo --data-dir circle",
        ],
    );
    for data in ["letter", "letter/data", "circle"] {
        let transcript = outputs.transcript(world, &[("MEDIARY_DATA_DIR", data)], "company list");
        text.push_str(&format!("# MEDIARY_DATA_DIR={data}\n{transcript}\n"));
    }
    std::fs::create_dir(folder.join("mediary.toml")).unwrap();
    text.push_str(&format!(
        "# mediary.toml is a folder\n{}\n",
        outputs.transcript(world, &[], "company list")
    ));
    outputs.hold("refusals_of_files", &text);
}
