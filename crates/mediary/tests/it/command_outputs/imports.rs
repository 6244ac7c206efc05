//! What an older system left: imported, reported, saved, tried again.

use std::time::Duration;

use mediary_core::{Clock as _, SystemClock};
use mediary_simulator::{FaultKind, FaultSpec, MediaSpec};
use mediary_testing::installation::PHONE_NUMBER_ID;
use serde_json::{Value, json};

use super::Outputs;
use super::stable::stable;
use crate::harness::{Database, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn line(wamid: &str, days: u32, fields: &Value) -> Value {
    let sent = SystemClock.now().minus(DAY * days);
    let mut line = json!({ "phoneNumberId": PHONE_NUMBER_ID, "providerMessageId": wamid, "direction": "inbound",
        "type": "image", "timestamp": sent, "contact": { "waId": "15550100001", "name": "Ana" } });
    line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    line
}

pub(super) async fn imports(outputs: &mut Outputs) {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    let media = world.simulator.add_media(&MediaSpec::generated(50_000, 1, "image/jpeg")).await.unwrap();
    let late = world.simulator.add_media(&MediaSpec::generated(50_000, 2, "image/jpeg")).await.unwrap();
    let lines = [
        line("wamid.url", 1, &json!({ "mediaUrl": media.id })),
        line("wamid.http", 1, &json!({ "mediaUrl": "https://lookaside.fbsbx.com/1" })),
        line("wamid.old", 30, &json!({ "providerMediaId": "5" })),
        line("wamid.late", 2, &json!({ "providerMediaId": late.id })),
        line("wamid.unknown", 2, &json!({ "providerMediaId": "6" })),
        line("wamid.bad", 1, &json!({ "direction": "sideways" })),
        line("wamid.number", 1, &json!({ "phoneNumberId": "1" })),
        line("wamid.field", 1, &json!({ "captoin": "the harbour" })),
        json!("a text"),
    ];
    let written = |name: &str, lines: &[Value]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(world.folder().join(name), text).unwrap();
    };
    written("old.jsonl", &lines);
    written("first.jsonl", &lines[..1]);
    written("empty.jsonl", &[]);
    let many: Vec<_> = (0..22).map(|number| json!([number])).collect();
    written("many.jsonl", &many);
    let mut text =
        outputs.transcript(&world, &[], "import messages old.jsonl --company acme --report report.jsonl");
    let report = std::fs::read_to_string(world.folder().join("report.jsonl")).unwrap();
    text.push_str(&format!("\n# report.jsonl\n{}\n", stable(&world, &report)));
    text.push_str(&outputs.transcripts(
        &world,
        &[
            "import messages old.jsonl --company acme --json",
            "import messages first.jsonl --company acme",
            "import messages empty.jsonl --company acme",
            "import messages many.jsonl --company acme",
        ],
    ));
    outputs.hold("imports", &text);
    // Longer than the quick attempts of one download, so that it waits for another try.
    world
        .simulator
        .add_fault(FaultSpec { media_id: Some(late.id), ..FaultSpec::new(FaultKind::ServerError) })
        .unwrap();
    let waits = ("MEDIARY_RETRY_SWEEP_MS", "3600000");
    let mut text = outputs.transcript(&world, &[waits], "backfill --company acme");
    text.push('\n');
    world.simulator.clear_faults();
    text.push_str(&outputs.transcripts(&world, &["retry", "retry --json", "backfill --json"]));
    outputs.hold("backfills_and_retries", &text);
}
