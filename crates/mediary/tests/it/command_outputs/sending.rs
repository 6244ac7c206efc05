//! Messages that are sent, and what is wrong with those that are not.

use mediary_simulator::{FaultKind, FaultSpec, Place};

use super::Outputs;
use crate::harness::{Database, World};

const SEND: &str = "send --company acme --account 106540352242922";

pub(super) async fn sends(outputs: &mut Outputs) {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    std::fs::write(world.folder().join("page.html"), "<html></html>").unwrap();
    std::fs::write(world.folder().join("invoice.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
    std::fs::write(world.folder().join("plan.bmp"), bitmap()).unwrap();
    std::fs::write(
        world.folder().join("sound.amr"),
        [
            b"#!AMR
"
            .as_slice(),
            &[0x3C; 32],
        ]
        .concat(),
    )
    .unwrap();
    let mut text = outputs.transcripts(
        &world,
        &[
            &format!("{SEND} --to +49151-0000010 --text hello"),
            &format!("{SEND} --to 491510000010 --file invoice.pdf --text Invoice --json"),
            &format!("{SEND} --to 491510000010 --file invoice.pdf --file invoice.pdf --text Twice"),
            &format!("{SEND} --to 491510000010 --file invoice.pdf --file invoice.pdf --json"),
            &format!("{SEND} --to 491510000010 --file invoice.pdf --file page.html --type document"),
            &format!("{SEND} --to 491510000010{}", " --file invoice.pdf".repeat(11)),
            &format!("{SEND} --to 491510000010"),
            &format!("{SEND} --to nobody --text hello"),
            &format!("{SEND} --to 491510000010 --file missing.pdf"),
            &format!("{SEND} --to 491510000010 --file page.html --type image"),
            &format!("{SEND} --to 491510000010 --text hello --type image"),
            &format!("{SEND} --to 491510000010 --file plan.bmp"),
            &format!("{SEND} --to 491510000010 --file sound.amr --text sound"),
            "send --company acme --account 1 --to 491510000010 --text hello",
        ],
    );
    let mut refused = FaultSpec::new(FaultKind::Permission);
    refused.at = Some(Place::Send);
    refused.code = Some(131_047);
    refused.message = Some("Re-engagement message".to_owned());
    world.simulator.add_fault(refused.times(1)).unwrap();
    text.push_str(&outputs.transcripts(&world, &[&format!("{SEND} --to 491510000010 --text late")]));
    text.push_str(&outputs.transcripts(
        &world,
        &[
            "account update --company acme --phone-number-id 106540352242922 --status disabled",
            &format!("{SEND} --to 491510000010 --text later"),
        ],
    ));
    outputs.hold("sends", &text);
}

/// One pixel.
fn bitmap() -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    let header: [u32; 13] = [58, 0, 54, 40, 1, 1, 1 | 24 << 16, 0, 4, 2835, 2835, 0, 0];
    header.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend([0xFF; 4]);
    bytes
}
