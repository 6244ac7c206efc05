//! The lines of `mediary import`.

use std::hint::black_box;

use serde_json::json;

use crate::entrances::{Enter, Entrance, known};
use crate::house::House;

pub(crate) fn all() -> Vec<Entrance> {
    vec![
        known("import: lines", 5, |house, n| {
            let lines = (0..n).map(|i| line(&format!("{n}-{i}"), "text", &json!("hello"))).collect();
            import(house, lines)
        }),
        known("import: lines that cannot be read", 40, |house, n| import(house, "{}\n".repeat(n))),
        known("import: empty lines", 1000, |house, n| import(house, "\n".repeat(n))),
        known("import: letters of a text", 2000, |house, n| {
            import(house, line(&format!("text-{n}"), "text", &json!("ä".repeat(n + 1))))
        }),
        known("import: fields of a payload", 100, |house, n| {
            let payload: serde_json::Map<_, _> = (0..n).map(|i| (format!("f{i}"), json!(i))).collect();
            import(house, line(&format!("payload-{n}"), "rawPayload", &payload.into()))
        }),
        known("import: depth of a payload", 1000, |house, n| {
            let deep = format!("{}{}", "[".repeat(n), "]".repeat(n));
            import(house, line("deep", "rawPayload", &json!("DEEP")).replace("\"DEEP\"", &deep))
        }),
        known("import: letters of a line beyond the bound", 40_000, |house, n| {
            import(house, line("long", "text", &json!("a".repeat(n + 300_000))))
        }),
        known("import: letters of a media URL", 2000, |house, n| {
            let url = format!("https://example.com/{}", "a/".repeat(n));
            import(house, line(&format!("url-{n}"), "mediaUrl", &json!(url)))
        }),
        known("import: letters of a field nobody knows", 4000, |house, n| {
            import(house, line("unknown", &"x".repeat(n + 1), &json!(1)))
        }),
    ]
}

/// A line of an import, with a field of its own.
fn line(id: &str, field: &str, value: &serde_json::Value) -> String {
    let mut line = json!({ "phoneNumberId": "1", "providerMessageId": format!("wamid.{id}"), "direction": "inbound",
        "type": "text", "timestamp": "2026-01-01T00:00:00Z", "contact": { "waId": "49" }, "text": "hello" });
    line[field] = value.clone();
    format!("{line}\n")
}

fn import(house: &House, lines: String) -> Enter<'_> {
    house.accounts(1);
    Box::new(move || {
        house.wait(async {
            let mut import = house.engine.import(house.company, lines.as_bytes());
            while let Some(batch) = import.next_batch().await.unwrap() {
                black_box(batch);
            }
        });
    })
}
